"""Whether a program does the same as another: what its modules gave, and where its weights ended."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..result import Result
from .trials import Trial

HELPER = "gradeloop_probe"
LINE = re.compile(r"^behaviour (\{.*\})$", re.MULTILINE)
#: rounding, before and after a training has multiplied it
FIRST, LAST = 1e-4, 0.005


@dataclass(frozen=True)
class Behaviour:
    """`digest` is of every output of every module and of the last weights; the rest is a sample of them."""

    digest: str
    first: tuple[float, ...]
    last: tuple[float, ...]
    weights: tuple[float, ...]


def watched(trial: Trial) -> Trial:
    """The same program, that also says how it behaved."""
    tree = ast.parse(trial.source)
    top = next((index for index, node in enumerate(tree.body) if not _must_lead(index, node)), len(tree.body))
    tree.body[top:top] = ast.parse(f"import {HELPER}\n_behaviour = {HELPER}.Probe()").body
    tree.body += ast.parse("_behaviour.tell()").body
    probe = Path(__file__).with_name("probe.py").read_text(encoding="utf-8")
    return Trial(trial.name, ast.unparse(tree) + "\n", trial.seed, ((f"{HELPER}.py", probe),))


def read_behaviour(result: Result) -> Behaviour | None:
    """What a watched program said; None when it came to no end."""
    found = LINE.findall(result.run.stdout)
    if not found:
        return None
    record = json.loads(found[-1])
    return Behaviour(record["digest"], *(tuple(record[name]) for name in ("first", "last", "weights")))


def same(one: Behaviour | None, other: Behaviour | None) -> bool:
    """Bit for bit, or within rounding: the first outputs alike, and ends as close as that leaves."""
    if one is None or other is None:
        return False
    if one.digest == other.digest:
        return True
    ends = max(_apart(one.last, other.last), _apart(one.weights, other.weights))
    return _apart(one.first, other.first) < FIRST and ends < LAST


def _apart(values: Sequence[float], others: Sequence[float]) -> float:
    """The distance of two samples over the length of the second; infinite when they are not of one size."""
    if len(values) != len(others) or not others:
        return math.inf
    return math.dist(values, others) / max(math.hypot(*others), 1e-12)


def _must_lead(index: int, node: ast.stmt) -> bool:
    """A docstring, and imports from the future, come before anything else."""
    docstring = index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
