"""The summary on a terminal: score, rubric, and the first thing to fix beside the student's own line."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from grader import RenderContext, Renderer, Result, Status, hookimpl, one_line, visible

from . import phrases, view

if TYPE_CHECKING:
    from rich.console import Console

MAX_WIDTH = 100
MAX_OTHERS = 5
COLOURS = {
    Status.PASSED: "green",
    Status.PARTIAL: "yellow",
    Status.FAILED: "red",
    Status.SKIPPED: "bright_black",
    Status.ERROR: "magenta",
}


class TerminalReport:
    """A screenful; in colour only where somebody can see it."""

    suffix = ""

    def __call__(self, result: Result, context: RenderContext) -> str:
        page = view.build(result, context)
        console = _console()
        _heading(console, page)
        _rubric(console, page, context)
        _first(console, page, context)
        _others(console, page, context)
        _closing(console, page, context)
        assert isinstance(console.file, io.StringIO)
        return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def _console() -> Console:
    # imported here: a batch or a JSON report needs no terminal
    from rich.console import Console

    seen = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if seen else MAX_WIDTH
    return Console(
        file=io.StringIO(),
        force_terminal=seen,
        no_color=not seen or bool(os.environ.get("NO_COLOR")),
        width=max(40, min(width, MAX_WIDTH)),
        highlight=False,
        markup=False,
        emoji=False,
    )


def _heading(console: Console, page: view.View) -> None:
    result = page.result
    score = f"{phrases.points(result.score)} / {phrases.points(result.max_score)}"
    console.print(f"{page.title} · {one_line(result.submission.name, 120)}", style="bold")
    change = f" ({page.change})" if page.change else ""
    console.print(f"{score}  {page.headline}{change}", style="green" if page.full else "")


def _rubric(console: Console, page: view.View, context: RenderContext) -> None:
    console.print()
    wide = max((len(line.title) for line in page.lines), default=0)
    for line in page.lines:
        review = f" · {context.gettext('a person will look')}" if line.needs_review else ""
        text = f"  {line.glyph} {line.title:<{wide}}  {line.score} / {line.max_score}  {line.word}{review}"
        console.print(text, style=COLOURS[line.status])


def _first(console: Console, page: view.View, context: RenderContext) -> None:
    first = page.first
    if first is None:
        return
    console.print()
    console.print(f"{page.label}: {first.title}", style="bold")
    if first.message:
        console.print(first.message)
    _lines(console, page)
    if first.experiment:
        console.print(f"{context.gettext('Try this:')} {first.experiment}")


def _lines(console: Console, page: view.View) -> None:
    """The marked lines with two around them, never wrapped."""
    marked = [line.number for line in page.code if line.marked]
    if not marked:
        return
    console.print()
    for line in page.code:
        if marked[0] - 2 <= line.number <= marked[-1] + 2:
            text = f"  {'>' if line.marked else ' '} {line.number:4d}  {line.text}"
            console.print(text, style="bold red" if line.marked else "", no_wrap=True, overflow="ellipsis")
    console.print()


def _others(console: Console, page: view.View, context: RenderContext) -> None:
    """The other root causes, a line each."""
    if page.others:
        console.print()
        console.print(context.gettext("Also to look at:"))
    for told in page.others[:MAX_OTHERS]:
        place = f" ({told.place})" if told.place else ""
        console.print(f"  · {told.title}{place}")


def _closing(console: Console, page: view.View, context: RenderContext) -> None:
    for reason in page.for_instructor:
        console.print()
        console.print(f"{context.gettext('For the instructor')}: {reason}")
    run = page.result.run
    ended = phrases.run_sentence(run, context)
    console.print()
    facts = [
        ended,
        visible(run.dataset or "", 60),
        visible(run.device, 40),
        phrases.duration(run.wall_seconds),
    ]
    console.print(" · ".join(fact for fact in facts if fact), style="bright_black")
    if quick := phrases.quick_sentence(page.result, context):
        console.print(quick)
    if context.folder and "html" in context.formats:
        label = context.gettext("The whole report:")
        console.print(f"{label} {context.folder / 'report.html'}", soft_wrap=True)


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `terminal`."""
    return {"terminal": TerminalReport()}
