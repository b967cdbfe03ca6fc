"""Scores entered into what Canvas and Moodle exported: the right line, the right number, and nothing taken away."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import UsageError
from grader.gradebooks import Entry, GradebookRow, harmless, maximum, pair, points, read_sheet, write_gradebook
from grader.plugin_manager import all_gradebooks, create_manager
from grader.rendering import choose_renderers
from grader.reports.canvas import canvas_csv
from grader.reports.moodle import fill_moodle, moodle_feedback_zip

from .hostile import texts

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Essay (11),Training loop (12),Final Score
,,,,,Manual Posting,,
    Points Possible,,,,,20.00,10.00,(read only)
"López, Ana",101,s1,ana,A,15,7.00,80
"Núñez, José María",102,s2,jose,A,,,
"Li, Wei",103,s3,wei,B,,EX,
"Student, Test",900,,test,A,,,
"""
MOODLE = """Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 501","Ana López",ana@uni.example,"Submitted for grading",7.00,100.00,Yes,"Monday, 2 March 2026, 9:00 AM",-,"+ good
second line"
"Participant 502","José María Núñez",jose@uni.example,"Submitted for grading",-,100.00,Yes,-,-,
"Participant 503","Wei Li",wei@uni.example,"No submission",-,100.00,No,-,-,
"""  # noqa: E501
SPANISH = (
    MOODLE.replace("Identifier", "Identificador")
    .replace("Full name", "Nombre completo")
    .replace("Email address", "Dirección de correo")
    .replace(",Grade,", ",Calificación,")
    .replace("Maximum Grade", "Calificación máxima")
    .replace("Grade can be changed", "La calificación puede ser cambiada")
    .replace("Last modified (grade)", "Última modificación (calificación)")
    .replace("Participant", "Participante")
    .replace("100.00", '"100,00"')
)
#: a site in a language that we do not know
DANISH = (
    MOODLE.replace("Identifier", "Identifikator")
    .replace("Full name", "Fulde navn")
    .replace("Email address", "E-mailadresse")
    .replace(",Grade,", ",Karakter,")
    .replace("Maximum Grade", "Højeste karakter")
    .replace("Grade can be changed", "Karakter kan ændres")
    .replace("Last modified (grade)", "Senest ændret (karakter)")
    .replace("Participant", "Deltager")
)
ANA = GradebookRow("101", "Ana López", 8.5, 10)
JOSE = GradebookRow("", "José María Núñez", 10, 10)
WEI = GradebookRow("wei", "Wei Li", 4, 10)


def in_canvas(rows: Sequence[GradebookRow], sheet: str = CANVAS, title: str = "Training loop") -> list[list[str]]:
    text, _ = canvas_csv(read_sheet(sheet), rows, title)
    return list(csv.reader(io.StringIO(text)))


def canvas_problems(rows: Sequence[GradebookRow], sheet: str = CANVAS) -> tuple[str, ...]:
    return canvas_csv(read_sheet(sheet), rows, "Training loop")[1]


def in_moodle(rows: Sequence[GradebookRow], sheet: str = MOODLE) -> list[list[str]]:
    text, _ = fill_moodle(read_sheet(sheet), rows)
    return list(csv.reader(io.StringIO(text)))


# Canvas


def test_canvas_gets_one_column_beside_its_own_students() -> None:
    """Header and maximum as Canvas wants them, ids as Canvas wrote them, no other assignment."""
    assert in_canvas([ANA, JOSE]) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Training loop (12)"],
        ["    Points Possible", "", "", "", "", "10"],
        ["López, Ana", "101", "s1", "ana", "A", "8.5"],
        ["Núñez, José María", "102", "s2", "jose", "A", "10"],
    ]


def test_a_new_assignment_of_canvas_brings_its_own_maximum() -> None:
    """A title that Canvas does not know makes an assignment out of what the exercise is out of."""
    header, possible, ana = in_canvas([replace(ANA, max_score=12.5)], title="Week 3")
    assert (header[-1], possible[-1], ana[-1]) == ("Week 3", "12.5", "8.5")


def test_scores_are_put_on_the_scale_that_canvas_has() -> None:
    """An import does not change what an assignment is out of, so the score has to fit it."""
    sheet = CANVAS.replace("20.00,10.00", "20.00,2000.00")
    assert [row[-1] for row in in_canvas([ANA], sheet)][1:] == ["2000", "1700"]


def test_nobody_without_a_score_is_in_the_import() -> None:
    """An empty cell could take a grade away; who is excused stays excused; each is told."""
    rows = [replace(ANA, score=None), WEI, GradebookRow("777", "Nobody Here", 3, 10)]
    assert len(in_canvas(rows)) == 2
    assert canvas_problems(rows) == (
        "Ana López: no score yet",
        "Nobody Here: not in the sheet",
        "Wei Li: excused in Canvas, so nothing is entered",
    )


@pytest.mark.parametrize("score", [1234.5, 0.1 + 0.2, 1e6, 0.0, 9.999, 1 / 3])
def test_a_score_has_no_comma(score: float) -> None:
    """Canvas reads "1,234" as 1.234; a number is digits and a dot, whatever the delimiter."""
    row = in_canvas([replace(ANA, score=score, max_score=1e7)], title="New")[2]
    assert "," not in row[-1] and float(row[-1]) == pytest.approx(score, abs=0.005)


def test_an_ambiguous_maximum_in_canvas_is_refused() -> None:
    """Nobody can tell 1,234 from 1.234 there."""
    with pytest.raises(UsageError, match="decimal point"):
        in_canvas([ANA], CANVAS.replace("20.00,10.00", '20.00,"1,234"'))


def test_an_export_with_semicolons_is_filled_in_with_semicolons() -> None:
    """As a European site writes it, byte order mark included."""
    sheet = "\ufeffStudent;ID;Section;Loop (1)\n    Points Possible;;;10\nAna López;101;A;\n"
    text, _ = canvas_csv(read_sheet(sheet), [ANA], "Loop")
    assert text == "\ufeffStudent;ID;Section;Loop (1)\n    Points Possible;;;10\nAna López;101;A;8.5\n"


def test_another_file_is_no_export_of_canvas() -> None:
    """The message says what was expected."""
    with pytest.raises(UsageError, match="Student and ID"):
        in_canvas([ANA], MOODLE)


def test_one_column_holds_one_exercise() -> None:
    """Results out of 10 and out of 8 do not go into the same column."""
    with pytest.raises(UsageError, match="out of 8, 10 points"):
        in_canvas([ANA, replace(JOSE, max_score=8)], title="New")
    ungraded = replace(JOSE, score=None, max_score=0)
    assert in_canvas([ANA, ungraded], title="New")[1][-1] == "10"


def test_a_student_called_like_the_row_of_maxima_is_a_student() -> None:
    """Neither the maximum nor somebody's grade can be changed by choosing a name."""
    sheet = CANVAS.replace('"Li, Wei"', "    Points Possible").replace("EX", "")
    rows = in_canvas([replace(WEI, student="103")], sheet)
    assert [row[0] for row in rows[1:]] == ["    Points Possible", "'Points Possible"]
    assert [row[-1] for row in rows[1:]] == ["10", "4"]


# who is who


def test_an_id_is_surer_than_a_name() -> None:
    """Two students of one name are told apart by id, and by nothing else."""
    entries = {1: Entry(("1",), "Ana López"), 2: Entry(("2",), "Ana López")}
    assert pair(entries, [GradebookRow("2", "Ana López", 1, 1)]).rows.keys() == {2}
    unsure = pair(entries, [GradebookRow("", "Ana López", 1, 1)])
    assert (unsure.rows, unsure.problems) == ({}, ["Ana López: fits 2 lines of the sheet"])


def test_a_number_that_is_the_id_of_one_and_the_login_of_another_is_not_guessed() -> None:
    """The name decides; without one nothing is entered."""
    entries = {1: Entry(("7", "x"), "Ana López"), 2: Entry(("8", "7"), "Wei Li")}
    assert pair(entries, [GradebookRow("7", "Wei Li", 1, 1)]).rows.keys() == {2}
    assert pair(entries, [GradebookRow("7", "", 1, 1)]).rows == {}


def test_a_number_that_the_sheet_does_not_have_is_somebody_else() -> None:
    """Another Ana López, of another course, does not get this one's grade; a login of elsewhere says nothing."""
    entries = {1: Entry(("1",), "Ana López")}
    assert pair(entries, [GradebookRow("999", "Ana López", 1, 1)]).rows == {}
    assert pair(entries, [GradebookRow("alopez", "Ana López", 1, 1)]).rows.keys() == {1}


def test_two_submissions_for_one_line_enter_none() -> None:
    """Which one counts is the instructor's to say."""
    found = pair({1: Entry(("1",), "Ana López")}, [GradebookRow("1", "a", 1, 1), GradebookRow("1", "b", 2, 2)])
    assert found.rows == {}
    assert found.problems == [f"{name}: 2 submissions are for the same line of the sheet" for name in "ab"]


@pytest.mark.parametrize("name", ["LÓPEZ, Ana", "ana lópez", "Lo\u0301pez  Ana", "Ana López"])
def test_a_name_is_the_same_in_any_order_and_spelling(name: str) -> None:
    """Canvas writes the family name first; a file's name may be decomposed."""
    assert pair({3: Entry((), "López, Ana")}, [GradebookRow("", name, 1, 1)]).rows.keys() == {3}


def test_an_email_finds_its_line() -> None:
    """Where neither id nor name is known."""
    assert in_moodle([GradebookRow("", "", 5, 10, email="JOSE@uni.example")])[2][4] == "50"


# Moodle


@pytest.mark.parametrize("sheet", [MOODLE, SPANISH, DANISH], ids=["en", "es", "unknown"])
def test_moodle_gets_its_own_worksheet_back(sheet: str) -> None:
    """Only the grades of those who were graded differ, on the worksheet's own scale, in any language.

    Where the last column's name is not known, a comment in it that begins like a formula is made harmless.
    """
    before = list(csv.reader(io.StringIO(sheet)))
    after = in_moodle([replace(ANA, student="501"), JOSE], sheet)
    changed = [
        (row, column)
        for row in range(4)
        for column in range(9 + (sheet != DANISH))
        if before[row][column] != after[row][column]
    ]
    assert [(place, after[place[0]][place[1]]) for place in changed] == [((1, 4), "85"), ((2, 4), "100")]


def test_a_grade_is_never_taken_away() -> None:
    """Without a new score the old one stays, and the column with it."""
    rows = in_moodle([replace(ANA, student="501", score=None)])
    assert [row[4] for row in rows] == ["Grade", "7.00", "-", "-"]


def test_a_locked_grade_stays() -> None:
    """Moodle would not take it, so it is told and left alone."""
    text, problems = fill_moodle(read_sheet(MOODLE), [replace(WEI, student="503")])
    assert problems == ("Wei Li: locked in Moodle, so nothing is entered",)
    assert text == fill_moodle(read_sheet(MOODLE), [])[0]


def test_a_worksheet_without_names_is_filled_in_by_number() -> None:
    """Marking is blind there."""
    sheet = 'Identifier,Status,Grade,"Maximum Grade","Last modified (grade)"\n"Participant 501",x,-,10.00,-\n'
    assert in_moodle([replace(ANA, student="501")], sheet)[1][2] == "8.5"


def test_another_file_is_no_worksheet_of_moodle() -> None:
    """Its columns are shown, so that one sees which file it is."""
    with pytest.raises(UsageError, match="its columns are: Student, ID"):
        in_moodle([ANA], CANVAS)


def test_pages_go_into_the_folders_by_which_moodle_finds_students(tmp_path: Path) -> None:
    """Name without underscores, number, plugin; a student without a page has no folder; the bytes are the same."""
    page = tmp_path / "report.html"
    page.write_text("<p>Hola</p>")
    sheet = read_sheet(MOODLE.replace("Ana López", "Ana_../López"))
    rows = [GradebookRow("501", "", 1, 10, page=page), GradebookRow("502", "", 1, 10, page=tmp_path / "none.html")]
    content = moodle_feedback_zip(sheet, rows)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = archive.namelist()
        assert archive.read(name) == b"<p>Hola</p>"
    assert name == "Ana .. López_501_assignfeedback_file_/report.html"
    assert content == moodle_feedback_zip(sheet, rows)
    assert moodle_feedback_zip(sheet, rows[1:]) == b""


# files


def test_a_gradebook_writes_its_files(tmp_path: Path) -> None:
    """Found by its format name, like a renderer; a BOM and line ends of another system are read."""
    sheet = tmp_path / "export.csv"
    sheet.write_bytes(("\ufeff" + MOODLE).replace("\n", "\r\n").encode())
    gradebooks = all_gradebooks(create_manager(third_party=False))
    page = tmp_path / "report.html"
    page.write_text("x")
    row = GradebookRow("501", "Ana López", 8.5, 10, page=page)
    assert set(gradebooks) == {"canvas", "moodle"}
    assert write_gradebook(gradebooks["moodle"], sheet, [row], "Loop", tmp_path / "out") == ()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"moodle.csv", "moodle-feedback.zip"}
    assert "85" in (tmp_path / "out" / "moodle.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"\xff\xe9", "not UTF-8|not the grading|empty"),
        (b"a,\xe9\n", "not UTF-8"),
    ],
)
def test_a_sheet_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    """With what is wrong with it."""
    path = tmp_path / "sheet.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        write_gradebook(all_gradebooks(create_manager(third_party=False))["moodle"], path, [ANA], "Loop", tmp_path)


def test_without_a_sheet_the_message_says_which_one() -> None:
    """A gradebook is never made up."""
    with pytest.raises(UsageError, match="the grading worksheet that Moodle exported"):
        write_gradebook(all_gradebooks(create_manager(third_party=False))["moodle"], None, [], "Loop", Path())


def test_a_gradebook_is_no_page_of_a_single_submission() -> None:
    """The message says what it is for, and does not claim that there is no such format."""
    with pytest.raises(UsageError, match="canvas is a gradebook: it takes a folder"):
        choose_renderers(["canvas"], create_manager(third_party=False))


# nothing that a student is called becomes a formula


def dangerous(cell: str) -> bool:
    """What Excel, LibreOffice or Sheets would take for a formula; a number and a lone dash are none."""
    text = cell.strip()
    begins = text[:1] in ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    number = text[:1] in ("+", "-") and text[1:].replace(".", "", 1).replace(",", "", 1).isdecimal()
    return begins and text != "-" and not number


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from([",", ";", "\t"]))
def test_no_name_becomes_a_formula_or_a_row(name: str, delimiter: str) -> None:
    """In both gradebooks: as many rows and cells as before, each a line of harmless text."""
    columns = {
        canvas_csv: [["Student", "ID", "Section"], ["    Points Possible", "", ""], [name, "1", name]],
        fill_moodle: [["Identifier", "Full name", "Grade", "Maximum Grade"], ["Participant 1", name, "-", "10"]],
    }
    for fill, table in columns.items():
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows(table)
        row = GradebookRow("1", name, 5, 10)
        sheet = read_sheet(out.getvalue())
        text, problems = canvas_csv(sheet, [row], "New") if fill is canvas_csv else fill_moodle(sheet, [row])
        cells = list(csv.reader(io.StringIO(text), delimiter=sheet.delimiter))
        assert [len(line) for line in cells] == [len(line) + (fill is canvas_csv) for line in table]
        assert [cell for line in cells for cell in line if dangerous(cell)] == []
        assert problems == ()
        text.encode("utf-8")


@settings(max_examples=100, deadline=None)
@given(texts)
def test_a_harmless_cell_stays_as_it_is_when_it_is_made_harmless_again(text: str) -> None:
    """So a sheet can be filled in twice; numbers keep their sign."""
    once = harmless(text)
    assert harmless(once) == once
    assert "\n" not in once
    assert not dangerous(once)


@pytest.mark.parametrize("cell", ["-", "-3", "+1.5", "-0,5", "    Points Possible", ""])
def test_numbers_and_empty_marks_are_no_formulas(cell: str) -> None:
    """They go back as they came."""
    assert harmless(cell) == cell


def test_points_are_short_and_exact_to_two_decimals() -> None:
    """2.5 and not 2.50, 0.33 for a third, 100 and not 1."""
    assert [points(value) for value in (2.5, 1 / 3, 100.0, 0.0)] == ["2.5", "0.33", "100", "0"]
    assert maximum([]) == 0.0


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_sheet_or_a_clear_refusal(text: str) -> None:
    """Whatever is given as a sheet ends in rows of equal width, or in a UsageError."""
    try:
        sheet = read_sheet(text)
        canvas_csv(sheet, [ANA], "Loop")
    except UsageError:
        return
    assert sheet.rows
