"""junit.xml: a test case for each rubric line, with its points as properties."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

from grader import RenderContext, Renderer, Result, Status, hookimpl, one_line, visible

from . import phrases, telling, view

FAILED = (Status.FAILED, Status.PARTIAL)


class JUnitReport:
    """What a CI server shows as tests. No time stamp: the same result gives the same bytes."""

    suffix = "junit.xml"

    def __call__(self, result: Result, context: RenderContext) -> str:
        page = view.build(result, context)
        states = [line.status for line in page.lines]
        counts = {
            "tests": str(len(states)),
            "failures": str(sum(status in FAILED for status in states)),
            "errors": str(states.count(Status.ERROR)),
            "skipped": str(states.count(Status.SKIPPED)),
            "time": f"{result.run.wall_seconds:.3f}",
        }
        suites = ElementTree.Element("testsuites", {"name": "gradeloop", **counts})
        suite = ElementTree.SubElement(suites, "testsuite", {"name": one_line(page.title, 200), **counts})
        _properties(suite, {"score": phrases.points(result.score), "max_score": phrases.points(result.max_score)})
        for line in page.lines:
            _case(suite, line, page, context)
        ElementTree.SubElement(suite, "system-out").text = visible(result.run.stdout, telling.MAX_OUTPUT)
        ElementTree.SubElement(suite, "system-err").text = visible(result.run.stderr, telling.MAX_OUTPUT)
        ElementTree.indent(suites, " ")
        return ElementTree.tostring(suites, "unicode", xml_declaration=False) + "\n"


def _case(suite: ElementTree.Element, line: view.Line, page: view.View, context: RenderContext) -> None:
    place = next((told.finding.where for told in line.told if told.finding.where), None)
    attributes = {
        "classname": one_line(str(page.result.exercise.get("id", "")), 100),
        "name": one_line(line.title, 200),
        "time": "0",
        "file": telling.repository_path(page.result, context),
    }
    if place and place.cell is None:
        attributes["line"] = str(place.line)
    case = ElementTree.SubElement(suite, "testcase", attributes)
    _properties(case, {"id": line.id, "score": line.score, "max_score": line.max_score, "basis": line.basis})
    said = [telling.sentence(told, context) for told in line.told]
    message = said[0] if said else telling.state(line, context)
    kind = {Status.ERROR: "error", Status.SKIPPED: "skipped"}.get(line.status, "failure")
    if line.status is not Status.PASSED:
        why = ElementTree.SubElement(case, kind, {"message": message, "type": _type(line)})
        why.text = "\n".join([telling.state(line, context), *said])
    elif said:
        ElementTree.SubElement(case, "system-out").text = "\n".join(said)


def _type(line: view.Line) -> str:
    """The slug of what the line lost its points for, else its state."""
    return one_line(line.told[0].finding.check, 100) if line.told else line.status.value


def _properties(parent: ElementTree.Element, values: Mapping[str, str]) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})


@hookimpl
def grader_renderers() -> Mapping[str, Renderer]:
    """The format `junit`."""
    return {"junit": JUnitReport()}
