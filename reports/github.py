"""GitHub Actions: annotations on stdout, and the Markdown report as the step's summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from grader import RenderContext, Renderer, Result, Severity, UsageError, hookimpl, one_line

from . import telling, view
from .markdown import MarkdownReport

#: GitHub shows ten of each kind a step and drops the rest; the first notice is the total
MAX_OF_A_KIND = 10
MAX_SUMMARY = 900_000
KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


class GitHubReport:
    """Each finding at its line. Every row begins with our own command, so no text of a student's is one."""

    suffix = ""
    #: its text is meant for the runner, so it is not fenced
    commands = True

    def __call__(self, result: Result, context: RenderContext) -> str:
        append_summary(MarkdownReport()(result, context))
        page = view.build(result, context)
        path = telling.repository_path(result, context)
        first = "error" if page.our_fault else "notice"
        total = command(first, f"{telling.points_of(result)} {page.headline}", {"title": page.title})
        rows = {kind: [total] if kind == first else [] for kind in (first, *KINDS.values())}
        for told in telling.all_told(page):
            kind = KINDS[told.finding.severity]
            rows[kind].append(_annotation(kind, told, path, context))
        return "\n".join(row for kind in rows for row in rows[kind][:MAX_OF_A_KIND]) + "\n"


def _annotation(kind: str, told: view.Told, path: str, context: RenderContext) -> str:
    where = told.finding.where
    properties = {"file": path}
    # a notebook's file has other lines than its cells
    if where and where.cell is None:
        properties |= {"line": str(where.line), "endLine": str(max(where.line, where.end_line))}
    cause = telling.consequence(told, context) if told.finding.consequence_of else ""
    return command(kind, f"{told.message or told.title} {cause}", {**properties, "title": told.title})


def command(kind: str, message: str, properties: Mapping[str, str]) -> str:
    """A workflow command in one line, escaped as the runner unescapes it."""
    listed = ",".join(f"{name}={escape_property(one_line(text))}" for name, text in properties.items())
    return f"::{kind} {listed}::{escape(one_line(message))}"


def escape(text: str) -> str:
    """The message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """The value of a property of a workflow command."""
    return escape(text).replace(":", "%3A").replace(",", "%2C")


def append_summary(text: str) -> None:
    """Add to the file that $GITHUB_STEP_SUMMARY names, if there is one and room is left in it."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    content = f"{text}\n".encode("utf-8", "replace")
    try:
        with Path(name).open("ab") as file:
            if file.tell() + len(content) <= MAX_SUMMARY:
                file.write(content)
    except OSError as error:
        raise UsageError(f"$GITHUB_STEP_SUMMARY: {name}: {error.strerror}") from None


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `github`."""
    return {"github": GitHubReport()}
