"""Notebooks as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.notebook import python_lines, read_notebook


def notebook(*cells: str | list[str], **extra: object) -> bytes:
    code = [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# Hi"}, *code], **extra}).encode()


def test_cells_become_one_text_with_a_map() -> None:
    """Cells are counted as they stand, text cells included; lines start again in each."""
    read = read_notebook(notebook("a = 1\nb = 2", ["c = 3\n", "d = 4"]))
    assert read.source == "a = 1\nb = 2\nc = 3\nd = 4\n"
    assert read.cell_map == {1: (2, 1), 2: (2, 2), 3: (3, 1), 4: (3, 2)}


@pytest.mark.parametrize(
    ("line", "python"),
    [
        ("%matplotlib inline", "pass"),
        ("    !pip install torch", "    pass"),
        ("files = !ls", "files = None"),
        ("model?", "pass"),
        ("?model", "pass"),
        ("x = a % b", "x = a % b"),
        ("assert not x", "assert not x"),
    ],
)
def test_magics_and_shell_lines_do_nothing(line: str, python: str) -> None:
    """Indentation stays, so that a block that holds nothing else is still a block."""
    assert python_lines(line) == [python]


def test_a_percent_sign_in_a_string_is_text() -> None:
    """Also one at the start of a line, and one behind an open bracket."""
    text = 'x = """\n%d items\n"""\ny = f(3\n% 2)\n%time'
    assert python_lines(text) == ['x = """', "%d items", '"""', "y = f(3", "% 2)", "pass"]


def test_a_timed_cell_keeps_its_body_and_a_shell_cell_does_not() -> None:
    """Line numbers stay either way."""
    assert python_lines("%%time\nx = 1") == ["", "x = 1"]
    assert python_lines("%%bash\nrm -rf /") == ["", ""]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not json", "not JSON"),
        (b"[]", "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (notebook(), "no code"),
        (notebook("\n\n"), "no code"),
        (b"\xff\xff", "not JSON"),
    ],
)
def test_what_is_no_notebook_gets_a_reason(content: bytes, words: str) -> None:
    """With what to do about it."""
    with pytest.raises(SubmissionError, match=words):
        read_notebook(content)


@given(
    st.binary()
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["cells", "cell_type", "source"]), x | st.just("code")),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_a_notebook_or_a_reason(content: bytes) -> None:
    """No other exception leaves the reader."""
    try:
        read_notebook(content)
    except SubmissionError:
        return
