"""index.html: a class at a glance, from summary.json; no script, nothing loaded."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from grader import Overview, RenderContext, Summary, hookimpl, visible

from . import phrases
from .html import templates


class ClassPage:
    """What to teach next, a row for each submission, and what was not graded."""

    suffix = "index.html"

    def __call__(self, summary: Summary, context: RenderContext) -> str:
        titles = {slug: context.gettext(check.title) for slug, check in context.checks.items()}
        environment = templates(context.gettext, context.ngettext)
        return environment.get_template("class.html").render(
            summary=summary, context=context, titles=titles, say=phrases, visible=visible, link=link
        )


def link(page: str) -> str:
    """A path below --out as a link: whatever a folder is called, it stays a path of this folder."""
    return "./" + quote(page, safe="/", errors="replace")


@hookimpl
def grader_overviews() -> Mapping[str, Overview]:
    """The page of the class."""
    return {"class": ClassPage()}
