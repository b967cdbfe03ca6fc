"""Imports point one way, and nothing of torch is imported on the trusted side at start-up."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: from the bottom up; a module imports only what stands in an earlier row, or beside it in its own row
LAYERS = (
    ("errors",),
    ("reading", "scratch"),
    ("trace", "model", "typed"),
    (
        "words",
        "checks",
        "exercise",
        "exercise_folders",
        "outline",
        "notebook",
        "evaluation",
        "replay",
        "mistakes",
        "hookspecs",
        "reported",
        "by_hand",
        "data",
        "engines",
        "device",
        "fence",
    ),
    (
        "submission",
        "result",
        "grading",
        "timeline",
        "sandbox",
        "translation",
        "output",
        "progress",
        "gradebooks",
        "export",
    ),
    ("archives", "layouts", "roster", "staging", "note", "redaction", "anonymity"),
    (
        "plugin_manager",
        "intake",
        "explaining",
        "tasks",
        "doctor",
        "assessment",
        "oracle",
        "fresh",
        "early",
        "hidden_test",
        "earlier",
    ),
    ("assembly", "rendering", "workshop", "packing"),
    ("summary", "resume", "overview"),
    ("pytest_plugin",),
    ("batch",),
    ("batch_plan", "batch_progress", "merging", "class_gradebooks"),
    ("authoring",),
    ("run_command", "report_command"),
    ("pages",),
    ("batch_command", "export_command", "lint_command"),
    ("cli",),
    ("grading_process",),
)
LEAVES = {"plugins", "reports", "exercises", "reference"}


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Absolute dotted names that a file imports, and whether only for type checking."""
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    tree = ast.parse(path.read_text())
    checking = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in checking) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names = [stem] if node.module else [f"{stem}.{alias.name}" for alias in node.names]
            yield from ((name, id(node) in checking) for name in names)


def layer(name: str) -> int:
    return next(index for index, row in enumerate(LAYERS) if name in row)


ENGINE = sorted(path for path in (ROOT / "grader").rglob("*.py") if "worker" not in path.parts)


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_engine_imports_point_one_way(path: Path) -> None:
    """A module of the engine imports only from its own layer and those below, and never a leaf."""
    own = path.relative_to(ROOT / "grader").with_suffix("").parts[0]
    for name, only_types in imports(path):
        parts = name.split(".")
        if parts[0] != "grader" or only_types or own == "__init__":
            continue
        assert parts[1] not in LEAVES, f"{path.name} imports the leaf {name}"
        assert parts[1] != "worker", "nobody imports the worker; it is started"
        assert layer(parts[1]) <= layer(own), f"{own} imports {parts[1]}, which stands above it"


LEAF_FILES = sorted(path for folder in ("plugins", "reports") for path in (ROOT / folder).glob("*.py"))


@pytest.mark.parametrize("path", LEAF_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_leaves_import_only_the_front_door(path: Path) -> None:
    """Checks and renderers import `grader` itself, their own folder, and nothing deeper of the engine."""
    for name, _ in imports(path):
        top, *rest = name.split(".")
        assert top not in LEAVES or "." not in name or top == path.parent.name
        assert not (top == "grader" and rest), f"{path.name} imports {name}; import it from `grader`"


@pytest.mark.parametrize("path", sorted((ROOT / "grader" / "worker").glob("*.py")), ids=lambda path: path.name)
def test_the_worker_knows_nothing_of_the_grader(path: Path) -> None:
    """The code beside the student's imports no other part of the grader: it is not there in the jail."""
    for name, _ in imports(path):
        assert not name.startswith("grader.") or name.startswith("grader.worker"), name
        assert name != "grader"


def test_the_command_line_starts_without_torch() -> None:
    """Everything up to the rubric is importable without torch, torchvision, pytest or numpy being loaded."""
    code = (
        "import sys, grader, grader.cli, grader.run_command\n"
        "from grader.plugin_manager import create_manager, all_checks\n"
        "assert all_checks(create_manager(third_party=False))\n"
        "heavy = {'torch', 'torchvision', 'pytest', 'numpy', 'rich'} & sys.modules.keys()\n"
        "assert not heavy, heavy\n"
        "assert not {'plugins', 'reports', 'exercises', 'reference'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_no_main_module_is_shipped() -> None:
    """`python -m grader` in a folder with a student's `grader/` would run the student's code."""
    assert not (ROOT / "grader" / "__main__.py").exists()
