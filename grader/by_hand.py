"""Where a text changes weights or empties gradients by hand: to point at a line, never to decide."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: more of a line than anybody writes
MOST = 400
_UPDATE = re.compile(r"(?:[+-]=|\.(?:add|sub|copy)_\(|\.data\s*=(?!=))[^#]*\.grad\b(?!\s*=[^=])")
_CLEARING = re.compile(r"\.grad(?:\.data)?(?:\.zero_\(|\.fill_\(\s*0|\s*=\s*None\b|\s*\*=\s*0\b)")


def update_line(source: str) -> int | None:
    """The one line that moves something along `.grad`; None where there is none, or more than one."""
    return _only(_UPDATE, source)


def clearing_line(source: str) -> int | None:
    """The one line that empties a `.grad`; None where there is none, or more than one."""
    return _only(_CLEARING, source)


def _only(pattern: re.Pattern[str], source: str) -> int | None:
    found = list(_lines(pattern, source))
    return found[0] if len(found) == 1 else None


def _lines(pattern: re.Pattern[str], source: str) -> Iterator[int]:
    # not splitlines(): Python counts no line at a form feed or at U+2028
    for number, line in enumerate(source.split("\n"), 1):
        if not line.lstrip().startswith("#") and pattern.search(line[:MOST]):
            yield number
