"""The steps are so long that they overshoot, or so short that nothing is learned."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, ModelFacts, OptimizerFacts, Outcome, Severity, Sign, Trace, check, sign

#: |change| / |weight| in one step; sound training lies near a thousandth
SHORTEST, LONGEST = 1e-6, 0.5
#: a single step as long as this many times the weight
LEAP = 10.0
#: a step may also be short because the gradient is
SMALL_RATE = 1e-4
#: fewer steps than this may be a warm-up
FEWEST_STEPS = 16
#: a loss that fell by less than this share has hardly fallen
HARDLY = 0.01


@check(
    group="wiring",
    severity=Severity.WARNING,
    title="The learning rate does not fit the weights",
    message=(
        "With a learning rate of {rate} ({line}), a step changed a weight matrix by up to {movement} of its own size. "
        "Sound steps lie near 0.001. Steps: {count}."
    ),
    why=(
        "The learning rate decides how far a step goes. A step as long as the weights themselves throws away "
        "what they have learned and can make the loss infinite; one that changes them by a millionth would "
        "need days to get anywhere."
    ),
    experiment=(
        "Train for a few steps with 0.1, 0.01, 0.001 and 0.0001 as learning rate, and draw the four losses in one plot."
    ),
    hints=(
        "How does the first loss compare with the tenth: nearly equal, smaller, or far larger?",
        "Change the rate by a factor of ten at a time: too long shows at once, too short shows as a flat line.",
        "Look at lr in torch.optim.SGD or torch.optim.Adam, and at its default where there is one.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged", "loss-not-decreasing"),
    needs=("trace", "completed"),
)
def learning_rate_extreme(evidence: Evidence) -> Iterator[Sign]:
    """Steps of a length that is absurd, and a training that failed: where it went well, the rate was right."""
    trace = evidence.trace
    assert trace is not None
    stepped = [optimizer for optimizer in trace.optimizers if optimizer.steps]
    model = trace.model
    if len(stepped) != 1 or model is None or model.first_loss is None or trace.count(Outcome.FRESH) != trace.steps:
        return
    [optimizer] = stepped
    movement = _absurd(optimizer, trace, model)
    if movement is not None:
        fell = model.last_loss is not None and model.last_loss < model.first_loss
        yield sign(
            optimizer.line,
            count=optimizer.steps,
            rate=optimizer.rates.largest,
            movement=f"{movement:.2g}",
            severity=None if fell else Severity.ERROR,
        )


def _absurd(optimizer: OptimizerFacts, trace: Trace, model: ModelFacts) -> float | None:
    """The length of a step where it is absurd."""
    first, last, rates = model.first_loss, model.last_loss, optimizer.rates
    assert first is not None
    failed = last is None or last >= first or trace.backwards.not_finite.count > 0
    usual, largest = rates.usual_movement or 0.0, rates.largest_movement
    if largest is None or not rates.largest:
        return None
    if failed and (usual > LONGEST or largest > LEAP):
        return max(usual, largest)
    short = largest < SHORTEST and rates.largest < SMALL_RATE and model.largest_change
    return largest if short and optimizer.steps >= FEWEST_STEPS and last is not None and last > _hardly(first) else None


def _hardly(first: float) -> float:
    return (1 - HARDLY) * first
