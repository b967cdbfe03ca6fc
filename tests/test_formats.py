"""Formats for platforms: read back by somebody else's reader, and no text of a student's becomes a command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import junitparser
import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt

from grader import Finding, GraderError, Place, RenderContext, Result, Severity, Status, UsageError
from grader.cli import main
from grader.fence import fenced
from grader.plugin_manager import all_renderers, create_manager
from grader.rendering import render

from .hostile import carrying, texts
from .sample_results import (
    SAMPLES,
    context,
    full_marks,
    grader_failed,
    needs_review,
    not_cleared,
    syntax_error,
    timed_out,
)

RENDERERS = all_renderers(create_manager(third_party=False))
PLATFORMS = ("gradescope", "classroom50", "junit", "github", "gitlab")
GRADED = [name for name in SAMPLES if name != "grader-failed"]
WORKFLOW = {
    "CLASSROOM": "cs50", "ASSIGNMENT": "loop", "ASSIGNMENT_TYPE": "individual", "SUBMISSION_TAG": "submit/7",
    "COMMIT_URL": "c", "RELEASE_URL": "r", "REVIEW_URL": "v", "USERNAME": "ada",
    "COMMIT_TIME": "2026-01-02T03:04:05+01:00",
}  # fmt: skip
#: classroom50/result/v1, as docs/formats.md states it
URL = {"type": "string", "minLength": 1}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "schema", "classroom", "assignment", "assignment_type", "owner", "submission", "commit", "release", "review",
        "datetime", "score", "max-score", "tests",
    ],
    "properties": {
        "schema": {"const": "classroom50/result/v1"},
        "classroom": URL, "assignment": URL, "owner": URL, "commit": URL, "release": URL, "review": URL,
        "assignment_type": {"enum": ["individual", "group"]},
        "submission": {"type": "string", "pattern": "^submit/"},
        "datetime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "score": {"type": "integer", "minimum": 0},
        "max-score": {"type": "integer", "minimum": 0},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["test-name", "passed", "score", "max-score"],
                "properties": {
                    "test-name": URL,
                    "passed": {"type": "boolean"},
                    "score": {"type": "integer", "minimum": 0},
                    "max-score": {"type": "integer", "minimum": 0},
                },
            },
        },
        "graded_at": {"type": "string"},
        "submitted_by": {"type": "object"},
    },
}  # fmt: skip

hostile = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs as in a workflow of Classroom 50, and in none of GitHub's or GitLab's."""
    for name, value in WORKFLOW.items():
        monkeypatch.setenv(name, value)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "OWNER"):
        monkeypatch.delenv(name, raising=False)


def rendered(name: str, result: Result, **changes: object) -> str:
    return RENDERERS[name](result, context(**changes))  # type: ignore[arg-type]


def loaded(name: str, result: Result, **changes: object) -> Any:
    return json.loads(rendered(name, result, **changes))


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("sample", GRADED)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_ending_can_be_handed_over(name: str, sample: str, language: str) -> None:
    """Each format writes something for each ending, the same bytes each time, valid as UTF-8."""
    result = SAMPLES[sample]()
    text = rendered(name, result, language=language)
    assert text.endswith("\n")
    assert text.encode() == rendered(name, result, language=language).encode()


@pytest.mark.parametrize("name", ["gradescope", "classroom50"])
def test_our_fault_is_never_handed_over_as_a_score(name: str) -> None:
    """These platforms know no "the grader failed" but that nothing is written."""
    with pytest.raises(GraderError, match="no score to hand over"):
        rendered(name, grader_failed())


# Gradescope


@pytest.mark.parametrize("sample", GRADED)
def test_gradescope_keeps_the_maximum_whatever_happened(sample: str) -> None:
    """A syntax error, a time limit or a line that nobody could decide leaves every test and its maximum there."""
    record = loaded("gradescope", SAMPLES[sample]())
    assert len(record["tests"]) >= 4
    assert sum(test["max_score"] for test in record["tests"]) == 10
    assert {test["status"] for test in record["tests"]} <= {"passed", "failed"}
    assert {test["visibility"] for test in record["tests"]} == {"visible"}
    assert isinstance(record["execution_time"], float)


def test_gradescope_shows_the_finding_under_its_line() -> None:
    """Title, numbers and the student's own line; what follows from it says so; no hint is open."""
    tests = {test["tags"][0]: test for test in loaded("gradescope", not_cleared())["tests"]}
    assert "In 4689 of 4690 steps" in tests["order"]["output"]
    assert ">  16          loss.backward()" in tests["order"]["output"]
    assert "follows from: Each batch’s gradients" in tests["accuracy"]["output"]
    assert not any("Who knows all parameters?" in test["output"] for test in tests.values())


def test_gradescope_gets_the_total_of_a_course_policy() -> None:
    """The score overrides the sum of the tests, as a policy may have changed it."""
    late = replace(full_marks(), score=8.0)
    assert loaded("gradescope", late)["score"] == 8.0


def test_gradescope_counts_nothing_for_what_a_person_will_judge() -> None:
    """No total of its own, the undecided line at zero of its maximum, and words that say that this is not final."""
    record = loaded("gradescope", needs_review())
    [undecided] = [test for test in record["tests"] if test["extra_data"]["needs_review"]]
    assert "score" not in record
    assert (undecided["score"], undecided["max_score"]) == (0.0, 3)
    assert "not final" in undecided["output"]


# Classroom 50


@pytest.mark.parametrize("sample", GRADED)
def test_classroom50_follows_its_schema(sample: str) -> None:
    """Whole numbers, no key more, none less."""
    record = loaded("classroom50", SAMPLES[sample]())
    jsonschema.validate(record, SCHEMA)
    assert all(test["score"] <= test["max-score"] for test in record["tests"])


def test_classroom50_scales_every_class_alike() -> None:
    """A point is a hundred there, for full marks as for a third of a point."""
    lines = (replace(full_marks().verdicts[0], score=1 / 3, status=Status.PARTIAL), *full_marks().verdicts[1:])
    record = loaded("classroom50", replace(full_marks(), score=9 + 1 / 3, verdicts=lines))
    assert (record["score"], record["max-score"], record["tests"][0]["score"]) == (933, 1000, 33)
    assert loaded("classroom50", full_marks())["score"] == 1000


def test_classroom50_takes_the_commit_time_in_utc() -> None:
    """So that a regrade changes nothing about who was late."""
    assert loaded("classroom50", full_marks())["datetime"] == "2026-01-02T02:04:05Z"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CLASSROOM", "", "CLASSROOM is not set"),
        ("SUBMISSION_TAG", "v1", "begins with submit/"),
        ("COMMIT_TIME", "yesterday", "not a time"),
        ("COMMIT_TIME", "2026-01-02T03:04:05", "not a time"),
        ("ASSIGNMENT_TYPE", "pair", "choose from"),
    ],
)
def test_classroom50_names_what_the_workflow_lacks(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable and what belongs in it."""
    monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=message):
        rendered("classroom50", full_marks())


# JUnit


def read_junit(text: str, folder: Path) -> junitparser.TestSuite:
    path = folder / "junit.xml"
    path.write_text(text, encoding="utf-8")
    [suite] = junitparser.JUnitXml.fromfile(str(path))
    assert isinstance(suite, junitparser.TestSuite)
    return suite


def test_junit_is_read_by_another_reader(tmp_path: Path) -> None:
    """Cases, failures, messages, points and places come out as they went in."""
    suite = read_junit(rendered("junit", not_cleared()), tmp_path)
    cases = {case.name: case for case in suite}
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 3, 0, 0)
    [failure] = cases["The order of the calls in a step"].result
    assert isinstance(failure, junitparser.Failure)
    assert (failure.type, "4689 of 4690" in str(failure.message)) == ("gradients-not-cleared", True)
    assert {item.name: item.value for item in suite.properties()} == {"score": "1", "max_score": "10"}


def test_junit_tells_skipped_lines_and_our_faults_from_failures(tmp_path: Path) -> None:
    """A line that nobody could decide is skipped; one that the grader broke on is an error."""
    late = read_junit(rendered("junit", timed_out()), tmp_path)
    assert (late.failures, late.skipped, late.errors) == (1, 3, 0)
    broken = read_junit(rendered("junit", grader_failed()), tmp_path)
    assert (broken.failures, broken.skipped, broken.errors) == (0, 0, 4)


# GitHub and GitLab

ANNOTATION = re.compile(r"::(error|warning|notice) ((?:\w+=[^:,\r\n]*,?)*)::([^\r\n]*)")


def unescape(text: str) -> str:
    """As the runner does."""
    for escaped, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escaped, plain)
    return text


def annotations(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Kind, properties and message of each row; every row is a command of ours."""
    found = []
    for row in text.splitlines():
        match = ANNOTATION.fullmatch(row)
        assert match is not None, row
        properties = dict(pair.split("=", 1) for pair in match[2].split(","))
        found.append((match[1], {key: unescape(value) for key, value in properties.items()}, unescape(match[3])))
    return found


def test_github_annotates_the_line() -> None:
    """The total first, then each finding at its line, causes before what follows from them."""
    total, first, *_ = annotations(rendered("github", not_cleared()))
    assert total[2].startswith("1 / 10")
    assert first[:2] == (
        "error",
        {
            "file": "submission.py",
            "line": "16",
            "endLine": "16",
            "title": "Each batch’s gradients are added to those of the batch before",
        },
    )


def test_github_escapes_what_the_runner_unescapes() -> None:
    """Percent signs, colons and commas survive the way there and back."""
    odd = "100%, a:b, %0A, %3A"
    finding = Finding("crashed", Severity.ERROR, Place(1, 1, "x"), params={"type": odd, "reason": odd}, verdict="runs")
    text = rendered("github", replace(syntax_error(), findings=(finding,)))
    assert odd in annotations(text)[1][2]


def test_github_gets_at_most_ten_of_a_kind() -> None:
    """More would vanish; the most important come first."""
    many = tuple(replace(not_cleared().findings[3], where=Place(n, n, str(n))) for n in range(1, 31))
    text = rendered("github", replace(not_cleared(), findings=many))
    assert len(annotations(text)) == 11


def test_github_points_into_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is named from the workspace down; a notebook's cells have no line in its file."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    path = str(tmp_path / "week 3" / "loop.py")
    assert annotations(rendered("github", not_cleared(), path=path))[1][1]["file"] == "week 3/loop.py"
    cell = replace(not_cleared().findings[3], where=Place(2, 2, "loss.backward()", cell=4))
    properties = annotations(rendered("github", replace(not_cleared(), findings=(cell,))))[1][1]
    assert "line" not in properties


def test_github_adds_the_report_to_the_steps_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind what is there, and only while there is room below the platform's limit."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    rendered("github", not_cleared())
    text = summary.read_text()
    assert text.startswith("before\n### A training loop for MNIST — 1 / 10")
    summary.write_text("x" * 899_900)
    rendered("github", not_cleared())
    assert summary.stat().st_size == 899_900


def test_a_summary_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable and the path, not a traceback."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    with pytest.raises(UsageError, match="GITHUB_STEP_SUMMARY"):
        rendered("github", not_cleared())


class Quoting:
    """A renderer for the terminal that shows what a student wrote."""

    suffix = ""

    def __call__(self, result: Result, context: RenderContext) -> str:
        return "::error::from the student\n"


def test_other_text_in_a_github_log_is_fenced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands are switched off around it by a word that nobody can know; annotations stay outside."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    render({"terminal": Quoting(), "github": RENDERERS["github"]}, full_marks(), context(), tmp_path)
    first, quoted, last, annotation = capsys.readouterr().out.splitlines()
    word = first.removeprefix("::stop-commands::")
    assert len(word) == 32 and last == f"::{word}::"
    assert quoted == "::error::from the student" and annotation.startswith("::notice ")
    assert fenced("a") != fenced("a")


def test_an_error_in_a_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A path with a line break in it starts no line of its own."""
    with pytest.raises(SystemExit):
        main(["run", "no\n::error::such\x1b[31m.py"])
    said = capsys.readouterr().err
    assert said.startswith("grade: ") and len(said.splitlines()) == 1
    assert said.rstrip().isprintable()


def test_elsewhere_nothing_is_fenced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person's terminal shows the text as it is."""
    render({"terminal": Quoting()}, full_marks(), context(), tmp_path)
    assert capsys.readouterr().out == "::error::from the student\n"


def test_commands_to_other_runners_are_text() -> None:
    """Azure's and TeamCity's begin with two hashes, also after blanks; headings and lists of numbers do not change."""
    text = "##vso[task.complete]\n \t##teamcity[x]\n##[error]a\n## heading [1]\n# [1]\na ##b[0]\n"
    assert fenced(text) == "# #vso[task.complete]\n \t# #teamcity[x]\n# #[error]a\n## heading [1]\n# [1]\na ##b[0]\n"


def test_gitlab_fingerprints_are_unique_and_stay_when_lines_move() -> None:
    """Two findings of one check on equal lines are two issues; a line added above changes none."""
    finding = not_cleared().findings[3]
    twice = (finding, replace(finding, where=Place(30, 30, "loss.backward()")))
    moved = tuple(replace(item, where=replace(item.where, line=item.where.line + 5)) for item in twice if item.where)
    before, after = (
        [issue["fingerprint"] for issue in loaded("gitlab", replace(not_cleared(), findings=findings))]
        for findings in (twice, moved)
    )
    assert len(set(before)) == 2
    assert before == after


def test_gitlab_knows_where_and_how_grave() -> None:
    """Severity, path and a line of at least one."""
    issues = loaded("gitlab", not_cleared())
    first = issues[0]
    assert (first["check_name"], first["severity"]) == ("gradients-not-cleared", "major")
    assert first["location"] == {"path": "submission.py", "lines": {"begin": 16}}
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}
    assert all(issue["location"]["lines"]["begin"] >= 1 for issue in issues)


def test_gitlab_gets_an_empty_list_for_a_loop_without_findings() -> None:
    """The report is there, so that a fixed issue goes away."""
    assert loaded("gitlab", full_marks()) == []


# nothing that a student prints or names becomes something else

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@pytest.mark.parametrize("name", sorted({*RENDERERS} - {"json"}))
def test_no_format_passes_on_a_control_character(name: str) -> None:
    """No escape sequence, no mark that turns text around, no half of a pair; everywhere the same rule."""

    @hostile
    @given(texts)
    def check(text: str) -> None:
        assert CONTROL.search(rendered(name, carrying(text))) is None

    check()


class Tags(HTMLParser):
    """The tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attributes} | {(tag, "")}


def tags(text: str) -> set[tuple[str, str]]:
    parser = Tags()
    parser.feed(text)
    return parser.found


@hostile
@given(texts)
def test_no_text_adds_a_tag_to_the_page(text: str) -> None:
    """The page has the tags and attributes that our templates have, whatever is printed."""
    strange = tags(rendered("html", carrying(text))) - tags(rendered("html", carrying("plain")))
    assert not {name for name, _ in strange} & {"script", "img", "a", "iframe", "base", "form"}
    assert not {name for _, name in strange if name.startswith("on") or name in ("src", "href", "style")}


def inline_tokens(text: str) -> list[tuple[str, str]]:
    """What a Markdown reader with HTML switched on makes of it."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    flat = [child for token in tokens for child in (token, *(token.children or ()))]
    return [(token.type, token.content) for token in flat]


def acts(text: str, allowed: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Links, images and HTML in a Markdown text, but for the HTML that we write."""
    kinds = ("html_inline", "html_block", "link_open", "image")
    return [(kind, content) for kind, content in inline_tokens(text) if kind in kinds and not allowed(content)]


@hostile
@given(texts)
def test_no_text_becomes_html_or_a_link_in_markdown(text: str) -> None:
    """The only HTML in report.md are the folds around the hints."""
    page = rendered("markdown", carrying(text))
    assert acts(page, lambda html: re.fullmatch(r"(</?(details|summary)>[^<]*)+", html) is not None) == []


@hostile
@given(texts)
def test_no_text_becomes_html_or_a_link_on_gradescope(text: str) -> None:
    """Neither in the output of a test nor in the summary."""
    record = loaded("gradescope", carrying(text))
    outputs = [record["output"], *(test["output"] for test in record["tests"])]
    assert [acts(output, lambda html: False) for output in outputs] == [[] for _ in outputs]


@hostile
@given(texts)
def test_no_text_becomes_an_annotation(text: str) -> None:
    """Every row is a command of ours, as many as for harmless text."""
    # no path holds a NUL, or half of a pair
    paths = {said: said.replace("\0", "").encode("utf-8", "ignore").decode() for said in (text, "harmless")}
    rows, harmless = (annotations(rendered("github", carrying(said), path=path)) for said, path in paths.items())
    assert [row[0] for row in rows] == [row[0] for row in harmless]


@hostile
@given(texts)
def test_no_text_changes_the_shape_of_junit_or_gitlab(text: str) -> None:
    """The XML is well formed and has the same elements; the JSON has the same keys and unique fingerprints."""
    shapes = [[item.tag for item in ElementTree.fromstring(rendered("junit", carrying(said))).iter()]
              for said in (text, "plain")]  # fmt: skip
    assert shapes[0] == shapes[1]
    issues = loaded("gitlab", carrying(text))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(loaded("gitlab", carrying("plain")))
