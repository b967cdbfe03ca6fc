"""One submission on its way from text to Result: evidence once, then one verdict for each rubric line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from . import oracle, sandbox
from .checks import Outcome, run_check
from .data import Dataset, choose_dataset
from .early import FirstSteps
from .errors import SandboxError, SubmissionError
from .fresh import FreshModel
from .grading import close, doubt_answers, grade, judge, link_causes, rest_on_replay
from .hidden_test import HiddenTest
from .intake import choose_exercise, intake, told_apart
from .model import (
    Blame,
    Check,
    Crash,
    Evaluation,
    Evidence,
    Exercise,
    Finding,
    Frame,
    Grade,
    Progress,
    Replay,
    RubricLine,
    Run,
    RunSpec,
    RunStatus,
    Status,
    Submission,
    Verdict,
)
from .plugin_manager import all_sandboxes
from .sandbox import SandboxBackend

if TYPE_CHECKING:
    from .data import Hidden

#: the secret that stands in when none is given; it hides nothing, and the report says so
PUBLIC_SECRET = b"gradeloop public constant"

#: ends after which the worker may still be there and answer for its model
PARKED = (RunStatus.COMPLETED, RunStatus.CRASHED, RunStatus.EXITED)


@dataclass(frozen=True)
class Options:
    """How to grade: what the command line said."""

    sandbox: str = "auto"
    device: str = "cpu"
    seed: int = 0
    #: judge only what the first steps show
    quick: bool = False
    #: the name of a data set in place of the exercise's
    dataset: str | None = None
    data_root: Path | None = None
    secret: bytes | None = None
    progress: Callable[[Progress], None] | None = None
    #: gets the errors that the first steps of a run show already
    notice: Callable[[Finding], None] | None = None
    #: what a course's policy may know: student, submitted_at, due_at, late, earlier
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: sandboxes that outlive this grading; else they are made for it
    backends: Sequence[SandboxBackend] | None = None

    @property
    def hidden_by(self) -> bytes:
        """The secret, or the public constant in its place."""
        return self.secret or PUBLIC_SECRET


@dataclass
class Assessment:
    """Gathers the evidence when the first verdict asks for it; each check runs once."""

    submission: Submission
    exercise: Exercise
    plugins: pluggy.PluginManager
    checks: Mapping[str, Check]
    options: Options = field(default_factory=Options)
    #: why the submission cannot run at all
    problem: SubmissionError | None = None
    #: functions that the text defines at its top level: name -> line
    defined: Mapping[str, int] = field(default_factory=dict)
    _verdicts: dict[str, Verdict] = field(default_factory=dict)

    @cached_property
    def dataset(self) -> Dataset | None:
        """The data set that this run uses; None when the submission brings its own data."""
        if self.exercise.dataset is None:
            return None
        asked = self.options.dataset or self.exercise.dataset
        return choose_dataset(self.plugins, asked, self.options.data_root)

    @cached_property
    def evidence(self) -> Evidence:
        """Run the submission and judge its model on hidden data."""
        if self.problem is not None:
            return Evidence(self.submission, self.exercise, rejected(self.problem))
        try:
            run, evaluation, replay = self._execute()
        except SandboxError as error:
            run, evaluation, replay = failed(str(error)), None, None
        run = replace(run, seed=self.options.seed, dataset=self.dataset.name if self.dataset else None)
        return Evidence(self.submission, self.exercise, run, run.trace, evaluation, replay)

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """What every check said, causes linked, sorted by slug."""
        said = {slug: run_check(check, self.evidence) for slug, check in self.checks.items()}
        findings = (finding for outcome in said.values() for finding in outcome.findings)
        linked = link_causes(findings, self.checks)
        return {
            slug: replace(outcome, findings=tuple(item for item in linked if item.check == slug))
            for slug, outcome in said.items()
        }

    def judge(self, line: RubricLine) -> Verdict:
        """The verdict of one rubric line."""
        if line.id not in self._verdicts:
            self._verdicts[line.id] = self._judge(line)
            self.plugins.hook.grader_check_done(exercise=self.exercise, verdict=self._verdicts[line.id])
        return self._verdicts[line.id]

    def _judge(self, line: RubricLine) -> Verdict:
        return self._behind_gates(self._found(line))

    def _behind_gates(self, verdict: Verdict) -> Verdict:
        """The verdict, or nothing where a gate other than its own line is closed."""
        gates = [line for line in self.exercise.rubric if line.gate and line.id != verdict.line]
        closed = any(self._found(line).status is Status.FAILED for line in gates)
        return close(verdict) if closed else verdict

    def _found(self, line: RubricLine) -> Verdict:
        """What its own checks say."""
        evidence = self.evidence
        verdict = judge(line, self.outcomes, evidence.run, evidence.evaluation)
        return doubt_answers(rest_on_replay(verdict, self.outcomes, evidence), self.outcomes, evidence)

    def add(self, verdict: Verdict) -> None:
        """The verdict of one of the exercise's own tests."""
        self._verdicts[verdict.line] = self._behind_gates(verdict)

    def grade(self) -> Grade:
        """The course's own policy if a plugin has one, else the sum; the rubric's lines come first."""
        lines = tuple(self.judge(line) for line in self.exercise.rubric)
        own_tests = self._verdicts.keys() - {line.id for line in self.exercise.rubric}
        verdicts = (*lines, *(self._verdicts[name] for name in self._verdicts if name in own_tests))
        policy = self.plugins.hook.grader_grade(
            exercise=self.exercise, verdicts=verdicts, metadata=self.options.metadata
        )
        return policy or grade(self.exercise, verdicts)

    def _execute(self) -> tuple[Run, Evaluation | None, Replay]:
        spec = self._spec()
        with ExitStack() as stack:
            backends = stack.enter_context(self._backends())
            backend, _ = sandbox.choose(backends, self.options.sandbox)
            quick = oracle.quicker(backends, backend, spec)
            quick.prepare()
            beside = stack.enter_context(ThreadPoolExecutor(1))
            session = stack.enter_context(sandbox.Session(backend, spec, self.options.progress))
            dataset = self.dataset if not self.options.quick else None
            if dataset is None:
                run, evaluation = self._run(session), None
            else:
                # both take as long as a small run: made meanwhile
                hidden = beside.submit(self._hidden, dataset)
                # asked for losses, so only where those can be compared
                asked = self.exercise.expects.get("loss") == "cross_entropy"
                fresh = stack.enter_context(FreshModel(backend, spec)) if asked else None
                run, evaluation = self._run(session), None
                if run.status in PARKED and run.stopped_early is None:
                    test = HiddenTest(self.exercise, dataset, hidden.result(), session, fresh)
                    evaluation = test.take(ended_early=run.blame is Blame.STUDENT)
            session.close()
            return run, evaluation, oracle.Oracle(quick.perform, spec, self._nonce()).ask(run, self.defined)

    def _run(self, session: sandbox.Session) -> Run:
        first = FirstSteps(self.submission, self.exercise, self.checks, self.options.notice or (lambda finding: None))
        return without_entry_point(session.run(enough=first.decide_all), self.exercise, self.defined)

    def _nonce(self) -> int:
        return oracle.nonce(self.options.hidden_by, self.exercise.digest, self.submission.sha256, self.options.seed)

    def _hidden(self, dataset: Dataset) -> Hidden:
        return dataset.hidden(self.options.hidden_by, self.exercise.digest, self.exercise.hidden_images)

    @contextmanager
    def _backends(self) -> Iterator[Sequence[SandboxBackend]]:
        """Those that outlive this grading, or else new ones that end with it."""
        if self.options.backends is not None:
            yield self.options.backends
            return
        made = all_sandboxes(self.plugins)
        try:
            yield made
        finally:
            sandbox.close(made)

    def _spec(self) -> RunSpec:
        spec = RunSpec(
            files=self.submission.files,
            entry=self.submission.entry,
            kind=self.submission.kind,
            limits=self.exercise.limits,
            seed=self.options.seed,
            device=self.options.device,
            data=self.dataset.folder if self.dataset else None,
            dataset=self.dataset.name if self.dataset else None,
            functions=self.exercise.functions,
            given=self.exercise.given,
            quick=self.options.quick,
            checkpoint=self.options.notice is not None or any(line.gate for line in self.exercise.rubric),
        )
        for changed in self.plugins.hook.grader_prepare(
            submission=self.submission, exercise=self.exercise, run_spec=spec
        ):
            spec = changed if changed is not None else spec
        return spec


def take_in(
    path: Path,
    named: str | Path | None,
    plugins: pluggy.PluginManager,
    checks: Mapping[str, Check],
    options: Options,
) -> tuple[Assessment, tuple[Exercise, ...]]:
    """The assessment of a file against an exercise (an id, a folder, or the one that fits the text).

    With it come the exercises that would have fitted too.
    """
    handed_in = intake(path)
    exercise, others = choose_exercise(named, plugins, checks, handed_in)
    submission = replace(told_apart(handed_in, exercise), student=options.metadata.get("student"))
    defined = handed_in.names.functions
    return Assessment(submission, exercise, plugins, checks, options, handed_in.problem, defined), others


def rejected(problem: SubmissionError) -> Run:
    """A run that never was: the text cannot be used."""
    frames = (Frame(problem.line, ""),) if problem.line else ()
    crash = Crash(problem.check, str(problem), frames)
    return Run(RunStatus.REJECTED, Blame.STUDENT, crash=crash)


def without_entry_point(run: Run, exercise: Exercise, defined: Mapping[str, int]) -> Run:
    """A run that trained nothing, where a function has almost the name of one that would have been called."""
    idle = run.status is RunStatus.COMPLETED and run.trace is not None and not run.trace.shows_training
    missing = [name for name in exercise.functions if name not in defined]
    close = {name: get_close_matches(name, defined, n=1) for name in missing}
    name = next((name for name, found in close.items() if found), None)
    if not idle or name is None:
        return run
    [meant] = close[name]
    message = f"there is no function {name}(); the closest is {meant}()"
    crash = Crash("missing-entry-point", message, (Frame(defined[meant], ""),))
    return replace(run, status=RunStatus.REJECTED, blame=Blame.STUDENT, crash=crash)


def failed(reason: str) -> Run:
    """A run that our own fault prevented."""
    return Run(RunStatus.SANDBOX_FAILED, Blame.GRADER, reason=reason)
