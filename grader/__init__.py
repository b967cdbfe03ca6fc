"""Grades PyTorch training loops. What a check author or a renderer imports is here."""

from __future__ import annotations

from . import export, gradebooks
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
    Run,
    RunStatus,
    Severity,
    Sign,
    Status,
    Submission,
    SubmissionKind,
    Verdict,
)
from .result import (
    Attempt,
    RenderContext,
    Renderer,
    Result,
    StepEvent,
    Timeline,
    VerdictRecord,
    as_record,
    page_name,
    to_json,
)
from .summary import Overview, Summary
from .trace import (
    BackwardFacts,
    BackwardPlace,
    ClipFacts,
    Event,
    ForwardGroup,
    LoaderFacts,
    LossCall,
    ModelFacts,
    Operation,
    OptimizerFacts,
    Outcome,
    RateFacts,
    SchedulerFacts,
    StepPattern,
    Trace,
)
from .words import describe, line_of, visible

__version__ = "0.1.0"

__all__ = [
    "Attempt", "BackwardFacts", "BackwardPlace", "Basis", "Blame", "Check", "ClipFacts", "Crash", "Evaluation",
    "Event", "Evidence", "Exercise", "Finding", "ForwardGroup", "Grade", "GraderError", "LoaderFacts", "LossCall",
    "Mistake", "ModelFacts", "Operation", "OptimizerFacts", "Outcome", "Overview", "Place", "RateFacts",
    "RenderContext", "Renderer", "Result", "Run", "RunStatus", "SchedulerFacts", "Severity", "Sign", "Status",
    "StepEvent", "StepPattern", "Submission", "SubmissionKind", "Summary", "Timeline", "Trace", "UsageError",
    "Verdict", "VerdictRecord", "as_record", "check", "describe", "export", "gradebooks", "hookimpl", "line_of",
    "page_name", "sign", "to_json", "visible",
]  # fmt: skip
