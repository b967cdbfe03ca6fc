"""Follows a loop whose steps are all alike with as little as shows that one is not; then all is as if looked at.

Between close looks a step is only compared with the template: places of the calls, modes, the way through the graph,
gradients empty before, new ones untouched after. Whatever differs, `leave` hands over to the thorough way in the
middle of the step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch.optim import Optimizer

from . import handover
from .glances import FORWARDED, IDLE, STEPPING, Glances
from .template import Draft, Template

if TYPE_CHECKING:
    from .books import Books

#: so many steps are followed in a row: few at first, then many, so that close looks cost little. What differs is
#: noticed at once; a close look only makes sure of the template, and no mistake that comes regularly meets them all
RUNS = (29, 37, 61, 113)
LONG_RUNS = (241, 257, 229, 263, 251, 239)
#: a run that ends sooner shows that the loop is not so steady; steps to wait after that, doubled each time
SHORT, WAIT, MAX_WAIT = 6, 16, 512
OBSERVER = "steady"


class Steady(Glances):
    """The run of ordinary steps that the loop is in, if it is in one (`on`)."""

    def __init__(self, books: Books) -> None:
        super().__init__(books.forwards, books.backwards.reads)
        self._books = books
        #: called with an optimizer to begin its step the thorough way
        self.begin_step: Callable[[Optimizer], object] = lambda optimizer: None
        #: further steps that are to be looked at closely, for want of a template
        self.looks = 0
        self.draft = Draft()
        self._turn = self._length = 0
        self._wait_until, self._wait = 0, WAIT
        #: the newest forward that was trained on: not in the books before the next one comes
        self._uncounted: list[int] = []

    # -- beginning and end of a run ---------------------------------------------------------------------

    def rests(self, total: int) -> bool:
        """Whether this is no time to follow a run."""
        return total < self._wait_until or OBSERVER in self._books.guard.failed

    def enter(self, template: Template) -> None:
        """The next steps are expected to be like this one."""
        books = self._books
        late = self._turn - len(RUNS)
        self._length = self.left = RUNS[self._turn] if late < 0 else LONG_RUNS[late % len(LONG_RUNS)]
        self._turn += 1
        self.looks = 0
        self.start(books.forwards.count - 1)
        self.template, self.module = template, template.root.ref
        self.iterator, self.labelled = books.epochs.iterator, books.epochs.looks_at_labels
        self.gradients = [leaf.grad for leaf in template.leaves]
        self.weights = [leaf._version for leaf in template.leaves]
        self.waiting = False
        self._uncounted = []
        if books.forwards.newest is not None:
            books.forwards.newest.pointer = 0
        for buffer in template.buffers:
            buffer.lead = None
        books.ledger.silence(template.buffers)
        self.on = True

    def leave(self, *, returned: bool = False) -> None:
        """Something is different, or it is time for a close look: bring the books to where the loop is.

        `returned`: the call of the model that was entered is over.
        """
        template = self.template
        if self.on and template is not None:
            self.on = False
            self._books.tried(OBSERVER, lambda: self._leave(template, returned))

    def _leave(self, template: Template, returned: bool) -> None:
        self._settle(template)
        self.draft = Draft()
        if self.state != IDLE:
            self.draft.spoil()
        self._rest(self._length - self.left)
        state, entering = self.state, self.entering
        self.template = None
        self.start(self.number)
        if state == STEPPING and (optimizer := template.optimizer()) is not None:
            self.begin_step(optimizer)
        if entering is not None:
            self.forwards.enter(template.root, *entering)
            if not returned:  # the line that is running is one of the model's own
                self.forwards.entered_at(template.forward.line)

    def _settle(self, template: Template) -> None:
        """All books, as close looks would have left them."""
        books, result = self._books, self.result()
        self.flush()
        if self.state == FORWARDED:
            books.forwards.count_trained(template.forward, self._uncounted)
            if self.lost and template.loss is not None:  # of a forward that no backward pass has followed yet
                template.loss.calls += 1
        if result is not None and books.backwards.is_bare:
            books.backwards.means.append(self.result)  # type: ignore[arg-type]
        books.ledger.listen(template.buffers)
        books.ledger.close = books.forwards.attentive = True
        running = handover.catch_up(books, self, template)
        handover.call_again(books, self, template)
        if self.state == FORWARDED or self._uncounted:
            handover.remember_forward(books, self, template, running)

    def _rest(self, done: int) -> None:
        if self.left <= 0 or done >= SHORT:
            self._wait, self.looks = WAIT, 2
            return
        self._turn = 0
        self._wait_until = self._books.steps.total + self._wait
        self._wait = min(MAX_WAIT, 2 * self._wait)

    def updated(self) -> None:
        """One more update the thorough way."""
        self.draft = Draft()

    # -- into the books ---------------------------------------------------------------------------------

    def tick(self) -> None:
        """Time has passed: show how far the loop has come."""
        self.flush()
        self._books.tick()

    def flush(self) -> None:
        """Book what was only counted so far."""
        template = self.template
        if template is None:
            return
        books, count, backed = self._books, self.steps, len(self.values)
        self.steps = 0
        values, self.values = self.values, []
        samples, self.samples = self.samples, []
        books.epochs.caught_up(self.batches, self.waiting)
        self.batches = 0
        self._pass_by(samples, values, count)
        if template.loss is not None and backed:
            template.loss.calls += backed
            template.loss.due = True
        template.root.outer += self.number + 1 - books.forwards.count
        books.forwards.count = self.number + 1
        books.backwards.counted(backed, values)
        books.passes.counted(backed, count)
        for buffer in template.buffers:
            buffer.received += backed
        books.steps.count_many(template.optimized, template.pattern, count)
        template.root.updates += count
        # the newest is in the books when it is known what becomes of it
        samples = self._uncounted + samples
        books.forwards.count_trained(template.forward, samples[:-1])
        self._uncounted = samples[-1:]

    def _pass_by(self, samples: list[int], values: list[float | None], count: int) -> None:
        """Epochs and the curve, step by step."""
        books = self._books
        before = books.steps.total + books.hand.sighting.count
        books.epochs.trained_many(samples, values, count)
        for number, value in enumerate(values):
            if value is not None:
                books.curve.add(before + number, value)
        books.forwards.first_epoch = books.epochs.number <= 1
