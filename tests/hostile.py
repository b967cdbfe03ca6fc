"""Text that tries to be something else, and a result that carries it wherever a student can choose a text."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from grader import Finding, Place, Result, Severity, Status, StepEvent, SubmissionKind, Timeline
from grader.result import SubmissionRecord

from .sample_results import not_cleared, verdict

PIECES = (
    "<script>alert(1)</script>", "<img src=x onerror=y>", "</pre>", "<!--", "]]>", "&lt;", "{{ 7*7 }}", "{0}", "%s",
    "\n", "\r\n", "\n\n", "    ", "`", "```", "~~~", "[a](javascript:b)", "![a](b)", "<http://a.b>", "http://a.b",
    "# a", "| a | b |", "***", "\\", "::error::a", "::stop-commands::a", "##[error]a", "%0A::set-env name=a::b",
    "=HYPERLINK(1)", "+1", "-1", "@a", "\t=1", ",", ";", '"', "'", "\x1b[31m", "\x1b]0;a\x07", "\x00", "\x9b2J", "\x7f",
    "\u202e", "\u200b", "\u2028", "\ufeff", "\ud800", "\uffff", "ñ", "語", "🙂", "\uff1d1", "../", "/", "$(id)",
    ":", "_",
)  # fmt: skip

#: what a student may print, raise, name or write
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), min_size=1, max_size=8).map("".join)


def carrying(text: str) -> Result:
    """A failed run in which every text of a student's is this one."""
    whole = not_cleared()
    place = Place(3, 3, text)
    crash = Finding("crashed", Severity.ERROR, place, params={"type": text, "reason": text}, verdict="runs")
    strange = Finding("loss-not-decreasing", Severity.WARNING, place, params={"first": text, "last": text})
    run = replace(whole.run, stdout=text, stderr=text, device=text, dataset=text, sandbox=text, reason=text)
    return replace(
        whole,
        submission=SubmissionRecord(text, text, text, SubmissionKind.SCRIPT),
        run=run,
        verdicts=(*whole.verdicts, verdict("own", Status.SKIPPED, None, 1, reason=text)),
        findings=(crash, *whole.findings, strange),
        timeline=Timeline((StepEvent(text, 3, "misplaced"),), (StepEvent("step", None, "missing"),)),
        source=f"x = 1\n\n{text}\n",
    )
