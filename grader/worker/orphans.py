"""Parameters whose gradients nobody ever uses, because no optimizer was given them."""

from __future__ import annotations

from torch import Tensor, nn

from .discovery import below, own_parameters, part_of
from .forwards import Forwards
from .ledger import Ledger
from .steps import Steps

MAX_NAMES = 5
#: a gradient that came once may have come by accident
FEWEST = 2


class Orphans:
    """Looks for them when the run is over."""

    def __init__(self, ledger: Ledger, steps: Steps, forwards: Forwards) -> None:
        self._ledger = ledger
        self._forwards = forwards
        self._held = {
            id(leaf) for optimizer in list(steps.optimizers) for group in optimizer.param_groups
            for leaf in group["params"]
        }  # fmt: skip

    def facts(self, module: nn.Module) -> dict[str, object]:
        """`module`: the model that was trained."""
        registered = list(own_parameters(module))
        forgotten = [name for name, parameter in registered if self._is_forgotten(parameter)]
        inside = {id(parameter) for _, parameter in registered}
        hidden = [name for name, parameter in self._hidden() if id(parameter) not in inside]
        return {
            "count": len(forgotten) + len(hidden),
            "hidden": len(hidden),
            "names": [*hidden, *forgotten][:MAX_NAMES],
            "held": sum(self._is_held(parameter) for _, parameter in registered),
            "last_is_held": bool(registered) and self._is_held(registered[-1][1]),
        }

    def all_waiting(self) -> int:
        """How many parameters wait for somebody to use their gradients."""
        leaves = [buffer.ref() for buffer in self._ledger.buffers.values()]
        return sum(isinstance(leaf, nn.Parameter) and self._is_forgotten(leaf, 1) for leaf in leaves)

    def _hidden(self) -> list[tuple[str, Tensor]]:
        """Parameters of modules that are only ever called inside another, which does not know them as its own."""
        roots = [root for root in self._forwards.roots.values() if root.inner and not root.outer]
        modules = [module for root in roots if (module := root.ref()) is not None]
        parts = [(type(module).__name__, part) for module in modules for _, part in below(module)]
        found = {
            id(parameter): (f"{kind}.{key}", parameter)
            for kind, part in parts
            for key, parameter in part_of(part, "_parameters").items()
            if parameter is not None and self._is_forgotten(parameter)
        }
        return list(found.values())

    def _is_held(self, parameter: Tensor) -> bool:
        buffer = self._ledger.known(parameter)
        return id(parameter) in self._held or (buffer is not None and buffer.stepped_at > 0)

    def _is_forgotten(self, parameter: Tensor, fewest: int = FEWEST) -> bool:
        buffer = self._ledger.known(parameter)
        if buffer is None or not parameter.requires_grad or self._is_held(parameter):
            return False
        return buffer.received >= fewest and not buffer.applied and parameter._version == buffer.version
