"""classroom50.json: `classroom50/result/v1`, in whole numbers, with what the workflow's environment says."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from grader import RenderContext, Renderer, Result, Status, UsageError, VerdictRecord, hookimpl, one_line, visible

from . import telling, view
from .gradescope import refuse_our_fault

SCHEMA = "classroom50/result/v1"
#: scores there are whole; always the same scale, so that a class with partial points can be compared
SCALE = 100
URLS = {"commit": "COMMIT_URL", "release": "RELEASE_URL", "review": "REVIEW_URL"}
KINDS = ("individual", "group")


class Classroom50Report:
    """What Classroom 50 collects as result.json. It is written beside our own result.json, so it has another name."""

    suffix = "classroom50.json"

    def __call__(self, result: Result, context: RenderContext) -> str:
        refuse_our_fault(result)
        page = view.build(result, context)
        pairs = zip(page.lines, result.verdicts, strict=True)
        record: dict[str, Any] = {
            "schema": SCHEMA,
            **_surroundings(os.environ),
            "score": _whole(result.score),
            "max-score": _whole(result.max_score),
            "tests": [_test(line, verdict, context) for line, verdict in pairs],
        }
        return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _test(line: view.Line, verdict: VerdictRecord, context: RenderContext) -> dict[str, Any]:
    most = _whole(verdict.max_score)
    told = [telling.sentence(item, context) for item in line.told]
    return {
        "test-name": one_line(line.title, 200),
        "passed": verdict.status is Status.PASSED,
        "score": min(_whole(verdict.score), most),
        "max-score": most,
        "output": "\n".join([telling.state(line, context), *told]),
        "needs-review": verdict.needs_review,
    }


def _whole(points: float | None) -> int:
    """Points as a whole number. What waits for a person counts nothing until then, and `needs-review` says so."""
    return max(0, round((points or 0.0) * SCALE))


def _surroundings(environment: Mapping[str, str]) -> dict[str, Any]:
    """What only the workflow knows. Raises UsageError that names the variable which is missing or wrong."""
    tag = _value(environment, "SUBMISSION_TAG")
    if not tag.startswith("submit/"):
        raise UsageError(f"--format classroom50: $SUBMISSION_TAG is {tag!r}; it begins with submit/")
    kind = environment.get("ASSIGNMENT_TYPE") or "individual"
    if kind not in KINDS:
        raise UsageError(f"--format classroom50: $ASSIGNMENT_TYPE is {visible(kind, 40)!r}; choose from {KINDS}")
    owner = "USERNAME" if environment.get("USERNAME") else "OWNER"
    return {
        "classroom": _value(environment, "CLASSROOM"),
        "assignment": _value(environment, "ASSIGNMENT"),
        "assignment_type": kind,
        "owner": _value(environment, owner),
        "submission": tag,
        **{key: _value(environment, name) for key, name in URLS.items()},
        "datetime": _moment(_value(environment, "COMMIT_TIME")),
    }


def _value(environment: Mapping[str, str], name: str) -> str:
    value = one_line(environment.get(name, ""), 500)
    if not value:
        raise UsageError(f"--format classroom50: ${name} is not set; docs/ci.md lists what the workflow sets")
    return value


def _moment(text: str) -> str:
    """The commit's time in UTC; the same on every regrade. Raises UsageError when it is not a time with a zone."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise UsageError(f"--format classroom50: $COMMIT_TIME is {text!r}, not a time as git's %cI writes it") from None


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `classroom50`."""
    return {"classroom50": Classroom50Report()}
