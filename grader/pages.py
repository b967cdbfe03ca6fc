"""Pages of results that an earlier batch made: written where they are missing, or in another language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import pluggy

from .model import Check, Exercise
from .note import FILE
from .output import write_text
from .rendering import choose_renderers, make_context, speak
from .result import Renderer, Result
from .run_command import Request, repeat_command
from .summary import Row


@dataclass(frozen=True)
class Pages:
    """The pages that were asked for, and all that it takes to write them."""

    request: Request
    renderers: Mapping[str, Renderer]
    language: str
    plugins: pluggy.PluginManager
    checks: Mapping[str, Check]
    exercises: Mapping[str, Exercise]

    @classmethod
    def of(
        cls,
        request: Request,
        plugins: pluggy.PluginManager,
        checks: Mapping[str, Check],
        exercises: Mapping[str, Exercise],
    ) -> Self:
        """Raises UsageError for a format or a language that is not there."""
        asked = [name for name in request.formats if name != "terminal"] or ["html"]
        language, _ = speak(request.lang, plugins)
        return cls(request, choose_renderers(asked, plugins), language, plugins, checks, exercises)

    def linked(self, row: Row) -> Row:
        """The row with its page, which is written now if it is not there."""
        if row.result is None:
            return row
        self._complete(row.name, row.result)
        there = [item.suffix for item in self.renderers.values() if (self._folder(row.name) / item.suffix).is_file()]
        page = next((suffix for suffix in there if suffix.endswith(".html")), (there or ["result.json"])[0])
        return replace(row, page=f"{row.name}/{page}")

    def _complete(self, name: str, result: Result) -> None:
        folder = self._folder(name)
        spoken = _language(folder)
        missing = {
            key: item
            for key, item in self.renderers.items()
            if item.suffix and (spoken not in (None, self.language) or not (folder / item.suffix).is_file())
        }
        if not missing:
            return
        exercise = self.exercises.get(result.exercise["id"])
        context = make_context(
            self.plugins,
            self.checks,
            exercise,
            language=self.language,
            folder=folder,
            formats=tuple(self.renderers),
            command=repeat_command(replace(self.request, submission=Path(result.submission.name)), exercise)
            if exercise
            else "",
        )
        for renderer in missing.values():
            write_text(folder / renderer.suffix, renderer(result, context))
        _remember(folder, self.language)

    def _folder(self, name: str) -> Path:
        return self.request.folder / name


def _record(folder: Path) -> dict[str, str]:
    try:
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _language(folder: Path) -> str | None:
    return _record(folder).get("language")


def _remember(folder: Path, language: str) -> None:
    record = _record(folder)
    if record:
        write_text(folder / FILE, json.dumps({**record, "language": language}) + "\n")
