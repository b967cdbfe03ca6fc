"""Earlier attempts at the same submission -> what has changed since, in words."""

from __future__ import annotations

from dataclasses import dataclass

from grader import RenderContext, Result, visible

from . import phrases


@dataclass(frozen=True)
class Row:
    """One attempt: its number, the id to quote, its points, and whether it is this one."""

    number: int
    id: str
    score: str
    this: bool


def rows(result: Result) -> tuple[Row, ...]:
    """Every attempt that is known, oldest first; this one is the last. Empty when it is the only one."""
    if not result.earlier:
        return ()
    known = [*((attempt.id, attempt.score) for attempt in result.earlier), (result.id, result.score)]
    return tuple(
        Row(number, visible(name, 40), phrases.points(score), number == len(known))
        for number, (name, score) in enumerate(known, 1)
    )


def change(result: Result, context: RenderContext) -> str:
    """`+2 points since last time`; empty where one of the two has no score."""
    before = result.earlier[-1].score if result.earlier else None
    if before is None or result.score is None:
        return ""
    more = round(result.score - before, 2)
    if not more:
        return context.gettext("the same points as last time")
    points = f"{'+' if more > 0 else '−'}{phrases.points(abs(more))}"
    number = 1 if abs(more) == 1 else 2
    said = context.ngettext("{points} point since last time", "{points} points since last time", number)
    return said.format(points=points)
