"""Some layers receive gradients, and no optimizer was given their parameters."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign


@check(
    group="wiring",
    severity=Severity.ERROR,
    title="A part of the model is in no optimizer",
    message=(
        "{count} parameters received gradients in the whole training and never changed: no optimizer ({line}) "
        "holds them. Among them: {names}. Parameters of the model that an optimizer holds: {held}."
    ),
    why=(
        "Only parameters that an optimizer was given are moved by its steps. The others stay as random as they "
        "began, and the rest of the model has to make the best of it: the loss still falls, only less than it "
        "could."
    ),
    experiment=(
        "Count the parameters of the model, and those in the optimizer's param_groups. Then print the name of "
        "every parameter that the model knows. Which one is missing?"
    ),
    hints=(
        "Does the model itself list all of its layers when it is printed?",
        "Layers in an ordinary Python list work in a forward pass, but the model does not know that they are its own.",
        "Read about torch.nn.ModuleList and torch.nn.Module.parameters, and check what the optimizer was given.",
    ),
    explains=("accuracy-below-threshold", "loss-not-decreasing"),
    needs=("trace", "completed"),
)
def optimizer_missing_parameters(evidence: Evidence) -> Iterator[Sign]:
    """Fresh parameters only: those of a model that was loaded or copied may be left alone on purpose.

    Where only the first layers are left out the model may be a head on random features: a warning.
    """
    trace = evidence.trace
    assert trace is not None
    orphans, happenings = trace.orphans, trace.happenings
    given = happenings.loaded.count + happenings.files.count + happenings.copied.count
    if not orphans.count or not orphans.held or given:
        return
    by_design = orphans.last_is_held and not orphans.hidden
    stepped = [optimizer for optimizer in trace.optimizers if optimizer.steps]
    yield sign(
        stepped[0].line if stepped else None,
        count=orphans.count,
        names=", ".join(orphans.names),
        held=orphans.held,
        severity=Severity.WARNING if by_design else None,
    )
