"""Four IDX files that belong together: named as MNIST names them, checked against each other."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from ..scratch import scratch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPLITS = ("train", "t10k")
SIDE = 28
CLASSES = 10


def images_name(split: str) -> str:
    return f"{split}-images-idx3-ubyte"


def labels_name(split: str) -> str:
    return f"{split}-labels-idx1-ubyte"


NAMES = tuple(name(split) for split in SPLITS for name in (images_name, labels_name))


def find(folder: Path, name: str) -> Path | None:
    """The file itself, else the gzipped one; None when neither is there."""
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def missing(folder: Path) -> tuple[str, ...]:
    """Which of the four files are not in a folder, neither plain nor gzipped."""
    return tuple(name for name in NAMES if find(folder, name) is None)


def read_split(folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 28, 28) and labels (n,) of `train` or `t10k`. Raises DataError when they do not fit."""
    import numpy as np

    from . import idx

    images_path, labels_path = (_present(folder, name(split)) for name in (images_name, labels_name))
    images, labels = idx.read(images_path, 3), idx.read(labels_path, 1)
    if images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise DataError(f"{images_path}: images of {images.shape[1:]} where {(SIDE, SIDE)} belong")
    if len(images) != len(labels):
        raise DataError(f"{labels_path}: {len(labels)} labels for {len(images)} images")
    if labels.max() >= CLASSES:
        raise DataError(f"{labels_path}: a label {labels.max()} where 0 to {CLASSES - 1} belong")
    return images, labels.astype(np.int64)


def check(folder: Path) -> None:
    """Every byte of what is gzipped, headers and lengths of what is plain. Raises DataError."""
    from . import idx

    for split in SPLITS:
        images_path, labels_path = (_present(folder, name(split)) for name in (images_name, labels_name))
        if images_path.suffix == ".gz" or labels_path.suffix == ".gz":
            read_split(folder, split)
        elif idx.shape_of(images_path, 3)[0] != idx.shape_of(labels_path, 1)[0]:
            raise DataError(f"{labels_path}: not as many labels as images")


def _present(folder: Path, name: str) -> Path:
    path = find(folder, name)
    if path is None:
        raise DataError(f"{folder}: no {name}, neither plain nor .gz")
    return path


def unpacked(folder: Path, cache: Path) -> Path:
    """A folder with the same four files, plain, so that no run has to unpack them; checked once.

    The folder itself when nothing in it is gzipped, or when the cache cannot be written.
    """
    paths = [_present(folder, name) for name in NAMES]
    if not any(path.suffix == ".gz" for path in paths):
        check(folder)
        return folder
    place = cache / f"idx-{_stamp(paths)}"
    if usable(place):
        return place
    contents = {split: read_split(folder, split) for split in SPLITS}
    return kept(place, lambda work: write_splits(work, contents)) or folder


def write_splits(folder: Path, contents: dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]) -> None:
    """Images and labels of both splits -> four plain IDX files."""
    import numpy as np

    from . import idx

    for split, (images, labels) in contents.items():
        idx.write(folder / images_name(split), images)
        idx.write(folder / labels_name(split), labels.astype(np.uint8))


def usable(folder: Path) -> bool:
    """Whether a folder of the cache holds all four files, none of them cut short."""
    if missing(folder):
        return False
    try:
        check(folder)
    except DataError:
        return False
    return True


def kept(place: Path, fill: Callable[[Path], None]) -> Path | None:
    """Fill a folder of the cache under a temporary name, then rename it; None when that cannot be done.

    Two graders may do this at once: who comes second uses what the first has made.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with scratch(place.parent, "new-") as work:
            fill(work)
            readable([work, *work.iterdir()])
            if place.exists() and not usable(place):
                shutil.rmtree(place, ignore_errors=True)
            with contextlib.suppress(OSError):
                work.rename(place)
    except OSError:
        return None
    return place if usable(place) else None


def readable(paths: Iterable[Path]) -> None:
    """Let a jail read them, which may be another user there."""
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


def _stamp(paths: Iterable[Path]) -> str:
    """Changes when a file is replaced."""
    states = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(os.fsencode(repr(states))).hexdigest()[:16]
