"""Frames from a worker: cut into pieces, bounded, and believed once at most."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model import Frame, Progress
from grader.sandbox import claims
from grader.sandbox.collector import Collector
from grader.sandbox.frames import LIMITS, FrameReader, Message, pack
from grader.worker.channel import Channel


def _json(kind: str, value: object) -> bytes:
    return pack(kind, json.dumps(value).encode())


def _started(**settings: Any) -> Collector:
    collector = Collector(**settings)
    collector.feed(_json("H", {"torch": "2", "layers": ["seccomp", "landlock", "made-up"]}) + pack("B"))
    return collector


@given(st.lists(st.tuples(st.sampled_from("HTXE"), st.binary(max_size=300)), max_size=8), st.integers(1, 50))
def test_frames_survive_any_cutting(frames: list[tuple[str, bytes]], size: int) -> None:
    """However the pipe cuts the stream, the same frames come out."""
    stream = b"".join(pack(kind, payload) for kind, payload in frames)
    reader = FrameReader()
    found = [message for at in range(0, len(stream), size) for message in reader.feed(stream[at : at + size])]
    assert found == [Message(kind, payload) for kind, payload in frames]
    assert reader.broken is None


@given(st.binary(max_size=500))
def test_garbage_never_raises(stream: bytes) -> None:
    """Any bytes at all are frames or a broken stream, never an exception, and nothing is hoarded."""
    collector = _started()
    for at in range(0, len(stream), 7):
        collector.feed(stream[at : at + 7])
    assert collector.end is None or isinstance(collector.end, claims.End)


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_a_length_that_lies_breaks_the_stream(kind: str) -> None:
    """A frame longer than its kind may be ends the reading at once; what follows is thrown away."""
    reader = FrameReader()
    assert list(reader.feed(struct.pack("<cI", kind.encode(), LIMITS[kind] + 1))) == []
    assert reader.broken is not None
    assert list(reader.feed(pack("B"))) == []


def test_an_unknown_kind_breaks_the_stream() -> None:
    """Only kinds that exist are read."""
    collector = _started()
    collector.feed(pack("Z") + _json("E", {"exit": None, "reason": "returned"}))
    assert collector.end is None
    assert collector.notes == ["the worker's frames broke the format: a frame of unknown kind 'Z'"]


def test_only_layers_that_exist_are_believed() -> None:
    """The hello names layers out of a fixed list, and only the first hello counts."""
    collector = _started()
    collector.feed(_json("H", {"layers": []}))
    assert collector.layers == ("landlock", "seccomp")


def test_nothing_of_a_run_counts_before_it_began() -> None:
    """An end, an exception or a trace before the first line of the student's is ignored."""
    collector = Collector()
    collector.feed(_json("E", {"exit": None, "reason": "returned"}) + pack("T", b"{}") + pack("B"))
    assert (collector.end, collector.trace, collector.began) == (None, None, None)


def test_nothing_of_a_run_counts_after_its_end() -> None:
    """The first end is the end; later traces and ends change nothing."""
    collector = _started()
    collector.feed(pack("T", b"first") + _json("E", {"exit": 3, "reason": "system-exit"}))
    collector.feed(pack("T", b"second") + _json("E", {"exit": None, "reason": "returned"}))
    assert collector.end == claims.End("system-exit", 3)
    assert collector.trace == b"first"


def test_the_last_trace_counts() -> None:
    """Snapshots replace each other."""
    collector = _started()
    collector.feed(pack("T", b"one") + pack("T", b"two"))
    assert collector.trace == b"two"


def test_traces_beyond_the_limit_are_thrown_away() -> None:
    """Too many bytes of traces cost later traces and leave a note; the end is still heard."""
    collector = _started(trace_bytes=200)
    collector.feed(pack("T", b"x" * 100))
    collector.feed(pack("T", b"y" * 100) * 3 + _json("E", {"exit": None, "reason": "returned"}))
    assert collector.trace == b"x" * 100
    assert collector.end is not None
    assert len(collector.notes) == 1


def test_logits_are_let_in_only_when_asked_for() -> None:
    """Without a question a frame of logits breaks the stream; with one it must have the announced size."""
    unasked = _started()
    unasked.feed(_json("E", {"exit": None, "reason": "returned"}) + pack("L", b"1234"))
    assert unasked.reader.broken is not None
    asked = _started()
    asked.feed(_json("E", {"exit": None, "reason": "returned"}))
    asked.ask(2)
    asked.feed(_json("A", {"ok": True, "rows": 2, "columns": 3, "reason": None, "detail": ""}))
    assert not asked.has_answer()
    asked.feed(pack("L", bytes(24)))
    assert asked.has_answer()
    asked.feed(pack("L", bytes(24)))
    assert asked.reader.broken is not None


@pytest.mark.parametrize(
    "shape",
    [
        {"rows": 3, "columns": 10},
        {"rows": 2, "columns": 0},
        {"rows": 2, "columns": 10**6},
        {"rows": -2, "columns": -3},
        {"rows": 2.0, "columns": 3},
        {"rows": "2", "columns": True},
        {},
    ],
)
def test_a_shape_that_was_not_asked_for_is_refused(shape: dict[str, object]) -> None:
    """An answer has as many rows as there were images, and a sensible number of classes."""
    answer = claims.read_answer(json.dumps({"ok": True, **shape}).encode(), images=2)
    assert answer.reason == "wrong-shape"


def test_a_refusal_is_one_of_those_that_there_are() -> None:
    """The reason of a refusal is a name that others match against: one of the grader's own is not a worker's to say."""
    good = claims.read_answer(b'{"ok": false, "reason": "no-model", "detail": "d"}', 1)
    assert (good.reason, good.detail) == ("no-model", "d")
    for payload in (
        b'{"ok": false, "reason": "<script>"}',
        b'{"reason": "quick"}',
        b'{"reason": ["raised"]}',
        b"{}",
        b"[]",
        b"\xff",
        b'{"ok": 1}',
        b"9" * 5000,
    ):
        assert claims.read_answer(payload, 1).reason == "malformed-answer"


def test_progress_is_numbers_or_nothing() -> None:
    """Odd losses become None; odd counts make it no progress at all."""
    assert claims.read_progress(b'{"epoch": 1, "step": 2, "loss": 0.5}') == Progress(1, 2, 0.5)
    assert claims.read_progress(b'{"epoch": 1, "step": 2, "loss": NaN}') == Progress(1, 2, None)
    assert claims.read_progress(b'{"epoch": 1, "step": 2, "loss": 1' + b"0" * 400 + b"}") == Progress(1, 2, None)
    assert claims.read_progress(b'{"epoch": -1, "step": 2, "loss": 1}') is None
    assert claims.read_progress(b'{"epoch": true, "step": 2}') is None


def test_progress_is_throttled() -> None:
    """A thousand claims in a moment call back once."""
    seen: list[Progress] = []
    collector = _started(on_progress=seen.append)
    collector.feed(_json("P", {"epoch": 0, "step": 1, "loss": 1.0}) * 1000)
    assert len(seen) == 1


def test_an_exception_is_bounded_text() -> None:
    """Long messages are cut, lone surrogates replaced, frames without a line left out."""
    value = {
        "type": "E" * 999,
        "message": "m" * 9999 + "\ud800",
        "frames": [{"line": 0}, "x", {"line": 7, "function": "f", "file": "helper.py"}, {"line": 9, "function": "g"}],
        "file": None,
    }
    crash = claims.read_crash(json.dumps(value).encode())
    assert crash is not None
    assert (len(crash.type), len(crash.message)) == (200, 2000)
    assert crash.frames == (Frame(7, "f", "helper.py"), Frame(9, "g"))
    surrogate = claims.read_crash(b'{"type": "E", "message": "\\ud800", "frames": []}')
    assert surrogate is not None
    assert surrogate.message.encode() == b"?"


@pytest.mark.parametrize(
    "payload", [b"", b"null", b"[1]", b'{"type": 1, "frames": []}', b'{"type": "E"}', b"[" * 99_999]
)
def test_what_is_no_exception_is_none(payload: bytes) -> None:
    """Malformed claims of an exception are no claims."""
    assert claims.read_crash(payload) is None


# ------------------------------------------------------------------ the worker's side of the same pipe


@pytest.fixture
def pipes() -> Iterator[tuple[Channel, int, int]]:
    """A channel, and the supervisor's ends: where frames are read, and where requests are written."""
    frames_in, frames_out = os.pipe()
    control_in, control_out = os.pipe()
    yield Channel(frames_out, control_in), frames_in, control_out
    for descriptor in (frames_in, frames_out, control_in):
        os.close(descriptor)


def test_both_sides_speak_the_same_format(pipes: tuple[Channel, int, int]) -> None:
    """What the worker sends the supervisor reads, and the other way round, until the pipe is closed."""
    channel, incoming, outgoing = pipes
    channel.send_json("H", {"layers": ["\ud800"]})
    channel.send("B")
    messages = list(FrameReader().feed(os.read(incoming, 1000)))
    assert [message.kind for message in messages] == ["H", "B"]
    assert json.loads(messages[0].payload) == {"layers": ["\ud800"]}
    os.write(outgoing, pack("Q", b"{}"))
    os.close(outgoing)
    assert channel.receive() == ("Q", b"{}")
    assert channel.receive() is None


def test_a_forked_child_stays_silent(pipes: tuple[Channel, int, int]) -> None:
    """A loader's worker shares the pipe; its frames would cut into ours."""
    channel, incoming, outgoing = pipes
    child = os.fork()
    if child == 0:
        channel.send("T", b"from the child")
        os._exit(0)
    os.waitpid(child, 0)
    os.close(outgoing)
    os.set_blocking(incoming, False)
    with pytest.raises(BlockingIOError):
        os.read(incoming, 1)


def test_a_number_that_is_not_finite_is_refused(pipes: tuple[Channel, int, int]) -> None:
    """NaN is no JSON; the worker must say None."""
    channel, _, outgoing = pipes
    os.close(outgoing)
    with pytest.raises(ValueError, match="JSON"):
        channel.send_json("P", {"loss": float("nan")})
