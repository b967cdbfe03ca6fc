"""A result -> files and text in the asked-for formats and language."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from gettext import NullTranslations
from pathlib import Path

import pluggy

from .errors import UsageError
from .fence import fenced
from .model import Check, Exercise
from .output import write_text
from .plugin_manager import all_gradebooks, all_renderers
from .result import RenderContext, Renderer, Result, page_name
from .translation import locale_folders, translations

DEFAULT_FORMATS = ("terminal", "html")
#: what people read, and not a platform
PAGES = (".html", ".md")


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
    """Words, titles and places for a renderer; `language` may be several, as in `en,es`."""
    spoken = [speak(name, plugins) for name in dict.fromkeys(language.split(",") if language else [None])]
    first, *others = (
        RenderContext(
            language=chosen,
            gettext=words.gettext,
            ngettext=words.ngettext,
            checks=checks,
            exercise=exercise,
            folder=folder,
            formats=tuple(formats) or DEFAULT_FORMATS,
            command=command,
            languages=tuple(name for name, _ in spoken),
        )
        for chosen, words in spoken
    )
    return replace(first, others=tuple(others))


def speak(language: str | None, plugins: pluggy.PluginManager) -> tuple[str, NullTranslations]:
    """A language (of several, as in `en,es`, the first) and its words.

    Raises UsageError when one is asked for that has no catalogue.
    """
    language = language.split(",")[0] if language is not None else None
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


def command_again(exercise: str, seed: int, submission: str) -> str:
    """The command that repeats a run."""
    return shlex.join(["grade", "--exercise", exercise, "--seed", str(seed), submission])


def render(renderers: Mapping[str, Renderer], result: Result, context: RenderContext, folder: Path) -> None:
    """Pages go to files; what has no file goes to stdout, and so does a format that is asked for alone."""
    # the terminal's summary names the pages, so it comes after them
    for name, renderer in sorted(renderers.items(), key=lambda item: not item[1].suffix):
        text = renderer(result, context)
        if renderer.suffix:
            write_text(folder / renderer.suffix, text)
            _in_other_languages(renderer, result, context, folder)
        if not renderer.suffix or (name == "json" and len(renderers) == 1):
            shown = text if text.endswith("\n") else text + "\n"
            # commands for a CI server are meant to be read, and JSON is meant for a file or a pipe
            plain = name == "json" or getattr(renderer, "commands", False)
            sys.stdout.write(shown if plain else fenced(shown))


def _in_other_languages(renderer: Renderer, result: Result, context: RenderContext, folder: Path) -> None:
    """The same page beside the first one, for each further language; what programs read comes in the first."""
    for other in context.others if renderer.suffix.endswith(PAGES) else ():
        write_text(folder / page_name(renderer.suffix, other.language, other.languages), renderer(result, other))
