"""A course's policy: late days cost a share, late work is capped, and the best attempt counts.

Copy this folder, change `POLICY`, and `pip install` it beside gradeloop. `grade FOLDER --due 2026-02-01T23:59:00Z` or a
roster's columns `submitted_at` and `due_at` say when work came and when it was due.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grader import Exercise, Grade, Verdict, hookimpl

DAY = 86_400


@dataclass(frozen=True)
class Policy:
    """Shares are of the maximum, 0 to 1."""

    #: whole days that nobody is asked about
    free_days: int = 2
    #: what each started day after that costs
    per_day: float = 0.1
    #: the most that late work earns, however good it is
    late_cap: float = 0.8
    #: whether an attempt that is worse than an earlier one is dropped
    drop_lower_attempts: bool = True


POLICY = Policy()


@hookimpl
def grader_grade(exercise: Exercise, verdicts: tuple[Verdict, ...], metadata: Mapping[str, Any]) -> Grade | None:
    """The grade by this course's rules; None leaves it to the rubric, where a person has to look first."""
    return graded(POLICY, exercise, verdicts, metadata)


def graded(
    policy: Policy, exercise: Exercise, verdicts: tuple[Verdict, ...], metadata: Mapping[str, Any]
) -> Grade | None:
    """As the hook, for any policy."""
    scores = [verdict.score for verdict in verdicts]
    if None in scores:
        return None
    most = sum(verdict.max_score for verdict in verdicts)
    earned = late(policy, sum(score or 0.0 for score in scores), most, days_late(policy, metadata))
    if policy.drop_lower_attempts:
        earned = max([earned, *_earlier(metadata.get("earlier", ()), most)])
    return Grade(verdicts, round(earned, 4), most, earned >= exercise.pass_mark * most)


def late(policy: Policy, score: float, most: float, days: int) -> float:
    """A score after `days` days that count."""
    if days == 0:
        return score
    return max(0.0, min(score, policy.late_cap * most) - days * policy.per_day * most)


def days_late(policy: Policy, metadata: Mapping[str, Any]) -> int:
    """Started days after the free ones. Where no time is known, what the platform marks as late is one day late."""
    submitted, due = _time(metadata.get("submitted_at")), _time(metadata.get("due_at"))
    if submitted is None or due is None:
        return 1 if metadata.get("late") else 0
    return max(0, math.ceil((submitted - due).total_seconds() / DAY) - policy.free_days)


def _time(text: object) -> datetime | None:
    """ISO 8601; a time without a zone is taken as UTC."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _earlier(attempts: Iterable[Mapping[str, Any]], most: float) -> list[float]:
    """Scores of earlier attempts at the same rubric: what was graded by another maximum does not count."""
    return [float(item["score"]) for item in attempts if item["score"] is not None and item["max_score"] == most]
