"""report.md: the summary for a merge request, an issue or a job's page; hints stay folded."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader import RenderContext, Renderer, Result, hookimpl, visible

from . import phrases, steps_text, view

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~!])")


class MarkdownReport:
    """What the page says first, in plain Markdown."""

    suffix = "report.md"

    def __call__(self, result: Result, context: RenderContext) -> str:
        page = view.build(result, context)
        blocks = [
            *_heading(page, context),
            *_first(page, context),
            _table(page, context),
            _closing(page, context),
        ]
        return "\n\n".join(block for block in blocks if block) + "\n"


def plain(text: str) -> str:
    """Text that stays text: no markup of it survives, nor does a line break."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return " ".join(_SPECIAL.sub(r"\\\1", escaped).split())


def prose(text: str) -> str:
    """A sentence whose program text is code and whose words are plain."""
    return "".join(_code(piece.text) if piece.code else _keep_ends(piece.text) for piece in phrases.pieces(text))


def fenced(text: str, language: str = "text") -> str:
    """A block of code whose fence is longer than any row of backticks in it."""
    longest = max((len(row) for row in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _keep_ends(part: str) -> str:
    if part.isspace():
        return " "
    before, after = part[0].isspace(), part[-1].isspace()
    return f"{' ' * before}{plain(part)}{' ' * after}"


def _heading(page: view.View, context: RenderContext) -> list[str]:
    result = page.result
    score = f"{phrases.points(result.score)} / {phrases.points(result.max_score)}"
    change = f" ({page.change})" if page.change else ""
    return [f"### {plain(page.title)} — {score}", plain(f"{page.headline}{change}")]


def _first(page: view.View, context: RenderContext) -> list[str]:
    first = page.first
    if first is None:
        return []
    code = steps_text.numbered(page.code)
    return [
        f"**{plain(page.label)}: {prose(first.title)}**",
        prose(first.message),
        fenced(code) if code else "",
        fenced(steps_text.columns(page.steps, context)) if page.steps else "",
        prose(first.why),
        f"**{context.gettext('Try this:')}** {prose(first.experiment)}" if first.experiment else "",
        *(_hint(number, hint, context) for number, hint in enumerate(first.hints, 1)),
    ]


def _hint(number: int, hint: str, context: RenderContext) -> str:
    label = context.gettext("Hint {number}").format(number=number)
    return f"<details><summary>{label}</summary>\n\n{prose(hint)}\n\n</details>"


def _table(page: view.View, context: RenderContext) -> str:
    if not page.lines:
        return ""
    gettext = context.gettext
    head = f"| {gettext('Part')} | {gettext('State')} | {gettext('Points')} |\n|---|---|--:|"
    rows = [
        f"| {plain(line.title)} | {line.glyph} {plain(line.word)} | {line.score} / {line.max_score} |"
        for line in page.lines
    ]
    return "\n".join([head, *rows])


def _closing(page: view.View, context: RenderContext) -> str:
    label = context.gettext("Reference to quote")
    return f"{label}: {_code(visible(page.result.id, 40))}"


def _code(text: str) -> str:
    """Inline code, even of text with backticks or line breaks in it."""
    return f"`{' '.join(text.replace('`', 'ˋ').split())}`"


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `markdown`."""
    return {"markdown": MarkdownReport()}
