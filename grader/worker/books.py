"""All that is written down about a run, in one place for those who watch it."""

from __future__ import annotations

import time
from collections.abc import Callable

from torch import Tensor

from .answers import Answers
from .backwards import Backwards
from .calls import Calls
from .clips import Clips
from .curve import Curve
from .epochs import Epochs
from .forwards import Forwards
from .guard import Guard
from .hand import HandUpdates
from .happenings import Happenings
from .ledger import Ledger
from .lines import Lines
from .loader_facts import Loaders
from .losses import Losses
from .memory import Memory
from .pairs import Pairs
from .passes import Passes
from .returned import Returned
from .schedulers import Schedulers
from .sighting import Sighting
from .steady import Steady
from .steps import Steps
from .template import Template
from .uphill import Uphill

#: updates that are looked at closely: the first, then every so many, and for a while after something suspicious
FIRST_UPDATES, EVERY, ALERT = 8, 16, 64
SUSPICIOUS = ("wiped", "repeated", "empty")
SNAPSHOT_SECONDS = 0.5
PROGRESS_SECONDS = 0.25

Emit = Callable[[dict[str, object]], None]
Progress = Callable[[int, int, float | None], None]


class Books:
    """The books, and when to tell of them."""

    def __init__(self, entry_path: str, emit: Emit, progress: Progress) -> None:
        self.guard = Guard()
        self.lines = Lines(entry_path)
        self.calls = Calls()
        self.passes = Passes()
        self.ledger = Ledger(self.guard, self.passes)
        self.steps = Steps(self.ledger, self.calls)
        self.clips = Clips(self.ledger)
        self.schedulers = Schedulers(self.steps)
        self.hand = HandUpdates(self.ledger)
        self.uphill = Uphill()
        self.happenings = Happenings(lambda: self.updates)
        self.backwards = Backwards(self.passes, self.ledger)
        self.losses = Losses()
        self.forwards = Forwards(self.guard, self.lines, self.passes)
        self.epochs = Epochs()
        self.loaders = Loaders()
        #: what functions of the exercise's return, and what their models answered
        self.returned, self.answers = Returned(), Answers()
        self.pairs = Pairs()
        #: dropout in a model that is evaluated; steps with gradients of an evaluation
        self.dropped, self.leaked = Sighting(), Sighting()
        self.memory = Memory()
        self.steady = Steady(self)
        self.forwards.steady = self.steady
        self.ledger.on_surprise = self.steady.leave
        #: the losses, and the gradients' norms at steps that are looked at closely
        self.curve, self.norms = Curve(), Curve()
        #: the run is over: hooks that could not be taken away do nothing
        self.closed = False
        self._emit = emit
        self._progress = progress
        self._alert = 0
        self._ticks = 0
        self._next_snapshot = 1
        self._last_snapshot = 0.0
        self._last_progress = 0.0

    def tried(self, observer: str, function: Callable[[], object]) -> None:
        """Call something of ours; an error is noted, and that observer is not asked again."""
        if self.closed or observer in self.guard.failed:
            return
        try:
            function()
        except Exception as error:
            self.guard.note(observer, error)

    @property
    def updates(self) -> int:
        """Steps of optimizers and updates by hand so far."""
        return self.steps.total + self.steady.steps + self.hand.sighting.count

    def updated(self, outcome: str, template: Template | None = None) -> None:
        """One more update: decide how closely the next one is looked at. `template`: of one that was ordinary."""
        self.epochs.updated()
        total = self.updates
        if outcome in SUSPICIOUS or self.ledger.surprised:
            self._alert = total + ALERT
            self.ledger.surprised = False
        # as many in a row as there are optimizers, so that each of those that take turns is looked at
        among = max(1, len(self.steps.listed))
        close = total < self._alert or total % (EVERY * among) < among or total < FIRST_UPDATES * among
        self.steady.updated()
        if self.steady.looks:
            self.steady.looks -= 1
            close = True
        hungry = self.forwards.first_epoch and self.memory.has_room(self.epochs.current is not None)
        if template is not None and self._may_enter(total, among) and not hungry:
            close = False
        else:
            template = None
        if close != self.ledger.close:
            if close:
                self.ledger.look_closely()
            self.ledger.close = close
        self.forwards.attentive = close or hungry or self.pairs.active
        if template is not None:
            self.steady.enter(template)
        self.tick()

    def _may_enter(self, total: int, among: int) -> bool:
        """Whether the next steps may be followed with as little as shows that one is different."""
        if self.pairs.active or self.answers.on:
            return False
        return total >= max(self._alert, FIRST_UPDATES * among) and not self.steady.rests(total)

    def tick(self) -> None:
        """Something happened: tell at 1, 2, 4, 8 ... such happenings, and then now and again."""
        self._ticks += 1
        now = time.monotonic()
        if now - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = now
            self._progress(self.epochs.number, self.updates, self.backwards.last_loss)
        if self._ticks >= self._next_snapshot or now - self._last_snapshot >= SNAPSHOT_SECONDS:
            if self._ticks >= self._next_snapshot:
                self._next_snapshot *= 2
            self._last_snapshot = now
            self._emit(self.snapshot())

    def snapshot(self) -> dict[str, object]:
        """The trace as it stands, but for the model's facts, which need the run to be over."""
        self.steady.flush()
        self.steps.refresh()
        self.forwards.refresh(self._is_updated)
        return {
            "complete": False,
            "steps": self.steps.total,
            "patterns": [pattern.as_dict() for pattern in self.steps.patterns.values()],
            "outcomes": dict(sorted(self.steps.outcomes.items())),
            "optimizers": self.steps.listed,
            "backwards": self.backwards.as_dict(self.forwards.across_step),
            "by_hand": self.hand.sighting.as_dict(),
            "by_hand_stale": self.hand.stale.as_dict(),
            "hand_direction": self.uphill.as_dict(),
            "functional": self.hand.functional.as_dict(),
            "clips": self.clips.as_list(self.steps.stepped_with),
            "loss_calls": [call.as_dict() for call in self.losses.calls.values()],
            "forwards": [group.as_dict() for group in self.forwards.groups.values()],
            "epochs": self.epochs.as_list(),
            "loaders": self.loaders.as_list(),
            "dropout_in_evaluation": self.dropped.as_dict(),
            "over_rows": self.forwards.over_rows.as_dict(),
            "leaked": self.leaked.as_dict(),
            "model": None,
            "loss_curve": self.curve.points(),
            "norm_curve": self.norms.points(),
            "batches_per_epoch": self.epochs.batches_per_epoch,
            "schedulers": self.schedulers.as_list(),
            "kept": self.backwards.kept(),
            "happenings": self.happenings.as_dict(),
            "returned": self.returned.as_list(),
            "answers": self.answers.as_list(),
            "pairs": self.pairs.as_dict(),
            "device": "cpu",
            "problem": self.guard.problem(),
        }

    def _is_updated(self, parameter: Tensor) -> bool:
        buffer = self.ledger.known(parameter)
        return buffer is not None and buffer.applied
