"""Runs a small program under the recorder, each in a forked child, and returns what the trace says."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import textwrap
import traceback
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.model import Crash, Frame
from grader.trace import Trace, parse_trace

WORKER = Path(__file__).parents[1] / "grader" / "worker"
ENTRY = "/program/submission.py"
#: what a program's own functions are called with, where a test asks for that
GIVEN = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

num_epochs = 4
inputs = torch.randn(180, 10)
targets = inputs[:, :3].argmax(1)

def train_loader():
    return DataLoader(TensorDataset(inputs[:100], targets[:100]), batch_size=16, shuffle=True)

def val_loader():
    return DataLoader(TensorDataset(inputs[100:], targets[100:]), batch_size=32)

def model():
    return nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 3))

def criterion():
    return nn.CrossEntropyLoss()

def optimizer(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)

def scheduler(optimizer):
    return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
"""


@dataclass(frozen=True)
class Recording:
    """What one program left: its trace, the exception if one left it, and the trace as it was written."""

    trace: Trace
    crash: Crash | None
    snapshots: int
    #: what the program assigned to `result`, when that is plain JSON
    result: Any = None
    #: bytes of the trace as it was written
    size: int = 0


def record(source: str, seed: int = 0) -> tuple[Trace, Crash | None]:
    """Run a program under the recorder. Lines are those of the source as it is given, dedented."""
    recording = run(source, seed)
    return recording.trace, recording.crash


def run(source: str, seed: int = 0, watched: bool = True, functions: Sequence[str] = ()) -> Recording:
    """The same with everything else that can be told. Not `watched`: without any recorder.

    `functions`: called as the worker calls those of an exercise.
    """
    worker_package()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            answer = json.dumps(_in_child(textwrap.dedent(source), seed, watched, functions))
            with os.fdopen(writer, "w") as stream:
                stream.write(answer)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as stream:
        answer = stream.read()
    _, status = os.waitpid(child, 0)
    if status or not answer:
        raise RuntimeError(f"the child ended with {status}")
    return _recording(json.loads(answer))


def _recording(answer: dict[str, Any]) -> Recording:
    crash = answer["crash"]
    written = json.dumps(answer["trace"]).encode()
    return Recording(
        trace=parse_trace(written),
        crash=Crash(crash["type"], crash["message"], tuple(Frame(**frame) for frame in crash["frames"]))
        if crash
        else None,
        snapshots=answer["snapshots"],
        result=answer["result"],
        size=len(written),
    )


def worker_package() -> types.ModuleType:
    """The worker under the name that it has in the jail."""
    known = sys.modules.get("gradeloop_worker")
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(
        "gradeloop_worker", WORKER / "__init__.py", submodule_search_locations=[str(WORKER)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["gradeloop_worker"] = package
    spec.loader.exec_module(package)
    import torch

    torch.set_num_threads(1)
    # a second's import that the first optimizer of every program would do again
    importlib.import_module("torch._dynamo")
    importlib.import_module("gradeloop_worker.recorder")
    return package


def new_recorder(emit: Callable[[dict[str, object]], None] = lambda trace: None, entry: str = ENTRY) -> Any:
    """A recorder that is not installed yet."""
    worker_package()
    return importlib.import_module("gradeloop_worker.recorder").Recorder(entry, emit, lambda epoch, step, loss: None)


def _in_child(source: str, seed: int, watched: bool, functions: Sequence[str]) -> dict[str, Any]:
    traces: list[dict[str, object]] = []
    recorder = new_recorder(traces.append)
    if watched:
        recorder.install()
    crash, namespace = _execute(source, seed)
    if functions and crash is None:
        crash = _call(recorder, functions, namespace)
    if watched:
        recorder.finish()
        recorder.uninstall()
    trace = traces[-1] if traces else {}
    return {"trace": trace, "crash": crash, "snapshots": len(traces), "result": namespace.get("result")}


def _call(recorder: Any, functions: Sequence[str], namespace: dict[str, Any]) -> dict[str, Any] | None:
    worker = importlib.import_module("gradeloop_worker.main")
    try:
        worker.call_functions(recorder, {"functions": functions, "given": GIVEN, "device": "cpu"}, namespace)
    except BaseException as error:
        return _describe(error)
    return None


def _execute(source: str, seed: int) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    import random

    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    try:
        exec(compile(source, ENTRY, "exec", dont_inherit=True), vars(main))
    except BaseException as error:
        return _describe(error), vars(main)
    return None, vars(main)


def _describe(error: BaseException) -> dict[str, Any]:
    frames = [
        {"line": line, "function": frame.f_code.co_name}
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == ENTRY
    ]
    return {"type": type(error).__name__, "message": str(error)[:2000], "frames": frames}
