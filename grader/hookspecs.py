"""Every hook, typed: who calls it, when, and what the return value means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from .data import DatasetProvider
    from .engines import Engine
    from .export import Archiver
    from .gradebooks import Gradebook
    from .model import Check, Exercise, Grade, RunSpec, Submission, Verdict
    from .result import Renderer
    from .sandbox import SandboxBackend
    from .summary import Overview

PROJECT = "gradeloop"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def grader_checks() -> list[Check]:  # type: ignore[empty-body]
    """Checks that this plugin offers. Called once at start-up; a slug offered twice is an error."""


@hookspec
def grader_exercise_folders() -> list[Path]:  # type: ignore[empty-body]
    """Folders whose sub-folders hold an exercise.toml. Called whenever exercises are looked up."""


@hookspec
def grader_datasets() -> Mapping[str, DatasetProvider]:  # type: ignore[empty-body]
    """Data sets by name. Called when an exercise names one."""


@hookspec
def grader_sandboxes() -> list[SandboxBackend]:  # type: ignore[empty-body]
    """Sandbox backends in order of preference; each says whether it works here, and why not.

    Called once before the first worker starts.
    """


@hookspec
def grader_prepare(submission: Submission, exercise: Exercise, run_spec: RunSpec) -> RunSpec | None:
    """Called before the worker starts. A changed spec is used instead; None leaves it as it is."""


@hookspec
def grader_check_done(exercise: Exercise, verdict: Verdict) -> None:
    """Called after each rubric line, for progress. The return value is not used."""


@hookspec(firstresult=True)
def grader_grade(exercise: Exercise, verdicts: tuple[Verdict, ...], metadata: Mapping[str, Any]) -> Grade | None:
    """A course's own policy. Called once per submission; the first answer that is not None is the grade.

    `metadata`: student, submitted_at, due_at, earlier results; keys that are not known are absent.
    """


@hookspec
def grader_renderers() -> Mapping[str, Renderer]:  # type: ignore[empty-body]
    """Renderers by format name. Called when a result is to be shown."""


@hookspec
def grader_gradebooks() -> Mapping[str, Gradebook]:  # type: ignore[empty-body]
    """Gradebooks by format name: they enter the scores of a class into a sheet that a platform exported.

    Called when a class has been graded and a gradebook is asked for.
    """


@hookspec
def grader_archives() -> Mapping[str, Archiver]:  # type: ignore[empty-body]
    """Archives by platform name: with one of them a platform's own machine grades an exercise.

    Called by `grade export`.
    """


@hookspec
def grader_overviews() -> Mapping[str, Overview]:  # type: ignore[empty-body]
    """Pages about a whole class, by name. Called when a folder has been graded; each is written into --out."""


@hookspec
def grader_engines() -> Mapping[str, Engine]:  # type: ignore[empty-body]
    """Where a batch runs, by name. Called when a folder is graded."""


@hookspec
def grader_locales() -> list[Path]:  # type: ignore[empty-body]
    """Folders with a plugin's own <language>.po files; a missing catalogue falls back to English."""
