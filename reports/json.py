"""result.json: what other programs read."""

from __future__ import annotations

from collections.abc import Mapping

from grader import RenderContext, Renderer, Result, hookimpl, to_json


class JsonReport:
    """The result itself, in no language."""

    suffix = "result.json"

    def __call__(self, result: Result, context: RenderContext) -> str:
        return to_json(result)


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `json`."""
    return {"json": JsonReport()}
