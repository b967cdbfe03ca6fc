"""What an operator is: one change that is made to a reference, and what may be read about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .anatomy import Anatomy, NotThereError
from .editing import Changes, Program


@dataclass(frozen=True)
class Operator:
    """One change. `slugs`: the checks that may name it; none for a change that leaves the program correct."""

    name: str
    does: str
    slugs: tuple[str, ...]
    make: Callable[[Anatomy], Iterator[Changes]]


@dataclass(frozen=True)
class Mutant:
    """A reference with one change. `line` is where the reference was changed."""

    operator: Operator
    name: str
    line: int
    source: str


def mutants(program: Program, operators: Iterable[Operator]) -> list[Mutant]:
    """Every change that applies, in the order of the operators; none that leaves the text as it was."""
    found: list[Mutant] = []
    for operator in operators:
        made = [(changes, program.changed(changes)) for changes in changes_of(operator, program)]
        texts = {text: changes for changes, text in reversed(made) if text != program.plain}
        for number, (text, changes) in enumerate(reversed(texts.items()), start=1):
            name = operator.name if len(texts) == 1 else f"{operator.name}-{number}"
            found.append(Mutant(operator, name, min(getattr(node, "lineno", 0) for node in changes), text))
    return found


def changes_of(operator: Operator, program: Program) -> list[Changes]:
    """What the operator would change here; nothing where the program has no such part."""
    try:
        return list(operator.make(Anatomy(program)))
    except NotThereError:
        return []


def difference(program: Program, source: str) -> str:
    """What was changed, as a unified diff of the texts without comments."""
    lines = difflib.unified_diff(program.plain.splitlines(), source.splitlines(), "reference", "mutant", "", "", 1, "")
    return "".join(f"{line}\n" for line in lines)


def shortened(program: Program, epochs: int) -> Program:
    """The program with fewer epochs, where a constant of its top level says how many; else as it is."""
    try:
        count = Anatomy(program).epochs
    except NotThereError:
        return program
    if not isinstance(count.value, int) or count.value <= epochs:
        return program
    lines = program.source.splitlines(keepends=True)
    line = lines[count.lineno - 1]
    # the line itself, so that all other lines stay where they are
    lines[count.lineno - 1] = re.sub(rf"\b{count.value}\b", str(epochs), line, count=1)
    return Program.parse("".join(lines))
