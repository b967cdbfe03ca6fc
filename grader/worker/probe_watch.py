"""What a loop did between two steps of its optimizer: only a plain step can be held against its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.optim import Optimizer
from torch.optim.optimizer import _global_optimizer_pre_hooks, register_optimizer_step_post_hook

from .patches import Function, Patches
from .probe_data import ProbeLoader

Stepped = Callable[[dict[str, Any]], None]


@dataclass
class Since:
    """What happened since the step before."""

    drawn: int = 0
    forwards: int = 0
    losses: int = 0
    backwards: int = 0
    #: something that a plain loop does not do
    odd: bool = False

    def is_plain(self) -> bool:
        return not self.odd and (self.drawn, self.forwards, self.losses, self.backwards) == (1, 1, 1, 1)


class Watch:
    """`with Watch(...)`: calls `stepped` after each step of this very optimizer with what was noted about it."""

    def __init__(
        self,
        model: nn.Module,
        criterion: nn.Module,
        optimizer: Optimizer,
        data: ProbeLoader,
        stepped: Stepped,
        noted: bool = True,
    ) -> None:
        self._model, self._criterion, self._optimizer, self._data = model, criterion, optimizer, data
        self._stepped, self._noted = stepped, noted
        self._parameters = list(model.parameters())
        self._since = Since()
        self._drawn = 0
        self._output: Tensor | None = None
        self._loss: Tensor | None = None
        self._weights = values_of(self._parameters)
        self._memory = memory_of(optimizer)
        self._gradients: Tensor | None = None
        self._handles: list[Any] = []
        self._patches = Patches()

    def __enter__(self) -> Self:
        if not self._noted:
            self._handles = [register_optimizer_step_post_hook(lambda optimizer, args, kwargs: self._stepped({}))]
            return self
        self._handles = [
            # not on the model itself, which a loop may copy or store with everything that hangs on it
            register_module_forward_hook(self._called, with_kwargs=True),
            # on the optimizer itself, where nobody looks for hooks of others; and on all that a loop may make
            self._optimizer.register_step_pre_hook(self._steps),
            self._optimizer.register_step_post_hook(self._has_stepped),
            register_optimizer_step_post_hook(self._another_has_stepped),
        ]
        self._patches.replace(torch.autograd, "backward", self._backward)
        self._patches.replace(torch.autograd, "grad", self._grad)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._patches.restore()

    # -- between two steps ------------------------------------------------------------------------------

    def _called(self, module: nn.Module, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        if module is self._model:
            self._answered(module, args, kwargs, result)
        elif module is self._criterion:
            self._judged(module, args, kwargs, result)

    def _answered(self, module: nn.Module, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        if not torch.is_grad_enabled():
            return
        self._since.forwards += 1
        given = next(iter((*args, *kwargs.values())), None)
        usual = isinstance(output, Tensor) and output.dtype == torch.float32 and module.training
        self._since.odd |= not usual or not is_like(given, self._newest(0))
        self._output = output if isinstance(output, Tensor) else None

    def _judged(self, module: nn.Module, args: Any, kwargs: Mapping[str, Any], result: Any) -> None:
        if not torch.is_grad_enabled():
            return
        self._since.losses += 1
        entered, target = [*args, *kwargs.values(), None, None][:2]
        straight = isinstance(entered, Tensor) and self._output is not None and same_place(entered, self._output)
        newest = self._newest(1)
        usual = isinstance(target, Tensor) and newest is not None and target.shape == newest.shape
        self._since.odd |= not straight or not usual or not is_like(target, newest)
        self._loss = result if isinstance(result, Tensor) else None

    def _newest(self, place: int) -> Tensor | None:
        return self._data.newest[place] if self._data.newest else None

    def _backward(self, original: Function) -> Function:
        def backward(*args: Any, **kwargs: Any) -> Any:
            root = args[0] if args else kwargs.get("tensors")
            root = root[0] if isinstance(root, tuple) and len(root) == 1 else root
            result = original(*args, **kwargs)
            self._since.backwards += 1
            self._since.odd |= root is not self._loss or self._is_hooked()
            self._gradients = values_of([leaf.grad for leaf in self._parameters])
            return result

        return backward

    def _is_hooked(self) -> bool:
        """Whether somebody may change gradients on their way, or a forward in the middle."""
        tensors = [*self._parameters, self._output, self._loss]
        modules = [*self._model.modules(), self._criterion]
        return any(map(has_hooks, tensors)) or any(map(module_has_hooks, modules))

    def _grad(self, original: Function) -> Function:
        def grad(*args: Any, **kwargs: Any) -> Any:
            self._since.odd = True
            return original(*args, **kwargs)

        return grad

    # -- steps ------------------------------------------------------------------------------------------

    def _steps(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Nobody has touched gradients since the backward pass, nor weights and moments since the step before."""
        now = values_of([leaf.grad for leaf in self._parameters])
        same = self._gradients is not None and torch.equal(now, self._gradients)
        kept = torch.equal(values_of(self._parameters), self._weights) and torch.equal(
            memory_of(optimizer), self._memory
        )
        others = len(optimizer._optimizer_step_pre_hooks) > 1 or bool(_global_optimizer_pre_hooks)
        self._since.odd |= not same or not kept or others

    def _another_has_stepped(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        held = {id(leaf) for group in optimizer.param_groups for leaf in group["params"]}
        if optimizer is not self._optimizer and any(id(leaf) in held for leaf in self._parameters):
            self._since.odd = True
            self._has_stepped(optimizer, args, kwargs)

    def _has_stepped(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        self._since.drawn, self._drawn = self._data.drawn - self._drawn, self._data.drawn
        facts = {
            "plain": self._since.is_plain(),
            "drawn": self._data.drawn,
            "passes": self._data.passes,
            "random": digest(torch.get_rng_state().numpy().tobytes()),
            "batch": digest(b"".join(part.numpy().tobytes() for part in self._data.newest)),
            "setting": digest(repr((settings(optimizer), surroundings(self._model, self._criterion))).encode()),
        }
        self._since, self._weights, self._memory = Since(), values_of(self._parameters), memory_of(optimizer)
        self._stepped(facts)


def values_of(tensors: list[Any]) -> Tensor:
    """A copy of all values in a row; nothing for what is not there."""
    parts = [tensor.detach().reshape(-1).float() for tensor in tensors if tensor is not None]
    return torch.cat(parts) if parts else torch.zeros(0)


def same_place(one: Tensor, other: Tensor) -> bool:
    """Whether both are the same numbers in memory, in the same shape."""
    return one.shape == other.shape and one.data_ptr() == other.data_ptr()


def is_like(given: object, batch: Tensor | None) -> bool:
    """Whether these are all values of a batch and no others, whatever their shape and order."""
    if not isinstance(given, Tensor) or batch is None or given.numel() != batch.numel() or given.dtype != batch.dtype:
        return False
    one, other = given.detach().reshape(-1), batch.detach().reshape(-1)
    return bool(torch.equal(one, other) or torch.equal(one.sort().values, other.sort().values))


def memory_of(optimizer: Optimizer) -> Tensor:
    """A copy of what an optimizer remembers: momentum, averages, counts."""
    return values_of([value for kept in optimizer.state.values() for value in kept.values() if is_tensor(value)])


def is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)


def has_hooks(tensor: Tensor | None) -> bool:
    """Whether something may happen to the gradient of a tensor."""
    return bool(getattr(tensor, "_backward_hooks", None) or getattr(tensor, "_post_accumulate_grad_hooks", None))


def module_has_hooks(module: nn.Module) -> bool:
    """Whether something hangs on a module; nothing of ours does."""
    return any(getattr(module, name, None) for name in HOOKS)


HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def settings(optimizer: Optimizer) -> list[list[object]]:
    """What an optimizer was told."""
    return [
        [len(group["params"]), *sorted((key, str(value)) for key, value in group.items() if key not in UNSETTLED)]
        for group in optimizer.param_groups
    ]


def surroundings(model: nn.Module, criterion: nn.Module) -> list[object]:
    """Everything else beside weights, data and gradients that decides what a step does."""
    parts = [(str(part), "forward" in vars(part)) for part in (model, criterion)]
    learns = [parameter.requires_grad for parameter in model.parameters()]
    told = sorted((key, str(value)) for key, value in vars(criterion).items() if not key.startswith("_"))
    kept = [str(buffer) for buffer in criterion.buffers()]
    precision = (torch.get_num_threads(), str(torch.get_default_dtype()), torch.get_float32_matmul_precision())
    return [parts, learns, told, kept, precision]


#: keys that a scheduler may add, or that are no setting
UNSETTLED = ("params", "initial_lr")


def digest(data: bytes) -> str:
    """Twelve characters that stand for the data."""
    return hashlib.sha256(data).hexdigest()[:12]
