"""Shards of a class become one class: every result once, and the same gradebook as from one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.merging import merge
from grader.overview import write_gradebook
from grader.result import to_json
from grader.summary import Row, Summary, from_json, summarise
from grader.summary import to_json as summary_to_json

from .sample_results import full_marks, not_cleared

ANA = Row("ana.py", full_marks(), student="Ana", page="ana.py/report.html", previous_score=3.0)
BEN = Row("ben.py", not_cleared(), page="ben.py/report.html")
EMPTY = Row("empty", reason="a folder without Python", student="Eva", student_id="7")


def shard(folder: Path, rows: Sequence[Row], *, anonymous: bool = False) -> Path:
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text(summary_to_json(summarise(rows, anonymous=anonymous)))
    for row in rows:
        if row.result is not None:
            (folder / row.name).mkdir()
            (folder / row.name / "result.json").write_text(to_json(row.result))
            (folder / row.name / "report.html").write_text(f"page of {row.name}")
    return folder


def read(folder: Path) -> Summary:
    return from_json((folder / "summary.json").read_text())


def test_shards_become_one_class(tmp_path: Path) -> None:
    """With pages, names, reasons and earlier scores; the gradebook is that of a single batch."""
    shards = [shard(tmp_path / "1", [ANA]), shard(tmp_path / "2", [BEN, EMPTY])]
    merge(shards, tmp_path / "all", None)
    summary = read(tmp_path / "all")
    assert summary.counts.submissions == 3
    assert (summary.submissions[0].student, summary.submissions[0].previous_score) == ("Ana", 3.0)
    assert summary.not_graded[0].student_id == "7"
    assert (tmp_path / "all" / "ben.py" / "report.html").read_text() == "page of ben.py"
    write_gradebook(tmp_path / "whole", [ANA, BEN, EMPTY])
    assert (tmp_path / "all" / "gradebook.csv").read_text() == (tmp_path / "whole" / "gradebook.csv").read_text()
    assert (tmp_path / "all" / "index.html").is_file()


def test_merging_again_changes_nothing(tmp_path: Path) -> None:
    """Into the same folder, and with that folder as one of the shards."""
    shards = [shard(tmp_path / "1", [ANA]), shard(tmp_path / "2", [BEN])]
    merge(shards, tmp_path / "all", None)
    before = (tmp_path / "all" / "summary.json").read_text()
    merge([*shards, tmp_path / "all"], tmp_path / "all", None)
    assert (tmp_path / "all" / "summary.json").read_text() == before
    assert not list((tmp_path / "all").glob(".merge-*"))


@pytest.mark.parametrize("turn", [1, -1])
def test_a_result_stands_over_a_reason_why_there_was_none(tmp_path: Path, turn: int) -> None:
    """A machine that was cut off is graded again elsewhere, and both are merged, in either order."""
    cut_off = Row("ana.py", reason="interrupted")
    shards = [shard(tmp_path / "1", [cut_off]), shard(tmp_path / "2", [ANA])]
    merge(shards[::turn], tmp_path / "all", None)
    assert [item.name for item in read(tmp_path / "all").submissions] == ["ana.py"]
    assert read(tmp_path / "all").not_graded == ()


def test_two_results_of_one_submission_must_be_the_same(tmp_path: Path) -> None:
    """Which of two grades counts is not for a program to choose."""
    other = replace(ANA, result=replace(full_marks(), id="another"))
    shards = [shard(tmp_path / "1", [ANA]), shard(tmp_path / "2", [other])]
    with pytest.raises(UsageError, match="results of one submission and not the same"):
        merge(shards, tmp_path / "all", None)


def test_names_and_pseudonyms_are_not_mixed(tmp_path: Path) -> None:
    """Else the names would lead to the pseudonyms."""
    shards = [shard(tmp_path / "1", [ANA]), shard(tmp_path / "2", [BEN], anonymous=True)]
    with pytest.raises(UsageError, match="--anonymous"):
        merge(shards, tmp_path / "all", None)


def test_a_folder_without_a_summary_is_told(tmp_path: Path) -> None:
    """And a summary whose names lead out of its folder is refused."""
    with pytest.raises(UsageError, match=r"summary\.json: No such file"):
        merge([tmp_path], tmp_path / "all", None)
    hostile = shard(tmp_path / "1", [ANA])
    text = (hostile / "summary.json").read_text()
    (hostile / "summary.json").write_text(text.replace('"ana.py"', '"../../ana.py"'))
    with pytest.raises(UsageError, match="is no name of a submission's folder"):
        merge([hostile], tmp_path / "all", None)
