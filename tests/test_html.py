"""report.html: one page, no script, nothing loaded, hostile text shown as text, no wider than a telephone."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import jinja2
import pytest

from grader import Attempt, Status
from grader.reports.html import TEMPLATES, HtmlReport, band, curves, mixed_up, templates

from .sample_results import SAMPLES, better_than_before, context, full_marks, grader_failed, not_cleared, syntax_error
from .test_reports import compare_with_golden

VOID = {"meta", "br", "path", "rect", "circle"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "div", "p", "h1", "h2", "h3", "span",
    "strong", "b", "nav", "ul", "li", "main", "section", "code", "pre", "i", "figure", "figcaption", "svg",
    "desc", "text", "path", "rect", "circle", "g", "details", "summary", "dl", "dt", "dd", "table", "caption",
    "thead", "tbody", "tr", "td", "th", "footer", "ol", "abbr",
}  # fmt: skip
MAX_BYTES, MAX_BYTES_PRINTED = 60_000, 80_000
PAGES = [(name, language) for name in SAMPLES for language in ("en", "es")]


@dataclass
class Page(HTMLParser):
    """A page as a strict reader sees it: tags balanced, attributes collected."""

    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    style: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, f"<{tag}> at {self.getpos()}"
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes <{self.open[-1:]}> at {self.getpos()}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.texts.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def render(name: str, language: str = "en") -> str:
    return HtmlReport()(SAMPLES[name](), context(language))


def parse(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, f"left open: {page.open}"
    return page


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_a_page_is_well_formed_and_bounded(name: str, language: str) -> None:
    """Known tags only, every one closed, ids unique, links lead somewhere, the language is named."""
    text = render(name, language)
    page = parse(text)
    assert len(text.encode()) < MAX_BYTES
    assert text.startswith("<!doctype html>")
    assert ("html", "lang", language) in page.attributes
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in page.values("href")} <= set(ids)
    labels = " ".join(page.values("aria-labelledby")).split()
    assert set(labels) <= set(ids)


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_a_page_loads_nothing_and_runs_nothing(name: str, language: str) -> None:
    """No script, no handler, no style attribute, no image, no address outside of the page."""
    text = render(name, language)
    page = parse(text)
    assert "<script" not in text.lower()
    names = {attribute for _, attribute, _ in page.attributes}
    assert not names & {"src", "srcset", "style", "action", "formaction", "background", "poster", "data"}
    assert not [attribute for attribute in names if attribute.startswith("on")]
    assert all(link.startswith("#") for link in page.values("href"))
    assert not re.search(r"url\(|@import|expression\(", page.style)


@pytest.mark.parametrize("printed", ['"', "\u202e", "&<", "x", "\U0001f600", "\n", "\x00"])
def test_a_page_stays_small_whatever_is_printed(printed: str) -> None:
    """Letters that grow eightfold by being shown take no more room than others."""
    result = not_cleared()
    run = replace(result.run, stdout=printed * 100_000, stderr=printed * 100_000)
    text = HtmlReport()(replace(result, run=run), context())
    assert len(text.encode()) < MAX_BYTES_PRINTED
    parse(text)


def test_the_policy_allows_our_own_style_only() -> None:
    """The page names the hash of the sheet that it carries, and allows nothing else."""
    page = parse(render("hostile"))
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    [policy] = [value for value in page.values("content") if "default-src" in value]
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy


def test_hostile_text_is_shown_as_text() -> None:
    """What a student names a file, prints or raises appears letter by letter, and nothing of it acts."""
    text = render("hostile")
    page = parse(text)
    assert any("</style><script>alert(1)</script>" in part for part in page.texts)
    assert not {"\x1b", "\u202e", "\ud800"} & set(text)
    assert "[U+202E]" in text and "\u241b" in text
    assert "{{ 7*7 }}" in text
    text.encode("utf-8")


def test_the_student_sees_the_line_the_step_and_three_closed_hints() -> None:
    """The start card has the marked line, the missing call, the numbers and hints that stand closed."""
    text = render("gradients-not-cleared")
    card = text[text.index('id="first"') : text.index('id="learned"')]
    assert card.count('class="l hit"') == 1 and "loss.backward()" in card
    assert "missing here" in card and "clear .grad" in card
    assert "4689 of 4690 times" in card
    assert card.count("<details>") == 3
    assert not re.search(r"<details[^>]* open", text)


def test_consequences_point_to_their_cause() -> None:
    """Each says what it follows from, with a link, and shows no hints of its own."""
    text = render("gradients-not-cleared")
    followers = re.findall(r'<div class="told error follows".*?</div>', text, re.DOTALL)
    assert len(followers) == 2
    assert all("Follows from" in part and 'href="#f1"' in part for part in followers)
    assert not any("<details" in part for part in followers)


@pytest.mark.parametrize("name", ["syntax-error", "timed-out", "grader-failed"])
def test_a_page_without_a_trace_has_no_curves(name: str) -> None:
    """Nothing was observed, so nothing is drawn, and the page still has a place to start."""
    text = render(name)
    assert 'id="learned"' not in text
    assert 'id="first"' in text
    assert "<svg" not in text


def test_a_program_that_never_ran_names_no_device() -> None:
    """Time, device and sandbox say nothing about a text that does not parse."""
    text = HtmlReport()(syntax_error(), context())
    assert "not run: it cannot be used as it is" in text
    assert "Device and seed" not in text


def test_our_failure_blames_nobody_else() -> None:
    """The page says that it is on us, keeps the details for the instructor, and offers nothing to fix."""
    text = HtmlReport()(grader_failed(), context())
    assert "This one is on us" in text
    assert "bwrap: No permissions" in text
    assert "Start here</strong>" not in text


def test_a_broken_check_is_told_to_the_instructor() -> None:
    """The name of the exception stands in the fold, and the student reads a sentence."""
    reason = "gradients-not-cleared: ZeroDivisionError: division by zero"
    broken = replace(full_marks().verdicts[1], status=Status.ERROR, needs_review=True, reason=reason)
    text = HtmlReport()(replace(full_marks(), verdicts=(broken,)), context())
    assert text.count(reason) == 1
    assert "One of the grader’s checks failed." in text


def test_full_marks_are_said_kindly() -> None:
    """A page with nothing to fix says so, in both languages."""
    assert "Well done." in render("full-marks") and "Nothing to fix" in render("full-marks")
    assert "¡Muy bien!" in render("full-marks", "es")


def test_every_sentence_of_the_page_itself_is_translated() -> None:
    """The Spanish page of a full mark has no English sentence left."""
    # the checks of the samples are made up, and their titles in no catalogue
    page = parse(HtmlReport()(full_marks(), context("es", checks={})))
    text = " ".join(page.texts)
    assert not re.search(r"\b(the|your|what|points|steps)\b", text, re.IGNORECASE)


def test_the_loss_leads_the_curves_and_shows_its_epochs() -> None:
    """Loss first, whatever its name sorts to, with one dot for each epoch's mean."""
    result = replace(full_marks(), curves={"accuracy": ((1, 0.1), (2, 0.5)), **full_marks().curves})
    drawn = curves(result, context())
    assert [curve.name for curve in drawn] == ["loss", "accuracy"]
    assert len(drawn[0].chart.dots) == 5 and not drawn[1].chart.dots


def test_the_reference_is_a_band_for_each_epoch() -> None:
    """One rectangle for each epoch of the run, as wide as the epoch; without a reference there is none."""
    spans = band(full_marks(), context())
    assert len(spans) == 5 and spans[0].start == 0 and spans[1].start == spans[0].end
    [curve] = curves(full_marks(), context())
    assert curve.chart.band.count("M") == 5
    assert "The bands show" in render("full-marks")
    elsewhere = replace(full_marks(), run=replace(full_marks().run, dataset="digits"))
    assert band(elsewhere, context()) == ()


def test_a_run_of_fewer_epochs_has_fewer_bands() -> None:
    """What the reference does later says nothing about a run that stopped before."""
    short = replace(full_marks(), metrics=replace(full_marks().metrics, loss=(0.4, 0.2)))
    assert len(band(short, context())) == 2


def test_mistakes_are_drawn_and_not_loaded() -> None:
    """Each digit is an SVG with a title that says what it shows and what the model said."""
    text = render("full-marks")
    assert text.count("An image of") == 6
    assert "An image of 3 that was taken for 6" in text
    assert re.search(r'stroke="#fff"', text)


def test_earlier_attempts_and_what_changed() -> None:
    """The change stands beside the score; every attempt has a row, the ones without a score too."""
    text = HtmlReport()(better_than_before(), context())
    assert "+3 points since last time" in text and "attempt 4" in text
    assert re.findall(r'<td class="mono">(\w+)</td>', text) == ["aaa", "bbb", "ccc", full_marks().id]


@pytest.mark.parametrize(
    ("before", "said"),
    [(10.0, "the same points as last time"), (9.0, "+1 point since last time"), (None, ""), (10.5, "−0.5 points")],
)
def test_the_change_is_said_as_it_is(before: float | None, said: str) -> None:
    """More, less, the same; nothing where the last attempt had no score."""
    text = HtmlReport()(replace(full_marks(), earlier=(Attempt("aaa", before),)), context())
    assert said in text
    assert ("last time" in text) == bool(said)


def test_every_check_of_a_line_is_listed() -> None:
    """What was looked for, what was seen, and what only follows, in a fold under the line."""
    line = replace(not_cleared().verdicts[2], checks=("loss-not-decreasing", "crashed"))
    text = HtmlReport()(replace(not_cleared(), verdicts=(*not_cleared().verdicts[:2], line)), context())
    fold = re.findall(r'<ul class="checks">(.*?)</ul>', text, re.DOTALL)[-1]
    assert re.findall(r"– ([\w ]+)</span>", fold) == ["a consequence", "not seen"]


def test_another_language_is_a_link_to_the_page_beside() -> None:
    """Only where both were rendered; the first language has the plain name."""
    assert 'href="report.es.html"' in HtmlReport()(full_marks(), context("en", languages=("en", "es")))
    assert 'href="report.html"' in HtmlReport()(full_marks(), context("es", languages=("en", "es")))
    assert "hreflang" not in render("full-marks")


def test_means_alone_are_a_curve() -> None:
    """A trace without a curve of steps still shows its epochs."""
    [curve] = curves(replace(full_marks(), curves={}), context())
    assert curve.name == "loss"


def test_the_commonest_confusions_are_named() -> None:
    """Three at most, the commonest first, the diagonal left out."""
    table = ((90, 7, 0), (1, 80, 9), (0, 0, 99))
    found = mixed_up(replace(full_marks(), confusion=table))
    assert [(pair.count, pair.shown, pair.said) for pair in found] == [(9, 1, 2), (7, 0, 1), (1, 1, 0)]


def test_a_table_of_a_thousand_classes_is_not_drawn() -> None:
    """The page stays small."""
    assert mixed_up(replace(full_marks(), confusion=((0, 1),) * 1000)) == ()


def test_templates_never_switch_escaping_off() -> None:
    """`|safe` and `autoescape false` are in no template, and undefined names are errors."""
    for path in TEMPLATES.glob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape|Markup", path.read_text()), path.name
    environment = templates(context().gettext, context().ngettext)
    assert environment.undefined is jinja2.StrictUndefined
    assert environment.autoescape is True


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb, as WCAG 2.2 defines it."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


INKS = ("ink", "soft", "accent", "ok", "fix", "warn")
#: (ground, ink) of all text on the page
INKED = [
    *((ground, ink) for ground in ("bg", "card", "code") for ink in INKS),
    *(("mark", ink) for ink in ("ink", "soft", "fix")),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ground", "ink"), INKED)
def test_text_has_enough_contrast(ground: str, ink: str, scheme: int) -> None:
    """4.5 to 1 for every text colour on every ground where it occurs, light and dark."""
    sheet = (TEMPLATES / "report.css").read_text()
    roots = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    colours = [dict(re.findall(r"--(\w+): (#\w+)", root)) for root in roots]
    pair = sorted((luminance(colours[scheme][ink]), luminance(colours[scheme][ground])))
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_golden_pages(name: str, language: str) -> None:
    """Byte for byte as they were accepted."""
    compare_with_golden(f"{name}.{language}.html", render(name, language))
