"""Text for a job's log in which a row that looks like a command to the runner stays text."""

from __future__ import annotations

import os
import re
import secrets

#: `##vso[...]`, `##teamcity[...]` and `##[...]` are commands to other runners, wherever a row begins with them
_COMMAND = re.compile(r"^([^\S\n]*#)(?=#\w*\[)", re.MULTILINE)


def fenced(text: str) -> str:
    """Where GitHub's runner reads the log, switch its commands off around a text that may quote a student's.

    The word that switches them on again is drawn at random, so no text can hold it. Other runners have no such word:
    what would be a command to them gets a space.
    """
    text = _COMMAND.sub(r"\1 ", text)
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    word = secrets.token_hex(16)
    ended = text if text.endswith("\n") else f"{text}\n"
    return f"::stop-commands::{word}\n{ended}::{word}::\n"
