"""index.html: a class at a glance, from summary.json; no script, nothing loaded."""

from __future__ import annotations

import functools
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from grader import Overview, RenderContext, Status, Summary, hookimpl, visible

from . import phrases
from .html import other_languages, style_hash, templates
from .view import localised

#: students named beside a root cause before the rest is folded
NAMED = 6
STATUSES = tuple(Status)


class ClassPage:
    """What to teach next, how the points lie, a row for each submission, and what was not graded."""

    suffix = "index.html"

    def __call__(self, summary: Summary, context: RenderContext) -> str:
        environment = templates(context.gettext, context.ngettext)
        known = places(summary)
        return environment.get_template("class.html").render(
            summary=summary,
            context=context,
            causes=causes(summary, context, known),
            places=known,
            titles={slug: context.gettext(check.title) for slug, check in context.checks.items()},
            title=title(summary, context),
            other_languages=other_languages(self.suffix, context),
            style_hash=style_hash(environment, "report.css", "class.css"),
            statuses=STATUSES,
            median=statistics.median,
            named=NAMED,
            localised=functools.partial(localised, language=context.language),
            say=phrases,
            visible=visible,
        )


@dataclass(frozen=True)
class Place:
    """Where a submission is on this page, and where its own page is (the same place when it has none)."""

    name: str
    anchor: str
    link: str


@dataclass(frozen=True)
class Cause:
    """A root cause in words, and who shows it."""

    slug: str
    title: str
    severity: str
    weight: str
    count: int
    share: float
    why: str
    experiment: str
    who: tuple[Place, ...]


def places(summary: Summary) -> dict[str, Place]:
    """Every graded submission by name."""
    return {
        item.name: Place(visible(item.name, 80), f"s{number}", link(item.page) if item.page else f"#s{number}")
        for number, item in enumerate(summary.submissions, 1)
    }


def causes(summary: Summary, context: RenderContext, known: Mapping[str, Place]) -> tuple[Cause, ...]:
    """Root causes in the order of the summary, each with what there is to say about it in class."""
    found = []
    for item in summary.misconceptions:
        check = context.checks.get(item.check)
        found.append(
            Cause(
                slug=visible(item.check, 60),
                title=context.gettext(check.title) if check else visible(item.check, 60),
                severity=phrases.severity_word(item.severity, context),
                weight=item.severity.value,
                count=item.count,
                share=item.count / max(summary.counts.graded, 1),
                why=context.gettext(check.why) if check else "",
                experiment=context.gettext(check.experiment) if check and check.experiment else "",
                who=tuple(known[name] for name in item.submissions if name in known),
            )
        )
    return tuple(found)


def title(summary: Summary, context: RenderContext) -> str:
    """The exercise's title when there is but one, else a general one."""
    titles = [localised(item.titles, context.language) or visible(item.id, 60) for item in summary.exercises]
    return titles[0] if len(titles) == 1 else context.gettext("The class")


def link(page: str) -> str:
    """A path below --out as a link: whatever a folder is called, it stays a path of this folder."""
    return "./" + quote(page, safe="/", errors="replace")


@hookimpl
def grader_overviews() -> Mapping[str, Overview]:
    """The page of the class."""
    return {"class": ClassPage()}
