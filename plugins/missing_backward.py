"""The optimizer steps, and no gradient was ever computed."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign


@check(
    group="order",
    severity=Severity.ERROR,
    title="The optimizer steps without any gradients",
    message=(
        "In {count} of {of} optimizer steps ({line}) no parameter had a gradient: no backward pass took "
        "place in the whole run."
    ),
    why=(
        "The loss is only a number until somebody asks how it depends on the weights. Without this question "
        "every .grad stays empty, the optimizer has nothing to follow, and the model remains what it was at "
        "the start."
    ),
    experiment=(
        "Print one weight of the first layer before the training and after it. Then print its .grad just "
        "before a step. What does None tell you?"
    ),
    hints=(
        "Which line of the loop fills .grad?",
        "Computing the loss does not compute gradients. That is a pass of its own, from the loss back to "
        "the weights, and the loss starts it.",
        "Read about Tensor.backward, and where a loop needs it between the loss and the step.",
    ),
    explains=("accuracy-below-threshold", "evaluation-tracks-gradients", "loss-not-decreasing"),
    shows=Outcome.EMPTY,
)
def missing_backward(evidence: Evidence) -> Iterator[Sign]:
    """All steps were empty and nothing of a backward pass was seen, of any kind."""
    trace = evidence.trace
    assert trace is not None
    passes = trace.backwards
    tried = passes.total + passes.detached.count + passes.without_graph.count + trace.functional.count
    empty = trace.count(Outcome.EMPTY)
    if empty and empty == trace.steps and not tried and not trace.by_hand.count:
        patterns = trace.with_outcome(Outcome.EMPTY)
        line = patterns[0].line_of("step") if patterns else None
        yield sign(line, count=empty, of=trace.steps)
