"""A notebook's bytes -> one Python text and a map from its lines to cells; nothing in it is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import SubmissionError

CHECK = "unreadable-submission"
#: bytes of an .ipynb with its outputs; the code taken from it is bounded as any source
MAX_NOTEBOOK = 20_000_000
#: cell magics after which the cell is still Python
PYTHON_MAGICS = ("time", "timeit", "capture", "prun", "python", "python3")
ASSIGNED = re.compile(r"^(\s*[A-Za-z_][\w, ]*=\s*)[%!].*$")
SPECIAL = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$)")
STRING = re.compile(r"'''|\"\"\"|'|\"|#|[()\[\]{}]|\\.")


@dataclass(frozen=True)
class Notebook:
    """Code cells as one text; `cell_map`: line -> (cell, line in it), all 1-based; empty for a script."""

    source: str
    cell_map: dict[int, tuple[int, int]]


def read_notebook(content: bytes) -> Notebook:
    """Raises SubmissionError for what is no notebook or holds no code. Cells are counted as they stand."""
    lines: list[str] = []
    cell_map: dict[int, tuple[int, int]] = {}
    for number, text in code_cells(content):
        for inner, line in enumerate(python_lines(text), start=1):
            lines.append(line)
            cell_map[len(lines)] = (number, inner)
    if not any(line.strip() for line in lines):
        raise SubmissionError(CHECK, "the notebook holds no code")
    return Notebook("\n".join(lines) + "\n", cell_map)


def code_cells(content: bytes) -> Iterator[tuple[int, str]]:
    """Number and text of each code cell."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise SubmissionError(CHECK, "the notebook is not JSON; save it again as .ipynb") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise SubmissionError(CHECK, "the notebook has no list of cells (version 4 is read)")
    for number, cell in enumerate(cells, start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            yield number, text.replace("\r\n", "\n").replace("\r", "\n")


def python_lines(text: str) -> list[str]:
    """A cell's lines with magics and shell lines replaced, so that line numbers stay what they are."""
    lines = text.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name = lines[first][2:].split()[0] if lines[first][2:].split() else ""
        if name not in PYTHON_MAGICS:
            return [""] * len(lines)
        lines[first] = ""
    inside = Inside()
    return [inside.feed(line) for line in lines]


class Inside:
    """Follows strings and brackets from line to line: a `%` at the start of a line in a string is text."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0

    def feed(self, line: str) -> str:
        """The line as Python."""
        if not self.quote and self.depth == 0:
            line = as_python(line)
        self._follow(line)
        return line

    def _follow(self, line: str) -> None:
        for match in STRING.finditer(line):
            mark = match.group()
            if self.quote:
                self.quote = "" if mark == self.quote else self.quote
            elif mark == "#":
                break
            elif mark[0] in "'\"":
                self.quote = mark
            elif mark in "([{":
                self.depth += 1
            elif mark in ")]}":
                self.depth = max(0, self.depth - 1)
        if len(self.quote) == 1:  # a short string ends with its line
            self.quote = ""


def as_python(line: str) -> str:
    """`!pip install x` and `%matplotlib inline` do nothing; `files = !ls` is nothing."""
    if assigned := ASSIGNED.match(line):
        return f"{assigned.group(1)}None"
    if special := SPECIAL.match(line):
        return f"{special.group(1)}pass"
    return line
