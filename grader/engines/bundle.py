"""A job as bytes, so that a machine with no file in common can grade it: the words of `grade run`, and their files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import UsageError

#: options whose value is a file or a folder that travels; --data-root is a place on each machine
TRAVELS = ("--exercise", "--metadata", "--secret-file")
OUT = "--out"
MAX_BYTES = 200_000_000
#: stands for the folder that the files lie in on the other side
HERE = "{here}"


@dataclass(frozen=True)
class Bundle:
    """Words with `{here}` in place of paths, and the files below it: relative name -> bytes."""

    words: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def unpack(self, folder: Path) -> list[str]:
        """Lay the files into a folder; the words for `grade run` there."""
        write_files(self.files, folder)
        return [word.replace(HERE, str(folder)) if word.startswith(HERE) else word for word in self.words]


def pack(words: Sequence[str]) -> Bundle:
    """The words of a job with all that they name. The last word is the submission, which comes with its folder."""
    bundle = Bundle(())
    for index, word in enumerate(words):
        option = words[index - 1] if index else ""
        if index == len(words) - 1:
            path = Path(word)
            bundle = _with(bundle, f"{HERE}/submission/{path.name}", path.parent, "submission")
        elif option == OUT:
            bundle = replace(bundle, words=(*bundle.words, f"{HERE}/out"))
        elif option in TRAVELS and Path(word).exists():
            path, place = Path(word), option.strip("-")
            root = path if path.is_dir() else path.parent
            only = None if path.is_dir() else path.name
            name = f"{HERE}/{place}" if only is None else f"{HERE}/{place}/{only}"
            bundle = _with(bundle, name, root, place, only)
        else:
            bundle = replace(bundle, words=(*bundle.words, word))
    return bundle


def _with(bundle: Bundle, word: str, root: Path, place: str, only: str | None = None) -> Bundle:
    found = {f"{place}/{name}": content for name, content in read_files(root, only)}
    return replace(bundle, words=(*bundle.words, word), files={**bundle.files, **found})


def read_files(root: Path, only: str | None = None) -> Iterator[tuple[str, bytes]]:
    """Regular files below a folder by relative name. Raises UsageError when they are too many bytes to send."""
    total = 0
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = Path(place) / name
            relative = path.relative_to(root).as_posix()
            if path.is_symlink() or not path.is_file() or (only is not None and relative != only):
                continue
            total += path.stat().st_size
            if total > MAX_BYTES:
                raise UsageError(f"{root}: more than {MAX_BYTES:,} bytes; that is too much to send")
            yield relative, path.read_bytes()


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Each under a temporary name and renamed; `result.json` comes last, so that it stands for a whole folder."""
    for name in sorted(files, key=lambda name: (name == "resume.json", name == "result.json", name)):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.new")
        temporary.write_bytes(files[name])
        temporary.replace(target)
