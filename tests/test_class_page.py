"""index.html: what a class got wrong, a link to every page, and who was not graded."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from grader.plugin_manager import all_overviews, create_manager
from grader.summary import Row, Summary, summarise

from .sample_results import EXERCISE, NASTY, context, full_class, full_marks, hostile, hostile_class, not_cleared
from .test_reports import compare_with_golden

PAGE = all_overviews(create_manager(third_party=False))["class"]


def class_of(*rows: Row) -> Summary:
    return summarise(rows, {EXERCISE.id: EXERCISE})


class Tags(HTMLParser):
    """Every tag with its attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize(("language", "title"), [("en", "What to teach next"), ("es", "Qué explicar ahora")])
def test_the_page_says_what_to_teach_next(language: str, title: str) -> None:
    """In the reader's language, with the title of the check."""
    text = PAGE(class_of(Row("ben", not_cleared())), context(language))
    assert title in text
    assert "added to those of the batch before" in text


def test_every_submission_links_to_its_page() -> None:
    """Whatever the folder is called, the link stays below --out."""
    rows = [
        Row("ana b?#.py", full_marks(), page="ana b?#.py/report.html"),
        Row("javascript:x", full_marks(), page="j:x"),
    ]
    links = [str(attributes["href"]) for tag, attributes in Tags(PAGE(class_of(*rows), context())).found if tag == "a"]
    assert [link for link in links if link.startswith("./")] == ["./ana%20b%3F%23.py/report.html", "./j%3Ax"]


def test_what_was_not_graded_is_told_with_the_reason() -> None:
    """Beside the student's name, where it is known."""
    text = PAGE(class_of(Row("empty", reason="a folder without Python", student="Eva Gil")), context())
    assert "a folder without Python" in text
    assert "Eva Gil" in text


def test_nothing_that_a_student_chooses_becomes_markup() -> None:
    """Names, slugs and reasons are shown as text; no script, no image, no request."""
    rows = [Row(NASTY, hostile(), student=NASTY, page=NASTY), Row(f"b{NASTY}", reason=NASTY)]
    worst = replace(hostile(), findings=tuple(replace(item, check=NASTY) for item in hostile().findings))
    text = PAGE(class_of(*rows, Row("c", worst)), context())
    tags = Tags(text).found
    assert not {"script", "img", "iframe", "link", "form"} & {tag for tag, _ in tags}
    assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]
    assert "\x1b" not in text and "\u202e" not in text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ["class", "hostile-class"])
def test_golden_class_pages(name: str, language: str) -> None:
    """Byte for byte as they were accepted."""
    summary = full_class() if name == "class" else hostile_class()
    compare_with_golden(f"{name}.{language}.html", PAGE(summary, context(language)))


def test_a_root_cause_names_who_shows_it() -> None:
    """Six by name, the rest in a fold, each a link; and what there is to say about it in class."""
    rows = [Row(f"s{number}.py", not_cleared(), page=f"s{number}.py/report.html") for number in range(9)]
    text = PAGE(class_of(*rows), context())
    first = text[text.index("<li>\n<p><strong>") :]
    first = first[: first.index("</li>")]
    assert "9 submissions, 100% of those graded" in first
    assert first.count('href="./s') == 9 and first.index("3 more") > first.index("s5.py")
    assert "The optimizer moves along the sum" in first


def test_a_submission_without_a_page_links_to_its_row() -> None:
    """A name always leads somewhere on the page."""
    text = PAGE(class_of(Row("ben", not_cleared())), context())
    assert '<a href="#s1">ben</a>' in text and '<tr id="s1">' in text


def test_columns_that_nobody_fills_are_left_out() -> None:
    """No students are known, and nobody handed in before; the gradebook and the numbers are a link away."""
    text = PAGE(class_of(Row("ben", not_cleared())), context())
    assert "Student" not in text and "Before" not in text
    assert "Before" in PAGE(full_class(), context())
    assert 'href="gradebook.csv"' in text and 'href="summary.json"' in text


def test_pseudonyms_leave_no_names() -> None:
    """An anonymous summary has no column for students."""
    rows = [Row("a1", full_marks(), student="Eva Gil"), Row("a2", reason="no", student="Eva Gil")]
    text = PAGE(replace(class_of(*rows), anonymous=True), context())
    assert "Eva Gil" not in text


def test_a_class_without_results_still_has_a_page() -> None:
    """Nobody was graded: the page says so, and draws nothing."""
    text = PAGE(class_of(Row("empty", reason="a folder without Python")), context())
    assert "0 graded" in text and "<svg" not in text


def test_the_histogram_says_its_numbers() -> None:
    """Who cannot see the drawing reads the same in its description."""
    text = PAGE(full_class(), context())
    assert "From 9 to 10 points: 7." in text
