"""Words that must not be shown are in no text that a student can choose, and the program stays readable."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from grader.anonymity import names_of, words_of
from grader.layouts import Entry
from grader.model import Place
from grader.redaction import redact
from grader.result import Result, to_json

from .sample_results import full_marks, not_cleared

ANA = Entry("ruiz_hw1.py", (), "Ana Ruiz", "20251234", "ana@example.org")


def shown(source: str) -> Result:
    return redact(replace(full_marks(), source=source), words_of(ANA))


@pytest.mark.parametrize("text", [
    "# Ana Ruiz", "# RUIZ, ANA", "print('ana_ruiz')", "path = '/home/anaruiz/x'", "# by Ruiz", "# mail ana@example.org",
    "torch.manual_seed(20251234)", "# ruiz_hw1",
])  # fmt: skip
def test_a_name_goes_in_every_form(text: str) -> None:
    """Full, turned, joined, its parts, the address, the number, the file's own name."""
    left = shown(text).source.casefold()
    assert not any(word in left for word in ("ana", "ruiz", "20251234", "example.org"))


def test_what_the_program_uses_as_a_name_stays() -> None:
    """A student called Adam optimizes with Adam; in a comment only the full name is taken out."""
    adam = Entry("a.py", (), "Adam Lee", "17")
    source = "# Adam Lee\nfrom torch.optim import Adam\noptimizer = Adam(model.parameters())  # 17\nx = 17\n"
    found = redact(replace(full_marks(), source=source), words_of(adam)).source
    assert "Adam Lee" not in found
    assert "import Adam\noptimizer = Adam(" in found
    assert "x = 17" in found


def test_words_inside_of_words_stay() -> None:
    """`ana` is in `analysis`, and nobody is meant."""
    assert shown("analysis = banana").source == "analysis = banana"


def test_output_places_and_reasons_are_cleaned_too() -> None:
    """Everything that is written: the whole result as JSON holds none of it."""
    place = Place(1, 1, "print('Ana Ruiz')")
    result = not_cleared()
    findings = tuple(
        replace(item, where=place, params={"reason": "Ana Ruiz said", "count": 3}) for item in result.findings
    )
    run = replace(result.run, stdout="Ana Ruiz\n", stderr="ana_ruiz", reason="for ana@example.org")
    record = replace(result.submission, name="ruiz_hw1.py")
    verdicts = tuple(replace(item, reason="Ana Ruiz") for item in result.verdicts)
    dirty = replace(result, run=run, findings=findings, verdicts=verdicts, submission=record, source="# Ana Ruiz\n")
    text = to_json(redact(dirty, words_of(ANA))).casefold()
    assert not any(word in text for word in ("ruiz", "example.org"))
    assert json.loads(text)["findings"][0]["params"]["count"] == 3


@pytest.mark.parametrize("source", ["'''", "def (", "\x00", "x = 'Ana Ruiz", "\ud800 # Ana Ruiz"])
def test_a_text_that_is_no_program_is_cleaned_all_the_same(source: str) -> None:
    """Nothing is raised for it."""
    assert "Ruiz" not in shown(source).source


def test_without_words_nothing_changes() -> None:
    """The same object, for every other class."""
    result = full_marks()
    assert redact(result, ()) is result


def test_only_what_leads_to_one_person_is_looked_for_in_the_texts_of_others() -> None:
    """Parts of a name and names of files are words of a language."""
    assert {"Ana", "Ruiz", "ruiz_hw1"} & set(names_of(ANA)) == set()
    assert {"Ana Ruiz", "20251234", "ana@example.org"} <= set(names_of(ANA))
