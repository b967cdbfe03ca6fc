"""What a worker claims, frame by frame -> bounded values; whatever does not fit is no claim."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import Crash, Frame, Progress

LAYERS = ("landlock", "seccomp")
ENDS = ("returned", "exception", "system-exit", "enough", "built")
MAX_CLASSES = 1000
#: names and shapes of a model's parameters
MOST_WEIGHT_HEADER = 1_000_000
#: what safetensors calls numbers that may be infinite, and numpy too
_FLOATS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
#: why a worker may say that it has no logits, or no weights; a word of its own would be read as one of the grader's
REFUSALS = (
    "no-model", "raised", "wrong-shape", "not-finite", "preprocessing-unknown",
    "another-model", "malformed-weights", "too-large", "unusual-weights",
)  # fmt: skip
_MAX_FRAMES = 50
_MAX_COUNT = 10**12


@dataclass(frozen=True)
class End:
    """The student's code is over: how, and with which exit code where it asked for one."""

    reason: str
    exit: int | None


@dataclass(frozen=True)
class Answer:
    """What is about to follow: logits of this shape, or a reason why not."""

    rows: int
    columns: int
    reason: str | None
    detail: str


def read_object(payload: bytes) -> dict[str, Any]:
    """A JSON object; an empty one when it is anything else."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def read_hello(payload: bytes) -> tuple[str, ...]:
    """The layers that hold inside the worker, of those that there are."""
    layers = read_object(payload).get("layers")
    return tuple(name for name in LAYERS if isinstance(layers, list) and name in layers)


def read_canary(payload: bytes) -> Mapping[str, bool]:
    """What the canary tried -> whether it was refused."""
    found = read_object(payload).get("canary")
    return {str(key): value is True for key, value in found.items()} if isinstance(found, dict) else {}


def read_progress(payload: bytes) -> Progress | None:
    """How far training has come; None when the numbers are not numbers."""
    value = read_object(payload)
    epoch, step, loss = _count(value.get("epoch")), _count(value.get("step")), value.get("loss")
    if epoch is None or step is None:
        return None
    return Progress(epoch, step, _finite(loss))


def read_end(payload: bytes) -> End | None:
    """How the student's code ended; None when this is no such claim."""
    value = read_object(payload)
    reason, code = value.get("reason"), value.get("exit")
    if reason not in ENDS or not (code is None or _count(code) is not None):
        return None
    return End(reason, code)


def read_crash(payload: bytes) -> Crash | None:
    """The exception that left the student's code."""
    value = read_object(payload)
    kind, frames = _text(value.get("type"), 200), value.get("frames")
    if not kind or not isinstance(frames, list):
        return None
    places = [_frame(item) for item in frames[-_MAX_FRAMES:]]
    file = _text(value.get("file"), 200) or None
    own = tuple(place for place in places if place is not None)
    return Crash(kind, _text(value.get("message"), 2000), own, file)


def read_answer(payload: bytes, images: int) -> Answer:
    """The answer to a question about that many images."""
    value = read_object(payload)
    detail = _text(value.get("detail"), 500)
    if value.get("ok") is not True:
        reason = value.get("reason")
        return Answer(0, 0, str(reason) if reason in REFUSALS else "malformed-answer", detail)
    rows, columns = _count(value.get("rows")), _count(value.get("columns"))
    if rows != images or columns is None or not 1 <= columns <= MAX_CLASSES:
        return Answer(0, 0, "wrong-shape", f"{rows} rows and {columns} columns for {images} images")
    return Answer(rows, columns, None, detail)


def read_weights(payload: bytes) -> bytes | None:
    """Weights as safetensors whose tensors fill them without gap or overlap, and are finite; else None."""
    import numpy as np
    import safetensors

    if int.from_bytes(payload[:8], "little") > MOST_WEIGHT_HEADER:
        return None
    try:
        tensors = safetensors.deserialize(payload)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError:
        return None
    known = ((facts["data"], _FLOATS.get(facts["dtype"])) for _, facts in tensors)
    values = (np.frombuffer(data, dtype=kind) for data, kind in known if kind is not None)
    return payload if all(np.isfinite(value).all() for value in values) else None


def _frame(value: object) -> Frame | None:
    if not isinstance(value, dict):
        return None
    line = _count(value.get("line"))
    if not line:
        return None
    return Frame(line, _text(value.get("function"), 200), _text(value.get("file"), 200) or None)


def _text(value: object, most: int) -> str:
    """Bounded text that can be encoded: a lone surrogate becomes a question mark."""
    return value[:most].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_COUNT
    return value if good and isinstance(value, int) else None


def _finite(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e300:
        return None
    return float(value) if math.isfinite(value) else None
