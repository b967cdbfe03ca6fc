"""A class's summary -> the gradebooks that were asked for, each in the sheet that its platform exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError
from .gradebooks import Gradebook, GradebookRow, load_sheet, write_gradebook
from .merging import read_summary
from .plugin_manager import all_gradebooks, create_manager
from .summary import Summary


@dataclass(frozen=True)
class Books:
    """Gradebooks by name, the sheet to fill in, and what the assignment is called there (else by its title)."""

    asked: Mapping[str, Gradebook]
    sheet: Path | None
    column: str | None

    def check(self, *, anonymous: bool) -> None:
        """All that can be wrong before a night's work. Raises UsageError."""
        if self.asked and anonymous:
            raise UsageError("--anonymous: a gradebook has to know who is who; fill it in from results with names")
        if self.sheet is not None and not self.asked:
            raise UsageError("--sheet: name the gradebook that it is for, as in --format canvas")
        for gradebook in self.asked.values():
            gradebook(load_sheet(gradebook, self.sheet), (), self.column or "")

    def fill(self, folder: Path, language: str) -> list[str]:
        """Write them beside summary.json. Returns a line for each file and each score that is not in it."""
        if not self.asked:
            return []
        summary = read_summary(folder)
        self.check(anonymous=summary.anonymous)
        rows, title = class_rows(summary, folder), self.column or class_title(summary, language)
        return [
            f"{name}: {line}"
            for name, gradebook in self.asked.items()
            for line in write_gradebook(gradebook, self.sheet, rows, title, folder)
        ]


def split_formats(formats: Sequence[str], sheet: Path | None, column: str | None) -> tuple[tuple[str, ...], Books]:
    """The formats that are pages of a submission, and the gradebooks among them."""
    offered = all_gradebooks(create_manager())
    asked = {name: offered[name] for name in formats if name in offered}
    return tuple(name for name in formats if name not in offered), Books(asked, sheet, column)


def class_rows(summary: Summary, folder: Path) -> list[GradebookRow]:
    """One row for each submission; what was not graded has no score."""
    graded = [
        GradebookRow(
            student=item.student_id or Path(item.name).stem,
            name=item.student or Path(item.name).stem,
            score=item.score,
            max_score=item.max_score,
            page=folder / item.page if item.page and item.page.endswith(".html") else None,
        )
        for item in summary.submissions
    ]
    missing = [
        GradebookRow(item.student_id or Path(item.name).stem, item.student or Path(item.name).stem, None, 0)
        for item in summary.not_graded
    ]
    return [*graded, *missing]


def class_title(summary: Summary, language: str) -> str:
    """The exercise's title. Raises UsageError when there is more than one exercise."""
    if len(summary.exercises) > 1:
        listed = ", ".join(exercise.id for exercise in summary.exercises)
        raise UsageError(f"one column holds one exercise, but these results are of {listed}; --exercise chooses")
    titles: Mapping[str, str] = summary.exercises[0].titles if summary.exercises else {}
    return titles.get(language) or titles.get("en") or next(iter(titles.values()), "")
