"""Short calls of functions on weights and batches drawn from a number: after each step a few weights are sent."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from . import functions, offered_data, runner
from .channel import Channel
from .probe_data import BATCHES, FEW, EnoughSteps, Few, ProbeLoader, UnusableError, few_batches
from .probe_watch import Watch

#: a call with the exercise's own optimizer, and one with plain SGD: Adam hides how a loss is scaled
OPTIMIZERS = ("given", "sgd")
RATE = 0.05
#: weights of a parameter that are sent, and of all parameters
MOST_OF_ONE, MOST_OF_ALL = 2048, 131_072
#: added to the number, so that data and masks are not those of the weights
DATA, MASKS = 1, 2

Send = Callable[[Mapping[str, Any], Tensor | None], None]


def serve(channel: Channel, request: dict[str, Any], work: Path, layers: list[str]) -> int:
    """One request of this kind: every function with every optimizer, then the end. Whatever is sent is a claim."""
    torch.set_num_threads(request["threads"])
    offered_data.install(request["data"], request["dataset"])
    channel.send_json("H", {"torch": torch.__version__, "layers": layers})
    channel.send("B")
    data: dict[str, Few] = {}
    for name in request["probe"]["functions"]:
        for optimizer in OPTIMIZERS:
            send = sender(channel, {"function": name, "optimizer": optimizer})
            rehearsal = Rehearsal(name, optimizer, request, data, send)
            # run anew for each call: what a module counts or keeps begins again
            ending = runner.run_script(work, request["entry"], rehearsal.perform)
            rehearsal.end("returned" if ending.reason == "returned" else "raised")
    channel.send_json("E", {"exit": None, "reason": "returned"})
    return 0


def sender(channel: Channel, of: dict[str, Any]) -> Send:
    """What sends a snapshot: a line of JSON, then weights as little-endian float32."""

    def send(facts: Mapping[str, Any], weights: Tensor | None) -> None:
        line = json.dumps({**of, **facts}, separators=(",", ":")).encode() + b"\n"
        values = weights.numpy().astype("<f4").tobytes() if weights is not None else b""
        channel.send("S", line + values)

    return send


class Rehearsal:
    """One call of one function: the same weights, batches and masks for whoever is called with that number."""

    def __init__(self, name: str, optimizer: str, request: Mapping[str, Any], data: dict[str, Few], send: Send) -> None:
        self._name = name
        #: what was read for the calls before this one
        self._data = data
        self._optimizer = optimizer
        self._request = request
        self._nonce, self._most = int(request["probe"]["nonce"]), int(request["probe"]["steps"])
        self._send = send
        self._model: nn.Module | None = None
        self._how = ""

    def perform(self, own: Mapping[str, Any]) -> None:
        """Make what the function asks for, and call it until it returns or has taken enough steps."""
        try:
            function = functions.wanted([self._name], own)[0]
            supply = functions.Supply(self._request["given"], own, torch.device("cpu"))
            watch = self._prepare(supply)
        except (UnusableError, LookupError, TypeError) as error:
            self._how = error.slug if isinstance(error, UnusableError) else "not-supplied"
            return
        try:
            with watch:
                plant(self._nonce + MASKS)
                supply.call(function)
        except EnoughSteps:
            self._how = "stopped"

    def end(self, how: str) -> None:
        """The call is over: send the weights that the model has now."""
        weights = sample(self._model) if self._model is not None else None
        self._send({"event": "end", "how": self._how or how}, weights)

    def _prepare(self, supply: functions.Supply) -> Watch:
        plant(self._nonce)
        model = supply.get("model", self._name)
        plant(self._nonce + DATA)
        data = self._few(supply, "train_loader").for_training(self._nonce)
        if not isinstance(model, nn.Module) or not isinstance(supply.get("criterion", self._name), nn.Module):
            raise UnusableError("not-supplied")
        if sum(map(share, model.parameters())) > MOST_OF_ALL:
            raise UnusableError("too-large")
        supply.put("train_loader", data)
        supply.put("num_epochs", max(1, self._most // len(data)))
        if supply.offers("val_loader"):
            supply.put("val_loader", self._few(supply, "val_loader", FEW).for_evaluation(self._nonce))
        optimizer = self._make_optimizer(supply, model)
        self._model = model
        self._send({"event": "start", "batches": len(data)}, sample(model))
        return self._watch(model, supply, data, optimizer)

    def _few(self, supply: functions.Supply, name: str, batches: int = BATCHES) -> Few:
        if name not in self._data:
            self._data[name] = few_batches(supply.get(name, self._name), batches)
        return self._data[name]

    def _make_optimizer(self, supply: functions.Supply, model: nn.Module) -> torch.optim.Optimizer:
        if self._optimizer == "sgd":
            supply.put("optimizer", torch.optim.SGD(model.parameters(), lr=RATE))
        optimizer = supply.get("optimizer", self._name)
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise UnusableError("not-supplied")
        return optimizer

    def _watch(
        self, model: nn.Module, supply: functions.Supply, data: ProbeLoader, optimizer: torch.optim.Optimizer
    ) -> Watch:
        criterion = supply.get("criterion", self._name)
        left = [self._most]

        def stepped(facts: dict[str, Any]) -> None:
            if left[0] > 0:
                self._send({"event": "step", **facts}, sample(model))
            left[0] -= 1
            if left[0] <= 0:
                raise EnoughSteps

        return Watch(model, criterion, optimizer, data, stepped, bool(self._request["probe"]["noted"]))


def plant(number: int) -> None:
    """Seed everything with it."""
    importlib.import_module(f"{__package__}.main").plant_seeds(number)


def share(parameter: Tensor) -> int:
    """How many weights of a parameter are sent."""
    return min(parameter.numel(), MOST_OF_ONE)


def sample(model: nn.Module) -> Tensor:
    """The weights that are sent, float32 (n,): all of a small parameter, some of a large one."""
    parts = []
    for parameter in model.parameters():
        flat = parameter.detach().reshape(-1)
        parts.append(flat[:: max(1, flat.numel() // MOST_OF_ONE)][:MOST_OF_ONE].float())
    return torch.cat(parts).clone() if parts else torch.zeros(0)
