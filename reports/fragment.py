"""report.fragment.html: a few tags to paste into a learning management system, which removes all others."""

from __future__ import annotations

from collections.abc import Mapping

from grader import RenderContext, Renderer, Result, hookimpl, visible

from . import phrases, steps_text, view
from .html import templates


class Fragment:
    """No style, script, image, drawing or fold: an editor that unwraps a fold would show every hint."""

    suffix = "report.fragment.html"

    def __call__(self, result: Result, context: RenderContext) -> str:
        page = view.build(result, context)
        return (
            templates(context.gettext, context.ngettext)
            .get_template("fragment.html")
            .render(
                view=page,
                result=result,
                context=context,
                steps=steps_text.columns(page.steps, context),
                code=steps_text.numbered(page.code),
                say=phrases,
                visible=visible,
            )
        )


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `fragment`."""
    return {"fragment": Fragment()}
