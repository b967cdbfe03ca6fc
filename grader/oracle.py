"""A probe call of the student's `train`, and the same with loops of our own: who runs what, and in which jail."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from . import replay
from .errors import SandboxError
from .model import Limits, ProbeCall, Replay, Run, RunSpec, RunStatus, SubmissionKind
from .sandbox import SandboxBackend, Session
from .sandbox.backend import Preparable

FUNCTION = "train"
LOOPS = "loops.py"
#: of processor time that a call may use, theirs and ours; far less is usual, and on a busy machine it takes longer
SECONDS = 30.0
PATIENCE = 6
_LOOP = re.compile(r"^@loop\ndef (\w+)\(", re.MULTILINE)


@dataclass(frozen=True)
class Oracle:
    """Knows whether the weights that a function gives are those of its data, loss and optimizer."""

    #: runs a probe call in a jail of its own and gives what it sent; raises SandboxError
    perform: Callable[[RunSpec], Sequence[bytes]]
    #: what the submission was run with; files, seed, data and limits are taken from it
    spec: RunSpec
    #: nobody could know it before the submission came in, as far as the secret is one
    nonce: int

    def ask(self, run: Run, defined: Mapping[str, int]) -> Replay:
        """Decide, or say why not. A failure of our own decides nothing."""
        loops = read_loops()
        reason = unfit(self.spec, run, defined) or ("" if loops else "no-reference")
        if reason:
            return Replay(reason=reason)
        try:
            return self._ask(run, loops)
        except SandboxError:
            return Replay(reason="no-sandbox")

    def _ask(self, run: Run, loops: str) -> Replay:
        own, *others = names_of(loops)
        theirs = self._spec(self.spec.files, self.spec.entry, [FUNCTION])
        # a jail of its own, without a line of the student's
        ours = self._spec({LOOPS: loops.encode()}, LOOPS, [own])
        with ThreadPoolExecutor(2) as pool:
            calls, plain = pool.map(self._snapshots, (theirs, ours))
        found = replay.judge(FUNCTION, calls, plain)
        if not found.equal and any(len(call.steps) >= replay.FEWEST for call in calls.values()):
            mistaken = self._snapshots(self._spec({LOOPS: loops.encode()}, LOOPS, others, noted=False))
            found = replace(found, matches=replay.matching(FUNCTION, calls, mistaken))
        moved = replay.has_moved(FUNCTION, calls)
        return replace(found, contradiction=replay.contradiction(found, moved, run.trace))

    def _snapshots(self, spec: RunSpec) -> replay.Trajectories:
        return replay.read_snapshots(self.perform(spec))

    def _spec(self, files: Mapping[str, bytes], entry: str, functions: Sequence[str], *, noted: bool = True) -> RunSpec:
        probe = ProbeCall(tuple(functions), self.nonce, noted=noted)
        limits = replace(
            self.spec.limits, wall_seconds=PATIENCE * SECONDS, cpu_seconds=SECONDS, trace_bytes=Limits.trace_bytes
        )
        theirs = replace(self.spec, files=files, entry=entry, kind=SubmissionKind.FUNCTION)
        return replace(theirs, limits=limits, device="cpu", quick=False, probe=probe)


class Quicker:
    """A backend for probe calls: where they are likely, one that gets ready while the submission runs.

    What was started for it serves the next submission too: whoever made the backends closes them.
    """

    def __init__(self, chosen: SandboxBackend, ready: SandboxBackend | None, seed: int) -> None:
        self._chosen, self._ready, self._seed = chosen, ready, seed

    def perform(self, spec: RunSpec) -> Sequence[bytes]:
        """Run a probe call, and give what it sent. Raises SandboxError where no worker could be started."""
        ready = self._ready if self._ready is not None and self._ready.probe().works else self._chosen
        with Session(ready, spec) as session:
            run = session.run()
            if run.status is RunStatus.SANDBOX_FAILED:
                raise SandboxError(run.reason or "")
            return list(session.snapshots)

    def prepare(self) -> None:
        """Begin to get ready; returns at once."""
        if isinstance(self._ready, Preparable):
            self._ready.prepare(self._seed)


def quicker(backends: Sequence[SandboxBackend], chosen: SandboxBackend, spec: RunSpec) -> Quicker:
    """One with the very same walls that starts in a moment; else, and for a script, the one that was chosen."""
    likely = spec.kind is SubmissionKind.FUNCTION and FUNCTION in spec.functions and bool(spec.given)
    same = (item for item in backends if item is not chosen and getattr(item, "walls", None) == chosen.name)
    return Quicker(chosen, next(same, None) if likely else None, spec.seed)


def unfit(spec: RunSpec, run: Run, defined: Mapping[str, int]) -> str:
    """Why a submission is not asked, as a slug; empty when it is."""
    if run.status is not RunStatus.COMPLETED:
        return "run-ended-early"
    if FUNCTION not in spec.functions or not spec.given:
        return "not-supplied"
    if run.trace is None or FUNCTION not in run.trace.called:
        return "a-script"
    return "another-model" if "build_model" in defined else ""


def nonce(secret: bytes, digest: str, submission: str, seed: int) -> int:
    """31 bits of HMAC(secret, exercise digest, submission's sha256, seed)."""
    message = "\0".join((digest, submission, str(seed))).encode()
    return int.from_bytes(hmac.new(secret, message, hashlib.sha256).digest()[:4], "big") >> 1


def read_loops() -> str:
    """The text of the loops; empty where the solutions are not installed, as beside a student."""
    found = importlib.util.find_spec("grader.reference")
    for place in (found.submodule_search_locations if found is not None else None) or ():
        path = Path(place) / "loops" / "steps.py"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def names_of(loops: str) -> list[str]:
    """The names of the loops in their order: the plain one comes first."""
    return _LOOP.findall(loops)
