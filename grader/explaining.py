"""A check's page as plain text: what it means, why it matters, what to try, a bad and a good example."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.resources import files

from .errors import UsageError
from .model import Check

WIDTH = 88


def explain(slug: str, checks: Mapping[str, Check], gettext: Callable[[str], str]) -> str:
    """The page of one check. Raises UsageError with the closest slug, or all of them."""
    if slug not in checks:
        close = get_close_matches(slug, checks, n=1)
        choices = f"the closest is {close[0]!r}" if close else f"choose from {', '.join(checks)}"
        raise UsageError(f"no check {slug!r}; {choices}")
    check = checks[slug]
    parts = [
        f"{check.id} ({gettext(check.group)}, {gettext(check.severity.value)})",
        gettext(check.title),
        _wrap(gettext(check.why)),
        _section(gettext("Try this first"), check.experiment and gettext(check.experiment)),
        *(_section(f"{gettext('Hint')} {n}", gettext(hint)) for n, hint in enumerate(check.hints, start=1)),
        *(_example(gettext(title), slug, name) for title, name in EXAMPLES),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


EXAMPLES = (("Where it shows", "bad.py"), ("Where it does not", "good.py"))


def _section(title: str, text: str) -> str:
    return f"{title}:\n{textwrap.indent(_wrap(text), '  ')}" if text else ""


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH)


def _example(title: str, slug: str, name: str) -> str:
    """A built-in check has examples beside it; another plugin's need not."""
    file = files("grader.plugins") / "examples" / slug / name
    return f"{title}:\n{textwrap.indent(file.read_text().rstrip(), '    ')}" if file.is_file() else ""
