"""The nouns: frozen dataclasses and enums, without behaviour that reaches outside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .trace import Outcome, Trace

Scalar = str | int | float | bool | None


class SubmissionKind(StrEnum):
    """What was handed in."""

    SCRIPT = "script"
    FUNCTION = "function"
    NOTEBOOK = "notebook"


class RunStatus(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    CRASHED = "crashed"
    EXITED = "exited"
    TIMED_OUT = "timed-out"
    OUT_OF_MEMORY = "out-of-memory"
    OUTPUT_FLOOD = "output-flood"
    KILLED = "killed"
    REJECTED = "rejected"
    SANDBOX_FAILED = "sandbox-failed"


class Blame(StrEnum):
    """Whose fault an unhappy end is."""

    STUDENT = "student"
    EXERCISE = "exercise"
    GRADER = "grader"


class Severity(StrEnum):
    """What a finding may cost: an error costs points, a warning may, a note never does."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Status(StrEnum):
    """The state of a verdict: `error` is our fault, `skipped` means that the evidence cannot tell."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"
    ERROR = "error"


class Basis(StrEnum):
    """What a verdict rests on, from the strongest to the weakest."""

    RECOMPUTED = "recomputed"
    MEASURED = "measured"
    CLAIMED = "claimed"


@dataclass(frozen=True)
class Place:
    """A place in the student's text: 1-based lines; `cell` only in notebooks."""

    line: int
    end_line: int
    text: str
    cell: int | None = None


@dataclass(frozen=True)
class Submission:
    """What a student handed in: text only, never imported here."""

    path: Path
    name: str
    source: str
    sha256: str
    kind: SubmissionKind
    student: str | None = None
    #: notebook line -> (cell, line in the cell), 1-based
    cell_map: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    #: what the jail's working folder holds: relative name -> bytes, the submission itself included
    files: Mapping[str, bytes] = field(default_factory=dict)
    entry: str = "submission.py"

    def line(self, number: int) -> str:
        """The text of a 1-based line without its indentation; empty when there is no such line."""
        # not splitlines(): Python counts no line at a form feed or at U+2028
        lines = self.source.split("\n")
        return lines[number - 1].strip() if 1 <= number <= len(lines) else ""

    def place(self, line: int | None, end_line: int | None = None) -> Place | None:
        """Where in the student's own text a line is; None when it is not there."""
        if line is None or not self.line(line):
            return None
        cell, inner = self.cell_map.get(line, (None, line))
        shift = inner - line
        return Place(inner, (end_line or line) + shift, self.line(line), cell)


@dataclass(frozen=True)
class Limits:
    """What a run may use. Seconds are wall or CPU seconds, memory is of the whole process tree."""

    wall_seconds: float = 300.0
    cpu_seconds: float = 600.0
    memory_mb: int = 4096
    processes: int = 64
    output_bytes: int = 1_000_000
    trace_bytes: int = 64_000_000
    #: what lies in the working folder, in temporary folders and in nameless memory, all together
    disk_mb: int = 640
    files: int = 20_000


@dataclass(frozen=True)
class Resources:
    """What one grading takes of a machine: processors, and GPUs or parts of one."""

    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True)
class RubricLine:
    """What points are given for, and the checks that decide it."""

    id: str
    points: float
    checks: tuple[str, ...]
    titles: Mapping[str, str]
    #: the share of the points that a warning costs, 0 to 1
    warning: float = 0.0
    settings: Mapping[str, object] = field(default_factory=dict)
    #: an error that takes all of its points takes those of every other line
    gate: bool = False


@dataclass(frozen=True)
class Exercise:
    """One exercise, as exercise.toml states it."""

    id: str
    version: str
    titles: Mapping[str, str]
    directory: Path
    digest: str
    rubric: tuple[RubricLine, ...]
    limits: Limits
    resources: Resources = Resources()
    #: functions that are called in a submission that does not train by itself
    functions: tuple[str, ...] = ()
    #: given.py: the Python text that makes what those functions ask for
    given: str = ""
    #: the data set's name, or None when the submission brings its own data
    dataset: str | None = None
    #: accuracy threshold for each data set, 0 to 1
    threshold: Mapping[str, float] = field(default_factory=dict)
    #: what the model and the loss should be: `loss`, `hidden_layers`, `inputs`, `outputs`
    expects: Mapping[str, object] = field(default_factory=dict)
    #: which scripts it is for when none is named: `imports`, `calls`; the lowest `priority` wins ties
    detect: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    priority: int = 100
    pass_mark: float = 0.6
    hidden_images: int = 5000
    #: by data set ("own" for the submission's own data): lowest and highest mean training loss of each epoch
    band: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    #: correct variants of the reference that calibrate it; None for all that apply
    variants: tuple[str, ...] | None = None

    @property
    def own_tests(self) -> list[Path]:
        """Files of pytest tests that stand beside its exercise.toml, sorted."""
        return sorted(self.directory.glob("test_*.py"))

    @property
    def max_score(self) -> float:
        return sum(line.points for line in self.rubric)

    def asks_for(self, check: str) -> bool:
        """Whether a rubric line gives points for this: only then is its absence a mistake."""
        return any(check in line.checks for line in self.rubric)


@dataclass(frozen=True)
class Frame:
    """One frame of the student's own code in a traceback."""

    line: int
    function: str
    #: the helper file that the line is in; None when it is in the submission itself
    file: str | None = None


#: an int is not among them: a sum that nothing was added to is one as well
_NUMBER = re.compile(r"'(?:float|numpy\.\w+)' object has no attribute 'backward'.*", re.DOTALL)


@dataclass(frozen=True)
class Crash:
    """An exception that left the student's code, or the signal that ended it."""

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    file: str | None = None

    @property
    def line(self) -> int | None:
        """The innermost line of the submission itself; None when only helper files are in the traceback."""
        return next((frame.line for frame in reversed(self.frames) if frame.file is None), None)

    @property
    def asked_a_number(self) -> bool:
        """Whether backward() was asked of a plain number, as `.item()` and numpy give: it has no graph at all."""
        return self.type == "AttributeError" and _NUMBER.fullmatch(self.message) is not None


@dataclass(frozen=True)
class Output:
    """One stream of the student's: bounded text, and how many bytes were cut from its middle."""

    text: str = ""
    cut: int = 0


@dataclass(frozen=True)
class Run:
    """What happened when the code ran; measured from outside except where it says claimed."""

    status: RunStatus
    blame: Blame | None = None
    exit_code: int | None = None
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    stdout: Output = Output()
    stderr: Output = Output()
    #: claimed by the worker
    crash: Crash | None = None
    #: claimed: the line that was running when the run was stopped from outside
    last_line: int | None = None
    #: the number of the limit that ended it, in the limit's own unit
    limit: float | None = None
    trace: Trace | None = None
    seed: int = 0
    device: str = "cpu"
    dataset: str | None = None
    sandbox: str = "none"
    #: why the grader failed, for the instructor
    reason: str | None = None
    #: only what the first steps show was asked for
    quick: bool = False
    #: claimed: steps after which the run was ended, its code not having come to its own end: it was a quick one, or
    #: all points were decided
    stopped_early: int | None = None


@dataclass(frozen=True)
class Mistake:
    """A public image that the model is sure about, and wrong."""

    shown: int
    said: int
    #: the model's probability for what it said, 0 to 1
    confidence: float
    #: the image's rows; a pixel is a digit from 0 (black) to 3 (white)
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """Accuracy on hidden data: logits came out of a jail, labels never entered one."""

    dataset: str
    images: int
    threshold: float
    #: None when it could not be decided; `reason` then says why
    accuracy: float | None = None
    #: rows: true class, columns: predicted class
    confusion: tuple[tuple[int, ...], ...] = ()
    reason: str | None = None
    #: True when the reason lies in what was handed in (NaN, wrong shape, an exception)
    at_fault: bool = False
    detail: str = ""
    #: a model that answers with the same class whatever it sees
    constant: bool = False
    #: a few images of the public test set, for the page; they decide nothing
    mistakes: tuple[Mistake, ...] = ()
    #: the mean cross-entropy on hidden images, of the trained weights and of those that training began with
    loss: float | None = None
    #: those that the code builds its model with in a fresh jail; where `rebuilt` is not True, those that the worker
    #: says it began with
    first_loss: float | None = None
    #: whether the trained weights, in a fresh jail where nothing was trained, answer as the trained model does
    rebuilt: bool | None = None
    #: there, before it was given the trained weights: accuracy on the same images
    first_accuracy: float | None = None
    #: what a model has that answers with the same for every class and image
    guessing: float | None = None

    @property
    def loss_fell(self) -> bool:
        """Whether the loss is lower than at the start, and than that of guessing, which nobody can claim away."""
        if self.loss is None or self.first_loss is None or self.guessing is None:
            return False
        return self.loss < min(self.first_loss, self.guessing)


@dataclass(frozen=True)
class Replay:
    """Whether a probe call of the student's `train` gave the weights that its model, data and loss give."""

    #: None when it could not be decided; `reason` then says why
    equal: bool | None = None
    reason: str = ""
    #: optimizer steps that were compared
    steps: int = 0
    #: every bit of every weight is the same, not only their values within rounding
    bitwise: bool = False
    #: the largest difference of a weight, and the first step (from 1) that shows one beyond rounding
    difference: float | None = None
    first: int | None = None
    #: loops that give exactly the student's weights: slugs of mistakes, or names of other changes to a plain loop
    matches: tuple[str, ...] = ()
    #: what of the trace cannot be true; empty when it fits
    contradiction: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that a check may look at."""

    submission: Submission
    exercise: Exercise
    run: Run
    trace: Trace | None = None
    evaluation: Evaluation | None = None
    replay: Replay | None = None

    @property
    def contradiction(self) -> str:
        """What shows that the trace is not of this training; empty when nothing does, or our recorder broke."""
        if self.trace is None or self.trace.problem:
            return ""
        if self.trace.unhooked:
            return "hooks-removed"
        return self.replay.contradiction if self.replay else ""

    def expects(self, key: str) -> object:
        """What the exercise expects of the model or the loss; None when it does not say."""
        return self.exercise.expects.get(key)

    def setting(self, check: str, key: str) -> object:
        """A setting of the rubric line that lists this check; None when there is none."""
        for line in self.exercise.rubric:
            if check in line.checks:
                return line.settings.get(key)
        return None


@dataclass(frozen=True)
class Finding:
    """One mistake, once, with how often it happened."""

    check: str
    severity: Severity
    where: Place | None = None
    count: int | None = None
    of: int | None = None
    #: numbers and names that the message uses
    params: Mapping[str, Scalar] = field(default_factory=dict)
    #: what was measured; `earned` (0 to 1) is the share of the line that an error leaves
    measured: Mapping[str, Scalar] = field(default_factory=dict)
    consequence_of: str | None = None
    verdict: str | None = None


@dataclass(frozen=True)
class Sign:
    """What a check function yields: a finding before it has been placed in the student's text."""

    line: int | None = None
    end_line: int | None = None
    count: int | None = None
    of: int | None = None
    severity: Severity | None = None
    params: Mapping[str, Scalar] = field(default_factory=dict)
    measured: Mapping[str, Scalar] = field(default_factory=dict)


CheckFunction = Callable[[Evidence], Iterable[Sign]]


@dataclass(frozen=True)
class Check:
    """Detects one mistake and is named after it. All words are message ids for gettext (English).

    `message` states what happened, with `{count}`, `{of}`, `{line}` and the sign's params; it may use only
    names that every sign of the check supplies. `needs` names the evidence without which the check cannot
    decide: `recording` (a trace came), `trace` (it shows some training), `loss` (or at least a loss that got
    its arguments in the wrong order), `fitting-loss` (or one that stopped because it was given classes),
    `backward` (a trace that shows some training, or a run that asked a number for it),
    `evaluation`, `completed`.
    """

    id: str
    group: str
    severity: Severity
    title: str
    message: str
    why: str
    function: CheckFunction
    experiment: str = ""
    hints: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("trace",)
    basis: Basis = Basis.CLAIMED
    #: which kind of optimizer step shows the mistake, for the page's timeline
    shows: Outcome | None = None
    #: a code among a sign's params -> what it is called, which is a message id too
    words: Mapping[str, str] = field(default_factory=dict)
    #: whether this evidence makes what the check says recomputed
    proof: Callable[[Evidence], bool] | None = None


@dataclass(frozen=True)
class Verdict:
    """The judgement of one rubric line. A score of None asks for review."""

    line: str
    status: Status
    score: float | None
    max_score: float
    basis: Basis
    checks: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    needs_review: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Grade:
    """The verdicts summed up; None where a line asks for review."""

    verdicts: tuple[Verdict, ...]
    score: float | None
    max_score: float
    passed: bool


@dataclass(frozen=True)
class Layer:
    """One wall of a sandbox: what it is, whether it holds here, and what would fix it."""

    name: str
    holds: bool
    detail: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Probe:
    """Whether a sandbox backend works on this machine, found out by trying."""

    works: bool
    layers: tuple[Layer, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class ProbeCall:
    """Short calls of functions on weights and batches that come from a number; instead of a usual run.

    Each is called twice: with the exercise's optimizer, and with plain SGD, which hides no scale.
    """

    functions: tuple[str, ...]
    nonce: int
    #: optimizer steps after which a call is ended
    steps: int = 40
    #: whether anything beside the weights is noted of each step
    noted: bool = True


@dataclass(frozen=True)
class RunSpec:
    """All that a worker is told: nothing of the rubric, the reference or the labels is in it."""

    files: Mapping[str, bytes]
    entry: str
    kind: SubmissionKind
    limits: Limits
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    #: a folder with IDX files that the jail may read, and what the data set is called
    data: Path | None = None
    dataset: str | None = None
    #: functions to call in a submission that defines them and does not train by itself
    functions: tuple[str, ...] = ()
    #: Python text that makes what those functions ask for
    given: str = ""
    probe: ProbeCall | None = None
    #: end it as soon as the order of a step and the first losses are known
    quick: bool = False
    #: stop once the order of a step is known, and go on when told so
    checkpoint: bool = False
    #: end it at the first update: it is wanted for the model that it builds, before that has learned anything
    build_only: bool = False


@dataclass(frozen=True)
class Progress:
    """How far training has come; claimed by the worker."""

    epoch: int
    step: int
    loss: float | None


@dataclass(frozen=True)
class Logits:
    """What a jailed model answered. `values`: float32 (images, classes); None with a reason otherwise."""

    values: NDArray[np.float32] | None
    reason: str | None = None
    detail: str = ""
