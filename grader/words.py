"""A finding -> sentences in the reader's language; hostile text -> text that can be shown."""

from __future__ import annotations

import re
from collections.abc import Callable

from .model import Check, Finding, Place

#: control characters -> their visible pictures; tab and newline stay
_PICTURES = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)} | {127: "\u2421"}
#: what changes the direction of text, hides, joins or breaks lines without being seen
_INVISIBLE = re.compile(
    "[\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    # of the selectors of forms only those two that emojis are written with stay: the others can carry whole texts
    "\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

#: a cell that begins like this would be a formula in a spreadsheet, also with the wide signs of CJK keyboards
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def visible(text: str, limit: int = 20_000) -> str:
    """Show a student's text as text: escapes, bidirectional marks and lone surrogates become visible."""
    cut = text[:limit].replace("\r\n", "\n").translate(_PICTURES)
    shown = _INVISIBLE.sub(lambda match: f"[U+{ord(match.group()):04X}]", cut)
    return shown + ("…" if len(text) > limit else "")


def one_line(text: str, limit: int = 600) -> str:
    """The same as one line: a line break in a name starts none, which a CI server could take for a command."""
    return " ".join(visible(text, limit).split())


def line_of(place: Place | None, gettext: Callable[[str], str]) -> str:
    """`line 16`, or `cell 3, line 2` in a notebook; empty where there is no place."""
    if place is None:
        return ""
    if place.cell is not None:
        return gettext("cell {cell}, line {line}").format(cell=place.cell, line=place.line)
    return gettext("line {line}").format(line=place.line)


def describe(finding: Finding, check: Check, gettext: Callable[[str], str]) -> str:
    """The check's message with this run's numbers, in the language of `gettext`.

    `{line}` becomes `line 16`; a missing place becomes `your loop`, so that the sentence still reads.
    """
    values: dict[str, object] = {
        key: _words(value, check, gettext) if isinstance(value, str) else _number(value)
        for key, value in {**finding.measured, **finding.params}.items()
    }
    values["line"] = line_of(finding.where, gettext) or gettext("your code")
    values["count"] = finding.count
    values["of"] = finding.of
    try:
        return gettext(check.message).format(**values)
    except (KeyError, IndexError, ValueError):
        return gettext(check.title)


def _words(value: str, check: Check, gettext: Callable[[str], str]) -> str:
    """A code that the check has words for, in the reader's language; any other text as it is."""
    return gettext(check.words[value]) if value in check.words else visible(value, 300)


def _number(value: object) -> object:
    """Numbers as a person writes them: at most four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else value


def cell(text: str) -> str:
    """Text for a cell of a table that a spreadsheet may open: never the beginning of a formula."""
    return f"'{text}" if text.startswith(("\t", "\r", "\n")) or text.strip().startswith(FORMULA) else text
