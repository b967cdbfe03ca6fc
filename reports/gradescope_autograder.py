"""What `run_autograder` does on Gradescope's machine: one submission in, results/results.json out, or nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SUFFIXES = (".py", ".ipynb")
#: names that say which of several files is the one to grade
ENTRIES = ("submission", "main")
MAX_DEPTH = 3
#: what a course's policy is told, and where Gradescope writes it
DATES = {"submitted_at": ("created_at",), "due_at": ("assignment", "due_date")}


def main(root: Path) -> int:
    """Grade what lies in `root`/submission. Returns 0 when there is a result, else why not; then nothing is written."""
    results = root / "results" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    # what the submission before got is nobody else's
    results.unlink(missing_ok=True)
    source = root / "source"
    entry, problem = choose(root / "submission")
    if entry is None:
        hand_over(source / f"{problem}.json", results)
        return 0
    with tempfile.TemporaryDirectory(prefix="gradeloop-") as work:
        metadata = Path(work, "metadata.json")
        metadata.write_text(json.dumps(read_metadata(root / "submission_metadata.json")), encoding="utf-8")
        code = grade(entry, source, Path(work), {"GRADE_METADATA": str(metadata)})
        if code == 0:
            hand_over(Path(work, "results.json"), results)
    return code


def grade(entry: Path, source: Path, work: Path, environment: Mapping[str, str]) -> int:
    """`grade run` as the archive's settings say. 0: graded, whatever the score."""
    settings = json.loads((source / "settings.json").read_text(encoding="utf-8"))
    secret = source / "secret"
    known = {**os.environ, **environment, **({"GRADE_SECRET": str(secret)} if secret.is_file() else {})}
    command = [
        *(sys.executable, "-P", "-c", "from grader.cli import main; main()", "run"),
        *("--exercise", str(source / "exercise" / settings["exercise"]), "--lang", settings["language"]),
        *("--format", "gradescope", "--out", str(work), "--exit-zero", "--quiet", str(entry)),
    ]
    return subprocess.run(command, env=known, stdin=subprocess.DEVNULL).returncode


def choose(folder: Path, depth: int = 0) -> tuple[Path | None, str]:
    """The file to grade, or None and which prepared result says why there is none: `nothing` or `several`."""
    there = [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__"))]
    files = [path for path in there if path.suffix.lower() in SUFFIXES and not path.is_dir()]
    named = [path for path in files if path.stem.lower() in ENTRIES]
    folders = [path for path in there if path.is_dir() and not path.is_symlink()]
    if len(named) == 1:
        return named[0], ""
    if len(files) == 1:
        return files[0], ""
    if not files and len(folders) == 1 and depth < MAX_DEPTH:
        return choose(folders[0], depth + 1)
    return None, "several" if files else "nothing"


def read_metadata(path: Path) -> dict[str, Any]:
    """Who handed it in, when, and when it was due; what cannot be read is absent, and costs nobody a grade."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        user = record["users"][0] if record.get("users") else {}
        known = {"student": user.get("name"), "student_id": user.get("id")}
        for key, names in DATES.items():
            value: Any = record
            for name in names:
                value = value.get(name, {})
            known[key] = value
        return {key: str(value) for key, value in known.items() if isinstance(value, str | int)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def hand_over(made: Path, results: Path) -> None:
    """Put a whole file in place at once."""
    temporary = results.with_name(f".{results.name}")
    shutil.copyfile(made, temporary)
    temporary.replace(results)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
