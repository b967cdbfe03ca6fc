"""The observed step beside the expected one, and the marked lines, as plain text in columns."""

from __future__ import annotations

from collections.abc import Sequence

from grader import RenderContext

from . import phrases, view


def columns(rows: Sequence[view.Row], context: RenderContext) -> str:
    """Two columns with a heading; empty where there is nothing to draw."""
    if not rows:
        return ""
    cells = [(context.gettext("Your step"), context.gettext("Expected step"))]
    for row in rows:
        expected = phrases.event_word(row.expected.event, context) if row.expected else ""
        cells.append((_observed(row, context), expected))
    wide = max(len(left) for left, _ in cells)
    return "\n".join(f"{left:<{wide}}   {right}".rstrip() for left, right in cells)


def numbered(code: Sequence[view.CodeLine]) -> str:
    """The student's lines with their numbers; `>` marks the one that it is about."""
    return "\n".join(f"{'>' if line.marked else ' '}{line.number:4d}  {line.text}" for line in code)


def _observed(row: view.Row, context: RenderContext) -> str:
    event = row.observed
    if event is None:
        return f"({context.gettext('missing here') if row.missing else context.gettext('in another way')})"
    line = f"  {row.place}" if row.place else ""
    return f"{phrases.event_word(event.event, context)}{line}{'  (!)' if row.misplaced else ''}"
