"""What a check says: short, plain, complete, in both languages, and never the line to type."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import polib
import pytest

from grader.checks import GROUPS
from grader.model import Check, Finding
from grader.replay import DENIED
from grader.words import describe

from .evidence import CHECKS

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "reports" / "locale" / "es.po"
#: fewest and most words of a check's page, all of its texts together
WORDS = (80, 160)
EACH = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())


def texts(check: Check) -> list[str]:
    return [check.title, check.message, check.why, check.experiment, *check.hints]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(scope="module")
def spanish() -> dict[str, str]:
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(CATALOGUE)) if not entry.fuzzy}


@EACH
def test_a_page_is_short_in_english(check: Check) -> None:
    """All texts of a check together have 80 to 160 words."""
    assert WORDS[0] <= len(" ".join(texts(check)).split()) <= WORDS[1]


@EACH
def test_a_page_is_short_in_spanish(check: Check, spanish: dict[str, str]) -> None:
    """The same holds for the Spanish page: it is written, not only translated."""
    assert WORDS[0] <= len(" ".join(spanish[text] for text in texts(check)).split()) <= WORDS[1]


@EACH
def test_every_text_has_a_spanish_one(check: Check, spanish: dict[str, str]) -> None:
    """No text is missing or left in English, and both have the same placeholders."""
    for text in [*texts(check), *check.words.values()]:
        assert spanish.get(text), text
        assert spanish[text] != text
        assert placeholders(spanish[text]) == placeholders(text)


def test_a_code_is_said_in_words(spanish: dict[str, str]) -> None:
    """What contradicts a recording has no name that a reader would know, in either language."""
    check = CHECKS["trace-inconsistent"]
    assert {"hooks-removed", "updates-unseen", *DENIED} == set(check.words)
    finding = Finding(check.id, check.severity, params={"disagreement": "hooks-removed"})
    for gettext in (str, spanish.__getitem__):
        message = describe(finding, check, gettext)
        assert gettext(check.words["hooks-removed"]) in message
        assert "hooks-removed" not in message


@EACH
def test_placeholders_are_names(check: Check) -> None:
    """Only the message has placeholders, and each of them is a plain name."""
    assert all(name.isidentifier() for name in placeholders(check.message))
    assert not any(placeholders(text) for text in texts(check) if text != check.message and "{" in text)


@EACH
def test_the_code_is_at_fault_and_never_the_person(check: Check) -> None:
    """No text says that somebody forgot something, and the title is a sentence without a full stop."""
    assert not re.search(r"\b(you|somebody|someone) (forgot|failed|did not|should)|\bforgot", " ".join(texts(check)))
    assert check.title[0].isupper() and check.title[-1] not in ".!?"
    assert check.message.endswith(".") and check.why.endswith(".")


@EACH
def test_hints_lead_from_a_question_to_a_name(check: Check) -> None:
    """Three hints: the first asks, the last names something to look up, none gives the line to type."""
    assert len(check.hints) == 3
    assert check.hints[0].endswith("?")
    assert re.search(r"\b\w+\.\w+|\bdir\(", check.hints[2])
    for hint in check.hints:
        assert not re.search(r"\b\w+\.\w+\([^)]*\)| = ", hint), hint


@EACH
def test_a_check_stands_in_the_file_of_its_name(check: Check) -> None:
    """The slug is the file's name; the file imports the standard library and `grader` itself, nothing else."""
    path = ROOT / "plugins" / f"{check.id.replace('-', '_')}.py"
    imported = {node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)}
    assert imported - {"__future__", "collections.abc", "itertools"} == {"grader"}
    assert check.group in GROUPS


def test_explained_checks_exist_and_no_check_explains_its_own_cause() -> None:
    """Causes form a tree: whatever follows from a mistake cannot lead back to it."""
    for slug, check in CHECKS.items():
        assert set(check.explains) <= set(CHECKS), slug
        assert list(check.explains) == sorted(check.explains), slug
        below, seen = set(check.explains), set[str]()
        while below:
            seen |= below
            below = {deeper for consequence in below for deeper in CHECKS[consequence].explains} - seen
        assert slug not in seen
