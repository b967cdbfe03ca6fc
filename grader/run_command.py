"""`grade submission.py`: from the command's arguments to files and a summary."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .assembly import build_result
from .assessment import Assessment, Options, take_in
from .device import resolve
from .earlier import earlier_attempts
from .errors import UsageError
from .intake import named_exercise
from .model import Check, Exercise, Finding
from .note import FILE, read_note
from .output import check_place, write_text
from .progress import ProgressLine
from .redaction import redact
from .rendering import choose_renderers, command_again, make_context, render
from .result import RenderContext, Result, to_json
from .workshop import Workshop

#: a submission is run, its model is asked, and what else an exercise does with it takes a run each
RUNS = 6
SLACK_SECONDS = 600.0


@dataclass(frozen=True)
class Request:
    """The arguments of `grade run`."""

    submission: Path
    exercise: str | None = None
    out: Path | None = None
    formats: tuple[str, ...] = ()
    device: str = "cpu"
    seed: int = 0
    dataset: str | None = None
    data_root: Path | None = None
    secret_file: Path | None = None
    lang: str | None = None
    sandbox: str = "auto"
    quick: bool = False
    quiet: bool = False
    verbose: bool = False
    #: what is known of the submission beside its text
    metadata: Path | None = None

    @property
    def folder(self) -> Path:
        """Where results go: beside the submission, unless told."""
        beside = self.submission.parent if self.submission.name else self.submission.resolve().parent
        return self.out or beside / "gradeloop-out"

    def options(self) -> list[str]:
        """These arguments again, for a command that grades one of many."""
        named = {
            "--exercise": self.exercise,
            "--device": self.device,
            "--seed": self.seed,
            "--dataset": self.dataset,
            "--data-root": self.data_root,
            "--secret-file": self.secret_file,
            "--lang": self.lang,
            "--sandbox": self.sandbox,
        }
        pages = [name for name in self.formats if name != "terminal"] or ["html"]
        given = {key: str(value) for key, value in named.items() if value is not None}
        flags = ["--quick"] if self.quick else []
        return [*(word for pair in given.items() for word in pair), *(f"--format={name}" for name in pages), *flags]


def grade_one(request: Request, workshop: Workshop | None = None) -> Result:
    """Grade one submission, write its result and pages, print what was asked for.

    `workshop`: that of a process which grades several, one after another.
    """
    if workshop is not None:
        return _grade(request, workshop)
    with Workshop() as own:
        return _grade(request, own)


def _grade(request: Request, workshop: Workshop) -> Result:
    plugins, checks = workshop.plugins, workshop.checks
    renderers = choose_renderers(request.formats, plugins)
    progress = ProgressLine(request.submission.name, quiet=request.quiet)
    note = read_note(request.metadata)
    chosen = replace(options(request, progress, workshop), metadata=note.metadata)
    if not request.quiet:
        chosen = replace(chosen, notice=lambda finding: progress.say(so_far(finding, checks)))
    workshop.prepare(request.sandbox, request.seed)
    assessment, others = take_in(request.submission, named_exercise(request.exercise), plugins, checks, chosen)
    exercise = assessment.exercise
    progress.expect(assessment.submission.source, exercise.given)
    workshop.expects(longest(exercise))
    if not request.quiet:
        sys.stderr.write(explain_choice(exercise, others))
    # before anything runs: a language that is not there, or a place where nothing can be written, is told at once
    context = _words(request, workshop, assessment)
    check_place(request.folder)
    try:
        result = judge(assessment)
    finally:
        progress.done()
    result = redact(result, note.hidden)
    result = replace(result, earlier=earlier_attempts(request.folder, result))
    if request.verbose:
        sys.stderr.write(explain_run(result))
    write_text(request.folder / "result.json", to_json(result))
    render(renderers, result, context, request.folder)
    if note.resume:
        # the last thing of all: what has it is whole
        write_text(request.folder / FILE, json.dumps({**note.resume, "language": context.language}) + "\n")
    return result


def _words(request: Request, workshop: Workshop, assessment: Assessment) -> RenderContext:
    context = make_context(
        workshop.plugins,
        workshop.checks,
        assessment.exercise,
        language=request.lang,
        folder=request.folder,
        formats=request.formats,
        command=repeat_command(request, assessment.exercise),
    )
    return replace(context, path=str(assessment.submission.path))


def judge(assessment: Assessment) -> Result:
    """Through pytest; a text that never runs is judged at once, without waiting for pytest to load."""
    if assessment.problem is not None and not assessment.exercise.own_tests:
        return build_result(assessment, assessment.grade())
    from .pytest_plugin import assess

    return assess(assessment)


def explain_choice(exercise: Exercise, others: tuple[Exercise, ...]) -> str:
    """Which exercise was chosen, where others would have fitted too."""
    if not others:
        return ""
    names = ", ".join(other.id for other in others)
    return f"exercise: {exercise.id} (also fits: {names}; --exercise chooses)\n"


def so_far(finding: Finding, checks: Mapping[str, Check]) -> str:
    """An error that shows while the run is still under way."""
    line = f", line {finding.where.line}" if finding.where is not None else ""
    return f"so far: {checks[finding.check].title}{line} ({finding.check})"


def explain_run(result: Result) -> str:
    """What was chosen for this run, for `--verbose`."""
    run = result.run
    chosen = {
        "exercise": result.exercise["id"],
        "kind": result.submission.kind,
        "data": run.dataset or "the submission's own",
        "sandbox": run.sandbox,
        "device": run.device,
        "secret": "given" if run.secret else "the public constant",
    }
    return "".join(f"{name}: {value}\n" for name, value in chosen.items())


def longest(exercise: Exercise) -> float:
    """Seconds after which a grading hangs: several times what its runs may take, and time to get ready."""
    return RUNS * exercise.limits.wall_seconds + SLACK_SECONDS


def options(request: Request, progress: ProgressLine, workshop: Workshop) -> Options:
    return Options(
        sandbox=request.sandbox,
        device=resolve(request.device),
        seed=request.seed,
        quick=request.quick,
        dataset=request.dataset,
        data_root=request.data_root,
        secret=read_secret(request.secret_file),
        progress=progress,
        backends=workshop.backends,
    )


def read_secret(path: Path | None) -> bytes | None:
    """The secret's bytes. Raises UsageError when the file cannot be read or is empty."""
    if path is None:
        return None
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise UsageError(f"--secret-file: {path}: {error.strerror}") from None
    if not secret:
        raise UsageError(f"--secret-file: {path}: empty")
    return secret


def repeat_command(request: Request, exercise: Exercise) -> str:
    """The command that repeats this run."""
    return command_again(exercise.id, request.seed, request.submission.name)
