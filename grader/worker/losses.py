"""Calls of loss functions: what went in, looked at closely for a while and then now and again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from .content import is_plain

#: losses whose input is (batch, classes, ...)
OF_CLASSES = ("cross_entropy", "nll_loss", "kl_div")
NAMES = (
    "cross_entropy", "nll_loss", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div",
)  # fmt: skip
MAX_CALLS = 48
CLOSELY = 40
THEN_EVERY = 16
TOLERANCE = 1e-3
SOFTMAX = "SoftmaxBackward0"
TWICE = f"LogSoftmaxBackward0 of {SOFTMAX}"
#: operations that change a tensor's shape and not its values
_VIEWS = ("Squeeze", "Unsqueeze", "View", "Reshape", "UnsafeView", "Alias", "Transpose", "TBackward", "Permute",
          "Flatten", "ToCopy", "Expand", "Clone", "Select", "Slice", "AsStrided", "Split", "Unbind")  # fmt: skip


class LossCall:
    """Calls of one function on one line."""

    def __init__(self, function: str, line: int | None) -> None:
        self.function = function
        self.line = line
        self.calls = 0
        #: calls were only counted for a while, so that the next one is looked at
        self.due = False
        self.counts: Counter[str] = Counter()
        self.producers: Counter[str] = Counter()
        self.input_shape: tuple[int, ...] = ()
        self.target_shape: tuple[int, ...] = ()
        self.target_type = ""
        self.classes = 0
        self.first_value: float | None = None
        self.last_value: float | None = None

    def looks_next(self) -> bool:
        """Whether the next call is one to look at closely."""
        return self.due or self.calls < CLOSELY or not (self.calls + 1) % THEN_EVERY

    def look(self, entered: Tensor, target: object, result: object, model_trains: bool, data: Iterable[Tensor]) -> None:
        """Count what can be seen of one call. `data`: tensors that came from a loader or went into a model."""
        counts = self.counts
        counts["looked"] += 1
        self.due = False
        if counts["looked"] == 1:
            self._describe(entered, target)
        if isinstance(result, Tensor):
            counts["with_graph"] += result.requires_grad
            self._value(result)
        target_trains = isinstance(target, Tensor) and target.requires_grad
        counts["swapped"] += target_trains and not entered.requires_grad
        if torch.is_grad_enabled() and model_trains:
            counts["detached"] += not entered.requires_grad and not target_trains
        if isinstance(target, Tensor) and target.numel() > 1:
            counts["mismatched"] += self.function not in OF_CLASSES and target.shape != entered.shape
        counts["from_data"] += _shares_memory(entered, [target, *data])
        self.producers[producer_of(entered)] += 1
        self._values(entered.detach())

    def _describe(self, entered: Tensor, target: object) -> None:
        self.input_shape = tuple(entered.shape)[:8]
        if isinstance(target, Tensor):
            self.target_shape = tuple(target.shape)[:8]
            self.target_type = str(target.dtype).removeprefix("torch.")
        if self.function in OF_CLASSES and entered.dim() >= 1:
            self.classes = entered.shape[1 if entered.dim() > 1 else 0]

    def _value(self, result: Tensor) -> None:
        if result.numel() != 1:
            return
        value = float(result.detach())
        finite = value if math.isfinite(value) else None
        if self.counts["looked"] == 1:
            self.first_value = finite
        self.last_value = finite

    def _values(self, entered: Tensor) -> None:
        if not entered.is_floating_point() or not entered.numel():
            return
        values = entered.float()
        lowest, highest = float(values.amin()), float(values.amax())
        self.counts["non_negative"] += lowest >= 0
        self.counts["unit_interval"] += lowest >= 0 and highest <= 1
        axis = 1 if values.dim() > 1 else 0
        if values.shape[axis] < 2 or (values.dim() == 1 and self.function not in OF_CLASSES):
            return
        if lowest >= 0 and highest <= 1 + TOLERANCE:
            self.counts["probability_rows"] += bool(((values.sum(axis) - 1).abs() < TOLERANCE).all())
        elif highest <= TOLERANCE:
            self.counts["log_probability_rows"] += bool((values.logsumexp(axis).abs() < TOLERANCE).all())

    def as_dict(self) -> dict[str, object]:
        producer, times = next(iter(self.producers.most_common(1)), ("", 0))
        counted = ("looked", "with_graph", "mismatched", "swapped", "detached", "probability_rows",
                   "log_probability_rows", "non_negative", "unit_interval", "from_data")  # fmt: skip
        return {
            "function": self.function,
            "line": self.line,
            "calls": self.calls,
            "input_shape": list(self.input_shape),
            "target_shape": list(self.target_shape),
            "target_type": self.target_type,
            "producer": producer,
            "producer_count": times if producer else 0,
            "classes": self.classes,
            "first_value": self.first_value,
            "last_value": self.last_value,
            **{name: self.counts[name] for name in counted},
        }


def _shares_memory(entered: Tensor, others: Iterable[object]) -> bool:
    """Whether a tensor lies in the same memory as one of the others."""
    if entered.layout != torch.strided:
        return False
    place = entered.untyped_storage().data_ptr()
    tensors = [other for other in others if isinstance(other, Tensor) and is_plain(other)]
    return any(item.layout == torch.strided and item.untyped_storage().data_ptr() == place for item in tensors)


def producer_of(tensor: Tensor) -> str:
    """The operation that computed a tensor's values: views on the way are skipped. Empty without a graph.

    A log-softmax of what is a softmax already is `TWICE`.
    """
    name, node = _producer(tensor.grad_fn)
    if name == "LogSoftmaxBackward0" and node.next_functions and _producer(node.next_functions[0][0])[0] == SOFTMAX:
        return TWICE
    return name[:80]


def _producer(node: Any) -> tuple[str, Any]:
    for _ in range(6):
        if node is None:
            return "", None
        name = type(node).__name__
        if not name.startswith(_VIEWS) or not node.next_functions:
            return name, node
        node = node.next_functions[0][0]
    return "", None


class Losses:
    """The book of loss calls."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, int | None], LossCall] = {}

    def note(self, function: str, line: int | None, entered: object, target: object, result: object,
             model_trains: bool, data: Callable[[], Iterable[Tensor]]) -> LossCall | None:  # fmt: skip
        """One call of a loss function, after it returned or raised."""
        call = self.calls.get((function, line))
        if call is None:
            if len(self.calls) >= MAX_CALLS:
                return None
            call = self.calls[function, line] = LossCall(function, line)
        looks = call.looks_next()
        call.calls += 1
        if looks and isinstance(entered, Tensor) and is_plain(entered):
            call.look(entered, target, result, model_trains, data())
        return call
