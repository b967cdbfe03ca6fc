"""From a path to a Submission and the Exercise that it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pluggy

from .data import all_datasets
from .errors import SubmissionError, UsageError
from .exercise import choose_exercise as by_id
from .exercise import detect_exercise, find_exercises, load_exercise
from .model import Check, Exercise, Submission, SubmissionKind
from .outline import Outline, outline, rough_outline
from .submission import helpers, read_submission


@dataclass(frozen=True)
class Intake:
    """What came in, what it names, and why it cannot run, if so."""

    submission: Submission
    names: Outline
    problem: SubmissionError | None


def intake(path: Path) -> Intake:
    """Read the text and what it names; helper modules beside it go into the jail with it."""
    submission, problem = read_submission(path)
    if problem is not None:
        return Intake(submission, rough_outline(submission.source), problem)
    try:
        names = outline(submission.source)
        beside = helpers(submission.path, names)
    except SubmissionError as error:
        return Intake(submission, rough_outline(submission.source), error)
    return Intake(replace(submission, files={**beside, **submission.files}), names, None)


def exercise_folders(plugins: pluggy.PluginManager) -> dict[str, Path]:
    """Every exercise that is offered: id -> folder."""
    return find_exercises(folder for offered in plugins.hook.grader_exercise_folders() for folder in offered)


def load_all(plugins: pluggy.PluginManager, checks: Mapping[str, Check]) -> dict[str, Exercise]:
    """Every exercise that is offered, by id. Raises ExerciseError for the first that is not well formed."""
    datasets = all_datasets(plugins)
    return {name: load_exercise(folder, checks, datasets) for name, folder in exercise_folders(plugins).items()}


def named_exercise(name: str | None) -> str | Path | None:
    """`--exercise` takes an id, or a folder with an exercise.toml of the instructor's own."""
    if name is not None and (Path(name) / "exercise.toml").is_file():
        return Path(name).resolve()
    return name


def load_named(name: str, plugins: pluggy.PluginManager, checks: Mapping[str, Check]) -> Exercise:
    """The exercise of that id or folder. Raises UsageError with the closest id, ExerciseError for what is in it."""
    named = named_exercise(name)
    folder = named if isinstance(named, Path) else by_id(name, exercise_folders(plugins))
    return load_exercise(folder, checks, all_datasets(plugins))


def choose_exercise(
    named: str | Path | None, plugins: pluggy.PluginManager, checks: Mapping[str, Check], handed_in: Intake
) -> tuple[Exercise, tuple[Exercise, ...]]:
    """The exercise of that id or folder, or the one that fits the text, and the others that would fit too.

    Raises UsageError when none fits.
    """
    if isinstance(named, Path):
        return load_exercise(named, checks, all_datasets(plugins)), ()
    found = exercise_folders(plugins)
    if named is not None:
        return load_exercise(by_id(named, found), checks, all_datasets(plugins)), ()
    exercises = load_all(plugins, checks)
    submission, names = handed_in.submission, handed_in.names
    try:
        return detect_exercise(submission.source, names.imports, names.calls, exercises)
    except UsageError as error:
        reason = f"{handed_in.problem}; " if handed_in.problem else ""
        raise UsageError(f"{submission.path}: {reason}{error}") from None


def told_apart(handed_in: Intake, exercise: Exercise) -> Submission:
    """A script that defines what the exercise calls, and does not call it itself, is a set of functions."""
    submission, names = handed_in.submission, handed_in.names
    left = any(name in names.functions and name not in names.plain_calls for name in exercise.functions)
    is_script = submission.kind is SubmissionKind.SCRIPT
    return replace(submission, kind=SubmissionKind.FUNCTION) if left and is_script else submission
