"""Images -> logits in the parked process: as the student's own code prepared images for its model."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from .preparation import Preparation, Recorded, UnknownPreparationError, find_preparation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .offered_data import Offered

CLASSES = 10
BATCH = 500

Answer = tuple["NDArray[np.float32] | None", str | None, str]


class Recording(Protocol):
    """What the recorder kept: a few batches of training, and of forwards that met no backward."""

    @property
    def batches(self) -> Sequence[Recorded]: ...

    @property
    def evaluation_batches(self) -> Sequence[Recorded]: ...


class UnusableError(Exception):
    """The model's answer cannot be judged."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Answers:
    """Answers of models that see what the recorded ones saw. How images are prepared is found out once."""

    def __init__(self, recorder: Recording, offered: Offered) -> None:
        self._recorder = recorder
        self._offered = offered
        self._preparation: Preparation | None = None

    def get_ready(self) -> None:
        """Find it out before anybody asks. What goes wrong is told to whoever asks."""
        if self._offered.folder is not None:
            with contextlib.suppress(BaseException):
                self._find()

    def logits(self, model: nn.Module | None, images: NDArray[np.uint8]) -> Answer:
        """Logits float32 (n, 10) for images (n, height, width), else None with a reason and its detail.

        Reasons: no-model, raised, wrong-shape, not-finite (the model's), preprocessing-unknown (nobody's).
        """
        if model is None:
            return None, "no-model", ""
        try:
            preparation = self._find()
            prepared = preparation.prepare(images)
        except UnknownPreparationError as error:
            return None, "preprocessing-unknown", str(error)
        except BaseException as error:  # the student's transform may raise anything
            return None, "preprocessing-unknown", describe(error)
        try:
            values = ask(model, prepared, preparation)
        except UnusableError as error:
            return None, error.reason, error.detail
        except BaseException as error:  # so may the student's model, and the worker still has to answer
            return None, "raised", describe(error)
        return values, None, ""

    def _find(self) -> Preparation:
        if self._preparation is None:
            recorder = self._recorder
            self._preparation = find_preparation(recorder.evaluation_batches, recorder.batches, self._offered)
        return self._preparation


def ask(model: nn.Module, prepared: Tensor, preparation: Preparation) -> NDArray[np.float32]:
    """Logits (n, 10) of a model in evaluation mode, whose mode is restored. Raises UnusableError."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            values = torch.cat(list(_chunks(model, prepared, preparation)))
    finally:
        for module, training in modes:
            module.training = training
    if not torch.isfinite(values).all():
        broken = int((~torch.isfinite(values)).any(dim=1).sum())
        raise UnusableError("not-finite", f"{broken} of {len(values)} images")
    return values.numpy()


def _chunks(model: nn.Module, prepared: Tensor, preparation: Preparation) -> Sequence[Tensor]:
    """The model sees batches as large as those that it was trained on, at most 500 images.

    The last one is filled up with its first image, so that a model with its batch size built in can answer.
    """
    size = min(preparation.count, BATCH)
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    found = []
    for start in range(0, len(prepared), size):
        chunk = prepared[start : start + size]
        filled = torch.cat([chunk, chunk[:1].expand(size - len(chunk), *chunk.shape[1:])])
        output = model(preparation.shaped(filled).to(device))
        found.append(_rows(output, size)[: len(chunk)])
    return found


def _rows(output: object, size: int) -> Tensor:
    if not isinstance(output, Tensor):
        raise UnusableError("wrong-shape", f"a {type(output).__name__} instead of a tensor")
    if size == 1 and output.dim() == 1:
        output = output[None]
    if tuple(output.shape) != (size, CLASSES) or output.is_complex():
        raise UnusableError("wrong-shape", f"{tuple(output.shape)} for {(size, CLASSES)}")
    return output.detach().to("cpu", torch.float32)


def describe(error: BaseException) -> str:
    """Type and message of an exception whose own words may fail."""
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except BaseException:  # a student's __str__
        return type(error).__name__
