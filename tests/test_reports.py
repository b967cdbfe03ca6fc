"""What every renderer shows: causes first, the student's own lines, words in the reader's language."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader import Finding, Mistake, Place, Severity, StepEvent, Timeline
from grader.plugin_manager import all_renderers, create_manager
from grader.reports import chart, phrases, view
from grader.reports.digits import draw, drawings
from grader.reports.fragment import Fragment
from grader.reports.json import JsonReport
from grader.reports.markdown import MarkdownReport, fenced, plain, prose
from grader.reports.terminal import TerminalReport
from grader.result import from_json, to_json
from grader.words import visible

from .sample_results import (
    NASTY,
    SAMPLES,
    context,
    expected,
    full_marks,
    grader_failed,
    hostile,
    made_up_check,
    needs_review,
    not_cleared,
    syntax_error,
)

GOLDEN = Path(__file__).parent / "golden"


def compare_with_golden(name: str, text: str) -> None:
    """Compare with the accepted text; ACCEPT_GOLDEN=1 accepts what is there now."""
    path = GOLDEN / name
    if os.environ.get("ACCEPT_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"no {path.name}: look at the output, then run again with ACCEPT_GOLDEN=1"
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; accept it with ACCEPT_GOLDEN=1"


def test_every_built_in_format_is_offered() -> None:
    """The formats of the first release are found by walking reports/."""
    assert {"html", "json", "markdown", "terminal"} <= all_renderers(create_manager(third_party=False)).keys()


# what a reader meets first


def test_the_root_cause_comes_first() -> None:
    """Errors lead before warnings, causes before what follows from them, in whatever order they come."""
    page = view.build(not_cleared(), context())
    assert page.first is not None
    assert page.first.finding.check == "gradients-not-cleared"
    assert page.explains == 2
    assert page.cost == "4"


def test_of_two_root_causes_the_rubric_decides() -> None:
    """The one whose line stands first in the rubric is told first."""
    late = Finding("loss-not-decreasing", Severity.ERROR, verdict="loss")
    early = Finding("gradients-not-cleared", Severity.ERROR, verdict="order")
    page = view.build(replace(not_cleared(), findings=(late, early)), context())
    assert page.first is not None and page.first.finding.check == "gradients-not-cleared"


def test_a_thousand_findings_are_too_many_to_read() -> None:
    """The page stays bounded, and keeps those that weigh most."""
    notes = (Finding("crashed", Severity.NOTE, verdict="runs"),) * 1000
    page = view.build(replace(full_marks(), findings=(*notes, *not_cleared().findings)), context())
    assert page.first is not None and page.first.finding.check == "gradients-not-cleared"
    assert len(page.lines[0].told) < view.MAX_FINDINGS


def test_what_the_grade_measures_for_itself_is_not_shown() -> None:
    """`earned` and empty values are left out of the numbers beside a message."""
    measured = {"earned": 0.4, "names": "", "parameters": "fc1.weight", "norm": 1 / 3}
    finding = Finding("gradients-not-cleared", Severity.ERROR, verdict="order", measured=measured)
    page = view.build(replace(not_cleared(), findings=(finding,)), context())
    assert page.first is not None
    assert page.first.measured == (("norm", "0.3333"), ("parameters concerned", "fc1.weight"))


def test_a_note_never_leads() -> None:
    """A page whose only finding is a note is a page with nothing to fix."""
    note = Finding("crashed", Severity.NOTE, verdict="runs")
    assert view.build(replace(full_marks(), findings=(note,)), context()).first is None


def test_what_follows_stands_after_what_caused_it() -> None:
    """In one line of the rubric a root cause comes before a consequence, even before a graver one."""
    cause = Finding("evaluation-tracks-gradients", Severity.WARNING, verdict="order")
    follows = Finding("crashed", Severity.ERROR, verdict="order", consequence_of=cause.check)
    page = view.build(replace(not_cleared(), findings=(follows, cause)), context())
    assert [told.finding for told in page.lines[1].told] == [cause, follows]


def test_a_line_that_is_not_decided_rests_on_nothing() -> None:
    """Only a verdict has a basis; a skipped line says why it is skipped instead."""
    runs, order, *_ = view.build(syntax_error(), context()).lines
    assert runs.basis == "measured from outside" and not runs.reason
    assert order.reason == "The run ended before this could be observed." and not order.basis


def test_a_finding_of_no_line_stands_apart() -> None:
    """It is shown, and it costs nothing."""
    page = view.build(not_cleared(), context())
    assert [told.finding.check for told in page.besides] == ["evaluation-tracks-gradients"]


def test_a_run_that_never_began_costs_all_that_it_did_not_reach() -> None:
    """A syntax error costs its own line, and the lines that could not be decided because of it."""
    assert view.build(syntax_error(), context()).cost == "10"


def test_a_check_that_is_not_installed_is_named_by_its_slug() -> None:
    """A result of somebody else's plugin still renders."""
    page = view.build(not_cleared(), context(checks={}))
    assert page.first is not None and page.first.title == "gradients-not-cleared"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("full-marks", "All that this exercise asks for is there."),
        ("gradients-not-cleared", "Not passed yet. The first thing to fix"),
        ("needs-review", "Part of this could not be decided automatically"),
        ("grader-failed", "The grader failed, not your code."),
    ],
)
def test_the_headline_says_where_the_student_stands(name: str, start: str) -> None:
    """One sentence for each kind of ending."""
    assert view.build(SAMPLES[name](), context()).headline.startswith(start)


def test_titles_come_in_the_language_asked_for() -> None:
    """Spanish where there is Spanish, English where there is not, the id where there is neither."""
    assert view.exercise_title(full_marks(), context("es")) == "Un bucle de entrenamiento para MNIST"
    assert view.exercise_title(full_marks(), context("eo")) == "A training loop for MNIST"
    assert view.exercise_title(full_marks(), context(exercise=None)) == "mnist-mlp"


# the student's own lines


def test_the_marked_line_stands_among_its_neighbours() -> None:
    """Five lines before and after, blank ones at the edges left out, and one line marked."""
    page = view.build(not_cleared(), context())
    assert [line.number for line in page.code] == list(range(12, 19))
    assert [line.text.strip() for line in page.code if line.marked] == ["loss.backward()"]


def test_a_place_in_a_notebook_shows_its_own_line() -> None:
    """Lines of a cell are not lines of the text, so only the line that is known is shown."""
    place = Place(2, 2, "loss.backward()", cell=3)
    assert view.excerpt(place, "a\nb\nc\n") == (view.CodeLine(2, "loss.backward()", True),)


def test_a_notebook_shows_the_lines_of_the_cell() -> None:
    """Numbered as the cell numbers them, and nothing of the cells before and after."""
    source = "import torch\nx = 1\nfor i in range(3):\n    loss.backward()\ny = 2\n"
    place = Place(2, 2, "loss.backward()", cell=4)
    lines = view.excerpt(place, source, ((1, 1), (3, 4), (5, 7)))
    assert [(line.number, line.text.strip(), line.marked) for line in lines] == [
        (1, "for i in range(3):", False),
        (2, "loss.backward()", True),
    ]


def test_a_form_feed_does_not_shift_the_lines() -> None:
    """Python does not end a line at a form feed, and neither does the excerpt."""
    source = "a = 'x\x0cy'\nb = 2\nc = 3\n"
    marked = [line.text for line in view.excerpt(Place(3, 3, "c = 3"), source) if line.marked]
    assert marked == ["c = 3"]


def test_a_very_long_place_is_cut() -> None:
    """A statement of a thousand lines marks a dozen."""
    source = "\n".join(f"x{number}" for number in range(1000))
    assert sum(line.marked for line in view.excerpt(Place(1, 1000, "x0"), source)) == view.MAX_MARKED


# the observed step beside the expected one


def seen(*names: str, misplaced: str = "") -> tuple[StepEvent, ...]:
    return tuple(
        StepEvent(name, number, "misplaced" if name == misplaced else "seen") for number, name in enumerate(names, 10)
    )


def drawn(timeline: Timeline) -> list[tuple[str, str]]:
    return [
        (row.observed.event if row.observed else "-", row.expected.event if row.expected else "-")
        for row in view.align(timeline)
    ]


def test_a_missing_call_leaves_a_gap() -> None:
    """Nothing stands beside the call that was expected."""
    rows = view.align(not_cleared().timeline)
    assert rows[0].missing and rows[0].expected is not None and rows[0].expected.event == "zero_grad"
    assert not any(row.missing for row in rows[1:])


def test_clearing_right_before_backward_is_in_order() -> None:
    """The course's own order differs from the picture's, and is as good."""
    order = Timeline(
        seen("forward", "loss", "zero_grad", "backward", "step"),
        expected("zero_grad", "forward", "loss", "backward", "step"),
    )
    assert not view.differs(view.align(order))
    assert drawn(order)[2] == ("zero_grad", "zero_grad")


def test_a_call_in_a_notebook_is_told_by_its_cell() -> None:
    """As everywhere else on the page, and not by the line of the text that the cells make together."""
    page = view.build(replace(not_cleared(), cells=((1, 2), (13, 5))), context())
    assert [row.place for row in page.steps] == ["", *(f"cell 5, line {line}" for line in (2, 3, 4, 5))]
    assert [row.place for row in view.build(not_cleared(), context()).steps][1] == "line 14"


def test_a_misplaced_call_stands_alone() -> None:
    """A step before backward() is shown where it was and where it is expected."""
    order = Timeline(
        seen("zero_grad", "forward", "loss", "step", "backward", misplaced="step"),
        (*expected("zero_grad", "forward", "loss", "backward"), StepEvent("step", None, "missing")),
    )
    assert drawn(order)[3:] == [("step", "-"), ("backward", "backward"), ("-", "step")]
    assert view.differs(view.align(order))


def test_work_that_was_done_in_another_way_is_not_missing() -> None:
    """`p.grad = None` is no call of zero_grad, and clears all the same."""
    order = Timeline(seen("forward", "loss", "backward", "step"), not_cleared().timeline.expected)
    cleared = replace(order, expected=expected("zero_grad", "forward", "loss", "backward", "step"))
    assert not view.differs(view.align(cleared))
    assert view.differs(view.align(order))


def test_only_a_mistake_of_order_is_drawn_as_steps() -> None:
    """Beside an exception, the picture of a step would say nothing."""
    words = context(checks={"gradients-not-cleared": made_up_check("gradients-not-cleared", "x", group="run")})
    assert view.build(not_cleared(), context()).steps
    assert not view.build(not_cleared(), words).steps


def test_accumulation_shows_every_pass() -> None:
    """Two micro-batches before one step are two rows of calls, none of them wrong."""
    order = Timeline(
        seen("forward", "loss", "backward", "forward", "loss", "backward", "step"),
        expected("forward", "loss", "backward", "step"),
    )
    assert len(drawn(order)) == 7
    assert not view.differs(view.align(order))


# words and numbers


@pytest.mark.parametrize(
    ("share", "english"), [(0.9499, "94.9%"), (0.95, "95%"), (0.973, "97.3%"), (0.0, "0%"), (1.0, "100%")]
)
def test_an_accuracy_is_never_rounded_up(share: float, english: str) -> None:
    """A model that missed the threshold is not shown as having reached it."""
    assert phrases.percent(share, context()) == english
    assert phrases.percent(share, context("es")) == english.replace("%", "\u00a0%")


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (2.5, "2.5"), (1 / 3, "0.33"), (None, "–"), (10, "10")])
def test_points_are_written_as_a_person_writes_them(value: float | None, text: str) -> None:
    """No trailing zeros, two decimals at most, a dash for what is open."""
    assert phrases.points(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(6.08, "6.1 s"), (119.0, "119.0 s"), (200.0, "3 min 20 s")])
def test_durations_are_short(seconds: float, text: str) -> None:
    """Seconds up to two minutes, then minutes."""
    assert phrases.duration(seconds) == text


def test_program_text_is_recognised_in_a_sentence() -> None:
    """Calls, attributes and dotted names look like code; numbers and abbreviations do not."""
    text = "backward() adds to .grad, e.g. 0.95 of it; see torch.optim.Optimizer.step and `x y`."
    code = [piece.text for piece in phrases.pieces(text) if piece.code]
    assert code == ["backward()", ".grad", "torch.optim.Optimizer.step", "x y"]
    assert "".join(piece.text for piece in phrases.pieces(text)) == text.replace("`", "")


# curves


def test_a_chart_needs_two_finite_points() -> None:
    """One point is no curve, and what is not finite is no point."""
    assert chart.draw([]) is None
    assert chart.draw([(1, 2.0)]) is None
    assert chart.draw([(1, 2.0), (2, float("nan")), (3, float("inf"))]) is None


def test_a_chart_stays_inside_its_frame() -> None:
    """Whatever the values, every point has coordinates between 0 and the frame's size."""
    for values in ([0.0, 0.0], [-3.0, 5.0, 1e30], [1e-9, 2e-9], [7.0] * 5):
        drawing = chart.draw(list(enumerate(values)))
        assert drawing is not None
        numbers = [float(text) for text in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", drawing.path)]
        assert all(0 <= x <= chart.WIDTH for x in numbers[::2])
        assert all(0 <= y <= chart.HEIGHT for y in numbers[1::2])


def test_a_loss_that_explodes_is_drawn_on_a_logarithmic_axis() -> None:
    """A spike a thousand times the median would flatten everything else."""
    drawing = chart.draw([(step, 2.0) for step in range(50)] + [(50, 1e6)])
    assert drawing is not None and drawing.logarithmic
    assert next(tick.label for tick in drawing.up) == "1"


def test_ticks_are_round_numbers() -> None:
    """Steps of 1, 2 or 5 times a power of ten."""
    assert chart.nice(0, 4690, 5) == [0, 1000, 2000, 3000, 4000]
    assert chart.nice(0, 0.41, 5) == [0, 0.1, 0.2, 0.3, 0.4]


def test_an_image_is_drawn_in_strokes() -> None:
    """One path for each gray that occurs, black left to the ground."""
    drawing = draw(Mistake(1, 7, 0.9, ("0330", "1000")))
    assert drawing.paths == (("#666", "M0 1h1"), ("#fff", "M1 0h2"))
    assert (drawing.width, drawing.height) == (4, 2)


@pytest.mark.parametrize("rows", [(), ("",), ("01", "0"), ("04",), ("<b>",), ("0" * 65,), ("0",) * 65])
def test_what_is_no_image_is_not_drawn(rows: tuple[str, ...]) -> None:
    """A result that somebody wrote by hand cannot put anything else into the page."""
    assert drawings(replace(full_marks(), mistakes=(Mistake(1, 7, 0.9, rows),))) == ()


# the fragment for a learning management system

KEPT = {"h3", "h4", "p", "pre", "code", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_golden_fragments(name: str, language: str) -> None:
    """Only tags that every editor keeps, no attribute but scope, small, and as it was accepted."""
    text = Fragment()(SAMPLES[name](), context(language))
    assert set(re.findall(r"<(\w+)", text)) <= KEPT
    assert set(re.findall(r"<\w+ ([^>]*)>", text)) <= {'scope="col"'}
    assert len(text.encode()) < 10_000
    compare_with_golden(f"{name}.{language}.fragment.html", text)


def test_a_fragment_gives_no_hint_away() -> None:
    """An editor opens every fold, so the hints stay in the whole report."""
    text = Fragment()(not_cleared(), context())
    assert "missing here" in text and "loss.backward()" in text
    for hint in made_up_check("x", "x").hints:
        assert hint.split("`")[0] not in text


# the terminal


def test_the_summary_shows_the_marked_line_and_the_score() -> None:
    """Score, every rubric line, the first thing to fix, its line, and where the page is."""
    shown = TerminalReport()(not_cleared(), context(folder=Path("out"), formats=("terminal", "html")))
    assert "1 / 10" in shown
    assert "Start here: Each batch’s gradients" in shown
    assert re.search(r"^ +> +16 +loss\.backward\(\)$", shown, re.MULTILINE)
    assert "out/report.html" in shown
    assert "\x1b" not in shown


def test_the_summary_is_coloured_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colour where somebody sees it, none with NO_COLOR."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\x1b[" in TerminalReport()(not_cleared(), context())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3\dm", TerminalReport()(not_cleared(), context()))


def test_hostile_text_cannot_steer_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escapes of the student's are shown, never sent; the only ones sent set colours."""
    assert "\x1b" not in TerminalReport()(hostile(), context())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    shown = TerminalReport()(hostile(), context())
    assert not re.sub(r"\x1b\[[\d;]*m", "", shown).count("\x1b")
    assert "\u202e" not in shown and "[U+202E]" in shown
    for hidden in "\u3164\u115f\u034f\ufe01\U000e0100\U000e01ef\U000e0041":
        assert visible(f"a{hidden}b") == f"a[U+{ord(hidden):04X}]b"
    assert visible("\u2764\ufe0f") == "\u2764\ufe0f"


def test_other_root_causes_are_named() -> None:
    """What comes after the first thing to fix has a line with its place; consequences have none."""
    shown = TerminalReport()(not_cleared(), context())
    assert "· The evaluation keeps track of gradients (line 14)" in shown
    assert "The loss stays high" not in shown


def test_a_failure_of_ours_is_said_on_the_terminal() -> None:
    """The student reads that there is nothing to do."""
    shown = TerminalReport()(grader_failed(), context())
    assert "The grader failed, not your code." in shown
    assert "– / 10" in shown
    assert "For the instructor: bwrap: No permissions" in shown


# result.json and Markdown


@pytest.mark.parametrize("name", SAMPLES)
def test_json_is_the_result_itself(name: str) -> None:
    """The format `json` is result.json, the same in every language, and it reads back."""
    result = SAMPLES[name]()
    text = JsonReport()(result, context("es"))
    assert text == to_json(result)
    assert json.loads(text)["schema"] == "gradeloop/result/v1"
    assert to_json(from_json(text)) == text
    text.encode("utf-8")


def test_markdown_keeps_hostile_text_as_text() -> None:
    """No tag of the student's survives, no fence is closed early, and no table row is broken."""
    text = MarkdownReport()(hostile(), context())
    outside = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    outside = re.sub(r"`[^`]*`", "", outside)
    assert not re.search(r"<(?!/?(details|summary)>)", outside)
    assert "\x1b" not in text and "\u202e" not in text


def test_a_fence_is_longer_than_what_it_holds() -> None:
    """Backticks in the code do not end the block."""
    assert fenced("a\n````\nb").startswith("`````text\n")


@pytest.mark.parametrize(
    ("text", "safe"),
    [("a*b_c", r"a\*b\_c"), ("<b>", "&lt;b&gt;"), ("x | y", r"x \| y"), ("# no\nline", r"\# no line")],
)
def test_markdown_of_plain_text_is_escaped(text: str, safe: str) -> None:
    """What means something in Markdown is escaped, and a line stays one line."""
    assert plain(text) == safe


def test_markdown_prose_marks_code() -> None:
    """Program text is code, and is not escaped."""
    assert prose("a * backward() on x_y") == r"a \* `backward()` on x\_y"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", SAMPLES)
def test_golden_texts(name: str, language: str) -> None:
    """Terminal and Markdown, word for word as they were accepted."""
    result, words = SAMPLES[name](), context(language)
    compare_with_golden(f"{name}.{language}.txt", TerminalReport()(result, words))
    compare_with_golden(f"{name}.{language}.md", MarkdownReport()(result, words))


def test_a_review_is_asked_for_in_every_format() -> None:
    """Where a person has to look, the terminal says so as well."""
    assert "a person will look" in TerminalReport()(needs_review(), context())


def test_renderers_are_found_without_their_libraries() -> None:
    """Collecting the formats loads neither jinja2 nor rich: `grade --help` stays quick."""
    code = (
        "import sys\n"
        "from grader.plugin_manager import all_renderers, create_manager\n"
        "all_renderers(create_manager(third_party=False))\n"
        "assert not {'jinja2', 'rich', 'polib', 'torch', 'numpy'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_nasty_text_is_nasty() -> None:
    """The sample would do something on a page that does not escape it."""
    assert "<script>" in NASTY and "\x1b" in NASTY
