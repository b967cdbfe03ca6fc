"""Weights that are loaded, and seeds that are set: rare calls, each noted with its line."""

from __future__ import annotations

from collections.abc import Callable

from .sighting import Sighting

MAX_SEEDS = 64


class Happenings:
    """The book of them. `updates`: how many updates of weights there were so far."""

    def __init__(self, updates: Callable[[], int]) -> None:
        self._updates = updates
        #: weights given to a module before and after the first update; files read; files read without any care
        self.loaded = Sighting()
        self.restored = Sighting()
        self.files = Sighting()
        self.unsafe = Sighting()
        #: trained parameters that were copied
        self.copied = Sighting()
        #: (line, seed) -> how often that was set between two updates, and after which update the last time
        self._seeds: dict[tuple[int | None, int], list[int]] = {}

    def module_loaded(self, line: int | None) -> None:
        """A module was given weights."""
        (self.restored if self._updates() else self.loaded).note(line)

    def file_loaded(self, line: int | None, unsafe: bool) -> None:
        """A file was read."""
        self.files.note(line)
        if unsafe:
            self.unsafe.note(line)

    def seeded(self, seed: object, line: int | None) -> None:
        """A seed was set."""
        if not isinstance(seed, int) or not self._updates() or line is None:
            return
        if (line, seed) not in self._seeds and len(self._seeds) >= MAX_SEEDS:
            return
        entry = self._seeds.setdefault((line, seed), [0, 0])
        if entry[1] != self._updates():
            entry[0] += 1
            entry[1] = self._updates()

    def as_dict(self) -> dict[str, object]:
        line, count = None, 0
        for (where, _), (times, _) in self._seeds.items():
            if times > count:
                line, count = where, times
        sightings = ("loaded", "restored", "files", "unsafe", "copied")
        found = {name: getattr(self, name).as_dict() for name in sightings}
        return {**found, "reseeded": {"count": count, "line": line}}
