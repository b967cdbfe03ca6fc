"""28×28 digits that the grader draws itself: nothing to download, nothing stored in the repository."""

from __future__ import annotations

import atexit
import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from ..scratch import scratch
from . import cache_folder, files

if TYPE_CHECKING:
    from . import Hidden

#: part of the cache folder's name: raise it whenever the drawing changes
EDITION = 1
#: public: these seeds draw the files that a jail may read
SEEDS = {"train": 20_241, "t10k": 20_242}
COUNTS = {"train": 12_000, "t10k": 2_000}


@dataclass(frozen=True)
class Digits:
    """Digits in a folder. Hidden ones are drawn from the secret and were never in a file."""

    folder: Path
    name: str = "digits"
    classes: int = files.CLASSES
    source: str = "digits drawn by the grader from a seed (no MNIST at hand)"

    def hidden(self, secret: bytes, exercise_digest: str, count: int) -> Hidden:
        return _drawn(secret, exercise_digest, count)

    def public(self) -> Hidden:
        return files.read_split(self.folder, "t10k")


@functools.lru_cache(maxsize=2)
def _drawn(secret: bytes, exercise_digest: str, count: int) -> Hidden:
    """Drawn once for a class: the same images for everybody, which nobody can change."""
    from . import drawing, hidden

    return hidden.kept(*drawing.draw(hidden.generator(secret, exercise_digest), count))


@dataclass(frozen=True)
class DigitsProvider:
    """Draws the files once and keeps them in the cache; without a cache, in a temporary folder."""

    name: str = "digits"
    fallback: str | None = None

    def open(self, root: Path | None) -> Digits:
        place = cache_folder() / f"digits-{EDITION}"
        if files.usable(place):
            return Digits(place)
        kept = files.kept(place, _draw_files)
        return Digits(kept or _temporary())


def _draw_files(folder: Path) -> None:
    import numpy as np

    from . import drawing

    contents = {split: drawing.draw(np.random.default_rng(SEEDS[split]), COUNTS[split]) for split in files.SPLITS}
    files.write_splits(folder, contents)


def _temporary() -> Path:
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    parent = stack.enter_context(scratch())
    files.readable([parent])
    folder = files.kept(parent / "digits", _draw_files)
    if folder is None:
        raise DataError(f"the digits cannot be written, neither to {cache_folder()} nor to {parent}")
    return folder
