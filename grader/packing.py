"""This very grader as a wheel, and files as a zip: the same content gives the same bytes, whenever it is packed."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import importlib.util
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from .errors import UsageError
from .export import Member

DISTRIBUTION = "gradeloop"
PACKAGE = __name__.split(".", maxsplit=1)[0]
#: folders that packaging maps into the package
MAPPED = ("plugins", "reports", "exercises")
#: solutions stay at home: a submission can read whatever lies beside torch
LEFT_OUT = ("__pycache__", "gradeloop-out", "reference")
WHEEL = "Wheel-Version: 1.0\nGenerator: gradeloop\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def zip_bytes(members: Mapping[str, Member]) -> bytes:
    """A zip with its members in order of name, all of one date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in sorted(members.items()):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (0o755 if member.executable else 0o644) << 16
            archive.writestr(info, member.content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def wheel() -> tuple[str, bytes]:
    """The installed grader as a wheel: file name and bytes. Raises UsageError when it is not installed."""
    try:
        distribution = importlib.metadata.distribution(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        raise UsageError(f"{DISTRIBUTION} is not installed, so it cannot be packed; pip install it first") from None
    stem = f"{DISTRIBUTION}-{distribution.version}"
    files = dict(sorted(package_files().items()))
    files |= {
        f"{stem}.dist-info/METADATA": _metadata(distribution).encode(),
        f"{stem}.dist-info/WHEEL": WHEEL.encode(),
        f"{stem}.dist-info/entry_points.txt": (distribution.read_text("entry_points.txt") or "").encode(),
    }
    record = f"{stem}.dist-info/RECORD"
    files[record] = _record(files, record).encode()
    return f"{stem}-py3-none-any.whl", zip_bytes({name: Member(content) for name, content in files.items()})


def _metadata(distribution: importlib.metadata.Distribution) -> str:
    """Beside a working tree, what is found first may be the notes of a build, under an older name."""
    return distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""


def package_files() -> dict[str, bytes]:
    """Every file of the package by its name in a wheel, wherever an editable installation has it."""
    roots = {PACKAGE: Path(__file__).parent}
    for name in MAPPED:
        spec = importlib.util.find_spec(f"{PACKAGE}.{name}")
        for place in spec.submodule_search_locations or () if spec else ():
            roots[f"{PACKAGE}/{name}"] = Path(place)
    return {f"{prefix}/{name}": content for prefix, root in roots.items() for name, content in folder(root).items()}


def folder(root: Path) -> dict[str, bytes]:
    """Every file below a folder by its relative name; caches, results, solutions and what is hidden stay out."""
    found: dict[str, bytes] = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith(".") or part in LEFT_OUT for part in parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            found["/".join(parts)] = path.read_bytes()
    return found


def installed(*distributions: str) -> str:
    """pip's constraints for what is installed here; a build's own suffix (`+cpu`) is no version on an index."""
    lines = []
    for name in distributions:
        try:
            lines.append(f"{name}=={importlib.metadata.version(name).split('+')[0]}\n")
        except importlib.metadata.PackageNotFoundError:
            continue
    return "".join(lines)


def _record(files: Mapping[str, bytes], record: str) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.writerow([name, f"sha256={digest}", len(content)])
    rows.writerow([record, "", ""])
    return out.getvalue()
