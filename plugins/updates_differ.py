"""The weights are not those that the model, the data, the loss and the optimizer give."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Basis, Evidence, Outcome, Severity, Sign, Trace, check, sign


@check(
    group="integrity",
    severity=Severity.WARNING,
    title="The weights do not move as this data, loss and optimizer would move them",
    message=(
        "train() was called once more, with weights and batches that the grader drew, and the same steps were "
        "computed without it. Every step looked like a plain one, and yet from update {first} of {steps} on the "
        "weights were other ones."
    ),
    why=(
        "Weights, batch, loss and optimizer settle what a plain step does. Where these are the same and the new "
        "weights are not, something else went into the update, such as targets that are not those of their inputs."
    ),
    experiment=(
        "Print one small batch as the loader gives it, and again just before the loss. Is each target still beside "
        "its own input?"
    ),
    hints=(
        "Between the loader and the loss, which lines change the batch?",
        "Whatever changes the order of the inputs has to change the order of the targets in the same way.",
        "Use one index for both: a permutation drawn once, as with torch.randperm.",
    ),
    explains=("accuracy-below-threshold", "loss-diverged", "loss-not-decreasing"),
    needs=("completed",),
    basis=Basis.RECOMPUTED,
)
def updates_differ(evidence: Evidence) -> Iterator[Sign]:
    """Only for a plain loop, on both sides: in the trace of the whole run, and in each step of the probe call.

    One new contribution of one batch in each step, nobody else's hand on gradients or weights, nothing limited
    or loaded, the optimizer that was handed out with the settings that it had. Whatever else a loop may do
    (accumulate, clip, schedule, average, draw its own batches) is another algorithm, and no finding.
    """
    trace, replay = evidence.trace, evidence.replay
    assert trace is not None
    if replay is None or replay.equal is not False or evidence.contradiction:
        return
    if is_plain(trace):
        yield sign(trace.backwards.line, first=replay.first, steps=replay.steps)


def is_plain(trace: Trace) -> bool:
    """Whether the trace shows nothing but plain steps of one optimizer."""
    clean = trace.steps > 0 and trace.count(Outcome.FRESH) == trace.steps
    single = all((item.fresh, item.batches, item.rewritten) == (1, 1, False) for item in trace.patterns)
    alone = len([optimizer for optimizer in trace.optimizers if optimizer.steps]) == 1
    others = trace.by_hand.count + trace.functional.count + len(trace.clips)
    loaded = trace.happenings.loaded.count + trace.happenings.restored.count
    return clean and single and alone and not others and not loaded
