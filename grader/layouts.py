"""What lies in a folder of submissions -> an Entry for each: whose it is, and which files belong to it.

Canvas, Moodle and Gradescope each have a way to export a class; anything else is a file, a notebook, a zip or a folder
for each student.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from .archives import is_clutter
from .errors import UsageError
from .submission import SUFFIXES

HANDED_IN = (*SUFFIXES, ".zip")
#: what students hand in, too, and nobody can grade: it is told, and not passed over
OTHER = (".rar", ".7z", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".doc", ".docx", ".odt", ".pdf")
#: files that every submission finds beside it: what the instructor hands out
SHARED = "_shared"
#: names that a batch writes itself
RESERVED = ("gradebook.csv", "summary.json", "index.html")
METADATA = "submission_metadata.yml"
MAX_METADATA = 50_000_000
#: doejane_LATE_1234_567890_loop.py: the student squeezed, the student's and the attachment's numbers, the file
CANVAS = re.compile(r"(?P<student>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<attachment>\d{3,})_(?P<file>.+)", re.DOTALL)
#: Jane Doe_1234_assignsubmission_file_: a folder, or what a file's name begins with. The first such words are the
#: platform's; in the file's own name a student may write the same of somebody else
MOODLE = re.compile(
    r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>file|onlinetext)(?:_(?P<file>.*))?", re.DOTALL
)
GRADESCOPE = re.compile(r"submission_(?P<attempt>\d+)")
#: Canvas counts the attempts of one student: loop-2.py
ATTEMPT = re.compile(r"-\d+$")


@dataclass(frozen=True)
class Entry:
    """One submission before it is graded. `name` is its folder below --out."""

    name: str
    #: name inside the submission -> where it lies; one path that is a folder or a zip stands for what is in it
    files: tuple[tuple[str, Path], ...]
    student: str | None = None
    student_id: str | None = None
    email: str | None = None
    #: as the platform writes it, ISO 8601 where it can
    submitted_at: str | None = None
    due_at: str | None = None
    late: bool | None = None

    @property
    def identity(self) -> str:
        """Whose it is: the id, else the name, else the submission's own name."""
        return self.student_id or self.student or self.name


@dataclass(frozen=True)
class Layout:
    """How a platform lays out what was handed in. `fits` looks at names only."""

    name: str
    fits: Callable[[Path, Sequence[Path]], bool]
    entries: Callable[[Path, Sequence[Path]], list[Entry]]


def entries_in(folder: Path, asked: str = "auto") -> tuple[str, list[Entry]]:
    """The layout's name and what was handed in, by name. Raises UsageError for a layout that is not known."""
    if asked not in ("auto", *LAYOUTS):
        raise UsageError(f"--layout: no layout {asked!r}; choose from auto, {', '.join(LAYOUTS)}")
    paths = [path for path in sorted(folder.iterdir()) if _is_somebodys(path)]
    programs = [path for path in paths if path.is_dir() or path.suffix.lower() in HANDED_IN]
    chosen = asked if asked != "auto" else next(name for name, item in LAYOUTS.items() if item.fits(folder, programs))
    entries = LAYOUTS[chosen].entries(folder, paths)
    return chosen, sorted((_named_apart(entry) for entry in entries), key=lambda entry: entry.name)


def _is_somebodys(path: Path) -> bool:
    """Not left behind by tools, nor the instructor's own."""
    if is_clutter(path.name) or path.name in (SHARED, "gradeloop-out"):
        return False
    return not (path.is_dir() and path.is_symlink())


def _named_apart(entry: Entry) -> Entry:
    return replace(entry, name=f"{entry.name}-") if entry.name in RESERVED else entry


def _plain(folder: Path, paths: Sequence[Path]) -> list[Entry]:
    """Other texts may be the instructor's: lists, notes, the task."""
    wanted = (*HANDED_IN, *OTHER)
    return [Entry(path.name, ((path.name, path),)) for path in paths if path.is_dir() or path.suffix.lower() in wanted]


def _fits_canvas(folder: Path, paths: Sequence[Path]) -> bool:
    """Every file is named so, and a student's number always goes with the same name."""
    found = [CANVAS.fullmatch(path.name) for path in paths]
    owners = {(match["id"], match["student"]) for match in found if match}
    return bool(paths) and all(found) and len({number for number, _ in owners}) == len(owners)


def _canvas(folder: Path, paths: Sequence[Path]) -> list[Entry]:
    entries = []
    for own in _grouped(paths, CANVAS):
        first = own[0][1]
        entry = Entry(_name_of(own), _inside(own), first["student"], first["id"])
        entries.append(replace(entry, late=any(match["late"] for _, match in own)))
    return entries


def _fits_moodle(folder: Path, paths: Sequence[Path]) -> bool:
    return bool(paths) and all(MOODLE.fullmatch(path.name) for path in paths)


def _moodle(folder: Path, paths: Sequence[Path]) -> list[Entry]:
    """A folder for each student, or files that begin with the student's name; typed texts are no programs."""
    entries = []
    for own in _grouped([path for path in paths if MOODLE.fullmatch(path.name)], MOODLE):
        typed = [item for item in own if item[1]["plugin"] == "onlinetext"]
        own = [item for item in own if item not in typed] or own
        first = own[0][1]
        entries.append(Entry(_name_of(own), _inside(own), first["student"], first["id"]))
    return entries


Owned = list[tuple[Path, re.Match[str]]]


def _grouped(paths: Iterable[Path], pattern: re.Pattern[str]) -> list[Owned]:
    """What belongs to one student, by the platform's number of the student."""
    groups: dict[str, Owned] = {}
    for path in paths:
        match = pattern.fullmatch(path.name)
        if match is not None:
            groups.setdefault(match["id"], []).append((path, match))
    return list(groups.values())


def _name_of(own: Owned) -> str:
    """A single file or folder keeps its name; several are called after their student."""
    path, match = own[0]
    return path.name if len(own) == 1 else f"{match['student']}_{match['id']}"


def _inside(own: Owned) -> tuple[tuple[str, Path], ...]:
    """The files under the names that the student gave them, where these differ."""
    given = [(match["file"] or path.name, path) for path, match in own]
    first_attempt = [(_without_attempt(name), path) for name, path in given]
    names = [name for name, _ in first_attempt]
    return tuple(first_attempt if len(set(names)) == len(names) else given)


def _without_attempt(name: str) -> str:
    path = PurePath(name)
    return ATTEMPT.sub("", path.stem) + path.suffix if ATTEMPT.sub("", path.stem) else name


def _fits_gradescope(folder: Path, paths: Sequence[Path]) -> bool:
    return (folder / METADATA).is_file()


def _gradescope(folder: Path, paths: Sequence[Path]) -> list[Entry]:
    """Folders submission_123, and a file beside them that says whose they are."""
    known = _metadata(folder / METADATA) if (folder / METADATA).is_file() else {}
    folders = [path for path in paths if path.is_dir() and GRADESCOPE.fullmatch(path.name)]
    return [_of_gradescope(path, known.get(path.name)) for path in folders]


def _of_gradescope(path: Path, record: object) -> Entry:
    entry = Entry(path.name, ((path.name, path),))
    if not isinstance(record, dict):
        return entry
    submitters = _value(record, "submitters")
    people = [item for item in submitters if isinstance(item, dict)] if isinstance(submitters, list) else []
    names, ids = ([str(value) for item in people if (value := _value(item, key))] for key in ("name", "sid"))
    created = _value(record, "created_at")
    # a group hands in together: all of its names and ids stand for it
    return replace(
        entry,
        student="; ".join(names) or None,
        student_id="; ".join(ids) or None,
        submitted_at=created.isoformat() if isinstance(created, datetime) else str(created or "") or None,
    )


def _value(record: Mapping[str, Any], key: str) -> Any:
    """What stands under a key, which Ruby writes as the symbol `:key:`."""
    return next((record[name] for name in (f":{key}:", f":{key}", key) if name in record), None)


def _metadata(path: Path) -> Mapping[str, Any]:
    """The export's own file. Its keys are Ruby's symbols, `:name:`. Raises UsageError when it is no such file."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads Ruby's own types as what they hold."""

    def plain(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> object:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return str(node.value)

    Loader.add_multi_constructor("!ruby/", plain)
    try:
        with path.open("rb") as file:
            content = yaml.load(file.read(MAX_METADATA), Loader)
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: not an export's list of submissions")
    return content


LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("gradescope", _fits_gradescope, _gradescope),
        Layout("moodle", _fits_moodle, _moodle),
        Layout("canvas", _fits_canvas, _canvas),
        Layout("plain", lambda folder, paths: True, _plain),
    )
}
