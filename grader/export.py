"""What an archive for a platform is made of, and who makes one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .model import Exercise
from .result import RenderContext, Result


@dataclass(frozen=True)
class Package:
    """All that a platform's machine needs to grade one exercise as it is graded here."""

    exercise: Exercise
    #: the exercise's folder: relative name -> bytes
    files: Mapping[str, bytes]
    #: this very grader, as a wheel: its file name and its bytes
    wheel: tuple[str, bytes]
    #: pip's constraints: the versions that are installed here
    constraints: str
    #: further arguments for pip
    pip: tuple[str, ...]
    #: draws the hidden data; None leaves the public constant
    secret: bytes | None
    #: results for what cannot be graded because there is no file to grade: `nothing`, `several`
    ungraded: Mapping[str, Result]
    context: RenderContext


@dataclass(frozen=True)
class Member:
    """One file of an archive."""

    content: bytes
    executable: bool = False


class Archiver(Protocol):
    """Lays out a platform's archive: names in the zip -> files."""

    def __call__(self, package: Package) -> Mapping[str, Member]: ...
