"""`grade report RESULT.json`: pages from a result that is already there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .errors import UsageError
from .exercise import load_exercise
from .intake import exercise_folders
from .plugin_manager import all_checks, create_manager
from .rendering import choose_renderers, command_again, make_context, render
from .result import from_json

MAX_RESULT = 5_000_000


def render_again(path: Path, folder: Path, formats: Sequence[str], language: str | None) -> None:
    """Raises UsageError when the file is no result of this schema."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_RESULT + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(content) > MAX_RESULT:
        raise UsageError(f"{path}: more than {MAX_RESULT:,} bytes; no result is that large")
    result = from_json(content.decode("utf-8", "replace"), str(path))
    plugins = create_manager()
    checks = all_checks(plugins)
    # the exercise may be another course's, and its titles not at hand: then ids are shown
    found = exercise_folders(plugins).get(result.exercise.get("id", ""))
    exercise = load_exercise(found, checks) if found else None
    command = command_again(result.exercise.get("id", ""), result.run.seed, result.submission.name)
    context = make_context(
        plugins, checks, exercise, language=language, folder=folder, formats=formats, command=command
    )
    render(choose_renderers(formats, plugins), result, context, folder)
