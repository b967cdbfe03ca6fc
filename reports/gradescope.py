"""results.json as Gradescope reads it: one test for each rubric line, whose maximum is always there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grader import (
    Blame,
    GraderError,
    RenderContext,
    Renderer,
    Result,
    Status,
    VerdictRecord,
    hookimpl,
    one_line,
    visible,
)

from . import telling, view
from .markdown import plain


class GradescopeReport:
    """What students see on Gradescope. Nothing in it is hidden: a hidden test hides the total."""

    suffix = "results.json"

    def __call__(self, result: Result, context: RenderContext) -> str:
        refuse_our_fault(result)
        page = view.build(result, context)
        pairs = enumerate(zip(page.lines, result.verdicts, strict=True), 1)
        record: dict[str, Any] = {
            "execution_time": round(float(result.run.wall_seconds), 3),
            "output": _summary(page, context),
            "output_format": "md",
            "test_output_format": "md",
            "test_name_format": "text",
            "visibility": "visible",
            # what the grader itself prints is for the instructor
            "stdout_visibility": "hidden",
            "tests": [_test(number, line, verdict, result, context) for number, (line, verdict) in pairs],
            "extra_data": {"gradeloop": {"id": visible(result.id, 40), "exercise": page.title}},
        }
        # a course's policy may have changed the total, so the sum of the tests need not be the score
        if result.score is not None:
            record = {"score": result.score, **record}
        return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def refuse_our_fault(result: Result) -> None:
    """A platform has no word for "the grader failed" but that nothing is handed over. Raises GraderError."""
    if result.run.blame is Blame.GRADER:
        raise GraderError(f"there is no score to hand over: {visible(result.run.reason or '', 300)}")


def _test(
    number: int, line: view.Line, verdict: VerdictRecord, result: Result, context: RenderContext
) -> dict[str, Any]:
    """One rubric line. Gradescope knows two states only; the words say what is in between."""
    blocks = [plain(telling.state(line, context)), *(telling.block(told, result, context) for told in line.told)]
    return {
        "name": one_line(line.title, 200),
        "number": str(number),
        "score": verdict.score or 0.0,
        "max_score": verdict.max_score,
        "status": "passed" if verdict.status is Status.PASSED else "failed",
        "output": "\n\n".join(blocks),
        "output_format": "md",
        "visibility": "visible",
        "tags": [line.id],
        "extra_data": {
            "status": verdict.status.value, "basis": verdict.basis.value, "needs_review": verdict.needs_review
        },
    }  # fmt: skip


def _summary(page: view.View, context: RenderContext) -> str:
    """The total first, then where to start; what costs nothing, what was printed, and what to quote."""
    result, first = page.result, page.first
    start = f"{plain(page.label)}: {plain(first.title)}" if first else ""
    besides = [telling.block(told, result, context) for told in page.besides]
    quoted = f"{context.gettext('Reference to quote')}: {plain(visible(result.id, 40))}"
    head = f"**{telling.points_of(result)}** {plain(page.headline)}"
    return "\n\n".join(part for part in (head, start, *besides, telling.printed(result, context), quoted) if part)


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `gradescope`."""
    return {"gradescope": GradescopeReport()}
