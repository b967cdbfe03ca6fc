"""Public means documented: hooks, checks, keys, exit codes, commands and formats are named in the docs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import click
import pytest

from grader import hookspecs
from grader.cli import cli
from grader.exercise import DETECT, EXPECTS, LINE_KEYS, RESOURCES, SETTINGS, load_exercise
from grader.model import Limits
from grader.plugin_manager import all_checks, all_renderers, create_manager

ROOT = Path(__file__).resolve().parent.parent
MANAGER = create_manager(third_party=False)
CHECKS = all_checks(MANAGER)
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("grader_"))
EXERCISES = sorted((ROOT / "exercises").glob("*/exercise.toml"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def text(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_in_the_docs(hook: str) -> None:
    """And has a docstring that says who calls it and what the return value means."""
    assert hook in text("docs/plugins.md")
    assert len(getattr(hookspecs, hook).__doc__) > 40


@pytest.mark.parametrize("slug", CHECKS)
def test_every_check_is_in_the_docs(slug: str) -> None:
    """With the severity that it has and what it says."""
    [row] = [line for line in text("docs/checks.md").splitlines() if line.startswith(f"| `{slug}` |")]
    assert CHECKS[slug].severity in row
    assert CHECKS[slug].title in row


def test_no_check_is_documented_that_is_not_there() -> None:
    """A check that was renamed or taken out leaves the docs too."""
    assert set(re.findall(r"^\| `([a-z-]+)` \|", text("docs/checks.md"), re.MULTILINE)) == set(CHECKS)


def test_every_key_of_an_exercise_is_in_the_docs() -> None:
    """The keys that the reader knows are those that the page names."""
    top = re.search(r"top\.only\(\s*\((.*?)\)\s*\)", text("grader/exercise.py"), re.DOTALL)
    assert top is not None
    limits = [field.name for field in dataclasses.fields(Limits)]
    keys = [*re.findall(r'"(\w+)"', top.group(1)), *EXPECTS, *DETECT, *RESOURCES, *LINE_KEYS, *SETTINGS, *limits]
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", text("docs/exercises.md"))] == []


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.parent.name)
def test_shipped_exercises_are_well_formed(path: Path) -> None:
    """Ten points, a task in both languages, a starter, and what functions are called with."""
    exercise = load_exercise(path.parent, CHECKS)
    assert exercise.max_score == 10
    assert {"README.md", "README.es.md", "starter.py", "given.py"} <= {file.name for file in path.parent.iterdir()}
    assert set(exercise.titles) == {"en", "es"}


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130"])
def test_every_exit_code_is_in_the_help_and_in_the_readme(code: str) -> None:
    """CI reads them, so people look them up."""
    assert re.search(rf"^ *{code} ", cli.epilog or "", re.MULTILINE)
    assert re.search(rf"\b{code} [a-z]", text("README.md"))


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_readme_and_explains_itself(command: str) -> None:
    """`run` is the default verb: its name may be left out."""
    found = cli.commands[command]
    assert isinstance(found, click.Command)
    assert found.help
    assert command == "run" or f"grade {command}" in text("README.md")


def test_every_format_is_in_the_docs() -> None:
    """`--format` takes what the renderers offer."""
    assert [name for name in all_renderers(MANAGER) if f"`{name}`" not in text("README.md")] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """A link to a file of this repository names one that is there."""
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []
