"""A class without names: pseudonyms that only who holds the key can lead back to students."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from .errors import UsageError
from .layouts import Entry
from .output import write_text
from .words import cell

KEY_BYTES = 32
#: hexadecimal digits of a pseudonym: two of 100 000 students share one in 1 of 50 000 classes
DIGITS = 12
#: parts of a name that are too short to be looked for
SHORTEST = 3
#: what files are called that say nothing about who wrote them
COMMON = frozenset(
    (
        *("submission", "main", "loop", "train", "training", "trainer", "model", "mnist", "mlp", "cnn", "net", "utils"),
        *("network", "solution", "homework", "hw", "lab", "task", "test", "exercise", "assignment", "script", "code"),
        *("notebook", "project", "regression", "evaluation", "untitled"),
    )
)


def read_key(secret: bytes | None) -> bytes:
    """The key of the pseudonyms: drawn from the secret, else from a random file that stays with this user."""
    if secret is not None:
        return hmac.digest(secret, b"gradeloop pseudonyms", "sha256")
    path = key_file()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(KEY_BYTES))
        key = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--anonymous: {path}: {error.strerror}; --secret-file takes its place") from None
    if len(key) < KEY_BYTES:
        raise UsageError(f"--anonymous: {path}: not a key; remove it, and pseudonyms begin anew")
    return key


def key_file() -> Path:
    """`$XDG_CONFIG_HOME/gradeloop/pseudonyms.key` or `~/.config/gradeloop/pseudonyms.key`."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / "gradeloop" / "pseudonyms.key"


def pseudonym(key: bytes, entry: Entry) -> str:
    """The same student has the same pseudonym in every exercise, whatever the file is called."""
    digest = hmac.digest(key, entry.identity.casefold().encode("utf-8", "replace"), hashlib.sha256)
    return f"student-{digest.hex()[:DIGITS]}"


def anonymous(entry: Entry, key: bytes) -> Entry:
    """An entry that says nothing about whose it is; its files keep their places."""
    name = pseudonym(key, entry)
    return replace(entry, name=name, student=name, student_id=None, email=None)


def names_of(entry: Entry) -> tuple[str, ...]:
    """Full names, ids and addresses: they are looked for in everybody's texts, friends thank each other."""
    people = [part.strip() for part in (entry.student or "").split(";")]
    ids = [part.strip() for part in (entry.student_id or "").split(";")]
    forms = [form for person in people for form in _forms(person)]
    return tuple(word for word in dict.fromkeys([*forms, *ids, entry.email or ""]) if len(word) >= SHORTEST)


def words_of(entry: Entry) -> tuple[str, ...]:
    """All that leads to one student in the student's own text: parts of the name and of the file's name too."""
    parts = [part for part in re.split(r"[\W_]+", entry.student or "") if len(part) >= SHORTEST]
    stems = [PurePath(name).stem for name in (entry.name, *(name for name, _ in entry.files))]
    told = [stem for stem in stems if len(stem) >= SHORTEST and stem.casefold() not in COMMON]
    return tuple(dict.fromkeys([*names_of(entry), *told, *parts]))


def _forms(person: str) -> list[str]:
    """Ana Ruiz, Ruiz, Ana, ana_ruiz, anaruiz and ruizana; a single word is left to its owner's text."""
    parts = [part for part in re.split(r"[\s,]+", person) if part]
    if len(parts) < 2:
        return []
    first, *rest = parts
    turned = [*rest, first]
    joints = (" ", "_", "", ".", "-")
    return [person, f"{' '.join(rest)}, {first}", *(joint.join(form) for form in (parts, turned) for joint in joints)]


def write_names(path: Path, out: Path, key: bytes, entries: Sequence[Entry]) -> None:
    """A table from pseudonyms to students. Raises UsageError when it would lie among the results."""
    if path.resolve().is_relative_to(out.resolve()):
        raise UsageError(f"--names: {path} lies in --out, where no names are to be")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("pseudonym", "submission", "student", "student_id", "email"))
    writer.writerows(sorted(_line(entry, key) for entry in entries))
    write_text(path, text.getvalue())


def _line(entry: Entry, key: bytes) -> tuple[str, ...]:
    cells = (entry.name, entry.student or "", entry.student_id or "", entry.email or "")
    return pseudonym(key, entry), *map(cell, cells)


def scrubbed(text: str, words: Iterable[str]) -> str:
    """A reason in which certain words are not."""
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(re.escape(word), "[…]", text, flags=re.IGNORECASE)
    return text
