"""Message catalogues (.po) -> gettext functions for a language; what is missing falls back to English."""

from __future__ import annotations

import functools
import gettext
import io
from collections.abc import Iterable
from pathlib import Path

import pluggy

from .errors import UsageError


class Catalogue(gettext.GNUTranslations):
    """One .po file. Strings that it lacks are asked of its fallback, and in the end stay English."""

    def gettext(self, message: str) -> str:
        """The translation; nothing for nothing, where gettext would answer with the file's header."""
        return super().gettext(message) if message else ""


def translations(language: str, folders: Iterable[Path]) -> gettext.NullTranslations:
    """Translations from `<language>.po` in each folder; for `es-MX` also from `es.po`, after it.

    The first folder that has a string wins. Raises UsageError for a file that is not a catalogue. Each process reads
    a catalogue once.
    """
    return _combined(language, tuple(folders))


@functools.lru_cache(maxsize=8)
def _combined(language: str, folders: tuple[Path, ...]) -> gettext.NullTranslations:
    found = gettext.NullTranslations()
    paths = [folder / f"{name}.po" for folder in folders for name in _names(language)]
    for path in reversed(paths):
        if path.is_file():
            catalogue = _read(path)
            catalogue.add_fallback(found)
            found = catalogue
    return found


def locale_folders(manager: pluggy.PluginManager) -> list[Path]:
    """The folders with catalogues: built in first, then those of other plugins."""
    # pluggy answers with the last registered first
    return [folder for folders in reversed(manager.hook.grader_locales()) for folder in folders]


def _names(language: str) -> list[str]:
    """`es_MX.UTF-8` -> es_MX, es."""
    full = language.split(".")[0].replace("-", "_")
    names = dict.fromkeys((full, full.split("_")[0]))
    return [name for name in names if name.replace("_", "").isalnum()]


def _read(path: Path) -> Catalogue:
    # imported here: English needs no catalogue and should not pay for one
    import polib

    try:
        compiled = polib.pofile(str(path), encoding="utf-8").to_binary()
        return Catalogue(io.BytesIO(compiled))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a message catalogue: {error}") from None
