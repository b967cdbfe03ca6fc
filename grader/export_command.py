"""`grade export PLATFORM EXERCISE`: an archive with which a platform's own machine grades the exercise."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pluggy

from .assessment import Assessment, Options
from .errors import SubmissionError, UsageError
from .export import Package
from .intake import load_named
from .model import Check, Exercise, Submission, SubmissionKind
from .output import write_bytes
from .packing import folder, installed, wheel, zip_bytes
from .plugin_manager import all_archives, all_checks, create_manager
from .rendering import make_context
from .result import Result
from .run_command import judge, read_secret
from .submission import CHECK

#: whose versions decide what a training does, to the last bit
PINNED = ("torch", "torchvision", "numpy")
#: why nothing could be graded, in the words of the report
UNGRADED = {
    "nothing": "no Python file and no notebook was handed in",
    "several": "more than one file could be meant; the one to grade is called submission.py",
}


@dataclass(frozen=True)
class ExportRequest:
    """The arguments of `grade export`."""

    platform: str
    exercise: str
    out: Path | None = None
    lang: str | None = None
    index_url: str | None = None
    secret_file: Path | None = None


def export(request: ExportRequest) -> Path:
    """Write the archive and return its path. Raises UsageError with the platforms that there are."""
    plugins = create_manager()
    archivers = all_archives(plugins)
    if request.platform not in archivers:
        raise UsageError(f"export: no platform {request.platform!r}; choose from {', '.join(archivers)}")
    checks = all_checks(plugins)
    exercise = load_named(request.exercise, plugins, checks)
    context = make_context(plugins, checks, exercise, language=request.lang, folder=Path())
    package = Package(
        exercise=exercise,
        files=folder(exercise.directory),
        wheel=wheel(),
        constraints=installed(*PINNED),
        pip=("--extra-index-url", request.index_url) if request.index_url else (),
        secret=read_secret(request.secret_file),
        ungraded={why: _ungraded(reason, exercise, plugins, checks) for why, reason in UNGRADED.items()},
        context=context,
    )
    path = request.out or Path(f"{exercise.id}-{request.platform}.zip")
    write_bytes(path, zip_bytes(archivers[request.platform](package)))
    return path


def _ungraded(reason: str, exercise: Exercise, plugins: pluggy.PluginManager, checks: Mapping[str, Check]) -> Result:
    """The result of a submission without a file to grade: every rubric line is in it."""
    sha256 = hashlib.sha256(b"").hexdigest()
    submission = Submission(Path("submission.py"), "submission.py", "", sha256, SubmissionKind.SCRIPT)
    problem = SubmissionError(CHECK, reason)
    return judge(Assessment(submission, exercise, plugins, checks, Options(), problem))
