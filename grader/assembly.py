"""An assessment and its grade -> Result: codes and numbers, never prose."""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import replace

from .assessment import Assessment
from .model import Evidence, Finding, Grade, Replay, Severity, Verdict
from .result import Metrics, Result, RunRecord, SubmissionRecord, VerdictRecord
from .timeline import timeline
from .trace import Trace

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def build_result(assessment: Assessment, grade: Grade) -> Result:
    """Codes and numbers out of the evidence and the grade."""
    evidence, exercise, submission = assessment.evidence, assessment.exercise, assessment.submission
    findings = ordered_findings(assessment)
    trace, evaluation = evidence.trace, evidence.evaluation
    leading = assessment.checks[findings[0].check] if findings else None
    return Result(
        id=identity(assessment),
        grader={"version": version("gradeloop"), "torch": version("torch")},
        exercise={"id": exercise.id, "version": exercise.version},
        submission=SubmissionRecord(submission.name, submission.student, submission.sha256, submission.kind),
        run=run_record(assessment),
        score=grade.score,
        max_score=grade.max_score,
        passed=grade.passed,
        verdicts=tuple(verdict_record(verdict) for verdict in grade.verdicts),
        findings=findings,
        metrics=metrics(evidence),
        curves=curves(trace) if trace else {},
        confusion=evaluation.confusion if evaluation else (),
        timeline=timeline(trace, leading),
        replay=replay_record(evidence.replay),
        mistakes=evaluation.mistakes if evaluation else (),
        cells=tuple((line, cell) for line, (cell, inner) in submission.cell_map.items() if inner == 1),
        source=submission.source,
    )


def replay_record(replay: Replay | None) -> dict[str, object]:
    """What an instructor may want to know of the probe call; empty when there was no run to ask about."""
    if replay is None:
        return {}
    matches = list(replay.matches)
    return {"equal": replay.equal, "reason": replay.reason, "steps": replay.steps, "bitwise": replay.bitwise,
            "matches": matches}  # fmt: skip


def ordered_findings(assessment: Assessment) -> tuple[Finding, ...]:
    """Root causes first, then by severity, then in the order of the rubric; checks in no line come last."""
    lines = {slug: line.id for line in assessment.exercise.rubric for slug in line.checks}
    position = {slug: index for index, slug in enumerate(lines)}
    found = [
        replace(finding, verdict=lines.get(finding.check))
        for outcome in assessment.outcomes.values()
        for finding in outcome.findings
    ]
    return tuple(
        sorted(
            found,
            key=lambda item: (
                item.consequence_of is not None,
                ORDER[item.severity],
                position.get(item.check, len(position)),
                item.check,
                item.where.line if item.where else 0,
            ),
        )
    )


def run_record(assessment: Assessment) -> RunRecord:
    run, trace = assessment.evidence.run, assessment.evidence.trace
    return RunRecord(
        status=run.status,
        blame=run.blame,
        sandbox=run.sandbox,
        # where training happened, which need not be what was offered
        device=trace.device if trace and trace.shows_training else run.device,
        dataset=run.dataset,
        seed=run.seed,
        wall_seconds=round(run.wall_seconds, 3),
        peak_memory_mb=round(run.peak_memory_mb, 1),
        steps=trace.steps if trace else 0,
        epochs=len(trace.epochs) if trace else 0,
        stdout=run.stdout.text,
        stdout_truncated=run.stdout.cut > 0,
        stderr=run.stderr.text,
        stderr_truncated=run.stderr.cut > 0,
        reason=run.reason,
        secret=assessment.options.secret is not None,
        quick=run.quick,
        stopped_early=run.stopped_early,
    )


def verdict_record(verdict: Verdict) -> VerdictRecord:
    return VerdictRecord(
        verdict.line,
        verdict.status,
        verdict.score,
        verdict.max_score,
        verdict.checks,
        verdict.basis,
        verdict.needs_review,
        verdict.reason,
    )


def curves(trace: Trace) -> dict[str, tuple[tuple[int, float], ...]]:
    """The loss, the learning rate of the optimizer that took most steps, where it changed, and the gradient norm."""
    busiest = max(trace.optimizers, key=lambda optimizer: optimizer.steps, default=None)
    rates = busiest.rates.curve if busiest else ()
    drawn = {"loss": trace.loss_curve, "lr": rates, "gradient_norm": trace.norm_curve}
    return {
        name: tuple((point.step, point.value) for point in points)
        for name, points in drawn.items()
        if points or name == "loss"
    }


def metrics(evidence: Evidence) -> Metrics:
    evaluation, trace = evidence.evaluation, evidence.trace
    return Metrics(
        accuracy=evaluation.accuracy if evaluation else None,
        threshold=evaluation.threshold if evaluation else None,
        images=evaluation.images if evaluation else None,
        loss=tuple(epoch.loss for epoch in trace.epochs) if trace else (),
        hidden_loss=(evaluation.first_loss, evaluation.loss) if evaluation and evaluation.loss is not None else None,
    )


def identity(assessment: Assessment) -> str:
    """12 characters for all that decides the bytes of a result, to quote; what is resumed has a key of its own."""
    options, run = assessment.options, assessment.evidence.run
    plugins = sorted(name for name, _ in assessment.plugins.list_name_plugin())
    secret = hashlib.sha256(options.hidden_by).hexdigest()
    parts = (
        assessment.submission.sha256,
        assessment.exercise.digest,
        str(options.seed),
        options.device,
        *(["quick"] if options.quick else []),
        str(run.dataset),
        *plugins,
        version("gradeloop"),
        secret,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def version(distribution: str) -> str:
    """The installed version, without importing the package; `0` when it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "0"
