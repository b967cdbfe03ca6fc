"""Result <-> result.json, the only thing that renderers see."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from .errors import UsageError
from .model import (
    Basis,
    Blame,
    Check,
    Exercise,
    Finding,
    Mistake,
    Place,
    RunStatus,
    Scalar,
    Severity,
    Status,
    SubmissionKind,
)
from .typed import verify

SCHEMA = "gradeloop/result/v1"


@dataclass(frozen=True)
class SubmissionRecord:
    name: str
    student: str | None
    sha256: str
    kind: SubmissionKind


@dataclass(frozen=True)
class RunRecord:
    """How the run ended, as result.json shows it."""

    status: RunStatus
    blame: Blame | None
    sandbox: str
    device: str
    dataset: str | None
    seed: int
    wall_seconds: float
    peak_memory_mb: float
    steps: int
    epochs: int
    stdout: str
    stdout_truncated: bool
    stderr: str
    stderr_truncated: bool = False
    reason: str | None = None
    secret: bool = False
    #: `--quick`: what only a whole run shows was not judged
    quick: bool = False
    #: steps after which a quick run was ended
    stopped_early: int | None = None


@dataclass(frozen=True)
class VerdictRecord:
    id: str
    status: Status
    score: float | None
    max_score: float
    checks: tuple[str, ...]
    basis: Basis
    needs_review: bool = False
    reason: str = ""


@dataclass(frozen=True)
class StepEvent:
    """One call of a step; status: seen, missing, misplaced, expected."""

    event: str
    line: int | None
    status: str


@dataclass(frozen=True)
class Timeline:
    """One step as it was observed, and the step that was expected."""

    observed: tuple[StepEvent, ...] = ()
    expected: tuple[StepEvent, ...] = ()


@dataclass(frozen=True)
class Metrics:
    accuracy: float | None = None
    threshold: float | None = None
    images: int | None = None
    #: mean loss of each epoch; None where it was not finite
    loss: tuple[float | None, ...] = ()
    #: mean cross-entropy on hidden images with the first and with the last weights; None where it is not known
    hidden_loss: tuple[float | None, ...] | None = None


@dataclass(frozen=True)
class Attempt:
    """An earlier grading of the same submission."""

    id: str
    score: float | None


@dataclass(frozen=True)
class Result:
    """One graded submission: codes and numbers, never prose."""

    id: str
    grader: Mapping[str, str]
    exercise: Mapping[str, str]
    submission: SubmissionRecord
    run: RunRecord
    score: float | None
    max_score: float
    passed: bool
    verdicts: tuple[VerdictRecord, ...]
    findings: tuple[Finding, ...]
    metrics: Metrics = Metrics()
    #: named series of at most 200 (step, value) points
    curves: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    confusion: tuple[tuple[int, ...], ...] = ()
    timeline: Timeline = Timeline()
    #: what a probe call showed: `equal` (null: undecided, `reason` says why), `steps`, `bitwise`, `matches`
    replay: Mapping[str, Any] = field(default_factory=dict)
    #: public images that the model is most sure about, and wrong; at most 6
    mistakes: tuple[Mistake, ...] = ()
    #: what lay in --out before, oldest first; at most 10
    earlier: tuple[Attempt, ...] = ()
    #: in a notebook, the first line in `source` of each code cell: [line, cell]
    cells: tuple[tuple[int, int], ...] = ()
    source: str = ""
    schema: str = SCHEMA


def to_json(result: Result) -> str:
    """result.json: finite numbers, valid UTF-8, keys in a fixed order."""
    text = json.dumps(as_record(result), ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    # a file's name or a notebook's cell may hold half of a surrogate pair, which no UTF-8 can
    return text.encode("utf-8", "replace").decode("utf-8")


def as_record(result: Result) -> dict[str, Any]:
    """A Result as plain JSON values, `schema` first."""
    record = asdict(result)
    schema = record.pop("schema")
    metrics = record["metrics"]
    record["metrics"] = {key: value for key, value in metrics.items() if value is not None}
    timeline = record["timeline"]
    record["timeline"] = timeline if timeline["observed"] else {}
    return {"schema": schema, **record}


def from_json(text: str, where: str = "result.json") -> Result:
    """Read a result back. Raises UsageError when it is not one of this schema."""
    try:
        record = json.loads(text)
        if record["schema"] != SCHEMA:
            raise UsageError(f"{where}: schema {record['schema']!r}; this grader reads {SCHEMA!r}")
        result = _result(record)
        verify(result, Result, "result")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{where}: not a result of schema {SCHEMA}: {error}") from None
    return result


def _result(record: dict[str, Any]) -> Result:
    known = {key: value for key, value in record.items() if key in Result.__dataclass_fields__}
    known["submission"] = SubmissionRecord(
        **{**record["submission"], "kind": SubmissionKind(record["submission"]["kind"])}
    )
    run = record["run"]
    known["run"] = RunRecord(
        **{**run, "status": RunStatus(run["status"]), "blame": Blame(run["blame"]) if run["blame"] else None}
    )
    known["verdicts"] = tuple(_verdict(item) for item in record["verdicts"])
    known["findings"] = tuple(_finding(item) for item in record["findings"])
    metrics = record.get("metrics", {})
    series = {key: tuple(metrics[key]) for key in ("loss", "hidden_loss") if key in metrics}
    known["metrics"] = Metrics(**{**metrics, **series})
    known["curves"] = {
        name: tuple((int(step), float(value)) for step, value in points)
        for name, points in record.get("curves", {}).items()
    }
    known["confusion"] = tuple(tuple(row) for row in record.get("confusion", ()))
    known["mistakes"] = tuple(_mistake(item) for item in record.get("mistakes", ()))
    known["earlier"] = tuple(_attempt(item) for item in record.get("earlier", ()))
    known["cells"] = tuple((int(line), int(cell)) for line, cell in record.get("cells", ()))
    timeline = record.get("timeline") or {}
    known["timeline"] = Timeline(_events(timeline.get("observed", ())), _events(timeline.get("expected", ())))
    return Result(**known)


def _mistake(item: dict[str, Any]) -> Mistake:
    rows = tuple(str(row) for row in item["rows"])
    return Mistake(int(item["shown"]), int(item["said"]), float(item["confidence"]), rows)


def _attempt(item: dict[str, Any]) -> Attempt:
    score = item["score"]
    return Attempt(str(item["id"]), None if score is None else float(score))


def _events(items: Iterable[dict[str, Any]]) -> tuple[StepEvent, ...]:
    return tuple(StepEvent(**item) for item in items)


def _verdict(item: dict[str, Any]) -> VerdictRecord:
    return VerdictRecord(
        **{
            **item,
            "status": Status(item["status"]),
            "basis": Basis(item["basis"]),
            "checks": tuple(item["checks"]),
        }
    )


def _finding(item: dict[str, Any]) -> Finding:
    where = Place(**item["where"]) if item.get("where") else None
    return replace(Finding(**{**item, "severity": Severity(item["severity"])}), where=where)


@dataclass(frozen=True)
class RenderContext:
    """What a renderer may use beside the result: words and titles, no evidence."""

    language: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, int], str]
    checks: Mapping[str, Check]
    exercise: Exercise | None = None
    #: where the result lies, for links between pages
    folder: Path | None = None
    #: formats rendered in the same call
    formats: tuple[str, ...] = ()
    #: the command that repeats this run
    command: str = ""
    #: languages rendered in the same call; the pages of the first one have the plain name
    languages: tuple[str, ...] = ()
    #: the same for each further language
    others: tuple[RenderContext, ...] = ()
    #: the submission as the command line named it, for formats that point into a repository
    path: str = ""
    #: the grader's own values for a finding's message, e.g. {"line": 16}
    extra: Mapping[str, Scalar] = field(default_factory=dict)


def page_name(suffix: str, language: str, languages: tuple[str, ...]) -> str:
    """`report.html` in the first language, `report.es.html` in another one."""
    name, dot, ending = suffix.rpartition(".")
    return f"{name}.{language}{dot}{ending}" if name and language in languages[1:] else suffix


class Renderer(Protocol):
    """Turns a result into text. `suffix` names the file, e.g. `report.html`; "" goes to stdout only."""

    suffix: str

    def __call__(self, result: Result, context: RenderContext) -> str: ...
