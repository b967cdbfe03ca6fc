"""A result -> files and text in the asked-for formats and language."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from gettext import NullTranslations
from pathlib import Path

import pluggy

from .errors import UsageError
from .fence import fenced
from .model import Check, Exercise
from .output import write_text
from .plugin_manager import all_gradebooks, all_renderers
from .result import RenderContext, Renderer, Result
from .translation import locale_folders, translations

DEFAULT_FORMATS = ("terminal", "html")


def choose_renderers(asked: Sequence[str], plugins: pluggy.PluginManager) -> dict[str, Renderer]:
    """The asked-for renderers in the order asked. Raises UsageError with the choices."""
    offered = all_renderers(plugins)
    for name in asked:
        if name not in offered and name in all_gradebooks(plugins):
            raise UsageError(f"--format: {name} is a gradebook: it takes a folder of submissions")
        if name not in offered:
            raise UsageError(f"--format: no format {name!r}; choose from {', '.join(offered)}")
    return {name: offered[name] for name in asked or DEFAULT_FORMATS}


def make_context(
    plugins: pluggy.PluginManager,
    checks: Mapping[str, Check],
    exercise: Exercise | None,
    *,
    language: str | None,
    folder: Path,
    formats: Sequence[str] = (),
    command: str = "",
) -> RenderContext:
    """Words, titles and places for a renderer."""
    chosen, words = speak(language, plugins)
    return RenderContext(
        language=chosen,
        gettext=words.gettext,
        ngettext=words.ngettext,
        checks=checks,
        exercise=exercise,
        folder=folder,
        formats=tuple(formats) or DEFAULT_FORMATS,
        command=command,
    )


def speak(language: str | None, plugins: pluggy.PluginManager) -> tuple[str, NullTranslations]:
    """A language and its words. Raises UsageError when one is asked for that has no catalogue."""
    folders = locale_folders(plugins)
    spoken = sorted({"en", *(path.stem for folder in folders for path in folder.glob("*.po"))})
    if language is not None and language not in spoken:
        raise UsageError(f"--lang: no catalogue for {language!r}; choose from {', '.join(spoken)}")
    chosen = language or environment_language()
    return chosen, translations(chosen, folders)


def environment_language() -> str:
    """`es` where the environment speaks Spanish, else `en`."""
    spoken = next((os.environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(key)), "")
    return "es" if spoken.lower().startswith("es") else "en"


def render(renderers: Mapping[str, Renderer], result: Result, context: RenderContext, folder: Path) -> None:
    """Pages go to files; what has no file goes to stdout, and so does a format that is asked for alone."""
    # the terminal's summary names the pages, so it comes after them
    for name, renderer in sorted(renderers.items(), key=lambda item: not item[1].suffix):
        text = renderer(result, context)
        if renderer.suffix:
            write_text(folder / renderer.suffix, text)
        if not renderer.suffix or (name == "json" and len(renderers) == 1):
            shown = text if text.endswith("\n") else text + "\n"
            # commands for a CI server are meant to be read, and JSON is meant for a file or a pipe
            plain = name == "json" or getattr(renderer, "commands", False)
            sys.stdout.write(shown if plain else fenced(shown))
