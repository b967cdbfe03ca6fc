"""Gradients of several batches are summed for one step, and nothing brings the sum back to a mean."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, StepPattern, check, sign


@check(
    group="scaling",
    severity=Severity.WARNING,
    title="The accumulated gradients are a sum, not a mean",
    message=(
        "{count} of {of} optimizer steps ({line}) used the sum of {batches} batches. Each loss went backward as the "
        "mean of its own batch, without a division."
    ),
    why=(
        "backward() adds. A sum over several batches is that many times longer, and a step with it acts like one "
        "with a larger learning rate. Whoever wants the sum lowers the learning rate on purpose."
    ),
    experiment=(
        "Train once with one large batch for each step and once with several small ones. Print the norm of a "
        "parameter's .grad right before the step. Which factor do you find?"
    ),
    hints=(
        "Which value should .grad hold at the step, if all of these samples had come in a single batch?",
        "The mean of a large batch is the mean of the means of its equal parts. Only the last division is missing.",
        "Look at what Tensor.backward adds to Tensor.grad, and divide the loss before it.",
    ),
    shows=Outcome.FRESH,
)
def accumulation_not_averaged(evidence: Evidence) -> Iterator[Sign]:
    """All passes were bare means from a single line, and nothing rescaled what they had summed up.

    A smaller learning rate does the same, and cannot be told from none: a note, unless the exercise asks for it.
    """
    trace = evidence.trace
    assert trace is not None
    facts = trace.backwards
    summed = [pattern for pattern in trace.with_outcome(Outcome.FRESH) if pattern.fresh == pattern.batches > 1]
    of_epochs = [pattern for pattern in summed if pattern.batches == trace.batches_per_epoch]
    if not summed or of_epochs or facts.bare != facts.total or len(facts.places) != 1:
        return
    if any(pattern.rewritten for pattern in summed):
        return
    count = sum(pattern.count for pattern in summed)
    severity = None if evidence.exercise.asks_for("accumulation-not-averaged") else Severity.NOTE
    yield sign(_line(summed), count=count, of=trace.steps, severity=severity, batches=summed[0].batches)


def _line(patterns: list[StepPattern]) -> int | None:
    return patterns[0].line_of("step")
