"""What a platform's own formats say of a finding: blocks of Markdown, or one line of plain text; never a hint."""

from __future__ import annotations

import os
from pathlib import Path

from grader import Place, RenderContext, Result, one_line, visible

from . import phrases, view
from .markdown import fenced, plain, prose

MAX_OUTPUT = 8_000


def block(told: view.Told, result: Result, context: RenderContext) -> str:
    """A finding in Markdown: its title, what happened, the student's lines, why, and something to try."""
    if told.finding.consequence_of:
        return f"{prose(told.title)}: {prose(told.message)} {plain(consequence(told, context))}"
    parts = [f"**{prose(told.title)}**", prose(told.message), lines(told.finding.where, result), prose(told.why)]
    if told.experiment:
        parts.append(f"**{context.gettext('Try this:')}** {prose(told.experiment)}")
    return "\n\n".join(part for part in parts if part)


def lines(where: Place | None, result: Result) -> str:
    """The lines around a place, the marked ones with `>`, as a block of code."""
    shown = view.excerpt(where, result.source)
    rows = [f"{'>' if line.marked else ' '}{line.number:4d}  {line.text}" for line in shown]
    return fenced("\n".join(rows)) if rows else ""


def consequence(told: view.Told, context: RenderContext) -> str:
    """Under which finding this one is explained."""
    return context.gettext("(follows from: {cause})").format(cause=told.cause)


def sentence(told: view.Told, context: RenderContext) -> str:
    """A finding in one line of plain text."""
    cause = consequence(told, context) if told.finding.consequence_of else ""
    return one_line(f"{told.title}. {told.message} {cause}")


def state(line: view.Line, context: RenderContext) -> str:
    """The state of a rubric line in words, with the reason where it could not be decided."""
    review = context.gettext("A person will look at this; the points are not final.") if line.needs_review else ""
    return " ".join(part for part in (f"{line.glyph} {line.word}.", line.reason, review) if part)


def printed(result: Result, context: RenderContext) -> str:
    """What the student's program printed, as a block of text that stays text."""
    text = visible(result.run.stdout, MAX_OUTPUT).strip("\n")
    return f"**{context.gettext('What your program printed')}**\n\n{fenced(text)}" if text.strip() else ""


def all_told(page: view.View) -> list[view.Told]:
    """Every finding, root causes first, in the order in which they are worth reading."""
    roots = [page.first, *page.others] if page.first else []
    told = [item for line in page.lines for item in line.told]
    rest = [item for item in (*told, *page.besides) if item not in roots]
    return [*roots, *rest]


def repository_path(result: Result, context: RenderContext) -> str:
    """The submission's path as the repository knows it, with `/`; its name when it lies somewhere else."""
    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or "."
    if not context.path:
        return one_line(result.submission.name, 300)
    path = Path(context.path).resolve()
    top = Path(root).resolve()
    inside = path.is_relative_to(top)
    return one_line(path.relative_to(top).as_posix() if inside else path.name, 300)


def points_of(result: Result) -> str:
    """`4 / 10`."""
    return f"{phrases.points(result.score)} / {phrases.points(result.max_score)}"
