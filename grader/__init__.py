"""Grades PyTorch training loops. What a check author or a renderer imports is here."""

from __future__ import annotations

from . import by_hand, export, gradebooks
from .checks import check, sign
from .errors import GraderError, UsageError
from .hookspecs import hookimpl
from .model import (
    Basis,
    Blame,
    Check,
    Crash,
    Evaluation,
    Evidence,
    Exercise,
    Finding,
    Grade,
    Mistake,
    Place,
    Replay,
    Run,
    RunStatus,
    Severity,
    Sign,
    Status,
    Submission,
    SubmissionKind,
    Verdict,
)
from .reported import agree, decimals, fits, plain_values, speaks_of
from .result import (
    Attempt,
    RenderContext,
    Renderer,
    Result,
    RunRecord,
    StepEvent,
    Timeline,
    VerdictRecord,
    as_record,
    page_name,
    to_json,
)
from .summary import Overview, Summary
from .trace import (
    AnsweredPass,
    BackwardFacts,
    BackwardPlace,
    ClipFacts,
    EpochFacts,
    Event,
    ForwardGroup,
    LoaderFacts,
    LossCall,
    ModelFacts,
    Operation,
    OptimizerFacts,
    Outcome,
    RateFacts,
    Returned,
    SchedulerFacts,
    Series,
    StepPattern,
    Trace,
)
from .words import describe, line_of, one_line, visible

__version__ = "0.1.0"

__all__ = [
    "AnsweredPass", "Attempt", "BackwardFacts", "BackwardPlace", "Basis", "Blame", "Check", "ClipFacts", "Crash",
    "EpochFacts", "Evaluation", "Event", "Evidence", "Exercise", "Finding", "ForwardGroup", "Grade", "GraderError",
    "LoaderFacts", "LossCall", "Mistake", "ModelFacts", "Operation", "OptimizerFacts", "Outcome", "Overview", "Place",
    "RateFacts", "RenderContext", "Renderer", "Replay", "Result", "Returned", "Run", "RunRecord", "RunStatus",
    "SchedulerFacts", "Series", "Severity", "Sign", "Status", "StepEvent", "StepPattern", "Submission",
    "SubmissionKind", "Summary", "Timeline", "Trace", "UsageError", "Verdict", "VerdictRecord", "agree", "as_record",
    "by_hand", "check", "decimals", "describe", "export", "fits", "gradebooks", "hookimpl", "line_of", "one_line",
    "page_name", "plain_values", "sign", "speaks_of", "to_json", "visible",
]  # fmt: skip
