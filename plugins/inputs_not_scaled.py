"""The values that go into the model are far from the size that its weights are made for."""

from __future__ import annotations

from collections.abc import Iterator

from grader import Evidence, Severity, Sign, check, sign

#: pixels as bytes reach 255; a photograph of nothing but shadows still passes this
LARGE = 100.0
WEIGHTED = ("matmul", "convolution")


@check(
    group="data",
    severity=Severity.NOTE,
    title="The inputs are raw numbers up to a hundred and more",
    message=(
        "The values that went into the model ({line}) in training lay between {lowest} and {highest}, all of them "
        "whole numbers: bytes of an image, it seems."
    ),
    why=(
        "Layers start with weights that fit inputs of about 1. Values a hundred times larger make outputs and "
        "gradients a hundred times larger, too: the first loss is huge, many units never recover, and a learning "
        "rate that is right for others is too high here."
    ),
    experiment=(
        "Print the smallest, largest and mean value of one batch just before it goes into the model, and the first "
        "loss beside it."
    ),
    hints=(
        "Between which numbers do the pixels of an image lie in a file, and between which in a tensor?",
        "Dividing by the largest possible value is enough. Taking off the mean as well is better still.",
        "Look at torchvision.transforms.ToTensor and torchvision.transforms.Normalize.",
    ),
)
def inputs_not_scaled(evidence: Evidence) -> Iterator[Sign]:
    """Large whole numbers as floats meet weights first: nothing divides or normalises them on the way."""
    trace = evidence.trace
    assert trace is not None
    model = trace.model
    if model is None or model.input_highest is None or model.input_lowest is None or not model.operations:
        return
    if model.input_whole and model.input_highest >= LARGE and model.operations[0].name in WEIGHTED:
        yield sign(model.line, lowest=model.input_lowest, highest=model.input_highest)
