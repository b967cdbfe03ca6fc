"""A program's text with some of its parts replaced."""

from __future__ import annotations

import ast

import pytest

from grader.authoring.editing import Program

LOOP = """for x in data:  # a comment
    first(x)
    second(x)
"""


def part(program: Program, text: str) -> ast.AST:
    """The first node that is written like this."""
    return next(node for node in ast.walk(program.tree) if isinstance(node, ast.expr | ast.stmt) and _is(node, text))


def _is(node: ast.AST, text: str) -> bool:
    return ast.unparse(node) == text


@pytest.mark.parametrize(
    ("where", "text", "expected"),
    [
        ("x", "rows", "for rows in data:\n    first(x)\n    second(x)\n"),
        ("data", "list(...)", "for x in list(data):\n    first(x)\n    second(x)\n"),
        ("for x in data:\n    first(x)\n    second(x)", "", ""),
    ],
    ids=["an expression", "an expression inside another", "a statement taken out"],
)
def test_a_part_is_replaced(where: str, text: str, expected: str) -> None:
    """`...` is what was there, an empty text takes a statement out."""
    program = Program.parse(LOOP)
    assert program.changed({part(program, where): text}).rstrip() == expected.rstrip()


def test_statements_are_put_before_and_after() -> None:
    """And the statement itself may be changed at the same time, further inside."""
    program = Program.parse(LOOP)
    loop, inner = program.tree.body[0], next(program.all(ast.Call))
    changed = program.changed({loop: "before()\n...\nafter()", inner: "zero(...)"})
    assert changed == "before()\nfor x in data:\n    zero(first(x))\n    second(x)\nafter()\n"


def test_an_empty_block_gets_a_pass() -> None:
    """Taking out all that a loop does leaves a loop."""
    program = Program.parse(LOOP)
    calls = list(program.all(ast.Expr))
    assert program.changed(dict.fromkeys(calls, "")) == "for x in data:\n    pass\n"


def test_the_program_itself_stays_as_it_was() -> None:
    """Each change starts from the same tree."""
    program = Program.parse(LOOP)
    before = program.plain
    program.changed({next(program.all(ast.Expr)): ""})
    assert ast.unparse(program.tree) + "\n" == before


def test_what_is_no_python_is_refused() -> None:
    """A mutant that does not parse would only test the parser."""
    program = Program.parse(LOOP)
    with pytest.raises(SyntaxError):
        program.changed({next(program.all(ast.Expr)): "while"})
