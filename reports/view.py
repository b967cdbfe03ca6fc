"""A Result as a reader meets it: causes before consequences, each with the student's own lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grader import (
    Blame,
    Finding,
    Place,
    RenderContext,
    Result,
    Severity,
    Status,
    StepEvent,
    Timeline,
    VerdictRecord,
    describe,
    line_of,
    visible,
)

from . import attempts, phrases

#: lines of the student's shown before and after the marked ones
AROUND = 5
MAX_MARKED = 12
MAX_COLUMNS = 160
MAX_ROWS = 14
MAX_FINDINGS = 40
MAX_CHECKS = 60
#: where Python ends a line; str.splitlines also splits at form feeds and inside strings
_LINE_END = re.compile(r"\r\n|\r|\n")
WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True)
class Told:
    """One finding in words. `cause` is the title of what it follows from, "" for a root cause."""

    finding: Finding
    key: str
    title: str
    message: str
    severity: str
    place: str
    why: str
    experiment: str
    hints: tuple[str, ...]
    #: numbers and names beside the message
    measured: tuple[tuple[str, str], ...]
    cause: str
    cause_key: str


@dataclass(frozen=True)
class LookedFor:
    """One check of a rubric line: what it looks for, and whether that was there."""

    title: str
    glyph: str
    word: str


@dataclass(frozen=True)
class Line:
    """One rubric line in words."""

    id: str
    title: str
    status: Status
    word: str
    glyph: str
    score: str
    max_score: str
    basis: str
    reason: str
    needs_review: bool
    told: tuple[Told, ...]
    #: empty where the line was not decided
    looked_for: tuple[LookedFor, ...]


@dataclass(frozen=True)
class CodeLine:
    """A line of the student's; marked where the finding is."""

    number: int
    text: str
    marked: bool


@dataclass(frozen=True)
class Row:
    """What was observed beside what was expected; None where one of the two is not there."""

    observed: StepEvent | None
    expected: StepEvent | None
    #: where the observed call stands, in words
    place: str = ""

    @property
    def misplaced(self) -> bool:
        """The observed call stands where it should not."""
        return self.observed is not None and self.observed.status == "misplaced"

    @property
    def missing(self) -> bool:
        """The expected call is not there, nor was its work done in another way."""
        return self.observed is None and self.expected is not None and self.expected.status != "seen"


@dataclass(frozen=True)
class View:
    """All that every renderer of a result shows."""

    result: Result
    title: str
    headline: str
    lines: tuple[Line, ...]
    #: how the grader failed, in its own words
    for_instructor: tuple[str, ...]
    #: findings of no rubric line: they cost nothing
    besides: tuple[Told, ...]
    first: Told | None
    #: what stands over the root cause
    label: str
    #: points that the root cause costs, "" when it costs none
    cost: str
    #: how many other findings follow from the root cause
    explains: int
    code: tuple[CodeLine, ...]
    #: what has changed since the last attempt, "" where nothing is known of one
    change: str
    #: empty unless the observed step differs from the expected one
    steps: tuple[Row, ...]

    @property
    def others(self) -> tuple[Told, ...]:
        """Root causes beside the first, in the order in which they are worth reading."""
        everything = [told for line in self.lines for told in line.told] + list(self.besides)
        return tuple(told for told in everything if _leads(told.finding) and told != self.first)

    @property
    def full(self) -> bool:
        """Every point was earned."""
        return self.result.score is not None and self.result.score >= self.result.max_score

    @property
    def our_fault(self) -> bool:
        """The grader failed, as a whole or in a rubric line."""
        broken = any(line.status is Status.ERROR for line in self.lines)
        return broken or self.result.run.blame is Blame.GRADER


def build(result: Result, context: RenderContext) -> View:
    """Order and translate everything once, for all renderers."""
    told = _tell_all(result, context)
    steps = tuple(replace(row, place=_place_of(row, result, context)) for row in align(result.timeline))
    first = next((item for item in told if _leads(item.finding)), None)
    return View(
        result=result,
        title=exercise_title(result, context),
        headline=_headline(result, first, context),
        lines=tuple(_line(verdict, told, context) for verdict in result.verdicts),
        for_instructor=_for_instructor(result),
        besides=tuple(item for item in told if item.finding.verdict not in _ids(result)),
        first=first,
        label=_label(first, context),
        cost=_cost(first, result),
        explains=sum(item.finding.consequence_of == first.finding.check for item in told) if first else 0,
        code=excerpt(first.finding.where, result.source, result.cells) if first else (),
        change=attempts.change(result, context),
        steps=steps if _is_of_order(first, context) and differs(steps) else (),
    )


def exercise_title(result: Result, context: RenderContext) -> str:
    """The exercise's title in the reader's language, else in English, else its id."""
    titles: Mapping[str, str] = context.exercise.titles if context.exercise else {}
    return localised(titles, context.language) or visible(str(result.exercise.get("id", "")), 100)


def excerpt(where: Place | None, source: str, cells: Sequence[tuple[int, int]] = ()) -> tuple[CodeLine, ...]:
    """The lines around a place, in a notebook those of its cell; only the place where the text has no such line."""
    if where is None:
        return ()
    lines = _lines_of(where.cell, source, cells)
    inside = 1 <= where.line <= len(lines)
    if not inside or lines[where.line - 1].strip() != where.text.strip():
        return (CodeLine(where.line, visible(where.text, MAX_COLUMNS), True),)
    end = min(max(where.end_line, where.line), where.line + MAX_MARKED - 1, len(lines))
    shown = range(max(1, where.line - AROUND), min(len(lines), end + AROUND) + 1)
    marked = range(where.line, end + 1)
    while shown and not lines[shown[-1] - 1].strip():
        shown = shown[:-1]
    while shown and not lines[shown[0] - 1].strip():
        shown = shown[1:]
    return tuple(CodeLine(number, visible(lines[number - 1], MAX_COLUMNS), number in marked) for number in shown)


def _lines_of(cell: int | None, source: str, cells: Sequence[tuple[int, int]]) -> list[str]:
    """The lines of a script, or of one cell of a notebook."""
    lines = _LINE_END.split(source)
    if cell is None:
        return lines
    starts = [start for start, _ in cells]
    start = next((start for start, number in cells if number == cell), len(lines) + 1)
    end = min((other for other in starts if other > start), default=len(lines) + 1)
    return lines[start - 1 : end - 1]


def align(timeline: Timeline) -> tuple[Row, ...]:
    """Put the observed step beside the expected one; a call that is missing or misplaced leaves a gap.

    Only a call that is marked `misplaced` is at a wrong place: clearing gradients right before backward() is
    as good as doing it first.
    """
    rows = [Row(event, None) for event in timeline.observed if event.status != "missing"]
    following = len(rows)
    for wanted in reversed(timeline.expected):
        place = next((index for index, row in enumerate(rows) if _pairs(row, wanted)), None)
        if place is None:
            rows.insert(following, Row(None, wanted))
        else:
            rows[place] = Row(rows[place].observed, wanted)
            following = place
    return tuple(rows[:MAX_ROWS])


def _place_of(row: Row, result: Result, context: RenderContext) -> str:
    """`line 16`, or `cell 3, line 2`: the recorder knows a notebook's lines as those of one text."""
    line = row.observed.line if row.observed else None
    if line is None:
        return ""
    start, cell = max(((start, cell) for start, cell in result.cells if start <= line), default=(1, None))
    return line_of(Place(line - start + 1, line, "", cell), context.gettext)


def differs(rows: Sequence[Row]) -> bool:
    """Whether the drawing has anything to show: a call that is missing, or at a wrong place."""
    return any(row.missing or row.misplaced for row in rows)


def _pairs(row: Row, wanted: StepEvent) -> bool:
    seen = row.observed is not None and row.expected is None and not row.misplaced
    return seen and row.observed is not None and row.observed.event == wanted.event


def _tell_all(result: Result, context: RenderContext) -> tuple[Told, ...]:
    """Findings in the order in which they are worth reading: by weight, then by rubric."""
    ranks = {line: rank for rank, line in enumerate(_ids(result))}

    def order(finding: Finding) -> tuple[bool, int, int]:
        rank = ranks.get(finding.verdict or "", len(ranks))
        return finding.consequence_of is not None, WEIGHT[finding.severity], rank

    ordered = sorted(result.findings, key=order)[:MAX_FINDINGS]
    keys: dict[str, str] = {}
    for index, finding in enumerate(ordered, 1):
        keys.setdefault(finding.check, f"f{index}")
    return tuple(_tell(finding, f"f{index}", keys, context) for index, finding in enumerate(ordered, 1))


def _tell(finding: Finding, key: str, keys: dict[str, str], context: RenderContext) -> Told:
    check = context.checks.get(finding.check)
    cause = finding.consequence_of
    return Told(
        finding=finding,
        key=key,
        title=_title(finding.check, context),
        message=describe(finding, check, context.gettext) if check else "",
        severity=phrases.severity_word(finding.severity, context),
        place=line_of(finding.where, context.gettext),
        why=_say(check.why, context) if check else "",
        experiment=_say(check.experiment, context) if check else "",
        hints=tuple(_say(hint, context) for hint in check.hints) if check else (),
        measured=_measured(finding, context),
        cause=_title(cause, context) if cause else "",
        cause_key=keys.get(cause or "", ""),
    )


def _measured(finding: Finding, context: RenderContext) -> tuple[tuple[str, str], ...]:
    """What was measured, by name; `earned` is the grade's business, and what is empty says nothing."""
    known = [(name, value) for name, value in sorted(finding.measured.items()) if value not in ("", None)]
    return tuple(
        (
            phrases.measured_word(name, context),
            phrases.number(value) if isinstance(value, float) else visible(str(value), 200),
        )
        for name, value in known
        if name != "earned"
    )


def _say(message: str, context: RenderContext) -> str:
    # gettext("") is the header of a catalogue
    return context.gettext(message) if message else ""


def _title(check: str, context: RenderContext) -> str:
    known = context.checks.get(check)
    return _say(known.title, context) if known else visible(check, 80)


def _looked_for(verdict: VerdictRecord, told: Sequence[Told], context: RenderContext) -> tuple[LookedFor, ...]:
    seen = {item.finding.check: item for item in reversed(told)}
    words = {True: ("↳", context.gettext("a consequence")), False: ("→", context.gettext("seen"))}
    return tuple(
        LookedFor(
            _title(slug, context),
            *(words[bool(seen[slug].cause)] if slug in seen else ("✓", context.gettext("not seen"))),
        )
        for slug in verdict.checks[:MAX_CHECKS]
    )


def _line(verdict: VerdictRecord, told: Sequence[Told], context: RenderContext) -> Line:
    broken = verdict.status is Status.ERROR
    undecided = broken or verdict.status is Status.SKIPPED
    return Line(
        id=visible(verdict.id, 60),
        title=rubric_title(verdict.id, context),
        status=verdict.status,
        word=phrases.line_word(verdict, context),
        glyph=phrases.GLYPHS[verdict.status],
        score=phrases.points(verdict.score),
        max_score=phrases.points(verdict.max_score),
        basis="" if undecided else phrases.basis_word(verdict.basis, context),
        reason=phrases.reason_sentence("grader-failed" if broken else verdict.reason, context),
        needs_review=verdict.needs_review,
        told=tuple(item for item in told if item.finding.verdict == verdict.id),
        looked_for=() if undecided else _looked_for(verdict, told, context),
    )


def rubric_title(line: str, context: RenderContext) -> str:
    """The title of a rubric line in the reader's language, else in English, else its id."""
    rubric = context.exercise.rubric if context.exercise else ()
    titles: Mapping[str, str] = next((item.titles for item in rubric if item.id == line), {})
    return localised(titles, context.language) or visible(line, 60)


def localised(titles: Mapping[str, str], language: str) -> str:
    """A title in a language, else in English; "" when there is neither."""
    short = language.replace("_", "-").split("-")[0]
    return titles.get(language) or titles.get(short) or titles.get("en") or ""


def _ids(result: Result) -> list[str]:
    return [verdict.id for verdict in result.verdicts]


def _leads(finding: Finding) -> bool:
    return finding.consequence_of is None and finding.severity is not Severity.NOTE


def _is_of_order(first: Told | None, context: RenderContext) -> bool:
    """Whether the root cause is one that the order of the calls can show."""
    check = context.checks.get(first.finding.check) if first else None
    return check is not None and (check.group == "order" or check.shows is not None)


def _cost(first: Told | None, result: Result) -> str:
    """What the root cause's line lost, and the lines that the run did not get to."""
    if first is None:
        return ""
    lost = [
        verdict.max_score - verdict.score
        for verdict in result.verdicts
        if verdict.score is not None and (verdict.id == first.finding.verdict or verdict.status is Status.SKIPPED)
    ]
    return phrases.points(sum(lost)) if sum(lost) > 0 else ""


def _for_instructor(result: Result) -> tuple[str, ...]:
    broken = [verdict.reason for verdict in result.verdicts if verdict.status is Status.ERROR]
    said = dict.fromkeys([result.run.reason or "", *broken])
    return tuple(visible(reason, 1000) for reason in said if reason not in ("", "grader-failed"))


def _label(first: Told | None, context: RenderContext) -> str:
    if first and first.finding.severity is Severity.WARNING:
        return context.gettext("Worth a look")
    return context.gettext("Start here")


def _headline(result: Result, first: Told | None, context: RenderContext) -> str:
    gettext = context.gettext
    if result.run.blame is Blame.GRADER:
        return gettext("The grader failed, not your code. You lose no points for it.")
    if result.run.blame is Blame.EXERCISE:
        return gettext("Something is wrong with the exercise, not with your code. You lose no points for it.")
    if result.score is None:
        return gettext("Part of this could not be decided automatically, so a person will look at it.")
    if result.score >= result.max_score and any(verdict.needs_review for verdict in result.verdicts):
        return gettext("All points so far; a person will look at part of it.")
    if result.score >= result.max_score:
        return gettext("All that this exercise asks for is there. Well done.")
    if result.passed:
        return gettext("Passed. There is something left to make better.")
    if first:
        return gettext("Not passed yet. The first thing to fix is below.")
    return gettext("Not passed yet.")
