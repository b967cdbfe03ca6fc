"""A result in which certain words are not: what a student wrote may hold names, and they are for no page."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import replace

from .model import Finding, Scalar
from .result import Result

#: what stands in a name's place
HIDDEN = "[…]"
#: numbers shorter than this are kept where the program computes with them
SURELY_AN_ID = 5


def redact(result: Result, words: Iterable[str]) -> Result:
    """Take words out of every text that a student can choose.

    A single word that the program uses as a name or a number stays (Adam is an optimizer, too), so that the page
    still shows the code that ran.
    """
    used = _used(result.source)
    hidden = [word for word in words if not (_is_plain(word) and word.casefold() in used)]
    if not hidden:
        return result
    longest_first = sorted({re.escape(word) for word in hidden}, key=lambda word: (-len(word), word))
    pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])", re.IGNORECASE)
    return _without(result, pattern)


def _used(source: str) -> set[str]:
    """Names and numbers of a program, in lower case: comments and texts are not among them."""
    found: set[str] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.NAME, tokenize.NUMBER):
                found.add(token.string.casefold())
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass  # what was read until there is known
    return found


def _is_plain(word: str) -> bool:
    return word.isidentifier() or (word.isdigit() and len(word) < SURELY_AN_ID)


def _without(result: Result, pattern: re.Pattern[str]) -> Result:
    def clean(text: str) -> str:
        return pattern.sub(HIDDEN, text)

    run, submission = result.run, result.submission
    return replace(
        result,
        submission=replace(submission, name=clean(submission.name)),
        run=replace(
            run, stdout=clean(run.stdout), stderr=clean(run.stderr), reason=clean(run.reason) if run.reason else None
        ),
        verdicts=tuple(replace(item, reason=clean(item.reason)) for item in result.verdicts),
        findings=tuple(_clean_finding(item, pattern) for item in result.findings),
        source=clean(result.source),
    )


def _clean_finding(finding: Finding, pattern: re.Pattern[str]) -> Finding:
    def clean(values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        return {key: pattern.sub(HIDDEN, item) if isinstance(item, str) else item for key, item in values.items()}

    where = finding.where and replace(finding.where, text=pattern.sub(HIDDEN, finding.where.text))
    return replace(finding, where=where, params=clean(finding.params), measured=clean(finding.measured))
