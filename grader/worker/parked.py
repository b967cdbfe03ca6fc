"""What a worker does once the student's code is over, or far enough: it answers questions about the model."""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import runner
from .channel import Channel

if TYPE_CHECKING:
    from torch import nn


def answer(channel: Channel, recorder: Any, offered: Any) -> None:
    """Answer until the supervisor hangs up or asks to leave."""
    parked = Parked(channel, recorder, offered)
    parked.get_ready()
    while (received := channel.receive()) is not None:
        kind, payload = received
        question = json.loads(payload) if kind == "Q" else {}
        if question.get("ask") == "leave":
            return
        if question.get("ask") == "weights":
            parked.send_weights()
        if question.get("ask") == "logits" and not parked.take_images(question):
            return


class Parked:
    """The model that was trained, or is about to be. Whatever the student's code raises is an answer too."""

    def __init__(self, channel: Channel, recorder: Any, offered: Any) -> None:
        self._channel = channel
        self._recorder = recorder
        # looked up once: how images are prepared does not change any more
        self._answers = importlib.import_module(f"{__package__}.answer").Answers(recorder, offered)
        self._weights = importlib.import_module(f"{__package__}.weights")

    def get_ready(self) -> None:
        """Do what every answer needs while nobody waits for one."""
        self._answers.get_ready()

    def send_weights(self) -> None:
        """One frame with the weights as they are now, or why there are none."""
        try:
            model = self._recorder.trained_model()
            content, reason = self._weights.pack(model) if model is not None else (None, "no-model")
        except BaseException as error:  # tensors of the student's own kind may do anything
            self._refuse("raised", _message(error))
            return
        if content is None:
            self._refuse(reason, "")
        else:
            self._channel.send("W", content)

    def take_images(self, question: dict[str, Any]) -> bool:
        """Logits for the images that follow, after weights if any; False where the supervisor hung up."""
        weights = self._channel.receive() if question.get("weights") else ("D", b"")
        images = self._channel.receive()
        if weights is None or images is None:
            return False
        pixels = np.frombuffer(images[1], dtype=np.uint8)
        pixels = pixels.reshape(question["images"], question["height"], question["width"])
        try:
            values, reason, detail = self._logits(question, weights[1], pixels)
        except BaseException as error:
            values, reason, detail = None, "raised", _message(error)
        if values is None:
            self._refuse(str(reason), str(detail))
            return True
        logits = np.ascontiguousarray(values, dtype="<f4")
        rows, columns = logits.shape
        said = {"ok": True, "rows": rows, "columns": columns, "reason": None, "detail": str(detail)[:500]}
        self._channel.send_json("A", said)
        self._channel.send("L", logits.tobytes())
        return True

    def _logits(self, question: dict[str, Any], weights: bytes, pixels: Any) -> tuple[Any, str | None, str]:
        beginning = self._recorder.first_weights() if question.get("beginning") else contextlib.nullcontext(True)
        with beginning as known:
            model: nn.Module | None = self._recorder.trained_model() if known else None
            if weights and model is not None and (refusal := self._weights.load(model, weights)):
                return None, refusal, ""
            found: tuple[Any, str | None, str] = self._answers.logits(model, pixels)
            return found

    def _refuse(self, reason: str, detail: str) -> None:
        refusal = {"ok": False, "rows": 0, "columns": 0, "reason": reason, "detail": detail[:500]}
        self._channel.send_json("A", refusal)


def _message(error: BaseException) -> str:
    return str(runner.describe(error, Path("/"), "")["message"])
