"""What a Python text names, found by parsing it in a small child with limits; nothing is executed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from .errors import SubmissionError

SECONDS = 10

# The child knows no torch and no grader. It parses, compiles (some syntax errors come only then) and names.
CHILD = r"""
import ast, json, resource, sys
for kind, limit in ((resource.RLIMIT_CPU, 5), (resource.RLIMIT_AS, 1 << 30), (resource.RLIMIT_CORE, 0)):
    hard = resource.getrlimit(kind)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (limit, limit))
def outline(source):
    try:
        tree = ast.parse(source)
        compile(source, "submission.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        return {"error": [str(error.msg)[:300], error.lineno or 1, error.offset or 0, type(error).__name__]}
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return {"error": ["too deeply nested or too large to parse", 1, 0, type(error).__name__]}
    imports, calls, names, functions = set(), set(), set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            imports.add(module)
            imports.update(module + ("." if node.module else "") + alias.name for alias in node.names)
        elif isinstance(node, ast.Call):
            name = node.func
            calls.add(name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", ""))
            names.add(getattr(name, "id", ""))
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.append([node.name, node.lineno])
    calls.discard("")
    names.discard("")
    called = {"calls": sorted(calls)[:2000], "names": sorted(names)[:2000]}
    return {"imports": sorted(imports)[:500], **called, "functions": functions[:500]}
sys.stdout.write(json.dumps(outline(sys.stdin.buffer.read())))
"""


@dataclass(frozen=True)
class Outline:
    """Names in a text: dotted imports (`torch.nn`, `.helper`), called names, top-level functions."""

    imports: frozenset[str]
    calls: frozenset[str]
    functions: dict[str, int]
    #: of the calls, those of a plain name: `train()` and not `model.train()`
    plain_calls: frozenset[str] = frozenset()


def outline(source: str) -> Outline:
    """Parse a text in a child. Raises SubmissionError for a syntax error or a crash of the parser."""
    child = _run_child(source)
    if child is None:
        raise SubmissionError("unreadable-submission", "the text cannot be parsed within the limits")
    if "error" in child:
        message, line, column, kind = child["error"]
        raise SubmissionError("syntax-error", message, line, column=column, type=kind)
    imports, calls, names = (frozenset(child[key]) for key in ("imports", "calls", "names"))
    return Outline(imports, calls, dict(child["functions"]), names)


def rough_outline(source: str) -> Outline:
    """Names in a text that does not parse: only to guess which exercise it was meant for."""
    imports = re.findall(r"^[ \t]*(?:from|import)[ \t]+([\w.]{1,100})", source, re.MULTILINE)
    members = re.findall(r"^[ \t]*from[ \t]+([\w.]{1,100})[ \t]+import[ \t]+(\w{1,100})", source, re.MULTILINE)
    calls = re.findall(r"\b([A-Za-z_]\w{0,100})\(", source)
    dotted = {f"{module}.{name}" for module, name in members}
    return Outline(frozenset(imports) | dotted, frozenset(calls), {})


def _run_child(source: str) -> dict[str, Any] | None:
    """The child's answer; None when it died of the text (the parser's own crash is the student's)."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-W", "ignore", "-c", CHILD],
            input=source.encode(),
            capture_output=True,
            timeout=SECONDS,
            env={},
        )
        return dict(json.loads(done.stdout)) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None
