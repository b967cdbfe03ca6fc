"""A class in numbers: counts, root causes, timings, and the way to summary.json and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.model import Finding, Severity
from grader.summary import BINS, Row, Summary, asks_for_review, from_json, histogram, summarise, to_json

from .sample_results import EXERCISE, full_marks, needs_review, not_cleared, syntax_error

CLASS = [
    Row("ana", full_marks(), student="Ana Ruiz", student_id="17", page="ana/report.html", previous_score=4.0),
    Row("ben", not_cleared()),
    Row("carla", syntax_error()),
    Row("dora", needs_review()),
    Row("empty", reason="a folder without Python", student="Eva"),
]


def class_summary() -> Summary:
    return summarise(CLASS, {EXERCISE.id: EXERCISE})


def test_every_submission_is_counted_once() -> None:
    """Passed, failed, for review and not graded add up to what was handed in; no score is no failure."""
    counts = class_summary().counts
    assert (counts.submissions, counts.graded, counts.not_graded) == (5, 4, 1)
    assert (counts.passed, counts.failed, counts.review) == (1, 2, 1)


def test_a_misconception_is_a_root_cause() -> None:
    """What follows from another finding is not counted; the names lead to the submissions."""
    found = {item.check: item for item in class_summary().misconceptions}
    assert found["gradients-not-cleared"].submissions == ("ben",)
    assert found["gradients-not-cleared"].severity is Severity.ERROR
    consequences = {finding.check for finding in not_cleared().findings if finding.consequence_of}
    assert consequences
    assert not consequences & found.keys()
    assert class_summary().submissions[1].main_finding == "gradients-not-cleared"


def test_misconceptions_come_by_severity_and_then_by_how_many_have_them() -> None:
    """What most of the class got wrong is taught first; a note of everybody's comes after an error of one."""
    note = Finding("a-note", Severity.NOTE)
    noted = [Row(f"n{number}", replace(full_marks(), findings=(note,))) for number in range(5)]
    twice = [Row("fay", not_cleared()), Row("gil", not_cleared())]
    found = summarise([*CLASS, *noted, *twice]).misconceptions
    ranked = [(item.severity, item.count, item.check) for item in found]
    assert ranked[0] == (Severity.ERROR, 3, "gradients-not-cleared")
    assert ranked[-1] == (Severity.NOTE, 5, "a-note")


def test_a_line_has_a_mean_over_those_with_a_score_in_it() -> None:
    """A line that asks for review does not count as 0."""
    whole = full_marks()
    [exercise] = summarise([Row("a", whole), Row("b", needs_review())]).exercises
    assert exercise.lines[-1].mean == whole.verdicts[-1].score
    assert exercise.lines[-1].statuses == {"passed": 1, "skipped": 1}
    assert asks_for_review(needs_review())
    assert not asks_for_review(whole)


def test_the_titles_are_the_exercise_s() -> None:
    """In every language, for the page; an exercise that is not there is called by its id."""
    [exercise] = class_summary().exercises
    assert exercise.titles["es"] == EXERCISE.titles["es"]
    assert exercise.lines[0].titles == EXERCISE.rubric[0].titles
    [unknown] = summarise(CLASS).exercises
    assert (unknown.id, unknown.titles) == (EXERCISE.id, {})


def test_a_summary_survives_the_file() -> None:
    """What is written is read back equal."""
    summary = class_summary()
    assert from_json(to_json(summary)) == summary
    assert json.loads(to_json(summary))["schema"] == "gradeloop/summary/v1"


def test_the_order_of_the_rows_does_not_matter() -> None:
    """The same class gives the same bytes."""
    assert to_json(summarise(reversed(CLASS))) == to_json(summarise(CLASS))


def test_a_class_without_a_result_has_a_summary() -> None:
    """Nothing is divided by nothing."""
    summary = summarise([CLASS[-1]])
    assert (summary.exercises, summary.timings.total_seconds) == ((), 0)
    assert summary.not_graded[0].reason == "a folder without Python"


@given(st.lists(st.floats(0, 10, allow_nan=False)))
def test_every_score_is_in_one_bin(scores: list[float]) -> None:
    """Also 0 and full marks."""
    assert sum(histogram(scores, 10.0)) == len(scores)


def test_bins_are_tenths_of_the_maximum() -> None:
    """A score on an edge belongs to the bin that it opens, whatever binary fractions say."""
    for tenth in range(BINS):
        assert histogram([0.7 * tenth], 7.0)[tenth] == 1
    assert histogram([7.0], 7.0)[-1] == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "gradeloop/summary/v9"}', '{"schema": 1, "counts": 3}'])
def test_another_schema_is_refused(text: str) -> None:
    """The message names the file."""
    with pytest.raises(UsageError, match=r"old\.json"):
        from_json(text, "old.json")
