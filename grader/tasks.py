"""The exercises as a student meets them: a list, the task, a starter."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pluggy

from .errors import ExerciseError, UsageError
from .exercise import choose_exercise
from .intake import exercise_folders, load_all
from .model import Check

TASKS = {"en": "README.md", "es": "README.es.md"}


def list_exercises(plugins: pluggy.PluginManager, checks: Mapping[str, Check], language: str) -> str:
    """One line for each exercise: id, points, title."""
    exercises = list(load_all(plugins, checks).values())
    width = max((len(exercise.id) for exercise in exercises), default=0)
    lines = (
        f"{exercise.id:{width}}  {exercise.max_score:4g}  {title(exercise.titles, language)}\n"
        for exercise in exercises
    )
    return "".join(lines)


def title(titles: Mapping[str, str], language: str) -> str:
    """The title in that language, else in English, else in any."""
    return titles.get(language) or titles.get("en") or next(iter(titles.values()), "")


def show_task(plugins: pluggy.PluginManager, name: str, language: str) -> str:
    """The task of one exercise, in English where it is not translated."""
    folder = choose_exercise(name, exercise_folders(plugins))
    for file in (TASKS.get(language, ""), TASKS["en"]):
        if file and (folder / file).is_file():
            return (folder / file).read_text(encoding="utf-8")
    raise ExerciseError(f"{folder}: no {TASKS['en']}")


def write_starter(plugins: pluggy.PluginManager, name: str, target: Path) -> list[Path]:
    """Copy starter and tasks; nothing is overwritten. Raises UsageError when a file is already there."""
    folder = choose_exercise(name, exercise_folders(plugins))
    wanted = {folder / "starter.py": target / f"{name.replace('-', '_')}.py"}
    wanted |= {folder / file: target / file for file in TASKS.values()}
    copies = {source: path for source, path in wanted.items() if source.is_file()}
    for path in copies.values():
        if path.exists():
            raise UsageError(f"{path}: already there; name another folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copyfile(source, path)) for source, path in copies.items()]
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror}") from None
