"""Put beside a program of the author's: says at its end what its modules gave, and where its weights ended.

Never imported by the grader. It goes into the sandbox as a helper module of a mutant that lost no points, to find out
whether that does the same as the reference.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as hooks

#: so many outputs are told by their length, and so many weights of each parameter
OUTPUTS, WEIGHTS, PARAMETERS = 64, 8, 8


class Probe:
    """Follows the outermost calls of all modules: `probe = Probe()` first, `probe.tell()` last."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._depth = 0
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=OUTPUTS)
        #: outermost modules, each with whether it has weights: a loss or a transform is none that is followed
        self._called: dict[nn.Module, bool] = {}
        hooks.register_module_forward_pre_hook(self._enter)
        hooks.register_module_forward_hook(self._leave, always_call=True)

    def _enter(self, module: nn.Module, arguments: Any) -> None:
        self._depth += 1
        if self._depth == 1 and module not in self._called:
            self._called[module] = next(module.parameters(), None) is not None

    def _leave(self, module: nn.Module, arguments: Any, output: Any) -> None:
        self._depth -= 1
        if self._depth == 0 and isinstance(output, Tensor) and self._called.get(module):
            values = output.detach().cpu().numpy()
            self._digest.update(values.tobytes())
            length = float((values.astype("float64") ** 2).sum() ** 0.5)
            self._last.append(length)
            if len(self._first) < OUTPUTS:
                self._first.append(length)

    def tell(self) -> None:
        """One line on stdout: a digest of every output and of the last weights, and some of both as numbers."""
        parameters = [parameter for module in self._called for parameter in module.parameters()]
        for parameter in parameters:
            self._digest.update(parameter.detach().cpu().numpy().tobytes())
        weights = [value for parameter in parameters[:PARAMETERS] for value in _some(parameter)]
        told = {"first": self._first, "last": [*self._last], "weights": weights}
        rounded = {name: [float(f"{value:.6g}") for value in values] for name, values in told.items()}
        print("behaviour", json.dumps({"digest": self._digest.hexdigest(), **rounded}))


def _some(parameter: Tensor) -> list[float]:
    flat = parameter.detach().flatten()
    places = torch.linspace(0, flat.numel() - 1, min(WEIGHTS, flat.numel())).long()
    return [float(value) for value in flat[places]]
