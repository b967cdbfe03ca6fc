"""A small program on disk -> the Evidence that a grading of it would have, without a sandbox."""

from __future__ import annotations

import math
import re
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from grader.checks import run_check
from grader.errors import SubmissionError
from grader.grading import link_causes
from grader.model import (
    Blame,
    Check,
    Crash,
    Evaluation,
    Evidence,
    Exercise,
    Finding,
    Frame,
    Run,
    RunStatus,
    Severity,
    Submission,
)
from grader.outline import outline
from grader.plugin_manager import all_checks, create_manager
from grader.submission import read_submission
from grader.trace import Trace

from .builders import make_evidence, make_exercise, make_line
from .endings import ending
from .recording import Recording, run
from .rehearsing import FUNCTION, ask

CHECKS = all_checks(create_manager(third_party=False))
#: programs of these checks end badly on purpose, and are run under limits of their own
ENDINGS = ("killed", "out-of-memory", "output-flood", "timed-out")
#: calls a submission's `train` as the worker would
CALL = """
the_model = model()
train(the_model, train_loader(), criterion(), optimizer(the_model), num_epochs)
"""
SEVERE = (Severity.ERROR, Severity.WARNING)


def evidence_of(path: Path) -> Evidence:
    """Read, run and watch a program. Its first lines may say what an exercise would ask for:

    `# expects: loss = "cross_entropy"`, `# asks for: no-evaluation-happened`, `# functions: ["train"]`,
    `# calls: train` (as the worker calls it),
    `# replay: regression-loop` (the file only defines `train`, which is called as in that exercise, and once more
    by the oracle), `# threshold: 0.9` (the program's `result` is then its accuracy on new data).
    """
    submission, problem = read(path)
    header = _header(submission.source)
    exercise = _exercise(header)
    if problem is not None:
        return _rejected(submission, exercise, problem.check, str(problem), problem.line)
    missing = set(exercise.functions) - outline(submission.source).functions.keys()
    if missing:
        return _rejected(submission, exercise, "missing-entry-point", f"no function {sorted(missing)[0]}", None)
    if path.name.startswith("bad") and path.parent.name in ENDINGS:
        ended = ending(submission.source, seconds=1.0 if path.parent.name == "timed-out" else 60.0)
        return make_evidence(submission=submission, exercise=exercise, run=ended, trace=None)
    given = _given(header)
    with patch.object(sys, "argv", [submission.entry]):
        functions = header.get("calls", "").split()
        recording = run(submission.source + (f"\n{given}{CALL}" if given else ""), functions=functions)
    evaluation = _evaluation(header, recording)
    assert recording.trace.problem == "", recording.trace.problem
    trace = replace(recording.trace, called=(FUNCTION,)) if given else recording.trace
    replayed = ask(submission.source, given, trace=trace) if given else None
    return Evidence(submission, exercise, _run(recording), trace, evaluation, replayed)


def _given(header: dict[str, str]) -> str:
    """What the exercise in the header supplies; empty where none is named."""
    folder = Path(__file__).resolve().parent.parent / "exercises" / header.get("replay", "")
    return (folder / "given.py").read_text(encoding="utf-8") if "replay" in header else ""


def read(path: Path) -> tuple[Submission, SubmissionError | None]:
    """The text, and why it cannot be run at all where it cannot."""
    submission, problem = read_submission(path)
    try:
        outline(submission.source)
    except SubmissionError as error:
        problem = problem or error
    return submission, problem


def say(evidence: Evidence, *slugs: str) -> tuple[Finding, ...]:
    """What the named checks, or all of them, find: causes linked, notes left out."""
    chosen = {slug: CHECKS[slug] for slug in slugs} if slugs else CHECKS
    return tuple(finding for finding in findings(evidence, chosen) if finding.severity in SEVERE)


def findings(evidence: Evidence, checks: dict[str, Check]) -> tuple[Finding, ...]:
    """All findings with their causes. A check that breaks is a failure of the test."""
    outcomes = [run_check(check, evidence) for check in checks.values()]
    broken = [outcome.broken for outcome in outcomes if outcome.broken]
    assert not broken, broken
    return link_causes((finding for outcome in outcomes for finding in outcome.findings), checks)


def roots(found: tuple[Finding, ...]) -> list[str]:
    """Slugs of the findings that do not follow from another one."""
    return sorted(finding.check for finding in found if finding.consequence_of is None)


def trace_evidence(status: RunStatus = RunStatus.COMPLETED, crash: Crash | None = None, **facts: Any) -> Evidence:
    """Evidence with a trace of exactly these facts, of a run that came to its end unless told otherwise."""
    trace = replace(Trace(complete=status is RunStatus.COMPLETED), **facts)
    blame = None if status is RunStatus.COMPLETED else Blame.STUDENT
    return make_evidence(run=Run(status, blame, crash=crash), trace=trace)


def _header(source: str) -> dict[str, str]:
    lines = (re.fullmatch(r"# ([a-z ]+): (.+)", line) for line in source.splitlines()[:5])
    return {match.group(1): match.group(2) for match in lines if match}


def _exercise(header: dict[str, str]) -> Exercise:
    toml = f"expects = {{{header.get('expects', '')}}}\nfunctions = {header.get('functions', '[]')}"
    said: dict[str, Any] = tomllib.loads(toml)
    asked = tuple(header.get("asks for", "").split())
    lines = [make_line("asked", 1.0, *asked)] if asked else []
    return make_exercise(lines, expects=said["expects"], functions=tuple(said["functions"]))


def _rejected(submission: Submission, exercise: Exercise, slug: str, reason: str, line: int | None) -> Evidence:
    crash = Crash(slug, reason, (Frame(line, ""),) if line else ())
    run = Run(RunStatus.REJECTED, Blame.STUDENT, crash=crash)
    return make_evidence(submission=submission, exercise=exercise, run=run, trace=None)


def _run(recording: Recording) -> Run:
    """How the sandbox would call this end: leaving in peace after some training is no fault."""
    crash = recording.crash
    if crash is None:
        return Run(RunStatus.COMPLETED)
    if crash.type != "SystemExit":
        return Run(RunStatus.CRASHED, Blame.STUDENT, 1, crash=crash)
    if crash.message in ("", "0", "None") and recording.trace.steps:
        return Run(RunStatus.COMPLETED)
    return Run(RunStatus.EXITED, Blame.STUDENT, 0, crash=crash)


def _evaluation(header: dict[str, str], recording: Recording) -> Evaluation | None:
    if "threshold" not in header:
        return None
    blank = Evaluation("demo", 100, float(header["threshold"]))
    if not math.isfinite(recording.result):
        return replace(blank, reason="not-finite", at_fault=True)
    return replace(blank, accuracy=recording.result)
