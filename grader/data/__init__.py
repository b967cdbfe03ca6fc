"""Data sets that the grader offers: files that a jail may read, hidden images whose labels stay here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pluggy
    from numpy.typing import NDArray

    Hidden = tuple[NDArray[np.uint8], NDArray[np.int64]]


class Dataset(Protocol):
    """A data set that is there, ready to be used."""

    @property
    def name(self) -> str:
        """What the report calls it, and the key of its threshold."""

    @property
    def classes(self) -> int: ...

    @property
    def source(self) -> str:
        """Where the images come from, for the report: one line of English."""

    @property
    def folder(self) -> Path:
        """Holds MNIST's four IDX files, plain or .gz; a jail may read it."""

    def hidden(self, secret: bytes, exercise_digest: str, count: int) -> Hidden:
        """Images uint8 (count, 28, 28) and labels int64 (count,), the same for the same arguments.

        Raises DataError when a file turns out damaged.
        """


@runtime_checkable
class PublicImages(Protocol):
    """A data set with images that everybody may see; a page draws digits from these, never from hidden ones."""

    def public(self) -> Hidden:
        """All public test images uint8 (n, height, width) and their labels int64 (n,)."""


class DatasetProvider(Protocol):
    """Finds, fetches or makes one data set."""

    @property
    def name(self) -> str: ...

    @property
    def fallback(self) -> str | None:
        """The data set that takes its place where it cannot be had."""

    def open(self, root: Path | None) -> Dataset | None:
        """The data set; None when it is not here and cannot be fetched.

        `root`: the folder that the user named. Raises DataError when files there are missing or damaged.
        """


def all_datasets(plugins: pluggy.PluginManager) -> dict[str, DatasetProvider]:
    """Every provider by name, sorted. Raises DataError when two plugins offer the same name."""
    found: dict[str, DatasetProvider] = {}
    for offered in plugins.hook.grader_datasets():
        for name, provider in offered.items():
            if name in found:
                raise DataError(f"two plugins offer a data set called {name!r}")
            found[name] = provider
    return dict(sorted(found.items()))


def choose_dataset(plugins: pluggy.PluginManager, asked: str, root: Path | None) -> Dataset:
    """The data set asked for, else what takes its place; its `name` says which it became."""
    return open_dataset(all_datasets(plugins), asked, root)


def open_dataset(providers: Mapping[str, DatasetProvider], asked: str, root: Path | None) -> Dataset:
    """As `choose_dataset`. Raises DataError when nothing can be had, or a name is not known."""
    name: str | None = asked
    tried: list[str] = []
    while name is not None and name not in tried:
        provider = providers.get(name)
        if provider is None:
            raise DataError(f"no data set {name!r}; there are: {', '.join(sorted(providers))}")
        dataset = provider.open(root)
        if dataset is not None:
            return dataset
        tried.append(name)
        name = provider.fallback
    raise DataError(f"no data: {', '.join(tried)} cannot be had here; name a folder with --data-root")


def names_in_use(providers: Mapping[str, DatasetProvider], asked: str) -> tuple[str, ...]:
    """The names that a data set may end up under: its own and its fallbacks'."""
    names = [asked]
    while (provider := providers.get(names[-1])) and provider.fallback and provider.fallback not in names:
        names.append(provider.fallback)
    return tuple(names)


def cache_folder() -> Path:
    """Where this user keeps what can be made again: `$XDG_CACHE_HOME/gradeloop` or `~/.cache/gradeloop`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "gradeloop"
