"""Operators: small changes, each declared once, that apply to any reference that has the part."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from grader.authoring.anatomy import Anatomy, NotThereError
from grader.authoring.editing import Program
from grader.authoring.mistakes import MISTAKES
from grader.authoring.operators import Operator, changes_of, difference, mutants, shortened
from grader.authoring.variants import DRESSES, SETTINGS

from .evidence import CHECKS

ROOT = Path(__file__).resolve().parent.parent
REFERENCES = {path.stem: Program.parse(path.read_text()) for path in sorted((ROOT / "reference").glob("*_*.py"))
              if path.stem != "__init__"}  # fmt: skip
EVERY = (*MISTAKES, *DRESSES, *SETTINGS)
#: a loop as an instructor may write it: no functions, other names
INLINE = """import torch
net = torch.nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
cost = torch.nn.CrossEntropyLoss()
for epoch in range(3):
    for a, b in batches:
        scores = net(a)
        error = cost(scores, b)
        opt.zero_grad()
        error.backward()
        opt.step()
"""


def mutant_of(name: str, source: str = INLINE) -> str:
    [operator] = [operator for operator in EVERY if operator.name == name]
    [mutant] = mutants(Program.parse(source), [operator])
    return mutant.source


@pytest.mark.parametrize("operator", EVERY, ids=lambda operator: operator.name)
def test_an_operator_applies_somewhere_and_changes_something(operator: Operator) -> None:
    """Each has a place in one of the references or in a loop without functions, and its mutants parse."""
    programs = [*REFERENCES.values(), Program.parse(INLINE)]
    found = [mutant for program in programs for mutant in mutants(program, [operator])]
    assert found
    for mutant in found:
        ast.parse(mutant.source)
        assert mutant.line >= 1


@pytest.mark.parametrize("operator", MISTAKES, ids=lambda operator: operator.name)
def test_a_mistake_names_checks_that_there_are(operator: Operator) -> None:
    """A slug that was renamed would make every mutant look as if no rubric covered it."""
    assert operator.slugs
    assert set(operator.slugs) <= set(CHECKS)


@pytest.mark.parametrize("operator", (*DRESSES, *SETTINGS), ids=lambda operator: operator.name)
def test_a_correct_variant_expects_nothing(operator: Operator) -> None:
    """What is correct may lose nothing."""
    assert operator.slugs == ()


def test_names_are_used_once() -> None:
    """A mutant is known by its operator's name."""
    names = [operator.name for operator in EVERY]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("program", REFERENCES.values(), ids=REFERENCES.keys())
def test_a_reference_has_at_least_thirty_mutants(program: Program) -> None:
    """Each differs from the reference and from all others."""
    sources = [mutant.source for mutant in mutants(program, MISTAKES)]
    assert len(sources) >= 30
    assert len({*sources, program.plain}) == len(sources) + 1


@pytest.mark.parametrize(
    ("name", "removed", "added"),
    [
        ("no-zero-grad", "opt.zero_grad()", None),
        ("zero-grad-uncalled", "opt.zero_grad()", "opt.zero_grad"),
        ("softmax-before-loss", "error = cost(scores, b)", "error = cost(torch.softmax(scores, dim=1), b)"),
        ("swapped-arguments", "error = cost(scores, b)", "error = cost(b, scores)"),
        ("rate-huge", "opt = torch.optim.SGD(net.parameters(), lr=0.1)",
         "opt = torch.optim.SGD(net.parameters(), lr=100.0)"),
        ("optimizer-per-epoch", None, "opt = torch.optim.SGD(net.parameters(), lr=0.1)"),
    ],
)  # fmt: skip
def test_a_mutant_is_what_its_operator_says(name: str, removed: str | None, added: str | None) -> None:
    """One change, told as a diff."""
    lines = difference(Program.parse(INLINE), mutant_of(name)).splitlines()[2:]
    assert [line[1:].strip() for line in lines if line.startswith("-")] == [line for line in [removed] if line]
    assert [line[1:].strip() for line in lines if line.startswith("+")] == [line for line in [added] if line]


def test_an_operator_without_its_part_makes_nothing() -> None:
    """A loop without an evaluation has no evaluation to leave out."""
    [operator] = [operator for operator in MISTAKES if operator.name == "never-evaluated"]
    assert changes_of(operator, Program.parse(INLINE)) == []
    with pytest.raises(NotThereError):
        _ = Anatomy(Program.parse("print(1)\n")).backward


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EPOCHS = 20  # enough\nx = 20\n", "EPOCHS = 2  # enough\nx = 20\n"),
        ("num_epochs = 1\n", "num_epochs = 1\n"),
        ("steps = 20\n", "steps = 20\n"),
        ("EPOCHS = count()\n", "EPOCHS = count()\n"),
    ],
)
def test_fewer_epochs_where_a_constant_says_how_many(text: str, expected: str) -> None:
    """Never more of them, and no other line moves."""
    assert shortened(Program.parse(text), 2).source == expected
