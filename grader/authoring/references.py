"""Where the solution of an exercise is: beside its exercise.toml, or among those that come with the grader."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from ..errors import ExerciseError
from ..model import Exercise
from .editing import Program

FILE = "reference.py"


def load_reference(exercise: Exercise) -> Program:
    """The solution as a program. Raises ExerciseError where there is none, or none that parses."""
    places = [exercise.directory / FILE, *(folder / f"{exercise.id.replace('-', '_')}.py" for folder in shipped())]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise ExerciseError(f"{exercise.directory}: no {FILE}; a solution that earns everything belongs there")
    try:
        return Program.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise ExerciseError(f"{path}: {error}") from None


def shipped() -> list[Path]:
    """The folders of the built-in solutions; none where they were left out of the installation."""
    try:
        return [Path(folder) for folder in import_module("grader.reference").__path__]
    except ModuleNotFoundError:
        return []
