"""Earlier attempts: read from --out before it is written again, bounded, and never decisive."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from grader.earlier import KEPT, earlier_attempts
from grader.result import Attempt, Result, as_record, to_json

from .sample_results import full_marks, not_cleared, syntax_error


def write(folder: Path, result: Result) -> None:
    (folder / "result.json").write_text(to_json(result), encoding="utf-8")


def test_what_lay_there_is_the_last_attempt(tmp_path: Path) -> None:
    """Its own earlier attempts come before it."""
    write(tmp_path, replace(not_cleared(), id="old", earlier=(Attempt("older", None),)))
    assert earlier_attempts(tmp_path, full_marks()) == (Attempt("older", None), Attempt("old", 1.0))


def test_the_same_run_again_is_no_new_attempt(tmp_path: Path) -> None:
    """So that grading twice gives the same bytes."""
    first = replace(full_marks(), earlier=(Attempt("older", 2.0),))
    write(tmp_path, first)
    again = replace(full_marks(), earlier=earlier_attempts(tmp_path, full_marks()))
    assert to_json(again) == to_json(first)


def test_attempts_at_something_else_are_not_counted(tmp_path: Path) -> None:
    """Another file, or another exercise, graded into the same folder."""
    other = replace(not_cleared(), submission=replace(not_cleared().submission, name="other.py"))
    write(tmp_path, other)
    assert earlier_attempts(tmp_path, full_marks()) == ()
    write(tmp_path, replace(not_cleared(), exercise={"id": "another", "version": "1"}))
    assert earlier_attempts(tmp_path, full_marks()) == ()


def test_no_more_than_ten_are_kept(tmp_path: Path) -> None:
    """The newest ones."""
    many = tuple(Attempt(f"a{number}", 1.0) for number in range(50))
    write(tmp_path, replace(syntax_error(), id="last", earlier=many))
    found = earlier_attempts(tmp_path, full_marks())
    assert len(found) == KEPT and found[-1].id == "last" and found[-2].id == "a49"


@pytest.mark.parametrize(
    "changes",
    [{"earlier": [{"id": "a", "score": "much"}]}, {"earlier": [3]}, {"mistakes": [{"rows": 1}]}, {"cells": [[1]]}],
)
def test_a_field_of_another_shape_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    """A result that somebody wrote by hand is no attempt, and no page is made of it."""
    record = {**as_record(full_marks()), "id": "old", **changes}
    (tmp_path / "result.json").write_text(json.dumps(record))
    assert earlier_attempts(tmp_path, full_marks()) == ()


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, '{"schema": "gradeloop/result/v9"}', "x" * 6_000_000])
def test_what_cannot_be_read_is_no_attempt(content: str, tmp_path: Path) -> None:
    """A student may have written that file: it is passed over."""
    (tmp_path / "result.json").write_text(content)
    assert earlier_attempts(tmp_path, full_marks()) == ()


def test_a_pipe_in_its_place_does_not_hang(tmp_path: Path) -> None:
    """Only a plain file is opened."""
    os.mkfifo(tmp_path / "result.json")
    assert earlier_attempts(tmp_path, full_marks()) == ()
