"""The optimizer steps with gradients, and every weight stays exactly as it was."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Outcome, Severity, Sign, check, sign

#: fewer steps than this say nothing: a warm-up may begin with a learning rate of 0
FEWEST_STEPS = 5
#: with a rate like this a step is lost in rounding
LOST_IN_ROUNDING = 1e-10
FOUND_SOMETHING = (Outcome.FRESH, Outcome.STALE, Outcome.REPEATED, Outcome.BY_HAND)


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="The optimizer steps, and no weight moves",
    message=(
        "In {count} steps the optimizer ({line}) had gradients, and not a single weight changed. The "
        "largest learning rate in these steps was {rate}."
    ),
    why=(
        "A step is the gradient times the learning rate. With a rate of 0, or one so small that the sum is "
        "rounded back to the old value, the whole loop runs for nothing: forward, loss and gradients are right "
        "and the model stays as it began."
    ),
    experiment=(
        "Print the learning rate in the optimizer's param_groups before a step, and one weight with ten digits "
        "before and after it."
    ),
    hints=(
        "By how much should a weight change in one step, and what is this number made of?",
        "The rate is not always the one that was typed: a scheduler or a computed value may have made it 0.",
        "Look at lr in torch.optim.SGD or torch.optim.Adam, and at what torch.optim.lr_scheduler makes of it.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
    needs=("trace", "completed"),
)
def weights_not_changing(evidence: Evidence) -> Iterator[Sign]:
    """No change at all, and a rate that explains it; weights that were put back by hand moved in between."""
    trace = evidence.trace
    assert trace is not None
    model, steps = trace.model, sum(trace.count(outcome) for outcome in FOUND_SOMETHING)
    if model is None or model.largest_change != 0 or steps < FEWEST_STEPS or trace.happenings.restored.count:
        return
    stepped = [optimizer for optimizer in trace.optimizers if optimizer.steps]
    rates = [optimizer.rates.largest for optimizer in stepped if optimizer.rates.largest is not None]
    if rates and len(rates) == len(stepped) and max(rates) <= LOST_IN_ROUNDING:
        yield sign(stepped[0].line, count=steps, rate=max(rates))
