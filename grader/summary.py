"""What became of a class: rows -> Summary <-> summary.json, the only thing that the instructor's page sees."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from .errors import UsageError
from .model import Exercise, Severity, Status
from .result import RenderContext, Result, VerdictRecord

SCHEMA = "gradeloop/summary/v1"
#: a histogram's bins: equal shares of the maximum; the last one includes full marks
BINS = 10
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True)
class Row:
    """What became of one submission: a result, or why there is none. `name` is its folder below --out."""

    name: str
    result: Result | None = None
    reason: str = ""
    student: str | None = None
    student_id: str | None = None
    #: whether the grader failed, where there is no result
    our_fault: bool = False
    #: the page to link to, relative to --out; None when none was written
    page: str | None = None
    #: the score of an earlier grading of the same student, when it is known
    previous_score: float | None = None


@dataclass(frozen=True)
class Counts:
    """`graded` = `passed` + `failed` + `review`; `review` has no score yet, so it is neither."""

    submissions: int = 0
    graded: int = 0
    passed: int = 0
    failed: int = 0
    review: int = 0
    not_graded: int = 0


@dataclass(frozen=True)
class LineSummary:
    """One rubric line over the class. `mean` is in points, over those that have a score in it."""

    id: str
    titles: Mapping[str, str]
    max_score: float
    mean: float | None
    #: verdict status -> how many
    statuses: Mapping[str, int]


@dataclass(frozen=True)
class ExerciseSummary:
    """One exercise over the class. `scores` is sorted; `histogram` has ten bins of equal share of the maximum."""

    id: str
    titles: Mapping[str, str]
    max_score: float
    counts: Counts
    scores: tuple[float, ...]
    histogram: tuple[int, ...]
    lines: tuple[LineSummary, ...]


@dataclass(frozen=True)
class Misconception:
    """A root cause and the submissions that show it, by name; consequences of another finding are not counted."""

    check: str
    severity: Severity
    count: int
    submissions: tuple[str, ...]


@dataclass(frozen=True)
class SubmissionSummary:
    """One graded submission as a row of the grid."""

    name: str
    student: str | None
    student_id: str | None
    exercise: str
    score: float | None
    max_score: float
    passed: bool
    needs_review: bool
    status: str
    blame: str | None
    main_finding: str | None
    #: rubric line -> its verdict's status
    verdicts: Mapping[str, str]
    wall_seconds: float
    peak_memory_mb: float
    #: relative to the folder that holds summary.json
    page: str | None
    previous_score: float | None = None


@dataclass(frozen=True)
class NotGraded:
    """A submission without a result, and why."""

    name: str
    reason: str
    student: str | None = None
    student_id: str | None = None
    our_fault: bool = False


@dataclass(frozen=True)
class Timings:
    """Wall seconds of the students' runs: their sum, and of a single one the median and the 95th percentile."""

    total_seconds: float = 0.0
    median_seconds: float = 0.0
    p95_seconds: float = 0.0
    peak_memory_mb: float = 0.0


@dataclass(frozen=True)
class Summary:
    """A class as codes and numbers, never prose. Everything is sorted; names may be pseudonyms."""

    grader: Mapping[str, str]
    counts: Counts
    exercises: tuple[ExerciseSummary, ...]
    misconceptions: tuple[Misconception, ...]
    submissions: tuple[SubmissionSummary, ...]
    not_graded: tuple[NotGraded, ...]
    timings: Timings
    anonymous: bool = False
    schema: str = field(default=SCHEMA)


class Overview(Protocol):
    """Turns a class into a page. `suffix` names the file below --out, e.g. `index.html`."""

    suffix: str

    def __call__(self, summary: Summary, context: RenderContext) -> str: ...


def summarise(
    rows: Iterable[Row], exercises: Mapping[str, Exercise] | None = None, *, anonymous: bool = False
) -> Summary:
    """A class in numbers. `exercises` gives the titles; one that is not there is called by its id."""
    everybody = sorted(rows, key=lambda row: row.name)
    graded = [(row, row.result) for row in everybody if row.result is not None]
    results = [result for _, result in graded]
    known = exercises or {}
    names = sorted({result.exercise["id"] for result in results})
    return Summary(
        grader=dict(results[0].grader) if results else {},
        counts=_counts(everybody),
        exercises=tuple(_exercise(name, everybody, known.get(name)) for name in names),
        misconceptions=misconceptions(graded),
        submissions=tuple(_submission(row, result) for row, result in graded),
        not_graded=tuple(
            NotGraded(row.name, row.reason, row.student, row.student_id, row.our_fault)
            for row in everybody
            if row.result is None
        ),
        timings=_timings(results),
        anonymous=anonymous,
    )


def misconceptions(graded: Iterable[tuple[Row, Result]]) -> tuple[Misconception, ...]:
    """Root causes by severity, then by how many submissions show them, then by slug."""
    shown: dict[str, dict[str, Severity]] = {}
    for row, result in graded:
        for finding in result.findings:
            if finding.consequence_of is None:
                severities = shown.setdefault(finding.check, {})
                severities[row.name] = min(
                    severities.get(row.name, finding.severity), finding.severity, key=SEVERITIES.index
                )
    found = [
        Misconception(check, min(names.values(), key=SEVERITIES.index), len(names), tuple(sorted(names)))
        for check, names in shown.items()
    ]
    return tuple(sorted(found, key=lambda item: (SEVERITIES.index(item.severity), -item.count, item.check)))


def main_finding(result: Result) -> str | None:
    """The first thing to fix: the most severe root cause where there is one."""
    roots = [finding for finding in result.findings if finding.consequence_of is None] or result.findings
    return min(roots, key=lambda finding: SEVERITIES.index(finding.severity)).check if roots else None


def asks_for_review(result: Result) -> bool:
    """Whether a person has to look: no score, or a verdict that says so."""
    return result.score is None or any(verdict.needs_review for verdict in result.verdicts)


def _counts(rows: Sequence[Row]) -> Counts:
    results = [row.result for row in rows if row.result is not None]
    passed = sum(result.passed for result in results)
    review = sum(result.score is None and not result.passed for result in results)
    return Counts(len(rows), len(results), passed, len(results) - passed - review, review, len(rows) - len(results))


def _exercise(name: str, rows: Sequence[Row], exercise: Exercise | None) -> ExerciseSummary:
    own = [row for row in rows if row.result is not None and row.result.exercise["id"] == name]
    results = [row.result for row in own if row.result is not None]
    maximum = max(result.max_score for result in results)
    scores = sorted(result.score for result in results if result.score is not None)
    titles = {line.id: line.titles for line in exercise.rubric} if exercise else {}
    return ExerciseSummary(
        id=name,
        titles=dict(exercise.titles) if exercise else {},
        max_score=maximum,
        counts=_counts(own),
        scores=tuple(scores),
        histogram=histogram(scores, maximum),
        lines=_lines([verdict for result in results for verdict in result.verdicts], titles),
    )


def histogram(scores: Iterable[float], maximum: float) -> tuple[int, ...]:
    """How many scores fall into each tenth of the maximum; full marks and more are in the last."""
    bins = [0] * BINS
    for score in scores:
        share = score / maximum if maximum else 1.0
        bins[min(max(int(share * BINS + 1e-9), 0), BINS - 1)] += 1
    return tuple(bins)


def _lines(verdicts: Sequence[VerdictRecord], titles: Mapping[str, Mapping[str, str]]) -> tuple[LineSummary, ...]:
    """Rubric lines in the order in which results have them."""
    lines: dict[str, list[VerdictRecord]] = {}
    for verdict in verdicts:
        lines.setdefault(verdict.id, []).append(verdict)
    return tuple(_line(name, own, titles.get(name, {})) for name, own in lines.items())


def _line(name: str, verdicts: Sequence[VerdictRecord], titles: Mapping[str, str]) -> LineSummary:
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    counted = [(status, sum(verdict.status is status for verdict in verdicts)) for status in Status]
    return LineSummary(
        id=name,
        titles=dict(titles),
        max_score=max(verdict.max_score for verdict in verdicts),
        mean=round(statistics.fmean(scores), 4) if scores else None,
        statuses={status.value: count for status, count in counted if count},
    )


def _submission(row: Row, result: Result) -> SubmissionSummary:
    run = result.run
    return SubmissionSummary(
        name=row.name,
        student=row.student,
        student_id=row.student_id,
        exercise=result.exercise["id"],
        score=result.score,
        max_score=result.max_score,
        passed=result.passed,
        needs_review=asks_for_review(result),
        status=run.status.value,
        blame=run.blame.value if run.blame else None,
        main_finding=main_finding(result),
        verdicts={verdict.id: verdict.status.value for verdict in result.verdicts},
        wall_seconds=run.wall_seconds,
        peak_memory_mb=run.peak_memory_mb,
        page=row.page,
        previous_score=row.previous_score if row.previous_score is not None else _last_score(result),
    )


def _last_score(result: Result) -> float | None:
    return result.earlier[-1].score if result.earlier else None


def _timings(results: Sequence[Result]) -> Timings:
    seconds = sorted(result.run.wall_seconds for result in results)
    if not seconds:
        return Timings()
    return Timings(
        total_seconds=round(math.fsum(seconds), 3),
        median_seconds=round(statistics.median(seconds), 3),
        p95_seconds=seconds[math.ceil(0.95 * len(seconds)) - 1],
        peak_memory_mb=max(result.run.peak_memory_mb for result in results),
    )


def to_json(summary: Summary) -> str:
    """summary.json: `schema` first, then fields in a fixed order."""
    record = asdict(summary)
    schema = record.pop("schema")
    text = json.dumps({"schema": schema, **record}, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    return text.encode("utf-8", "replace").decode("utf-8")


def from_json(text: str, where: str = "summary.json") -> Summary:
    """Read a summary back. Raises UsageError when it is not one of this schema."""
    try:
        record = json.loads(text)
        if record["schema"] != SCHEMA:
            raise UsageError(f"{where}: schema {record['schema']!r}; this grader reads {SCHEMA!r}")
        return _summary(record)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{where}: not a summary of schema {SCHEMA}: {error}") from None


def _summary(record: dict[str, Any]) -> Summary:
    return Summary(
        grader=record["grader"],
        counts=Counts(**record["counts"]),
        exercises=tuple(_read_exercise(item) for item in record["exercises"]),
        misconceptions=tuple(_read_misconception(item) for item in record["misconceptions"]),
        submissions=tuple(SubmissionSummary(**item) for item in record["submissions"]),
        not_graded=tuple(NotGraded(**item) for item in record["not_graded"]),
        timings=Timings(**record["timings"]),
        anonymous=record["anonymous"],
    )


def _read_exercise(item: dict[str, Any]) -> ExerciseSummary:
    return ExerciseSummary(
        **{
            **item,
            "counts": Counts(**item["counts"]),
            "scores": tuple(item["scores"]),
            "histogram": tuple(item["histogram"]),
            "lines": tuple(LineSummary(**line) for line in item["lines"]),
        }
    )


def _read_misconception(item: dict[str, Any]) -> Misconception:
    return Misconception(**{**item, "severity": Severity(item["severity"]), "submissions": tuple(item["submissions"])})
