"""Results made by hand, one for each kind of ending, and the words that they are told in."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from grader import (
    Attempt,
    Basis,
    Blame,
    Check,
    Exercise,
    Finding,
    Mistake,
    Place,
    RenderContext,
    Result,
    RunStatus,
    Severity,
    Status,
    StepEvent,
    SubmissionKind,
    Timeline,
    VerdictRecord,
)
from grader.model import Limits, RubricLine
from grader.result import Metrics, RunRecord, SubmissionRecord
from grader.summary import Row, Summary, summarise
from grader.translation import translations

LOCALE = Path(__file__).parent.parent / "reports" / "locale"

SOURCE = """import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
train_loader = DataLoader(datasets.MNIST("data", transform=transform), batch_size=64, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)

for epoch in range(5):
    for inputs, targets in train_loader:
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
    print(f"Epoch {epoch + 1}, loss {loss.item():.4f}")
"""


def made_up_check(name: str, title: str, **words: object) -> Check:
    """A check with the words of a real one; it finds nothing by itself."""
    known: dict[str, object] = {
        "group": "order",
        "severity": Severity.ERROR,
        "message": "{line}: {count} of {of}",
        "why": f"Why it matters that {name} is so.",
        "experiment": "Print a number in `three` batches in a row.",
        "hints": ("What does `backward()` do to `.grad`?", "Who knows all parameters?", "See `torch.optim`."),
    }
    return Check(id=name, title=title, function=lambda evidence: (), **{**known, **words})  # type: ignore[arg-type]


CHECKS = {
    item.id: item
    for item in (
        made_up_check(
            "gradients-not-cleared",
            "Each batch’s gradients are added to those of the batch before",
            message="In {count} of {of} steps, backward() ({line}) added to what the step before had left.",
            why="The optimizer moves along the sum of every batch so far, not along the current one.",
        ),
        made_up_check(
            "accuracy-below-threshold",
            "The model is not accurate enough",
            group="evaluation",
            message="The accuracy on hidden images is {accuracy}; asked for is {threshold}.",
        ),
        made_up_check("loss-not-decreasing", "The loss stays high", message="It went from {first} to {last}."),
        made_up_check(
            "evaluation-tracks-gradients",
            "The evaluation keeps track of gradients",
            severity=Severity.WARNING,
            message="{count} of {of} forward passes ({line}) kept a graph that nothing used.",
        ),
        made_up_check(
            "syntax-error",
            "Python cannot read this file",
            message="Python stopped reading here ({line}): {reason}.",
        ),
        made_up_check("timed-out", "The run did not end in time", message="Limit: {seconds} seconds ({line})."),
        made_up_check("crashed", "The program stopped with an error", message="{type} ({line}): {reason}"),
    )
}

EXERCISE = Exercise(
    id="mnist-mlp",
    version="1",
    titles={"en": "A training loop for MNIST", "es": "Un bucle de entrenamiento para MNIST"},
    directory=Path(),
    digest="0" * 64,
    rubric=(
        RubricLine("runs", 1, ("crashed",), {"en": "The program runs", "es": "El programa se ejecuta"}),
        RubricLine(
            "order",
            4,
            ("gradients-not-cleared",),
            {"en": "The order of the calls in a step", "es": "El orden de las llamadas en un paso"},
        ),
        RubricLine("loss", 2, ("loss-not-decreasing",), {"en": "The loss and its fall", "es": "La pérdida"}),
        RubricLine("accuracy", 3, ("accuracy-below-threshold",), {"en": "Accuracy", "es": "Exactitud"}),
    ),
    limits=Limits(),
    dataset="mnist",
    threshold={"mnist": 0.95},
    band={"mnist": ((0.36, 0.45), (0.19, 0.23), (0.13, 0.16), (0.1, 0.12), (0.08, 0.1))},
)


def context(language: str = "en", **changes: object) -> RenderContext:
    """The words of a language, the made-up checks and the exercise."""
    catalogue = translations(language, [LOCALE])
    known = RenderContext(
        language=language,
        gettext=catalogue.gettext,
        ngettext=catalogue.ngettext,
        checks=CHECKS,
        exercise=EXERCISE,
        command="grade --exercise mnist-mlp --seed 0 submission.py",
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def verdict(name: str, status: Status, score: float | None, most: float, **changes: object) -> VerdictRecord:
    """One rubric line's record."""
    basis = Basis.RECOMPUTED if name == "accuracy" else Basis.CLAIMED
    checks = next((line.checks for line in EXERCISE.rubric if line.id == name), ())
    return replace(VerdictRecord(name, status, score, most, checks, basis), **changes)  # type: ignore[arg-type]


def falling(steps: int = 4690, floor: float = 0.08) -> tuple[tuple[int, float], ...]:
    """A loss curve of a hundred points that falls, with the noise of batches."""
    numbers = range(1, steps, steps // 100)
    values = (floor + 2.2 * math.exp(-n / 300) + 0.05 * math.sin(n * 1.7) ** 2 for n in numbers)
    return tuple((n, round(value, 4)) for n, value in zip(numbers, values, strict=True))


def swinging(steps: int = 4690) -> tuple[tuple[int, float], ...]:
    """A loss curve that falls nowhere."""
    numbers = range(1, steps, steps // 100)
    return tuple((n, round(2.9 + 1.7 * math.sin(n / 400) + 0.9 * math.sin(n * 1.3), 4)) for n in numbers)


def ring(thick: int = 3) -> tuple[str, ...]:
    """An image like a 0: a ring of white with gray edges on black."""
    distances = ([abs(math.hypot(x - 13.5, (y - 13.5) * 0.8) - 7) for x in range(28)] for y in range(28))
    return tuple("".join(str(max(0, min(3, round(thick - distance)))) for distance in row) for row in distances)


def mistakes() -> tuple[Mistake, ...]:
    """Six images that a model is sure of, and wrong."""
    pairs = ((3, 6), (2, 3), (5, 6), (6, 5), (0, 6), (9, 4))
    return tuple(
        Mistake(shown, said, round(0.999 - index / 50, 3), ring(2 + index % 3))
        for index, (shown, said) in enumerate(pairs)
    )


def full_marks() -> Result:
    """Everything is in order."""
    return Result(
        id="k7f3q9w2m4xz",
        grader={"version": "0.1.0", "torch": "2.13.0+cpu"},
        exercise={"id": "mnist-mlp", "version": "1"},
        submission=SubmissionRecord("submission.py", None, "9f2c41ab" * 8, SubmissionKind.SCRIPT),
        run=RunRecord(
            status=RunStatus.COMPLETED,
            blame=None,
            sandbox="bubblewrap+landlock+seccomp",
            device="cpu",
            dataset="mnist",
            seed=0,
            wall_seconds=6.1,
            peak_memory_mb=512.0,
            steps=4690,
            epochs=5,
            stdout="Epoch 1, loss 0.2113\nEpoch 5, loss 0.0641\n",
            stdout_truncated=False,
            stderr="",
        ),
        score=10.0,
        max_score=10.0,
        passed=True,
        verdicts=(
            verdict("runs", Status.PASSED, 1, 1, basis=Basis.MEASURED),
            verdict("order", Status.PASSED, 4, 4),
            verdict("loss", Status.PASSED, 2, 2),
            verdict("accuracy", Status.PASSED, 3, 3),
        ),
        findings=(),
        metrics=Metrics(
            accuracy=0.9734, threshold=0.95, images=5000, hidden_loss=(2.31, 0.09), loss=(0.41, 0.21, 0.15, 0.12, 0.1)
        ),
        curves={"loss": falling()},
        confusion=tuple(tuple(480 if i == j else (i * 7 + j * 3) % 5 for j in range(10)) for i in range(10)),
        mistakes=mistakes(),
        source=SOURCE,
    )


def better_than_before() -> Result:
    """The fourth attempt: one that scored 1, one that waited for a person, one that scored 7, then full marks."""
    return replace(full_marks(), earlier=(Attempt("aaa", 1.0), Attempt("bbb", None), Attempt("ccc", 7.0)))


def expected(*names: str) -> tuple[StepEvent, ...]:
    """Calls that are expected and were seen."""
    return tuple(StepEvent(name, None, "seen") for name in names)


def not_cleared() -> Result:
    """Gradients pile up, and two things follow from it."""
    place = Place(16, 16, "loss.backward()")
    forward = Place(14, 14, "outputs = model(inputs)")
    cause = "gradients-not-cleared"
    return replace(
        full_marks(),
        score=1.0,
        passed=False,
        verdicts=(
            verdict("runs", Status.PASSED, 1, 1, basis=Basis.MEASURED),
            verdict("order", Status.FAILED, 0, 4),
            verdict("loss", Status.FAILED, 0, 2),
            verdict("accuracy", Status.FAILED, 0, 3),
        ),
        findings=(
            Finding(
                "accuracy-below-threshold", Severity.ERROR, params={"accuracy": 0.342, "threshold": 0.95},
                consequence_of=cause, verdict="accuracy",
            ),
            Finding(
                "loss-not-decreasing", Severity.ERROR, params={"first": 2.31, "last": 2.0345},
                consequence_of=cause, verdict="loss",
            ),
            Finding("evaluation-tracks-gradients", Severity.WARNING, forward, 78, 78),
            Finding(cause, Severity.ERROR, place, 4689, 4690, measured={"contributions": 2}, verdict="order"),
        ),
        metrics=Metrics(accuracy=0.342, threshold=0.95, images=5000, loss=(1.9, 2.2, 2.4, 2.1, 2.03)),
        curves={"loss": swinging()},
        timeline=Timeline(
            observed=(
                StepEvent("forward", 14, "seen"),
                StepEvent("loss", 15, "seen"),
                StepEvent("backward", 16, "seen"),
                StepEvent("step", 17, "seen"),
            ),
            expected=(
                StepEvent("zero_grad", None, "missing"), *expected("forward", "loss", "backward", "step"),
            ),
        ),
    )  # fmt: skip


def without_trace(status: RunStatus, finding: Finding, blame: Blame = Blame.STUDENT) -> Result:
    """A run that left nothing to observe: no curves, no steps, no accuracy."""
    whole = full_marks()
    run = replace(whole.run, status=status, blame=blame, steps=0, epochs=0, stdout="")
    return replace(
        whole,
        run=run,
        score=0.0,
        passed=False,
        verdicts=(
            verdict("runs", Status.FAILED, 0, 1, basis=Basis.MEASURED),
            *(verdict(name, Status.SKIPPED, 0, points, reason="run-ended-early")
              for name, points in (("order", 4), ("loss", 2), ("accuracy", 3))),
        ),
        findings=(finding,),
        metrics=Metrics(),
        curves={},
        confusion=(),
        mistakes=(),
    )  # fmt: skip


def syntax_error() -> Result:
    """The text does not parse."""
    broken = SOURCE.replace("range(5):", "range(5)")
    place = Place(12, 12, "for epoch in range(5)")
    finding = Finding("syntax-error", Severity.ERROR, place, params={"reason": "expected ':'"}, verdict="runs")
    result = without_trace(RunStatus.REJECTED, finding)
    run = replace(result.run, wall_seconds=0.0, peak_memory_mb=0.0, sandbox="none")
    return replace(result, run=run, source=broken)


def timed_out() -> Result:
    """The time limit was reached before anything could be observed."""
    place = Place(13, 13, "for inputs, targets in train_loader:")
    finding = Finding("timed-out", Severity.ERROR, place, params={"seconds": 300}, verdict="runs")
    result = without_trace(RunStatus.TIMED_OUT, finding)
    run = replace(result.run, wall_seconds=300.2, stdout="waiting\n" * 400, stdout_truncated=True)
    return replace(result, run=run)


def needs_review() -> Result:
    """The accuracy could not be decided, so the total is open."""
    return replace(
        full_marks(),
        score=None,
        passed=False,
        verdicts=(
            *full_marks().verdicts[:3],
            verdict("accuracy", Status.SKIPPED, None, 3, needs_review=True, reason="preprocessing-unknown"),
        ),
        metrics=Metrics(threshold=0.95),
        confusion=(),
        mistakes=(),
    )


def grader_failed() -> Result:
    """The sandbox did not start: our fault."""
    place = Finding("crashed", Severity.NOTE)
    result = without_trace(RunStatus.SANDBOX_FAILED, place, Blame.GRADER)
    run = replace(result.run, reason="bwrap: No permissions to create new namespace")
    verdicts = tuple(
        replace(item, status=Status.ERROR, score=None, needs_review=True, reason="grader-failed")
        for item in result.verdicts
    )
    return replace(result, run=run, score=None, verdicts=verdicts, findings=())


NASTY = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202egnp\ud800 {0} %s `{{ 7*7 }}"


def hostile() -> Result:
    """Every text that a student can choose tries to be something else than text."""
    result = not_cleared()
    finding = Finding(
        "crashed", Severity.ERROR, Place(2, 2, NASTY * 20), params={"type": NASTY, "reason": NASTY},
        measured={NASTY: NASTY}, verdict="runs",
    )  # fmt: skip
    strange = Finding(NASTY, Severity.WARNING, verdict=NASTY, consequence_of=NASTY)
    run = replace(result.run, stdout=NASTY * 2000, stderr=NASTY, device=NASTY, dataset=NASTY)
    run = replace(run, sandbox=NASTY, reason=NASTY)
    return replace(
        result,
        id=NASTY,
        grader={NASTY: NASTY},
        submission=SubmissionRecord(NASTY, NASTY, NASTY, SubmissionKind.SCRIPT),
        run=run,
        verdicts=(*result.verdicts, verdict(NASTY, Status.FAILED, 0, 0, reason=NASTY)),
        findings=(finding, *result.findings, strange),
        curves={NASTY: falling(), **result.curves},
        mistakes=(Mistake(1, 2, 0.5, (NASTY, NASTY)), *mistakes()),
        earlier=(Attempt(NASTY, 3.0),),
        timeline=Timeline((StepEvent(NASTY, 3, "misplaced"),), (StepEvent(NASTY, None, NASTY),)),
        source=f"x = 1\n{NASTY * 20}\n" + "y = 2\n" * 50_000,
    )


SAMPLES = {
    "full-marks": full_marks,
    "gradients-not-cleared": not_cleared,
    "syntax-error": syntax_error,
    "timed-out": timed_out,
    "needs-review": needs_review,
    "grader-failed": grader_failed,
    "hostile": hostile,
}


def full_class() -> Summary:
    """Twenty submissions of all kinds, and one that was not graded."""
    kinds = (full_marks, not_cleared, syntax_error, timed_out, needs_review, full_marks, not_cleared, full_marks)
    names = [
        "ana",
        "ben",
        "carla",
        "dora",
        "eva",
        "fay",
        "gil",
        "hana",
        "ivan",
        "juan",
        "kira",
        "leo",
        "maria",
        "nils",
        "olga",
        "pau",
        "quim",
        "rosa",
        "sara",
        "tom",
    ]
    rows = [
        Row(
            f"{name}.py",
            kinds[number % len(kinds)](),
            student=f"{name.title()} Ruiz",
            student_id=str(number),
            page=f"{name}.py/report.html",
            previous_score=4.0 if number % 3 == 0 else None,
        )
        for number, name in enumerate(names)
    ]
    return summarise(
        [*rows, Row("empty", reason="a folder without Python", student="Zoe Gil")], {EXERCISE.id: EXERCISE}
    )


def hostile_class() -> Summary:
    """Names, slugs, pages and reasons that try to be something else than text."""
    worst = replace(hostile(), findings=tuple(replace(item, check=NASTY) for item in hostile().findings))
    rows = [Row(NASTY, hostile(), student=NASTY, page=NASTY), Row("c", worst), Row(f"b{NASTY}", reason=NASTY)]
    return summarise(rows, {EXERCISE.id: EXERCISE})
