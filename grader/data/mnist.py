"""MNIST: found in a folder that the user names, in the cache, or fetched by torchvision in a child."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DataError
from . import cache_folder, files

if TYPE_CHECKING:
    from . import Hidden

#: below the named folder: as it is, as this project keeps it, as torchvision does
LAYOUTS = ("", "mnist", "MNIST/raw")
DOWNLOAD_SECONDS = 300
#: a download that failed is not tried again before: without a network it costs seconds each time
RETRY_SECONDS = 600


@dataclass(frozen=True)
class Mnist:
    """MNIST in a folder. Hidden images are t10k, warped: looking them up does not help."""

    folder: Path
    name: str = "mnist"
    classes: int = files.CLASSES
    source: str = "MNIST by LeCun, Cortes and Burges; hidden images: its test set, slightly warped"

    def hidden(self, secret: bytes, exercise_digest: str, count: int) -> Hidden:
        """At most as many images as the test set has, each at most once."""
        from . import hidden

        images, labels = files.read_split(self.folder, "t10k")
        return hidden.warped(images, labels, hidden.generator(secret, exercise_digest), count)

    def public(self) -> Hidden:
        return files.read_split(self.folder, "t10k")


def fetch(destination: Path) -> bool:
    """Let torchvision download into a folder, in a child; whether all four files came."""
    script = Path(__file__).with_name("download.py")
    try:
        subprocess.run(
            [sys.executable, "-I", str(script), str(destination)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DOWNLOAD_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return locate(destination) is not None


@dataclass(frozen=True)
class MnistProvider:
    """Looks in `--data-root`, `$GRADE_DATA` and the cache, in this order; only then downloads."""

    name: str = "mnist"
    fallback: str | None = "digits"
    download: Callable[[Path], bool] = fetch

    def open(self, root: Path | None) -> Mnist | None:
        named = root or _named_by_environment()
        if named is not None:
            return Mnist(files.unpacked(located(named), cache_folder()))
        kept = cache_folder() / "mnist"
        if files.usable(kept):
            return Mnist(kept)
        failed = cache_folder() / "mnist-failed"
        if _lately(failed):
            return None
        if self._fetched(kept):
            return Mnist(kept)
        _mark(failed)
        return None

    def _fetched(self, place: Path) -> bool:
        def fill(work: Path) -> None:
            if not self.download(work):
                raise OSError("no download")
            found = located(work)
            contents = {split: files.read_split(found, split) for split in files.SPLITS}
            for left in work.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            files.write_splits(work, contents)

        return files.kept(place, fill) is not None


def locate(root: Path) -> Path | None:
    """The folder below `root` with all four files; None when there is none."""
    return next((root / layout for layout in LAYOUTS if not files.missing(root / layout)), None)


def located(root: Path) -> Path:
    """As `locate`. Raises DataError that says what is missing, and where it was looked for."""
    found = locate(root)
    if found is not None:
        return found
    nearest = min((root / layout for layout in LAYOUTS), key=lambda folder: len(files.missing(folder)))
    lacking = files.missing(nearest)
    if len(lacking) == len(files.NAMES):
        places = ", ".join(str(root / layout) for layout in LAYOUTS)
        raise DataError(f"{root}: no MNIST (four IDX files, plain or .gz); looked in {places}")
    raise DataError(f"{nearest}: no {', '.join(lacking)}, neither plain nor .gz")


def _lately(mark: Path) -> bool:
    try:
        return 0 <= time.time() - mark.stat().st_mtime < RETRY_SECONDS
    except OSError:
        return False


def _mark(mark: Path) -> None:
    with contextlib.suppress(OSError):
        mark.touch()


def _named_by_environment() -> Path | None:
    value = os.environ.get("GRADE_DATA")
    return Path(value) if value else None
