"""report.html: one page, no script, nothing loaded; readable with all of its style gone."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader import RenderContext, Renderer, Result, hookimpl, visible

from . import phrases, view
from .chart import Chart, draw

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parent / "templates"
MAX_CLASSES = 20
MAX_CURVES = 4
MAX_OUTPUT = 10_000


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
            style_hash=_style_hash(environment),
            say=phrases,
            visible=visible,
            max_output=MAX_OUTPUT,
        )


@dataclass(frozen=True)
class Curve:
    """A chart and what it is called."""

    name: str
    word: str
    chart: Chart


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
        means = _epoch_means(result, points) if name == "loss" else []
        chart = draw(points, means)
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


def _epoch_means(result: Result, points: tuple[tuple[int, float], ...]) -> list[tuple[float, float]]:
    """The mean loss of each epoch, placed at the epoch's last step."""
    means = result.metrics.loss
    last = max((step for step, _ in points), default=result.run.steps) or len(means)
    placed = ((index + 1) / len(means) * last for index in range(len(means)))
    return [(step, value) for step, value in zip(placed, means, strict=True) if value is not None]


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


def _style_hash(environment: jinja2.Environment) -> str:
    """What the page's policy allows as style: the sheet that we wrote, and no other."""
    sheet = environment.get_template("report.css").render()
    return base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `html`."""
    return {"html": HtmlReport()}
