"""Questions to the trained model, where it was trained and in a fresh jail, and what the answers are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .data import Dataset, PublicImages
from .evaluation import accuracy_of, compare, with_losses
from .fresh import FreshModel
from .mistakes import most_confident, sample
from .model import Evaluation, Exercise, Logits, Mistake
from .sandbox import Session

if TYPE_CHECKING:
    from .data import Hidden

#: how long a model may take to answer for the few images that the page shows
SHOWING_SECONDS = 10.0
#: hidden images that the first weights are asked about, and the fresh jail; both losses are of the same
FIRST_IMAGES = 1000
#: accuracies as near as this are the same: some models draw random numbers when they are asked
SAME = 0.02


@dataclass(frozen=True)
class HiddenTest:
    """One submission's: the run is over, its worker is parked, the fresh model is built or about to be."""

    exercise: Exercise
    dataset: Dataset
    hidden: Hidden
    session: Session
    #: None where the exercise's loss is not the cross-entropy that is computed here
    fresh: FreshModel | None

    def take(self, *, ended_early: bool) -> Evaluation | None:
        """Accuracy, losses and mistakes; None where a run that ended early left no worker to ask."""
        images, labels = self.hidden
        logits = self.session.logits(images, seconds=self.exercise.limits.wall_seconds)
        if logits.reason == "worker-died" and ended_early:
            return None
        dataset = self.dataset
        threshold = self.exercise.threshold[dataset.name]
        found = compare(logits, labels, dataset=dataset.name, threshold=threshold, classes=dataset.classes)
        if found.accuracy is None:
            return found
        if self.fresh is not None:
            found = self._with_losses(found, logits, self.fresh)
        return replace(found, mistakes=self._mistakes())

    def _with_losses(self, found: Evaluation, logits: Logits, fresh: FreshModel) -> Evaluation:
        """The losses of the fresh jail where that answers like the trained model; else those of the latter's claims."""
        images, labels = self.hidden[0][:FIRST_IMAGES], self.hidden[1][:FIRST_IMAGES]
        classes = self.dataset.classes
        ends = fresh.ends(lambda: self.session.weights(SHOWING_SECONDS), images)
        anew = accuracy_of(ends.last, labels, classes) if ends is not None and ends.known else None
        before = accuracy_of(logits, labels, classes)
        same = anew is not None and before is not None and abs(anew - before) <= SAME
        if ends is not None and same:
            untrained = accuracy_of(ends.first, labels, classes)
            found = with_losses(found, ends.last, ends.first, labels, classes)
            return replace(found, rebuilt=True, first_accuracy=untrained)
        first = self.session.logits(images, SHOWING_SECONDS, beginning=True)
        return replace(with_losses(found, logits, first, labels, classes), rebuilt=None if anew is None else False)

    def _mistakes(self) -> tuple[Mistake, ...]:
        """Asked last, and of public images: it is for the page, and cannot touch the grade."""
        if not isinstance(self.dataset, PublicImages):
            return ()
        shown = sample(self.dataset.public())
        return most_confident(self.session.logits(shown[0], seconds=SHOWING_SECONDS), shown)
