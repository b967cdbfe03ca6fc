"""Watches a training loop from inside the worker and tells the trace of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import FunctionType

from torch import Tensor, nn

from . import watching
from .afterwards import Afterwards
from .books import Books, Emit, Progress
from .memory import RecordedBatch
from .orphans import Orphans
from .pass_watch import PassWatch
from .step_watch import StepWatch
from .trained import Trained


class Recorder:
    """The whole of it: books, hooks and patches. Errors of its own never reach the student's code.

    `entry_path`: the file whose lines are told. `emit`: called with a trace now and again, and with the
    complete one at the end. `progress`: called with epoch, update and loss at most four times a second.
    """

    def __init__(self, entry_path: str, emit: Emit, progress: Progress) -> None:
        self._emit = emit
        #: functions of the exercise that were called
        self.called: list[str] = []
        self._books = Books(entry_path, emit, progress)
        self._trained = Trained()
        self._step_watch = StepWatch(self._books, self._trained)
        self._pass_watch = PassWatch(self._books, self._step_watch, self._trained)
        self._patches = watching.Watching(self._books, self._step_watch, self._pass_watch)

    @property
    def batches(self) -> list[RecordedBatch]:
        """A few training batches as the model saw them."""
        return self._books.memory.batches

    @property
    def evaluation_batches(self) -> list[RecordedBatch]:
        """The same for forwards that never met a backward pass."""
        return self._books.memory.evaluation_batches

    def trained_model(self) -> nn.Module | None:
        """The outermost module whose parameters were updated last; None when nothing was trained."""
        return self._trained.module

    def when_trained(self, tell: Callable[[], None]) -> None:
        """Call this once it is known which model is trained, after its first update; it need not return."""
        self._trained.on_first = tell

    def epoch(self) -> int:
        """The number of the epoch that is under way, from 0 or 1 on as the trace counts them."""
        return self._books.epochs.number

    def saw_training(self) -> bool:
        """Whether anything of a training loop was seen so far, right or wrong."""
        books = self._books
        passes = books.backwards
        tried = books.passes.total + passes.detached.count + passes.without_graph.count
        return books.updates + books.hand.functional.count + tried > 0

    def call(self, function: FunctionType, run: Callable[[FunctionType], object]) -> None:
        """Let a function of the exercise's run, and remember the numbers that it returns."""
        books = self._books
        before, books.answers.on, books.forwards.on_output = books.epochs.number, True, self._answered
        value = run(function)
        books.answers.on, books.forwards.on_output = False, None
        line, epochs = books.lines.of_function(function), books.epochs.number - before
        books.tried("returned", lambda: books.returned.note(function, value, line, before, epochs))

    def _answered(self, output: Tensor) -> None:
        self._books.tried("answers", lambda: self._books.answers.answered(output))

    @contextlib.contextmanager
    def first_weights(self) -> Iterator[bool]:
        """The trained model with the weights that it began with; whether they are known."""
        trained = self._trained
        if trained.module is None or trained.root is None:
            yield False
            return
        after = Afterwards(trained.module, trained.root, self._books.memory)
        if not after.knows_the_first:
            yield False
            return
        with after.first_weights():
            yield True

    def install(self) -> None:
        """Start to watch. Must come before the student's code imports names from torch."""
        self._books.forwards.on_enter = self._entered
        self._books.forwards.on_decided = self._books.memory.decided
        self._step_watch.install()
        self._patches.install()

    def finish(self) -> None:
        """The student's code is over: last facts, then the complete trace."""
        books = self._books
        if books.closed:
            return
        books.tried("steady", books.steady.leave)
        books.tried("hand updates", lambda: self._pass_watch.updated_by_hand(books.hand.finish()))
        books.tried("forwards", lambda: books.forwards.settle(everything=True))
        books.tried("fingerprints", books.forwards.compare)
        trace = {**books.snapshot(), "remodels": self._trained.remodels(), "models": self._trained.count()}
        books.tried("pairs", lambda: trace.update({"pairs": books.pairs.complete()}))
        books.tried("orphans", lambda: trace.update(self._orphan_facts()))
        trace["unhooked"] = not self._step_watch.is_in_place() or self._patches.was_undone()
        self._remove_hooks()
        books.tried("model", lambda: trace.update(self._model_facts()))
        books.closed = True
        self._emit(
            {
                **trace,
                "called": self.called,
                "device": self._trained.device,
                "problem": books.guard.problem(),
                "complete": True,
            }
        )

    def emit_so_far(self) -> None:
        """The trace of a loop that goes on, without the facts about its model."""
        self._books.tried("so far", lambda: self._emit({**self._books.snapshot(), "called": self.called}))

    def emit_as_it_stands(self) -> None:
        """The trace so far with the facts about the model; what only the end of a loop shows is not in it."""
        books = self._books
        books.tried("steady", books.steady.leave)
        books.tried("fingerprints", books.forwards.compare)
        trace = books.snapshot()
        self._remove_hooks()
        books.tried("model", lambda: trace.update(self._model_facts()))
        books.closed = True
        facts = {"called": self.called, "device": self._trained.device, "problem": books.guard.problem()}
        self._emit({**trace, **facts})

    def leave(self) -> None:
        """Watch no longer, in the middle of the loop; the batches so far are known to be of training or not."""
        self._books.tried("forwards", lambda: self._books.forwards.settle(everything=True))
        self.uninstall()

    def uninstall(self) -> None:
        """Put torch back as it was."""
        self._books.tried("steady", self._books.steady.leave)
        self._books.closed = True
        self._remove_hooks()
        self._patches.restore()

    def _remove_hooks(self) -> None:
        self._step_watch.remove()
        self._books.forwards.blind = True
        self._books.forwards.remove()
        self._books.ledger.remove()

    def _entered(self, line: int | None, trains: bool, samples: Tensor | None) -> RecordedBatch | None:
        """A root module is being called: note it, and copy what goes in while there is room."""
        books = self._books
        if books.ledger.close:
            books.calls.note("forward", line)
        if trains and books.pairs.active:
            books.tried("pairs", lambda: books.pairs.entered(books.forwards.count - 1, samples))
        if trains and not books.forwards.first_epoch:
            return None
        return books.memory.candidate(samples, books.epochs.loaded, trains, books.epochs.current is not None)

    def _orphan_facts(self) -> dict[str, object]:
        books, module = self._books, self._trained.module
        orphans = Orphans(books.ledger, books.steps, books.forwards)
        waiting = {"waiting": max(orphans.all_waiting(), books.steps.waiting)}
        return {**waiting, "orphans": orphans.facts(module)} if module is not None else dict(waiting)

    def _model_facts(self) -> dict[str, object]:
        trained = self._trained
        if trained.module is None or trained.root is None:
            return {}
        line = self._books.lines.of_function(getattr(type(trained.module), "forward", None)) or trained.root.line
        return {"model": {**Afterwards(trained.module, trained.root, self._books.memory).facts(), "line": line}}
