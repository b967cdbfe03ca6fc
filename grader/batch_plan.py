"""Which submissions of a folder are graded now: by layout, roster, shard, pattern, and what an earlier batch left."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .anonymity import anonymous, names_of, scrubbed, words_of
from .batch import Task
from .errors import UsageError
from .layouts import SHARED, Entry, entries_in
from .note import Note
from .result import Result
from .resume import Circumstances, Earlier, concerns, record_of
from .roster import Missing, assign, read_roster
from .staging import Staged, stage
from .summary import Row
from .words import visible

SHARD = re.compile(r"(\d{1,6})/(\d{1,6})")
#: in a larger class only the student's own names are looked for in a text
EVERYBODY = 2000


@dataclass(frozen=True)
class Plan:
    """What `grade run` is told about a folder."""

    jobs: str = "auto"
    engine: str = "local"
    address: str | None = None
    resume: bool = True
    fail_fast: bool = False
    only: str | None = None
    regrade: str | None = None
    shard: str | None = None
    roster: Path | None = None
    layout: str = "auto"
    due: str | None = None
    anonymous: bool = False
    names: Path | None = None


@dataclass
class Work:
    """What is to be done: `tasks` to grade, `rows` that are settled already."""

    tasks: list[Task] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    kept: int = 0


def handed_in(folder: Path, plan: Plan) -> tuple[str, list[Entry], list[Missing]]:
    """The layout's name, whom each submission belongs to, and what cannot be graded; only this shard's."""
    layout, entries = entries_in(folder, plan.layout)
    named, left_out = assign(entries, read_roster(plan.roster) if plan.roster else None)
    if plan.due:
        named = [entry if entry.due_at else replace(entry, due_at=plan.due) for entry in named]
    number, count = shard_of(plan.shard)
    mine = [entry for entry in named if in_shard(entry.name, number, count)]
    return layout, mine, [item for item in left_out if in_shard(item.entry.name, number, count)]


def shard_of(text: str | None) -> tuple[int, int]:
    """`3/8` -> (3, 8). Raises UsageError for anything else."""
    if text is None:
        return 1, 1
    match = SHARD.fullmatch(text)
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= count:
        raise UsageError(f"--shard: {text!r} is not K/N with K from 1 to N, such as 3/8")
    return number, count


def in_shard(name: str, number: int, count: int) -> bool:
    """The same on every machine and for every run; adding a submission moves no other."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % count == number - 1


def matches(entry: Entry, pattern: str | None) -> bool:
    """`--only`: a shell pattern, or a part of the submission's or the student's name."""
    if pattern is None:
        return True
    wanted = pattern.casefold() if any(sign in pattern for sign in "*?[") else f"*{pattern.casefold()}*"
    names = (entry.name, entry.student or "", entry.student_id or "")
    return any(fnmatch.fnmatchcase(name.casefold(), wanted) for name in names if name)


@dataclass(frozen=True)
class Planner:
    """Turns entries into tasks and rows; `key` is there for a class without names."""

    folder: Path
    plan: Plan
    earlier: Earlier
    circumstances: Circumstances
    key: bytes | None = None

    def work(self, entries: Sequence[Entry], left_out: Iterable[Missing], place: Path) -> Work:
        """Stage what is to be graded below `place`; keep what still holds."""
        work = Work(rows=self._left_out(left_out))
        everybody = self._names(entries)
        for number, entry in enumerate(entries):
            if not matches(entry, self.plan.only):
                work.rows += self._as_it_was(entry)
                continue
            try:
                called = "submission" if self.key else None
                staged = stage(entry, place / f"{number}", self._shared(), called=called)
            except (UsageError, OSError) as error:
                work.rows.append(self._not_graded(entry, _reason(error)))
                continue
            self._settle(work, staged, everybody)
        return work

    def _settle(self, work: Work, staged: Staged, everybody: Sequence[str]) -> None:
        """Keep an earlier result of exactly this, else grade it."""
        shown = replace(staged, entry=self._shown(staged.entry))
        note = self._note(shown.entry, staged.entry, everybody)
        record = record_of(shown, note, self.circumstances)
        result = self._kept(shown.entry.name, record)
        if result is not None:
            work.kept += 1
            previous = self.earlier.previous_scores.get(shown.entry.name)
            work.rows.append(replace(row_for(shown.entry, result=result), previous_score=previous))
            return
        before = self.earlier.result(shown.entry.name)
        attempts = ({"id": before.id, "score": before.score, "max_score": before.max_score},) if before else ()
        work.tasks.append(Task(shown, replace(note, earlier=attempts, resume=record)))

    def _kept(self, name: str, record: Mapping[str, str]) -> Result | None:
        """The earlier result where it is not to be made again."""
        if not self.plan.resume:
            return None
        if self.plan.regrade is None:
            return self.earlier.valid(name, record)
        result = self.earlier.valid(name, record, same_content=True)
        return result if result is not None and not concerns(result, self.plan.regrade) else None

    def _as_it_was(self, entry: Entry) -> list[Row]:
        """The row of a submission that is left alone: it stays in the gradebook."""
        shown = self._shown(entry)
        result = self.earlier.result(shown.name)
        return [row_for(shown, result=result)] if result is not None else []

    def _note(self, shown: Entry, entry: Entry, everybody: Sequence[str]) -> Note:
        return Note(
            student=shown.student,
            student_id=shown.student_id,
            submitted_at=entry.submitted_at,
            due_at=entry.due_at,
            late=entry.late,
            hidden=tuple(dict.fromkeys([*words_of(entry), *everybody])) if self.key else (),
        )

    def _shown(self, entry: Entry) -> Entry:
        return anonymous(entry, self.key) if self.key else entry

    def _names(self, entries: Sequence[Entry]) -> list[str]:
        if self.key is None or len(entries) > EVERYBODY:
            return []
        return sorted({word for entry in entries for word in names_of(entry)})

    def _left_out(self, left_out: Iterable[Missing]) -> list[Row]:
        """Rows for what is not graded; two of one student keep rows of their own under a pseudonym, too."""
        rows: dict[str, Row] = {}
        for item in left_out:
            row = self._not_graded(item.entry, item.reason)
            name, number = row.name, 2
            while row.name in rows:
                row, number = replace(row, name=f"{name} ({number})"), number + 1
            rows[row.name] = row
        return list(rows.values())

    def _not_graded(self, entry: Entry, reason: str) -> Row:
        if self.key:
            names = re.findall(r"[^\s,;:()]+\.(?:py|ipynb|zip)", reason)
            reason = scrubbed(reason, [*names, entry.identity, entry.name, *words_of(entry)])
        return row_for(self._shown(entry), reason=reason)

    def _shared(self) -> Path | None:
        shared = self.folder / SHARED
        return shared if shared.is_dir() else None


def row_for(entry: Entry, result: Result | None = None, reason: str = "") -> Row:
    """A row with what the entry knows of the student."""
    return Row(entry.name, result, reason, student=entry.student, student_id=entry.student_id)


def _reason(error: UsageError | OSError) -> str:
    text = str(error) if isinstance(error, UsageError) else error.strerror or type(error).__name__
    return visible(text, 300)
