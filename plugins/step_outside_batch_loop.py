"""All batches of an epoch end in a single step."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

#: with fewer batches in an epoch, a step for all of them looks like ordinary accumulation
FEWEST_BATCHES = 4


@check(
    group="order",
    severity=Severity.WARNING,
    title="The optimizer steps once per epoch, not once per batch",
    message=(
        "In {count} of {of} optimizer steps, the step ({line}) used the sum of all {batches} batches of an "
        "epoch. The loss was not divided by their number."
    ),
    why=(
        "The data was cut into batches so that the model can learn from each of them. With one update per "
        "epoch it learns as often as there are epochs, and the sum of so many gradients makes that single "
        "update very long."
    ),
    experiment=(
        "Count the steps with a plain counter and print it after the training. How many did you expect for "
        "this number of epochs and batches?"
    ),
    hints=(
        "Which loop does the line with the step belong to, by its indentation?",
        "In Python the body of a loop is what is indented below it. Everything else waits until the loop is over.",
        "Compare the indentation of Tensor.backward and torch.optim.Optimizer.step.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged", "loss-not-decreasing"),
    shows=Outcome.FRESH,
)
def step_outside_batch_loop(evidence: Evidence) -> Iterator[Sign]:
    """Every step used a whole epoch of batches, each sent backward as the bare mean of its own loss.

    A full-batch update on purpose divides the losses or sums them inside one loss: nothing is bare there.
    """
    trace = evidence.trace
    assert trace is not None
    batches = trace.batches_per_epoch or 0
    whole = [pattern for pattern in trace.with_outcome(Outcome.FRESH) if pattern.batches == batches == pattern.fresh]
    count = sum(pattern.count for pattern in whole)
    all_bare = trace.backwards.bare == trace.backwards.total
    if batches >= FEWEST_BATCHES and count and count == trace.steps and all_bare:
        yield sign(whole[0].line_of("step"), count=count, of=trace.steps, batches=batches)
