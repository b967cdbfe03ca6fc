"""Which model is being trained: the outermost module whose parameters were updated last."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor, nn

from .builds import build_of
from .discovery import own_parameters, unwrapped
from .passes import Pass
from .rates import some_of
from .roots import Root
from .steps import Optimized

MAX_MODELS = 256
MAX_KINDS = 16


class Trained:
    """Holds that one module, so that it outlives the function that it was made in."""

    def __init__(self) -> None:
        self.root: Root | None = None
        self.module: nn.Module | None = None
        self.device = "cpu"
        #: called when the first model has been chosen; need not return
        self.on_first: Callable[[], None] | None = None
        self._owns: dict[tuple[int, Root], bool] = {}
        #: all that were trained and are no copies, in order, with how many numbers they hold and how they were built
        self._all: dict[Root, tuple[int, str]] = {}
        #: some weights of the newest of them
        self._values: Tensor | None = None

    def by(self, applied: Iterable[Pass], optimized: Optimized | None) -> None:
        """These passes were applied, by an optimizer or by hand: the root nearest to the loss is the model."""
        chosen: Root | None = None
        for running in applied:
            for forward in running.forwards:
                if optimized is None or self._holds(optimized, forward.root):
                    forward.root.updates += 1
                    chosen = chosen or forward.root
        if chosen is not None and chosen is not self.root:
            self._choose(chosen)

    def by_one(self, running: Pass, optimized: Optimized) -> None:
        """The usual case of `by`: one pass through one forward of the model that is known."""
        forwards = running.forwards
        if len(forwards) == 1 and forwards[0].root is self.root and self._owns.get((optimized.consumer, self.root)):
            forwards[0].root.updates += 1
        else:
            self.by([running], optimized)

    def count(self) -> int:
        """How many models were trained, copies not counted."""
        return len(self._all)

    def remodels(self) -> list[dict[str, object]]:
        """Models of one kind, built alike, first called on one line, that no longer exist, but for the newest."""
        groups: dict[tuple[str, int | None, tuple[int, str]], list[Root]] = {}
        for root, kind in self._all.items():
            if root is self.root or root.ref() is None:
                groups.setdefault((root.name, root.line, kind), []).append(root)
        return [
            {"name": name[:80], "line": line, "models": len(roots), "updates": max(root.updates for root in roots)}
            for (name, line, _), roots in list(groups.items())[:MAX_KINDS]
            if len(roots) > 1
        ]

    def _choose(self, root: Root) -> None:
        module = root.ref()
        if module is None:
            return
        self._count(root, module, [parameter for _, parameter in own_parameters(module)])
        self.root, self.module = root, unwrapped(module)
        for _, parameter in own_parameters(module):
            self.device = str(parameter.device)
            break
        if (tell := self.on_first) is not None:
            self.on_first = None
            tell()

    def _count(self, root: Root, module: nn.Module, parameters: list[nn.Parameter]) -> None:
        """One more model, unless it is a copy that goes on from where another one is."""
        matrix = next((parameter for parameter in parameters if parameter.dim() >= 2), None)
        values = some_of(matrix) if matrix is not None else None
        before, self._values = self._values, values
        near = values is not None and before is not None and before.shape == values.shape and is_near(values, before)
        if len(self._all) < MAX_MODELS and not near and root not in self._all:
            self._all[root] = sum(parameter.numel() for parameter in parameters), build_of(module)

    def _holds(self, optimized: Optimized, root: Root) -> bool:
        """Whether an optimizer has any of a root's parameters."""
        key = (optimized.consumer, root)
        known = self._owns.get(key)
        if known is None:
            module, optimizer = root.ref(), optimized.ref()
            if module is None or optimizer is None:
                return False
            held = {id(leaf) for group in optimizer.param_groups for leaf in group["params"]}
            known = self._owns[key] = any(id(parameter) in held for _, parameter in own_parameters(module))
        return known


def is_near(values: Tensor, others: Tensor) -> bool:
    """Whether weights are those of a copy rather than drawn anew: two draws are further apart than either is long."""
    return float((values - others).norm()) < float(others.norm()) / 2
