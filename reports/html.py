"""report.html: one page, no script, nothing loaded; readable with all of its style gone."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader import RenderContext, Renderer, Result, hookimpl, one_line, page_name, visible

from . import attempts, phrases, view
from .chart import Chart, Span, draw
from .digits import drawings

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parent / "templates"
MAX_CLASSES = 20
MAX_CURVES = 4
#: bytes of a page that each stream of the student's may take, however much its letters grow by escaping
MAX_OUTPUT = 12_000


class HtmlReport:
    """The student's page."""

    suffix = "report.html"

    def __call__(self, result: Result, context: RenderContext) -> str:
        environment = templates(context.gettext, context.ngettext)
        return environment.get_template("report.html").render(
            view=view.build(result, context),
            result=result,
            context=context,
            curves=curves(result, context),
            mixed_up=mixed_up(result),
            mistakes=drawings(result),
            attempts=attempts.rows(result),
            other_languages=other_languages(self.suffix, context),
            style_hash=style_hash(environment, "report.css"),
            say=phrases,
            visible=visible,
            one_line=one_line,
            printed=printed,
        )


def printed(text: str) -> str:
    """A stream of the student's as text, cut where it would make the page too large."""
    import markupsafe

    shown = visible(text, MAX_OUTPUT)
    while (size := len(str(markupsafe.escape(shown)).encode())) > MAX_OUTPUT:
        shown = shown[: len(shown) * MAX_OUTPUT // size - 1] + "…"
    return shown


@dataclass(frozen=True)
class Curve:
    """A chart and what it is called."""

    name: str
    word: str
    chart: Chart


@dataclass(frozen=True)
class OtherLanguage:
    """The same page in another language, beside this one."""

    code: str
    name: str
    page: str


@dataclass(frozen=True)
class MixedUp:
    """How often one class was taken for another."""

    count: int
    shown: int
    said: int


def curves(result: Result, context: RenderContext) -> tuple[Curve, ...]:
    """The curves that can be drawn: the loss first, with its means over epochs as dots."""
    series = dict(result.curves)
    drawn: list[Curve] = []
    for name in sorted({"loss", *series}, key=lambda name: (name != "loss", name)):
        points = series.get(name, ())
        means = _epoch_means(result) if name == "loss" else []
        chart = draw(points, means, band(result, context) if name == "loss" else ())
        if chart:
            drawn.append(Curve(name, phrases.curve_word(name, context), chart))
    return tuple(drawn[:MAX_CURVES])


def mixed_up(result: Result) -> tuple[MixedUp, ...]:
    """The three commonest mistakes of the model, the commonest first."""
    if len(result.confusion) > MAX_CLASSES:
        return ()
    pairs = [
        MixedUp(count, shown, said)
        for shown, row in enumerate(result.confusion)
        for said, count in enumerate(row)
        if shown != said and count > 0
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, pair.shown, pair.said))[:3])


def band(result: Result, context: RenderContext) -> tuple[Span, ...]:
    """Where the reference's mean loss lies in each epoch, over the steps of this run's epochs."""
    known = context.exercise.band if context.exercise else {}
    expected = known.get(result.run.dataset or "", ())
    epochs = len(result.metrics.loss)
    length = _last_step(result) / epochs if epochs else 0.0
    return tuple(
        Span(index * length, (index + 1) * length, low, high) for index, (low, high) in enumerate(expected[:epochs])
    )


def other_languages(suffix: str, context: RenderContext) -> tuple[OtherLanguage, ...]:
    """The languages in which a page was rendered at the same time."""
    others = [code for code in context.languages if code != context.language]
    return tuple(
        OtherLanguage(code, phrases.language_name(code), page_name(suffix, code, context.languages)) for code in others
    )


def _last_step(result: Result) -> float:
    last = max((step for step, _ in result.curves.get("loss", ())), default=result.run.steps)
    return float(last or len(result.metrics.loss))


def _epoch_means(result: Result) -> list[tuple[float, float]]:
    """The mean loss of each epoch, placed in the middle of its steps."""
    means = result.metrics.loss
    length = _last_step(result) / len(means) if means else 0.0
    return [((index + 0.5) * length, value) for index, value in enumerate(means) if value is not None]


@functools.lru_cache(maxsize=4)
def templates(gettext: Callable[[str], str], ngettext: Callable[[str, str, int], str]) -> jinja2.Environment:
    """The templates in one language, compiled once for a batch."""
    # imported here: `grade --help` and the terminal need no templates
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def style_hash(environment: jinja2.Environment, *sheets: str) -> str:
    """What a page's policy allows as style: the sheets that we wrote, and no other."""
    sheet = "".join(environment.get_template(name).render() for name in sheets)
    return base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `html`."""
    return {"html": HtmlReport()}
