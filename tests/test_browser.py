"""Pages in headless Chromium: nothing loaded, nothing wider than a telephone, nothing that axe-core objects to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grader.reports.class_page import ClassPage
from grader.reports.html import HtmlReport

from .sample_results import SAMPLES, better_than_before, context, full_class, hostile_class

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.chromium

#: what Jenkins sends with an artifact unless told otherwise
JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"
OPEN_ALL = "document.querySelectorAll('details').forEach(fold => fold.open = true)"
VIEWS = {"light": (1200, "light"), "dark": (1200, "dark"), "telephone": (390, "light"), "dark telephone": (390, "dark")}
#: everything that a keyboard has to reach, named so that two of a kind differ
REACHABLE = """[...document.querySelectorAll('a[href], summary, [tabindex="0"]')].map(
  (element, index) => (element.dataset.key = String(index)))"""


def page_of(name: str, language: str = "en") -> str:
    """The page of a sample; `class` and `hostile-class` are the instructor's."""
    if name.endswith("class"):
        return ClassPage()(full_class() if name == "class" else hostile_class(), context(language))
    return HtmlReport()(SAMPLES[name](), context(language, languages=("en", "es")))


STUDENT = [*SAMPLES]
EVERYBODY = [*STUDENT, "class", "hostile-class"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, driven by Playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install gradeloop[dev]")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of 1200 pixels, in light colours, that must not load anything."""
    window = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="light")
    yield window
    window.close()


def show(page: Page, text: str, folder: Path) -> None:
    """Open a page from a file, as a student does."""
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    page.goto(path.as_uri())


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_page_asks_for_nothing_and_complains_of_nothing(name: str, page: Page, tmp_path: Path) -> None:
    """One request for the page itself; no script, no image, no dialog, nothing on the console."""
    asked: list[str] = []
    heard: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: heard.append(message.text))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    show(page, page_of(name), tmp_path)
    page.evaluate(OPEN_ALL)
    assert len(asked) == 1 and not heard
    assert page.evaluate("document.querySelectorAll('script, img, iframe, object, embed, link, form').length") == 0


@pytest.mark.parametrize("name", EVERYBODY)
def test_axe_finds_no_violation(name: str, page: Page, tmp_path: Path) -> None:
    """Light, dark, on a telephone, with every fold open: contrast, names, headings, tables, landmarks."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="no axe-core: pip install gradeloop[dev]")
    show(page, page_of(name), tmp_path)
    page.evaluate(OPEN_ALL)
    page.evaluate(axe.AXE_FILE_PATH.read_text(encoding="utf-8"))
    for view, (width, scheme) in VIEWS.items():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert not [(view, item["id"], item["nodes"][0]["html"][:200]) for item in found]


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_wider_than_a_telephone(name: str, language: str, page: Page, tmp_path: Path) -> None:
    """At 390 pixels, with every fold open, the page does not scroll sideways."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, page_of(name, language), tmp_path)
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", ["gradients-not-cleared", "class"])
def test_text_on_a_telephone_is_large_enough(name: str, page: Page, tmp_path: Path) -> None:
    """No letter below 11 pixels, those of drawings included, which shrink with their drawing."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, page_of(name), tmp_path)
    page.evaluate(OPEN_ALL)
    small = page.evaluate("""() => {
      const found = [];
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walk.nextNode()) {
        const parent = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || ["STYLE", "title", "desc"].includes(parent.tagName)) continue;
        const drawing = parent.closest("svg");
        const scale = drawing ? drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width : 1;
        const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
        if (size < 11) found.push([size, walk.currentNode.data]);
      }
      return found;
    }""")
    assert small == []


def test_dark_is_shown_where_dark_is_asked_for(page: Page, tmp_path: Path) -> None:
    """The page's own colours apply in both schemes."""
    show(page, page_of("full-marks"), tmp_path)
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(251, 250, 247)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(20, 24, 27)"


def serve(page: Page, text: str, policy: str) -> None:
    """Open a page as a server sends it, with a policy of its own."""

    def answer(route: Route) -> None:
        route.fulfill(body=text, headers={"Content-Type": "text/html", "Content-Security-Policy": policy})

    page.route("http://ci.invalid/*", answer)
    page.goto("http://ci.invalid/report.html")


WANTED = ("1 / 10", "costs 4", "loss.backward()", "missing here", "Hint 1", "3 → 6", "The program runs")


def test_a_page_without_its_style_is_readable(page: Page, tmp_path: Path) -> None:
    """The words are there in the same order, hints stay closed, and drawings keep their colours."""
    show(page, page_of("gradients-not-cleared"), tmp_path)
    page.evaluate("document.querySelectorAll('style').forEach(sheet => sheet.remove())")
    assert_readable(page)


def test_a_page_is_readable_under_the_policy_of_jenkins(page: Page) -> None:
    """Jenkins blocks the style of an artifact; what is left has to be enough."""
    serve(page, page_of("gradients-not-cleared"), JENKINS)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
    assert_readable(page)


def assert_readable(page: Page) -> None:
    """Title, score, cause, line, step, hints, digits and points, in this order; drawings in their own colours."""
    text = page.inner_text("body")
    places = [text.find(part) for part in WANTED]
    assert -1 not in places and places == sorted(places)
    assert page.evaluate("[...document.querySelectorAll('details')].every(fold => !fold.open)")
    assert page.evaluate("getComputedStyle(document.querySelector('.g-badf')).fill") == "rgb(181, 65, 31)"
    unfilled = "[...document.querySelectorAll('svg text')].filter(text => !text.getAttribute('fill')).length"
    assert page.evaluate(unfilled) == 0


def test_a_printed_page_has_its_hints(page: Page, tmp_path: Path) -> None:
    """On paper nothing can be opened, so what is closed on the screen is printed."""
    show(page, page_of("gradients-not-cleared"), tmp_path)
    shown = """[...document.querySelectorAll('#first details p')].map(
      text => text.checkVisibility({contentVisibilityAuto: true}) && text.getBoundingClientRect().height > 0)"""
    assert page.evaluate(shown) == [False] * 3
    page.emulate_media(media="print")
    page.reload()
    assert page.evaluate(shown) == [True] * 3
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"


@pytest.mark.parametrize("name", ["gradients-not-cleared", "class"])
def test_a_keyboard_reaches_everything(name: str, page: Page, tmp_path: Path) -> None:
    """Tab alone visits every link, fold and scrolling box in the order of the page, and shows where it is."""
    show(page, page_of(name), tmp_path)
    page.evaluate(OPEN_ALL)
    wanted = page.evaluate(REACHABLE)
    reached = []
    for _ in wanted:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.key"))
        outline = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        assert page.evaluate(outline) >= 2, page.evaluate("document.activeElement.outerHTML")[:200]
    assert reached == wanted


def test_hints_open_one_at_a_time_from_the_keyboard(page: Page, tmp_path: Path) -> None:
    """Enter opens the hint that has the focus, and no other."""
    show(page, page_of("gradients-not-cleared"), tmp_path)
    page.focus("#first details:nth-of-type(2) summary")
    page.keyboard.press("Enter")
    is_open = "[...document.querySelectorAll('#first details')].map(fold => fold.open)"
    assert page.evaluate(is_open) == [False, True, False]


def test_hostile_text_is_text_in_a_browser_too(page: Page, tmp_path: Path) -> None:
    """What a student chose reads letter by letter, and no element of theirs exists."""
    show(page, page_of("hostile"), tmp_path)
    page.evaluate(OPEN_ALL)
    assert "<script>alert(1)</script>" in page.inner_text("#run")
    assert page.evaluate("document.querySelectorAll('[onerror], [src], body style').length") == 0


def test_the_other_language_is_one_link_away(page: Page, tmp_path: Path) -> None:
    """Rendered together, the pages point to each other."""
    (tmp_path / "report.es.html").write_text(page_of("full-marks", "es"), encoding="utf-8")
    show(page, page_of("full-marks"), tmp_path)
    page.click("text=Español")
    assert page.get_attribute("html", "lang") == "es"
    page.click("text=English")
    assert page.get_attribute("html", "lang") == "en"


def test_an_attempt_shows_what_changed(page: Page, tmp_path: Path) -> None:
    """The score before is told beside the score, and every attempt stands in the fold."""
    show(page, HtmlReport()(better_than_before(), context()), tmp_path)
    assert "+3 points since last time" in page.inner_text("header")
    page.evaluate(OPEN_ALL)
    assert "(this one)" in page.inner_text("#run")
