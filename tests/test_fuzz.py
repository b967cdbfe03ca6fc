"""Whatever comes from outside is read or refused in words: no other exception, nothing without a bound.

`make fuzz` runs the same for much longer.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import json
import os
import types
import typing
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from grader.archives import unpack
from grader.checks import run_check
from grader.data import idx
from grader.errors import DataError, ExerciseError, GraderError, SubmissionError, TraceError, UsageError
from grader.evaluation import compare
from grader.exercise import load_exercise
from grader.model import Check, Logits, Run, RunStatus
from grader.notebook import read_notebook
from grader.outline import rough_outline
from grader.plugin_manager import all_checks, all_renderers, create_manager
from grader.rendering import make_context
from grader.result import from_json, to_json
from grader.sandbox import claims
from grader.sandbox.collector import Collector
from grader.sandbox.frames import LIMITS, pack
from grader.submission import read_submission
from grader.trace import Trace, parse_trace

from .builders import make_evidence
from .sample_results import SAMPLES

EXAMPLES = int(os.environ.get("FUZZ", "60"))
long = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
EXERCISES = Path(__file__).parents[1] / "exercises"

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
    st.sampled_from([-1, 2**31, 2**63, 10**400, 1e308, "", "step", "\ud800", "\0", "=1+1", "<script>"]),
)  # fmt: skip
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
)
Path_ = list[Any]


def _places(value: object, path: Path_) -> Iterator[Path_]:
    if path:
        yield path
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, [*path, key])


def _changed(record: Any, path: Path_, value: object, way: str) -> Any:
    """A copy with one place replaced, removed, doubled, or under another name."""
    new = copy.deepcopy(record)
    parent = new
    for key in path[:-1]:
        parent = parent[key]
    key = path[-1]
    if way == "remove":
        del parent[key]
    elif way == "double" and isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    elif way == "rename" and isinstance(parent, dict):
        parent[str(value)[:20]] = parent.pop(key)
    else:
        parent[key] = value
    return new


@st.composite
def nearly(draw: st.DrawFn, records: list[Any]) -> Any:
    """One of these records with up to three places spoiled."""
    record = draw(st.sampled_from(records))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(record, []))
        if places:
            ways = st.sampled_from(["replace", "replace", "remove", "double", "rename"])
            record = _changed(record, draw(st.sampled_from(places)), draw(values), draw(ways))
    return record


@st.composite
def spoiled(draw: st.DrawFn, good: bytes) -> bytes:
    """These bytes with a few overwritten, cut out or put in."""
    content = bytearray(good)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 9))] = draw(st.binary(max_size=9))
    return bytes(content)


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


frames = st.tuples(
    st.sampled_from([*LIMITS, "Z"]), st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode())
)


@long
@given(st.lists(frames.map(lambda item: pack(*item)) | st.binary(max_size=20), max_size=12), st.integers(0, 5))
def test_frames(stream: list[bytes], images: int) -> None:
    """What a worker sends is kept within its bounds; an answer is let in only when it was asked for."""
    collector = Collector(lambda progress: None)
    collector.feed(pack("H", b'{"layers": ["seccomp"]}') + pack("B"))
    for number, part in enumerate(stream):
        if number == 3 and images:
            collector.ask(images)
        collector.feed(part)
    assert collector.answer is None or collector.asked is not None
    if collector.logits is not None:
        assert collector.answer is not None
        assert len(collector.logits) == collector.answer.rows * collector.answer.columns * 4
    assert len(collector.notes) <= 2


CLAIMS: list[tuple[Callable[[bytes], object], object]] = [
    (claims.read_hello, {"layers": ["seccomp", "landlock"], "canary": {"read": True}}),
    (claims.read_canary, {"canary": {"read": True, "write": False}}),
    (claims.read_progress, {"epoch": 1, "step": 20, "loss": 0.25}),
    (claims.read_end, {"reason": "returned", "exit": 0}),
    (claims.read_crash, {"type": "E", "message": "m", "file": None, "frames": [{"line": 1, "function": "f"}]}),
    (lambda payload: claims.read_answer(payload, 4), {"ok": True, "rows": 4, "columns": 10, "detail": ""}),
]


@pytest.mark.parametrize(("read", "good"), CLAIMS)
def test_claims(read: Callable[[bytes], object], good: object) -> None:
    """Each kind of claim gives a value or nothing, and what it gives can be written as UTF-8."""

    @long
    @given(nearly([good]).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
    def reads(payload: bytes) -> None:
        repr(read(payload)).encode()

    reads()


def _full(kind: Any) -> object:
    """A record with every field that a trace has at its top."""
    return {item.name: [] if "tuple" in str(item.type) else 1 for item in fields(kind)}


STEP = {"optimizer": 0, "outcome": "stale", "events": [{"name": "step", "line": 3}], "count": 2, "first": 0, "last": 1}
TRACES: list[Any] = [
    _full(Trace),
    {"steps": 2, "patterns": [STEP], "outcomes": {"stale": 2}, "model": None, "complete": True},
    {"loss_curve": [{"step": 1, "value": 2.0}], "losses": [], "loaders": [], "epochs": []},
]


@long
@given(nearly(TRACES).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
def test_traces(payload: bytes) -> None:
    """A trace is read as its dataclasses say, or refused."""
    with contextlib.suppress(TraceError):
        assert isinstance(parse_trace(payload), Trace)


EXTREMES: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.sampled_from([0, 1, 2, 3, 100, 10**12 - 1]),
    float: st.sampled_from([0.0, 1.0, -1.0, 5e-324, 30.0, 1e308, -1e308]),
    str: st.sampled_from(
        ["", "cross_entropy", "mse_loss", "step", "SGD", "train", "softmax", "matmul", "::x", "\u202e"]
    ),
}


@cache
def extreme(kind: Any) -> st.SearchStrategy[Any]:
    """Records of this type, whose values are the largest, smallest and emptiest that are let in."""
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{name: extreme(hint) for name, hint in hints.items()})
    inner, origin = typing.get_args(kind), typing.get_origin(kind)
    if origin is types.UnionType:
        return st.one_of(*(st.none() if one is type(None) else extreme(one) for one in inner))
    if origin is None:
        return EXTREMES[kind] if kind in EXTREMES else st.sampled_from(list(kind))
    if origin is tuple:
        return st.lists(extreme(inner[0]), max_size=3).map(tuple)
    return st.dictionaries(EXTREMES[str], extreme(inner[1]), max_size=2)


@cache
def _checks() -> Mapping[str, Check]:
    return all_checks(create_manager())


@long
@given(extreme(Trace))
def test_checks(claimed: Trace) -> None:
    """No trace that is let in breaks a check, whatever it claims."""
    trace = parse_trace(json.dumps(dataclasses.asdict(claimed)).encode())
    evidence = make_evidence(trace=trace, run=Run(RunStatus.COMPLETED, trace=trace))
    said = [run_check(check, evidence) for check in _checks().values()]
    assert [outcome.broken for outcome in said if outcome.broken] == []


@long
@given(st.data())
def test_logits(data: st.DataObject) -> None:
    """Any numbers in any shape are an accuracy from 0 to 1 or a reason."""
    labels = np.arange(6) % 10
    shape = data.draw(st.sampled_from([(6, 10), (6, 9), (5, 10), (0, 10), (6, 0), (6,)]))
    numbers = data.draw(st.lists(st.floats(width=32), min_size=4, max_size=4))
    table = np.resize(np.array(numbers, dtype=np.float32), shape)
    found = compare(Logits(table, None, ""), labels, dataset="digits", threshold=0.9)
    assert found.reason or (found.accuracy is not None and 0 <= found.accuracy <= 1)


SCRIPT = b"import torch\nmodel = torch.nn.Linear(1, 1)\nfor x in range(3):\n    print(x)  # \xc3\xb1\n"


WEIGHTS = save({"w": np.ones((3, 2), dtype=np.float32), "count": np.array(7, dtype=np.int64)})


@long
@given(spoiled(WEIGHTS) | st.binary(max_size=200))
def test_weights(content: bytes) -> None:
    """Handed on as they came, or not at all."""
    assert claims.read_weights(content) in (content, None)


@long
@given(content=spoiled(SCRIPT) | st.binary(max_size=300))
def test_submissions(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file is a submission whose text is text, or comes with a reason; a rough look at it never fails."""
    path = _file(tmp_path_factory.getbasetemp(), "fuzzed.py", content)
    submission, problem = read_submission(path)
    rough_outline(submission.source)
    assert problem is None or str(problem)
    submission.source.encode()


NOTEBOOK = {
    "nbformat": 4,
    "metadata": {"kernelspec": {"language": "python"}},
    "cells": [
        {"cell_type": "markdown", "source": ["# hello"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip list\n", "x = 1"], "outputs": []},
        {"cell_type": "code", "source": "%%bash\nls", "outputs": []},
    ],
}


@long
@given(nearly([NOTEBOOK]).map(lambda value: json.dumps(value).encode()) | spoiled(json.dumps(NOTEBOOK).encode()))
def test_notebooks(content: bytes) -> None:
    """A notebook's code with a line for each line, or a reason."""
    with contextlib.suppress(SubmissionError):
        notebook = read_notebook(content)
        assert all(line >= 1 for line in notebook.cell_map)


def _zipped(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


member_names = st.sampled_from(
    [
        "../out.py",
        "/tmp/out.py",
        "a/../../out.py",
        "a//b.py",
        "A.py",
        "a.py",
        "a.py/",
        "C:\\out.py",
        "con.py",
        "a/" * 90 + "b.py",
    ]
) | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
ZIP = _zipped({"ana/main.py": b"x = 1\n" * 50, "ana/helper.py": b"y = 2\n", "luis.ipynb": b"{}"})


@long
@given(content=spoiled(ZIP) | st.dictionaries(member_names, st.binary(max_size=20)).map(_zipped))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zips(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An archive is unpacked below its folder, or refused; nothing lands beside it."""
    base = tmp_path_factory.mktemp("zip")
    path, into = _file(base, "all.zip", content), base / "into"
    into.mkdir()
    with contextlib.suppress(UsageError):
        unpack(path, into)
    assert {entry.name for entry in base.iterdir()} == {"all.zip", "into"}
    assert all(not entry.is_symlink() for entry in into.rglob("*"))


TOML = (EXERCISES / "mnist-mlp" / "exercise.toml").read_bytes()


@long
@given(content=spoiled(TOML))
def test_exercises(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An exercise.toml is an exercise or an error with its path in front."""
    folder = tmp_path_factory.getbasetemp() / "mnist-mlp"
    folder.mkdir(exist_ok=True)
    for name in ("task.en.md", "task.es.md", "starter.py"):
        (folder / name).touch()
    _file(folder, "exercise.toml", content)
    try:
        load_exercise(folder, CHECKS)
    except ExerciseError as error:
        assert str(error).startswith(str(folder))


MANAGER = create_manager(third_party=False)
CHECKS = all_checks(MANAGER)


@long
@given(content=spoiled(b"\x00\x00\x08\x03" + (2).to_bytes(4, "big") + 2 * (3).to_bytes(4, "big") + bytes(18)))
def test_idx_files(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An IDX file is an array of the announced shape, or refused."""
    path = _file(tmp_path_factory.getbasetemp(), "images-idx3-ubyte", content)
    with contextlib.suppress(DataError):
        assert idx.read(path, 3).ndim == 3


RECORDS = [json.loads(to_json(sample())) for sample in SAMPLES.values()]


@long
@given(content=nearly(RECORDS).map(json.dumps) | st.text(max_size=60) | st.just("[" * 100_000))
def test_results(content: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A result.json is a result that every renderer can show, or refused."""
    try:
        result = from_json(content)
    except UsageError as error:
        assert str(error).startswith("result.json")
        return
    folder = tmp_path_factory.getbasetemp()
    context = make_context(MANAGER, CHECKS, None, language="en", folder=folder)
    for renderer in all_renderers(MANAGER).values():
        # a format for a platform refuses in words what it has no place for
        with contextlib.suppress(GraderError):
            renderer(result, context)
