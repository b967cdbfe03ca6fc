"""The worker: reads its request, locks itself in, runs what was handed in, then answers for the model."""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import json
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from . import jail, runner
from .channel import Channel

if TYPE_CHECKING:
    from io import TextIOWrapper

FRAMES, CONTROL, FAULTS = 3, 4, 5
#: exit codes of a worker that could not do its part
BROKEN, UNASKED = 97, 98


def main(arguments: list[str]) -> None:
    """Never returns: the process ends here. Arguments: the descriptors of frames, control and faults."""
    code = BROKEN
    try:
        take_places([int(word) for word in arguments])
        code = serve(Channel(FRAMES, CONTROL))
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        os._exit(code)


def take_places(descriptors: list[int]) -> None:
    """Move the three pipes to 3, 4 and 5, close everything else, let none of them through an exec."""
    # first out of the way: a pipe may already lie where another one has to go
    copies = [os.dup(descriptor) for descriptor in descriptors]
    high = [_above(copy, 16) for copy in copies]
    for place, descriptor in zip((FRAMES, CONTROL, FAULTS), high, strict=True):
        os.dup2(descriptor, place, inheritable=False)
    os.closerange(FAULTS + 1, 1024)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _above(descriptor: int, least: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)


def serve(channel: Channel) -> int:
    """One request: from the jail to the last question."""
    received = channel.receive()
    if received is None:
        return UNASKED
    request = json.loads(received[1])
    plan = request["jail"]
    layers = jail.apply(plan)
    if request.get("canary") is not None:
        from . import canary

        channel.send_json("H", {"layers": layers, "canary": canary.try_everything(request["canary"])})
        return 0
    work = Path(plan["work"])
    place_files(work, request["files"])
    prepare_process(plan, request)
    if request["probe"] is not None:
        from . import probe

        return probe.serve(channel, request, work, layers)
    return train_and_answer(channel, request, work, layers)


def place_files(work: Path, files: dict[str, str]) -> None:
    """Write what was handed in into the working folder; the names were checked where they came from."""
    for name, content in files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))


def prepare_process(plan: dict[str, Any], request: dict[str, Any]) -> None:
    """Streams that never fail to encode, a temporary folder, nothing importable but what is installed."""
    for stream in (sys.stdout, sys.stderr):
        # by lines: what was printed before a segmentation fault is not lost
        cast("TextIOWrapper", stream).reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    tempfile.tempdir = plan["temp"]
    allowed = (sys.prefix, sys.base_prefix, "/usr/lib", "/usr/local/lib")
    sys.path[:] = [entry for entry in sys.path if entry.startswith(allowed)]
    # an editable install of the grader would make its own modules look importable
    sys.meta_path[:] = [item for item in sys.meta_path if "editable" not in getattr(item, "__module__", "")]
    faulthandler.enable(file=FAULTS)


def train_and_answer(channel: Channel, request: dict[str, Any], work: Path, layers: list[str]) -> int:
    """Import torch, watch the script run, report how it ended, then wait for questions."""
    import torch

    from . import offered_data, parked, uncompiled
    from .recorder import Recorder

    uncompiled.install()
    torch.set_num_threads(request["threads"])
    offered = offered_data.install(request["data"], request["dataset"])
    recorder = Recorder(
        str(work / request["entry"]),
        lambda trace: channel.send_json("T", trace),
        lambda epoch, step, loss: channel.send_json("P", {"epoch": epoch, "step": step, "loss": loss}),
    )
    if request["jail"].get("loaders") == "in-process":
        from . import loaders

        loaders.keep_in_process()
    recorder.install()
    if request["quick"] or request["checkpoint"]:
        end_when_enough(channel, recorder, ask=not request["quick"])
    if request["build_only"]:
        recorder.when_trained(lambda: end_when_built(channel, recorder, offered))
    channel.send_json("H", {"torch": torch.__version__, "layers": layers})
    plant_seeds(request["seed"])
    faulthandler.dump_traceback_later(request["wall_seconds"], file=FAULTS)
    channel.send("B")
    ending = runner.run_script(work, request["entry"], lambda own: call_functions(recorder, request, own))
    report(channel, recorder, ending)
    faulthandler.cancel_dump_traceback_later()
    parked.answer(channel, recorder, offered)
    return 0


def end_when_enough(channel: Channel, recorder: Any, *, ask: bool) -> None:
    """In a quick run the worker ends in the middle of the student's loop, whose whole trace there is not.

    `ask`: only where the supervisor, who gets the trace so far, says that no more is needed.
    """
    from . import quick

    def end() -> None:
        if ask and not is_enough(channel, recorder):
            return
        recorder.emit_as_it_stands()
        channel.send_json("E", {"exit": None, "reason": "enough"})
        channel.receive()
        os._exit(0)

    quick.Enough(recorder, end)


def is_enough(channel: Channel, recorder: Any) -> bool:
    """Send the trace as it stands, and wait for a word on whether to end."""
    recorder.emit_so_far()
    channel.send("C")
    received = channel.receive()
    return received is None or json.loads(received[1]).get("ask") != "go-on"


def end_when_built(channel: Channel, recorder: Any, offered: Any) -> None:
    """The first update tells which model is trained: it answers now, in the middle of the student's loop."""
    from . import parked

    faulthandler.cancel_dump_traceback_later()
    recorder.leave()
    channel.send_json("E", {"exit": None, "reason": "built"})
    parked.answer(channel, recorder, offered)
    os._exit(0)


def call_functions(recorder: Any, request: dict[str, Any], own: dict[str, Any]) -> None:
    """Call the functions that the exercise names, unless the script has trained already."""
    from . import functions

    asked = functions.wanted(request["functions"], own)
    if not asked or recorder.saw_training():
        return
    import torch

    recorder.called = [name for name in request["functions"] if own.get(name) in asked]
    supply = functions.Supply(request["given"], own, torch.device(request["device"]))
    for function in asked:
        recorder.call(function, supply.call)


def plant_seeds(seed: int) -> None:
    """The same random numbers in every run; a script that seeds for itself keeps its own."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def report(channel: Channel, recorder: Any, ending: runner.Ending) -> None:
    """The last trace, the exception if any, and the end. A recorder that was broken costs the trace only."""
    try:
        recorder.finish()
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(Exception):
        recorder.uninstall()
    if ending.crash is not None:
        channel.send_json("X", ending.crash)
    channel.send_json("E", {"exit": ending.exit, "reason": ending.reason})
