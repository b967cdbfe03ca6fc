"""States, causes and amounts -> words in the reader's language."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader import (
    Basis,
    Blame,
    RenderContext,
    Result,
    RunRecord,
    RunStatus,
    Severity,
    Status,
    VerdictRecord,
    visible,
)

#: a sign for each state that does not rest on colour
GLYPHS = {
    Status.PASSED: "✓",
    Status.PARTIAL: "◐",
    Status.FAILED: "→",
    Status.SKIPPED: "◌",
    Status.ERROR: "!",
}


#: `between backticks`, a call(), an .attribute, or a.dotted.name
_CODE = re.compile(
    r"`([^`\n]+)`|((?<![\w.])[A-Za-z_][\w.]*\(\)|(?<![\w.])\.[a-z_]\w+|(?<![\w.@/])[A-Za-z_]\w+(?:\.[A-Za-z_]\w+)+)"
)


@dataclass(frozen=True)
class Piece:
    """A part of a sentence: program text, or words."""

    text: str
    code: bool


def pieces(text: str) -> Iterator[Piece]:
    """Cut a sentence into words and program text, so that `backward()` can look like code."""
    end = 0
    for match in _CODE.finditer(text):
        if match.start() > end:
            yield Piece(text[end : match.start()], False)
        yield Piece(match.group(1) or match.group(2), True)
        end = match.end()
    if end < len(text):
        yield Piece(text[end:], False)


def status_word(status: Status, context: RenderContext) -> str:
    """The state of a rubric line."""
    return {
        Status.PASSED: context.gettext("in order"),
        Status.PARTIAL: context.gettext("in part"),
        Status.FAILED: context.gettext("to fix"),
        Status.SKIPPED: context.gettext("not decided"),
        Status.ERROR: context.gettext("the grader failed"),
    }[status]


def line_word(verdict: VerdictRecord, context: RenderContext) -> str:
    """The state of one line of this result."""
    closed = verdict.status is Status.SKIPPED and verdict.reason == "gate-closed"
    return context.gettext("not counted") if closed else status_word(verdict.status, context)


def severity_word(severity: Severity, context: RenderContext) -> str:
    """What a finding weighs."""
    return {
        Severity.ERROR: context.gettext("error"),
        Severity.WARNING: context.gettext("warning"),
        Severity.NOTE: context.gettext("note"),
    }[severity]


def basis_word(basis: Basis, context: RenderContext) -> str:
    """What a verdict rests on."""
    return {
        Basis.RECOMPUTED: context.gettext("computed again by the grader"),
        Basis.MEASURED: context.gettext("measured from outside"),
        Basis.CLAIMED: context.gettext("observed while your code ran"),
    }[basis]


def run_sentence(run: RunRecord, context: RenderContext) -> str:
    """How the run ended."""
    if run.status is RunStatus.COMPLETED and run.stopped_early is not None:
        return context.gettext("ended early by the grader")
    return {
        RunStatus.COMPLETED: context.gettext("ran to its end"),
        RunStatus.CRASHED: context.gettext("ended by an exception"),
        RunStatus.EXITED: context.gettext("left before training was done"),
        RunStatus.TIMED_OUT: context.gettext("stopped at the time limit"),
        RunStatus.OUT_OF_MEMORY: context.gettext("stopped at the memory limit"),
        RunStatus.OUTPUT_FLOOD: context.gettext("stopped because it printed too much"),
        RunStatus.KILLED: context.gettext("ended by a signal"),
        RunStatus.REJECTED: context.gettext("not run: it cannot be used as it is"),
        RunStatus.SANDBOX_FAILED: context.gettext("not run: the sandbox did not start"),
    }[run.status]


def quick_sentence(result: Result, context: RenderContext) -> str:
    """What a run that was ended early left out; empty for a whole one."""
    if not result.run.quick:
        return _decided_early(result, context)
    if result.run.stopped_early is None:
        return context.gettext("A quick run: what only hidden data or a whole run shows was not judged.")
    said = context.gettext(
        "A quick run: ended after {steps} steps; what only hidden data or a whole run shows was not judged."
    )
    return said.format(steps=result.run.stopped_early)


def _decided_early(result: Result, context: RenderContext) -> str:
    if result.run.stopped_early is None:
        return ""
    said = context.gettext(
        "The run was ended after {steps} steps: what they show decides all points, so the rest was not run."
    )
    return said.format(steps=result.run.stopped_early)


def blame_word(blame: Blame | None, context: RenderContext) -> str:
    """On which side the reason for an unhappy end lies; empty when there is nothing to explain."""
    if blame is None:
        return ""
    return {
        Blame.STUDENT: context.gettext("in the code that was handed in"),
        Blame.EXERCISE: context.gettext("in the exercise, not in your code"),
        Blame.GRADER: context.gettext("in the grader, not in your code"),
    }[blame]


def reason_sentence(reason: str, context: RenderContext) -> str:
    """Why a rubric line could not be decided: known slugs as a sentence, anything else as it is."""
    known = {
        "preprocessing-unknown": context.gettext(
            "How your code prepares images was not recognised, so hidden ones could not be prepared alike."
        ),
        "quick": context.gettext("A quick run does not show it."),
        "no-model": context.gettext("No trained model was found."),
        "not-finite": context.gettext("The model answered with numbers that are not finite."),
        "wrong-shape": context.gettext("The model does not answer with one row per image and one column per class."),
        "raised": context.gettext("The model raised an exception on the hidden images."),
        "left": context.gettext("The program was gone before the hidden images could be shown to its model."),
        "timed-out": context.gettext("The model took too long to answer for the hidden images."),
        "run-ended-early": context.gettext("The run ended before this could be observed."),
        "trace-contradicted": context.gettext(
            "The recording of the training does not fit what was computed again; somebody has to look at it."
        ),
        "answers-differ": context.gettext(
            "The trained weights give other answers in a model built anew; somebody has to look at it."
        ),
        "known-before": context.gettext(
            "The model answers as well before its training as after it; somebody has to look at it."
        ),
        "gate-closed": context.gettext("Another line has to be right before this one counts."),
        "nothing-trained": context.gettext("No training was seen, so there is nothing to judge."),
        "no-evidence": context.gettext("What was observed is not enough to decide this."),
        "grader-failed": context.gettext("One of the grader’s checks failed."),
    }
    return known.get(reason) or visible(reason, 300)


def event_word(event: str, context: RenderContext) -> str:
    """The name of a call in a step, the same on both sides of the drawing."""
    known = {
        "zero_grad": context.gettext("clear .grad"),
        "forward": context.gettext("forward pass"),
        "loss": context.gettext("loss"),
        "backward": "backward()",
        "clip": context.gettext("clip gradients"),
        "step": "step()",
        "scheduler": "scheduler.step()",
        "update": context.gettext("update by hand"),
    }
    return known.get(event) or visible(event, 14)


def language_name(code: str) -> str:
    """A language as its speakers call it; a code that is not known stays as it is."""
    return {"en": "English", "es": "Español"}.get(code, visible(code, 20))


def curve_word(name: str, context: RenderContext) -> str:
    """The name of a curve."""
    known = {
        "loss": context.gettext("loss"),
        "lr": context.gettext("learning rate"),
        "gradient_norm": context.gettext("gradient norm"),
        "accuracy": context.gettext("accuracy"),
    }
    return known.get(name) or visible(name, 40)


def measured_word(name: str, context: RenderContext) -> str:
    """What a number or a name beside a message is; one that only its check knows stays as it is."""
    known = {"parameters": context.gettext("parameters concerned")}
    return known.get(name) or visible(name, 60)


def points(value: float | None) -> str:
    """`3`, `2.5`, `0.33`; a dash for what is still open."""
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def percent(share: float, context: RenderContext) -> str:
    """One decimal, rounded down: 0.9499 is not shown as the 95 % that it did not reach."""
    tenths = math.floor(share * 1000 + 1e-9)
    return context.gettext("{number}%").format(number=f"{tenths / 10:.1f}".removesuffix(".0"))


def number(value: float) -> str:
    """At most four significant digits."""
    return f"{value:.4g}"


def duration(seconds: float) -> str:
    """`6.1 s`, `3 min 20 s`; the same in every language."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
