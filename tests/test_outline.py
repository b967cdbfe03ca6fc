"""Parsing a text in a child with limits."""

from __future__ import annotations

import pytest

from grader.errors import SubmissionError
from grader.outline import outline


def test_names_are_found_without_running_anything() -> None:
    """Imports are dotted, calls are bare names, functions are those at top level with their lines."""
    found = outline("import torch.nn as nn\nfrom .helper import x\ndef train():\n    nn.Linear(1, 2)\n1 / 0\n")
    assert {"torch.nn", ".helper", ".helperx"} & found.imports == {"torch.nn", ".helper"}
    assert found.calls == {"Linear"}
    assert found.functions == {"train": 3}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x = (\n", 1, "never closed"),
        ("a = 1\nfor x in y\n    pass\n", 2, "expected ':'"),
        ("return 3\n", 1, "outside function"),
        ("x = 1\n\ty = 2\n", 2, "indent"),
    ],
)
def test_a_syntax_error_has_its_line_and_python_s_words(text: str, line: int, words: str) -> None:
    """Errors of the parser and those that only the compiler sees are told alike."""
    with pytest.raises(SubmissionError, match=words) as caught:
        outline(text)
    assert (caught.value.check, caught.value.line) == ("syntax-error", line)


@pytest.mark.parametrize("text", ["(" * 100_000, "-" * 150_000 + "1", "x = " + "[" * 5000 + "]" * 5000])
def test_a_text_that_breaks_the_parser_is_the_student_s(text: str) -> None:
    """A crash of the parser ends in a reason, not in a crash of ours."""
    with pytest.raises(SubmissionError) as caught:
        outline(text)
    assert caught.value.check in ("syntax-error", "unreadable-submission")


def test_a_bomb_of_constants_does_not_hold_the_grader_up() -> None:
    """Constant folding happens in the child, under its limits."""
    assert outline("x = ((1 << 60) ** 60) ** 60\ny = 'a' * 10**9\n").calls == frozenset()
