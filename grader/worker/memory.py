"""A few batches as the model saw them, and its first weights: what is needed to look again after the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .content import is_plain
from .discovery import own_buffers, own_parameters
from .forward import Forward
from .roots import Root

MAX_BATCHES = 4
#: training batches kept for the loss over the training set: this many, or more of a small data set
MAX_REPLAYED = 64
MAX_SMALL = 1024
SMALL_BYTES = 8_000_000
MAX_BYTES = 64_000_000
MAX_WEIGHT_BYTES = 256_000_000
MAX_ROOTS = 4


@dataclass
class Recipe:
    """How a loss was computed from a model's output."""

    function: Callable[..., Tensor]
    shape: tuple[int, ...]
    target: Tensor
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


@dataclass
class RecordedBatch:
    """What went into the model, and the first tensor that the loader gave for it; None without a loader."""

    model_input: Tensor
    loaded: Tensor | None
    recipe: Recipe | None = None

    @property
    def bytes(self) -> int:
        return self.model_input.numel() * self.model_input.element_size()


class Memory:
    """Copies, detached: nothing here keeps a graph alive."""

    def __init__(self) -> None:
        self.batches: list[RecordedBatch] = []
        self.evaluation_batches: list[RecordedBatch] = []
        #: (root, batch) of the first epoch
        self.replayed: list[tuple[Root, RecordedBatch]] = []
        self._taken = 0
        self._taken_bytes = 0
        self._taken_evaluation = 0
        self.first_weights: dict[int, tuple[Root, dict[str, Tensor]]] = {}

    def candidate(self, samples: Tensor | None, loaded: Tensor | None, training: bool, small: bool
                  ) -> RecordedBatch | None:  # fmt: skip
        """A copy of what enters the model, while there is room. `small`: the data set may fit as a whole."""
        if not (self.has_room(small) if training else self._taken_evaluation < 2 * MAX_BATCHES):
            return None
        if samples is None or not is_plain(samples) or samples.numel() * samples.element_size() > MAX_BYTES:
            return None
        batch = RecordedBatch(samples.detach().clone(), loaded)
        if training:
            self._taken += 1
            self._taken_bytes += batch.bytes
        else:
            self._taken_evaluation += 1
        return batch

    def has_room(self, small: bool) -> bool:
        """Whether another training batch can be kept."""
        if self._taken < MAX_REPLAYED:
            return self._taken_bytes < MAX_BYTES
        return small and self._taken < MAX_SMALL and self._taken_bytes < SMALL_BYTES

    def decided(self, forward: Forward) -> None:
        """It is known whether a forward was trained on."""
        batch = forward.batch
        if batch is None:
            return
        kept = self.batches if forward.trained else self.evaluation_batches
        if len(kept) < MAX_BATCHES:
            kept.append(batch)
        if forward.trained and batch.recipe is not None:
            self.replayed.append((forward.root, batch))
        forward.batch = None

    def note_loss(self, forward: Forward, function: Callable[..., Tensor], entered: Tensor,
                  arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:  # fmt: skip
        """A loss of this forward's very output: it can be computed again for other weights."""
        batch, output = forward.batch, forward.outputs[0]()
        if batch is None or batch.recipe is not None or output is None or not _same_values(entered, output):
            return
        target = arguments[0] if arguments else keywords.get("target")
        if not isinstance(target, Tensor) or not is_plain(target) or target.requires_grad:
            return
        rest = {name: value for name, value in keywords.items() if name not in ("input", "target")}
        batch.recipe = Recipe(function, tuple(entered.shape), target.detach().clone(), arguments[1:], rest)

    def keep_weights(self, root: Root) -> None:
        """Copy a root's parameters and buffers as they are before its first update."""
        root.kept = True
        module = root.ref()
        if module is None:
            return
        tensors = dict(state_of(module))
        if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > MAX_WEIGHT_BYTES:
            return
        if len(self.first_weights) >= MAX_ROOTS:
            del self.first_weights[next(iter(self.first_weights))]
        self.first_weights[id(root)] = root, {name: tensor.detach().clone() for name, tensor in tensors.items()}


def state_of(module: nn.Module) -> list[tuple[str, Tensor]]:
    """Parameters and buffers with their names, lazy ones left out."""
    tensors = [*own_parameters(module), *own_buffers(module)]
    return [(name, tensor) for name, tensor in tensors if not torch.nn.parameter.is_lazy(tensor)]


def _same_values(entered: Tensor, output: Tensor) -> bool:
    """The output itself, or all of it in another shape."""
    if entered is output:
        return True
    same_memory = entered.data_ptr() == output.data_ptr() and entered.numel() == output.numel()
    return same_memory and entered.is_contiguous() and output.is_contiguous()
