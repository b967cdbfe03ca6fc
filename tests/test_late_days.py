"""The policy that is shipped as an example: days, caps, and attempts that are dropped."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from grader import Basis, Grade, Status, Verdict
from grader.assessment import Assessment, Options
from grader.model import Run, RunStatus
from grader.plugin_manager import create_manager

from .builders import make_exercise, make_line, make_submission

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "examples" / "late_days"
DUE = {"due_at": "2026-02-01T00:00:00Z"}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("late_days", FOLDER / "late_days.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["late_days"] = module
    spec.loader.exec_module(module)
    return module


LATE_DAYS = load()


def verdicts(*scores: float | None) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(f"line {number}", Status.PASSED, score, 5.0, Basis.MEASURED, ()) for number, score in enumerate(scores)
    )


def grade(metadata: Mapping[str, Any], *scores: float | None, **policy: Any) -> Grade | None:
    chosen = replace(LATE_DAYS.POLICY, **policy)
    found = LATE_DAYS.graded(chosen, make_exercise(), verdicts(*scores), metadata)
    assert found is None or isinstance(found, Grade)
    return found


@pytest.mark.parametrize(("submitted", "score"), [
    ("2026-01-20T00:00:00Z", 9.0),
    ("2026-02-01T00:00:00Z", 9.0),
    ("2026-02-02T23:00:00Z", 9.0),
    ("2026-02-03T00:00:00Z", 9.0),
    ("2026-02-03T00:00:01Z", 7.0),
    ("2026-02-03T01:00:00+01:00", 9.0),
    ("2026-02-05T12:00:00", 5.0),
    ("2027-02-05T12:00:00Z", 0.0),
])  # fmt: skip
def test_each_started_day_after_the_free_ones_costs_a_share(submitted: str, score: float) -> None:
    """Of late work at most 8 of 10 count, and nothing falls below zero; zones are heeded."""
    found = grade({**DUE, "submitted_at": submitted}, 4.0, 5.0)
    assert found is not None
    assert (found.score, found.max_score) == (score, 10.0)
    assert found.passed is (score >= 6)


def test_without_times_the_platform_s_own_mark_counts() -> None:
    """Canvas says LATE and not when; work of which nothing is known is in time."""
    late, known = grade({"late": True}, 5.0, 5.0), grade({}, 5.0, 5.0)
    assert late is not None and known is not None
    assert (late.score, known.score) == (7.0, 10.0)
    broken = grade({"submitted_at": "yesterday", **DUE}, 5.0, 5.0)
    assert broken is not None and broken.score == 10.0


def test_a_worse_attempt_is_dropped() -> None:
    """Unless the earlier one was graded by another rubric, or had no score."""
    attempts = [{"score": 8.0, "max_score": 10.0}, {"score": None, "max_score": 10.0}, {"score": 90, "max_score": 100}]
    found = grade({"earlier": attempts}, 1.0, 1.0)
    assert found is not None
    assert (found.score, found.passed) == (8.0, True)
    kept = grade({"earlier": attempts}, 1.0, 1.0, drop_lower_attempts=False)
    assert kept is not None and kept.score == 2.0


def test_what_a_person_has_to_look_at_is_left_alone() -> None:
    """A line without a score makes no total."""
    assert grade({"late": True}, 5.0, None) is None


def test_it_is_asked_once_it_is_installed() -> None:
    """Registered, its grade is the submission's; the folder is a package with the entry point."""
    plugins = create_manager(third_party=False)
    plugins.register(LATE_DAYS)
    exercise = make_exercise([make_line("order", 10)])
    assessment = Assessment(make_submission(), exercise, plugins, {}, Options(metadata={"late": True}))
    assessment.add(Verdict("order", Status.PASSED, 10.0, 10.0, Basis.MEASURED, ()))
    assessment.__dict__["evidence"] = replace_run(assessment)
    assert assessment.grade().score == 7.0
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["gradeloop"] == {"late-days": "late_days"}


def replace_run(assessment: Assessment) -> object:
    """Evidence of a run that needs no sandbox."""
    from grader.model import Evidence

    return Evidence(assessment.submission, assessment.exercise, Run(RunStatus.COMPLETED))
