"""Looks at the trained model after the run: its operations, how far it moved, how much the loss fell."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from . import uncompiled
from .content import first_tensor
from .discovery import below, own_parameters
from .memory import Memory, RecordedBatch, state_of
from .roots import Root

MAX_OPERATIONS = 256
MAX_SECONDS = 5.0
#: operations that multiply by weights, under the names that we give them
WEIGHTED = ("matmul", "convolution", "embedding", "lstm", "mkldnn_rnn_layer", "transformer_encoder_layer_fwd")
#: what torch calls an operation below autograd -> what we call it; others keep torch's name
NAMES = {
    **dict.fromkeys(("mm", "addmm", "bmm", "baddbmm", "mv", "addmv", "dot", "linear", "addbmm"), "matmul"),
    **dict.fromkeys(("convolution", "mkldnn_convolution", "cudnn_convolution", "conv2d"), "convolution"),
    **dict.fromkeys(("native_batch_norm", "cudnn_batch_norm", "native_batch_norm_legit",
                     "native_batch_norm_legit_no_training"), "batch_norm"),
    **dict.fromkeys(("native_layer_norm", "native_group_norm"), "layer_norm"),
    **dict.fromkeys(("native_dropout", "bernoulli"), "dropout"),
    **dict.fromkeys(("max_pool2d_with_indices", "max_pool2d"), "max_pool"),
    **dict.fromkeys(("adaptive_avg_pool2d", "avg_pool2d"), "avg_pool"),
    "thnn_fused_lstm_cell": "lstm", "prelu_kernel": "prelu", "log_sigmoid_forward": "logsigmoid",
}  # fmt: skip
#: operations that move or make values and compute none
SILENT = frozenset((
    "view", "unsafe_view", "reshape", "reshape_alias", "flatten", "squeeze", "unsqueeze", "t", "transpose",
    "permute", "expand", "slice", "select", "narrow", "split", "split_with_sizes", "unbind", "as_strided", "alias",
    "detach", "lift_fresh", "clone", "copy", "to_copy", "contiguous", "cat", "stack", "chunk", "empty",
    "empty_like", "empty_strided", "new_empty", "zeros", "zeros_like", "new_zeros", "ones", "ones_like", "full",
    "full_like", "arange", "scalar_tensor", "resize", "set", "fill", "zero", "repeat", "roll", "flip",
    "constant_pad_nd", "view_as_real", "local_scalar_dense", "is_nonzero", "equal", "item",
))  # fmt: skip


@uncompiled.mode
class Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down every operation that computes something."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.found: list[dict[str, object]] = []
        self._parameters = {
            parameter.untyped_storage().data_ptr(): tuple(parameter.shape) for _, parameter in own_parameters(module)
        }

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        plain = str(func.overloadpacket.__name__).strip("_")
        if plain not in SILENT and len(self.found) < MAX_OPERATIONS:
            output = first_tensor(result)
            shape = list(output.shape[1:9]) if output is not None else []
            name = NAMES.get(plain, plain)[:80]
            weight = list(self._weight(args)) if name in WEIGHTED else []
            self.found.append({"name": name, "shape": shape, "weight": weight})
        return result

    def _weight(self, args: Any) -> tuple[int, ...]:
        """The largest parameter among the arguments: an operation's weight, not its bias."""
        tensors = [thing for thing in args if isinstance(thing, Tensor) and thing.layout == torch.strided]
        shapes = [self._parameters.get(tensor.untyped_storage().data_ptr(), ()) for tensor in tensors]
        return max(shapes, key=lambda shape: (len(shape), torch.Size(shape).numel()), default=())[:8]


class Afterwards:
    """Everything here runs the student's model again, in silence; whatever it raises, a fact is missing and no more."""

    def __init__(self, module: nn.Module, root: Root, memory: Memory) -> None:
        self._module = module
        self._memory = memory
        kept = memory.first_weights.get(id(root))
        self._first = kept[1] if kept is not None else None
        self._replayed = [batch for owner, batch in memory.replayed if owner is root]

    def facts(self) -> dict[str, object]:
        """The model's facts as the trace writes them."""
        found: dict[str, object] = {
            "name": type(self._module).__name__[:80],
            "parameters": sum(parameter.numel() for parameter in _unique(self._module)),
            "largest_change": self._largest_change(),
            **self._symmetry(),
            **self._entered(),
        }
        batch = next(iter([*self._replayed, *self._memory.batches]), None)
        with quiet(), eval_mode(self._module), torch.random.fork_rng(devices=[]), torch.no_grad():
            if batch is not None:
                with contextlib.suppress(Exception):
                    found |= self._structure(batch)
            with contextlib.suppress(Exception):
                found |= self._losses()
        return found

    def _entered(self) -> dict[str, object]:
        """The values that went into the model; nothing for whole numbers by type, which are names of things."""
        inputs = [batch.model_input.detach() for batch in self._memory.batches]
        batches = [one.float() for one in inputs if _has_values(one)]
        if not batches:
            return {}
        lowest, highest = min(float(one.amin()) for one in batches), max(float(one.amax()) for one in batches)
        if not (abs(lowest) < float("inf") and abs(highest) < float("inf")):
            return {}
        whole = all(bool((one == one.round()).all()) for one in batches)
        return {"input_lowest": lowest, "input_highest": highest, "input_whole": whole}

    def _structure(self, batch: RecordedBatch) -> dict[str, object]:
        samples = batch.model_input[:8].clone()
        mode = Operations(self._module)
        with mode:
            output = first_tensor(self._module(samples))
        return {
            "input_shape": list(samples.shape[1:9]),
            "output_shape": list(output.shape[1:9]) if output is not None else [],
            "operations": mode.found,
        }

    def _largest_change(self) -> float | None:
        if self._first is None:
            return None
        changes = [
            float((tensor.detach() - self._first[name]).abs().max())
            for name, tensor in own_parameters(self._module)
            if name in self._first and tensor.shape == self._first[name].shape and tensor.numel()
        ]
        largest = max(changes, default=None)
        return largest if largest is not None and abs(largest) < float("inf") else None

    def _symmetry(self) -> dict[str, int]:
        """Weight matrices that began as one value everywhere, and those whose rows are all the same at the end."""
        first = self._first or {}
        matrices = [(name, tensor.detach()) for name, tensor in own_parameters(self._module) if tensor.dim() >= 2]
        begun = [first[name].flatten() for name, tensor in matrices if name in first and tensor.numel()]
        return {
            "matrices": len(matrices),
            "constant_matrices": sum(bool((values == values[0]).all()) for values in begun),
            "equal_rows": sum(len(tensor) > 1 and bool((tensor == tensor[:1]).all()) for _, tensor in matrices),
        }

    # -- the loss of the first and of the last weights ---------------------------------------------------

    def _losses(self) -> dict[str, object]:
        if self._first is None or not self._replayed:
            return {}
        batches = self._affordable(self._replayed)
        last = self._mean_loss(batches)
        with self.first_weights():
            first = self._mean_loss(batches)
        return {"first_loss": first, "last_loss": last}

    def _affordable(self, batches: list[RecordedBatch]) -> list[RecordedBatch]:
        """As many batches as can be gone through twice in time, judged by the first."""
        started = time.monotonic()
        self._mean_loss(batches[:1])
        spent = max(time.monotonic() - started, 1e-6)
        return batches[: max(1, int(MAX_SECONDS / spent / 2))]

    def _mean_loss(self, batches: list[RecordedBatch]) -> float | None:
        """The mean over samples; None where it is not finite."""
        total, weight = 0.0, 0
        for batch in batches:
            recipe = batch.recipe
            assert recipe is not None
            output = first_tensor(self._module(batch.model_input.clone()))
            assert output is not None
            entered = output.reshape(recipe.shape)
            loss = recipe.function(entered, recipe.target, *recipe.arguments, **recipe.keywords)
            total += float(loss.mean()) * len(batch.model_input)
            weight += len(batch.model_input)
        mean = total / weight
        return mean if abs(mean) < float("inf") else None

    @property
    def knows_the_first(self) -> bool:
        """Whether every weight and buffer that the model has now is known as it was at the start."""
        first = self._first or {}
        return all(name in first and first[name].shape == tensor.shape for name, tensor in state_of(self._module))

    @contextlib.contextmanager
    def first_weights(self) -> Iterator[None]:
        """The model with the weights that it began with, as far as they are known; the trained ones come back."""
        first = self._first or {}
        swapped = [(tensor, tensor.data) for name, tensor in state_of(self._module) if name in first]
        try:
            for name, tensor in state_of(self._module):
                if name in first and first[name].shape == tensor.shape:
                    tensor.data = first[name]
            yield
        finally:
            for tensor, data in swapped:
                tensor.data = data


def _has_values(samples: Tensor) -> bool:
    return samples.is_floating_point() and bool(samples.numel()) and samples.layout == torch.strided


def _unique(module: nn.Module) -> list[nn.Parameter]:
    return list({id(parameter): parameter for _, parameter in own_parameters(module)}.values())


@contextlib.contextmanager
def eval_mode(module: nn.Module) -> Iterator[None]:
    """Every layer in evaluation mode; afterwards each is as it was. A student's own `eval` is not asked."""
    flags = [(part, part.training) for _, part in below(module)]
    try:
        for part, _ in flags:
            part.training = False
        yield
    finally:
        for part, flag in flags:
            part.training = flag


class _Nowhere(io.TextIOBase):
    """A stream that forgets."""

    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """What a model prints when it is called again is no output of the student's run."""
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield
