"""The trained weights in a fresh jail: the same code builds its model there, and none of it has seen the training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .model import Logits, Run, RunSpec
from .sandbox import SandboxBackend, Session

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: how long the jail may be behind the run that it accompanies: both come to the first update at about the same time
PATIENCE_SECONDS = 10.0
#: until its first update, which else is not waited for: a program that hangs costs a second core no longer than that
BUILDING_SECONDS = 60.0
#: for one answer about images, or for the weights
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Ends:
    """What the model answers with the weights of the end, and with those that it is built with."""

    last: Logits
    first: Logits

    @property
    def known(self) -> bool:
        """Whether both were answered."""
        return self.last.values is not None and self.first.values is not None


class FreshModel:
    """`with FreshModel(backend, spec) as fresh:` it is built beside the run, and asked when that is over.

    The submission runs there up to its first update and no further: on the CPU, under the same limits but for the
    time. Weights go in as safetensors, into a model whose names and shapes have to be the same.
    """

    def __init__(self, backend: SandboxBackend, spec: RunSpec) -> None:
        limits = replace(spec.limits, wall_seconds=min(spec.limits.wall_seconds, BUILDING_SECONDS))
        built = replace(spec, limits=limits, build_only=True, device="cpu", quick=False, checkpoint=False)
        self._session = Session(backend, built)
        self._pool = ThreadPoolExecutor(1)
        self._given_up = threading.Event()
        self._built: Future[Run] | None = None

    def __enter__(self) -> Self:
        self._built = self._pool.submit(self._session.run, self._given_up.is_set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up.set()
        self._pool.shutdown()
        self._session.close()

    @property
    def run(self) -> Run | None:
        """How it ended, once it has."""
        return self._built.result() if self._built is not None and self._built.done() else None

    def ends(self, weights: Callable[[], bytes | None], images: NDArray[np.uint8]) -> Ends | None:
        """Answers about images (n, height, width); None where no model came about, or no weights are to be had."""
        if not self._is_built() or not (content := weights()):
            return None
        first = self._session.logits(images, ANSWER_SECONDS, beginning=True)
        last = self._session.logits(images, ANSWER_SECONDS, weights=content)
        return Ends(last, first)

    def _is_built(self) -> bool:
        try:
            return self._built is not None and self._built.result(PATIENCE_SECONDS) is not None
        except TimeoutError:
            self._given_up.set()
            return False
