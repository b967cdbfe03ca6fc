"""What people copy works: the YAML parses, and its commands are commands of ours with options that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from grader.cli import cli
from grader.plugin_manager import all_renderers, create_manager

ROOT = Path(__file__).resolve().parent.parent
RECIPES = sorted((ROOT / "docs" / "recipes").iterdir())
YAML = [path for path in RECIPES if path.suffix in (".yml", ".yaml")]
FORMATS = all_renderers(create_manager(third_party=False))


def scripts(node: Any) -> Iterator[str]:
    """Every shell text of a workflow: `run`, `script`, `before_script`, `entry`."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "script", "before_script", "entry"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for item in node:
            yield from scripts(item)


def commands(path: Path) -> list[list[str]]:
    """The words of every `grade ...` in a recipe."""
    text = path.read_text(encoding="utf-8")
    shell = "\n".join(scripts(yaml.safe_load(text))) if path in YAML else text
    # an expression of the workflow stands for a word
    plain = re.sub(r"\$\{\{.*?\}\}", "1", shell)
    lines = [line.strip().partition(" || ")[0] for line in plain.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("grade ")]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_grades_with_options_that_exist(path: Path) -> None:
    """Each command is parsed by our own command line, as far as it can be without running it."""
    found = commands(path)
    assert found
    for _, verb, *arguments in found:
        command = cli.commands[verb]
        assert isinstance(command, click.Command)
        context = click.Context(command, info_name=verb)
        # a hook gets its files from pre-commit
        given = [*arguments, "submission.py"] if verb == "lint" else list(arguments)
        values, left, _ = command.make_parser(context).parse_args(given)
        assert left == []
        assert [name for name in values.get("formats") or () if name not in FORMATS] == []


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_every_workflow_says_what_it_is_for_and_parses(path: Path) -> None:
    """The first line is a comment that says where the file goes."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert isinstance(yaml.safe_load(text), dict)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_every_recipe_is_in_the_docs(path: Path) -> None:
    """docs/ci.md lists it."""
    assert f"recipes/{path.name}" in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def test_the_shards_of_the_class_are_all_there() -> None:
    """The matrix counts from 1 to what stands behind the slash."""
    text = (ROOT / "docs" / "recipes" / "github-class.yml").read_text(encoding="utf-8")
    shards = yaml.safe_load(text)["jobs"]["grade"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, 9))
    assert "--shard ${{ matrix.shard }}/8" in text


def test_students_text_never_reaches_the_log_outside_of_grade() -> None:
    """No recipe runs a submission bare, where it could print commands for the runner."""
    for path in RECIPES:
        assert not re.search(r"python3? [\w./\"$-]*submission", path.read_text(encoding="utf-8"))


def test_the_readme_leads_to_the_recipes() -> None:
    """From the front page in one step."""
    assert "docs/ci.md" in (ROOT / "README.md").read_text(encoding="utf-8")
