"""One submission and its worker, from the request to the last question; what is left dies with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..errors import SandboxError, TraceError
from ..model import Blame, Logits, ProbeCall, Progress, Run, RunSpec, RunStatus
from ..trace import Trace, parse_trace
from .backend import UNCONFINED, SandboxBackend, Worker
from .claims import read_weights
from .collector import Collector
from .outcome import Seen, judge
from .pipes import close_all, open_pipes
from .request import encode_request
from .supervisor import Supervisor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: all weights of a model, and the names and shapes of its parameters
MOST_WEIGHT_BYTES = 72_000_000
#: a few sampled weights of each parameter, and what was noted about the step
MOST_SNAPSHOT_BYTES = 600_000


def calls(probe: ProbeCall) -> int:
    """How often functions are called in all: with two optimizers each."""
    return 2 * len(probe.functions)


class Session:
    """`with Session(backend, spec) as session: run = session.run(); session.logits(images, seconds)`."""

    def __init__(
        self,
        backend: SandboxBackend,
        spec: RunSpec,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._backend = backend
        self._spec = spec
        self._collector = Collector(on_progress, trace_bytes=spec.limits.trace_bytes)
        if spec.probe is not None:
            self._collector.expect(calls(spec.probe) * (spec.probe.steps + 2), MOST_SNAPSHOT_BYTES)
        self._supervisor: Supervisor | None = None
        self._worker: Worker | None = None
        #: at its checkpoint the run was told to end there
        self._told_enough = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self, given_up: Callable[[], bool] = lambda: False, enough: Callable[[Trace], bool] = lambda trace: False
    ) -> Run:
        """Start the worker and watch until the student's code is over; raises for nothing that a worker does.

        `given_up`: nobody waits for it any more. `enough`: asked once, where the spec has a checkpoint, with the trace
        so far; the run ends there when it says so.
        """
        try:
            supervisor, collector = self._start(), self._collector
        except SandboxError as error:
            return self._failed(str(error))
        supervisor.watch(lambda: collector.end is not None or given_up() or self._at_checkpoint())
        if self._at_checkpoint():
            self._pass_checkpoint(supervisor, enough)
            supervisor.watch(lambda: collector.end is not None or given_up())
        trace = self._trace()
        outcome = judge(self._seen(supervisor, trace))
        notes = [note for note in (outcome.reason, *collector.notes) if note]
        return Run(
            status=outcome.status,
            blame=outcome.blame,
            exit_code=outcome.exit_code,
            crash=outcome.crash,
            last_line=outcome.last_line,
            limit=outcome.limit,
            reason="; ".join(notes) or None,
            wall_seconds=self._wall_seconds(supervisor),
            cpu_seconds=supervisor.peak.cpu_seconds,
            peak_memory_mb=supervisor.peak.memory / 2**20,
            stdout=supervisor.stdout.output(),
            stderr=supervisor.stderr.output(),
            trace=trace,
            seed=self._spec.seed,
            device=self._spec.device,
            dataset=self._spec.dataset,
            sandbox=self._sandbox(),
            quick=self._spec.quick,
            stopped_early=trace.steps if trace is not None and self._stopped_early() else None,
        )

    @property
    def snapshots(self) -> Sequence[bytes]:
        """What a probe call sent, in order: claims, bounded in size and number, and nothing more is known of them."""
        return self._collector.snapshots

    def weights(self, seconds: float) -> bytes | None:
        """The trained model's weights as safetensors, at most `seconds` later; None where there are none to be had."""
        supervisor, collector = self._supervisor, self._collector
        if supervisor is None or collector.end is None or supervisor.is_over():
            return None
        collector.ask_for_weights(MOST_WEIGHT_BYTES)
        supervisor.send("Q", b'{"ask":"weights"}')
        supervisor.watch(collector.has_answer, seconds)
        return None if collector.weights is None else read_weights(collector.weights)

    def logits(
        self, images: NDArray[np.uint8], seconds: float, *, beginning: bool = False, weights: bytes = b""
    ) -> Logits:
        """What the trained model says to images (n, height, width), at most `seconds` later.

        `beginning`: with the weights that it had before the first step, as far as the worker is to be believed.
        `weights`: with these from now on, as safetensors.

        Values may be infinite or NaN: whoever asked has to look.
        """
        supervisor, collector = self._supervisor, self._collector
        if supervisor is None or collector.end is None or supervisor.is_over():
            return Logits(None, "no-worker", "the worker was gone before it could be asked")
        count, height, width = images.shape
        collector.ask(count)
        question = {"ask": "logits", "images": count, "height": height, "width": width, "beginning": beginning}
        supervisor.send("Q", json.dumps({**question, "weights": bool(weights)}).encode())
        if weights:
            supervisor.send("D", weights)
        supervisor.send("D", images.tobytes())
        supervisor.watch(collector.has_answer, seconds)
        return self._read_answer(supervisor)

    def close(self) -> None:
        """Kill the whole tree of processes and remove what it left. May be called twice."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            supervisor.close()

    def _start(self) -> Supervisor:
        pipes, ends = open_pipes()
        try:
            self._worker = worker = self._backend.launch(self._spec, pipes)
        except SandboxError:
            ends.close()
            raise
        finally:
            close_all(pipes)
        # kept before anything can fail, so that close() finds it
        self._supervisor = supervisor = Supervisor(worker, ends, self._spec.limits, self._collector)
        supervisor.send("R", encode_request(self._spec, worker.jail))
        return supervisor

    def _trace(self) -> Trace | None:
        if self._collector.trace is None:
            return None
        try:
            return parse_trace(self._collector.trace)
        except TraceError as error:
            self._collector.notes.append(f"the trace is malformed: {error}")
            return None

    def _seen(self, supervisor: Supervisor, trace: Trace | None) -> Seen:
        worker, collector = self._worker, self._collector
        return Seen(
            limits=self._spec.limits,
            began=collector.began is not None,
            stopped=supervisor.stopped,
            ended=supervisor.ended,
            end=collector.end,
            crash=collector.crash,
            steps=trace.steps if trace is not None else 0,
            faults=supervisor.faults.output().text,
            stderr=supervisor.stderr.output().text,
            folder=str(worker.jail["work"]) if worker is not None else "",
            entry=self._spec.entry,
        )

    def _wall_seconds(self, supervisor: Supervisor) -> float:
        if self._collector.began is None:
            return 0.0
        return (self._collector.ended or supervisor.finished or time.monotonic()) - self._collector.began

    def _stopped_early(self) -> bool:
        end = self._collector.end
        asked = self._spec.quick or self._told_enough
        return asked and end is not None and end.reason == "enough"

    def _at_checkpoint(self) -> bool:
        return self._spec.checkpoint and self._collector.waits and self._collector.end is None

    def _pass_checkpoint(self, supervisor: Supervisor, enough: Callable[[Trace], bool]) -> None:
        """Say whether to go on. A worker that waits again has been answered already."""
        trace = self._trace()
        self._told_enough = trace is not None and enough(trace)
        supervisor.send("Q", b'{"ask":"end"}' if self._told_enough else b'{"ask":"go-on"}')

    def _sandbox(self) -> str:
        """What held, e.g. `bubblewrap+landlock+seccomp+cgroup`."""
        if self._backend.name == UNCONFINED:
            return UNCONFINED
        # a backend that differs only in how it starts a worker has the walls of another
        walls = getattr(self._backend, "walls", self._backend.name)
        group = ("cgroup",) if self._supervisor is not None and self._supervisor.group is not None else ()
        held = dict.fromkeys((walls, *(self._collector.layers or ()), *group))
        return "+".join(held)

    def _failed(self, reason: str) -> Run:
        spec = self._spec
        status = RunStatus.SANDBOX_FAILED
        return Run(
            status, Blame.GRADER, reason=reason, seed=spec.seed, device=spec.device, dataset=spec.dataset,
            sandbox=self._backend.name,
        )  # fmt: skip

    def _read_answer(self, supervisor: Supervisor) -> Logits:
        import numpy as np

        answer, values = self._collector.answer, self._collector.logits
        if answer is not None and answer.reason is not None:
            return Logits(None, answer.reason, answer.detail)
        if answer is None or values is None:
            gone = supervisor.is_over()
            return Logits(None, "worker-died", "") if gone else Logits(None, "no-answer", "")
        if len(values) != answer.rows * answer.columns * 4:
            return Logits(None, "malformed-answer", f"{len(values)} bytes of logits")
        table = np.frombuffer(values, dtype="<f4").reshape(answer.rows, answer.columns)
        return Logits(table.astype(np.float32), None, answer.detail)
