"""Where the built-in translations are."""

from __future__ import annotations

from pathlib import Path

from grader import hookimpl


@hookimpl
def grader_locales() -> list[Path]:
    """The folder of the built-in .po files."""
    return [Path(__file__).parent / "locale"]
