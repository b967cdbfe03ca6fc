"""exercise.toml -> Exercise, with messages for instructors: file, key, value, choices."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .checks import GROUPS
from .data import names_in_use
from .errors import ExerciseError, UsageError
from .model import Check, Exercise, Limits, Resources, RubricLine

if TYPE_CHECKING:
    from .data import DatasetProvider

FILE = "exercise.toml"
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: `# exercise: mnist-mlp`, in a line of its own
NAMED = re.compile(r"^[ \t]*#[ \t]*exercise[ \t]*:[ \t]*(\S+)[ \t]*$", re.MULTILINE)
LINE_KEYS = ("title", "points", "checks", "warning", "settings", "gate")
SETTINGS = ("zero_at",)
EXPECTS = ("loss", "hidden_layers", "inputs", "outputs")
DETECT = ("imports", "calls")
#: what stands for the data set where the submission brings its own data
OWN_DATA = "own"
#: what `grade calibrate` writes for each data set
CALIBRATION = ("accuracy", "loss", "seeds", "programs", "runs", "torch", "date", "method", "unproven", "band")
RESOURCES = ("cpus", "gpus")

T = TypeVar("T")


@dataclass(frozen=True)
class Table:
    """One table of a toml file; each reader checks one value and names it when it is wrong."""

    content: Mapping[str, object]
    path: str = ""

    def fail(self, key: str, problem: str) -> ExerciseError:
        where = f"{self.path}.{key}" if self.path and key else self.path or key
        return ExerciseError(f"{FILE}: {where}: {problem}" if where else f"{FILE}: {problem}")

    def only(self, known: Collection[str]) -> None:
        """Raises ExerciseError for a key that is not among the known ones."""
        for key in self.content:
            if key not in known:
                raise self.fail(key, f"no such key; {closest(key, known)}")

    def table(self, key: str) -> Table:
        return Table(self._take(key, {}, _is_table, "a table"), f"{self.path}.{key}" if self.path else key)

    def text(self, key: str, default: str | None = None) -> str:
        return self._take(key, default, lambda value: isinstance(value, str) and bool(value), "a text")

    def number(self, key: str, default: float | None, low: float, high: float = math.inf) -> float:
        """A finite number from `low` to `high`, both included."""
        limits = f"from {low:g} to {high:g}" if high < math.inf else f"of at least {low:g}"
        value = self._take(key, default, lambda value: _is_number(value) and low <= value <= high, f"a number {limits}")
        return float(value)

    def whole(self, key: str, default: int | None, low: int, high: int) -> int:
        return self._take(
            key,
            default,
            lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
            f"a whole number from {low} to {high}",
        )

    def flag(self, key: str) -> bool:
        """True or false; false unless given."""
        return bool(self._take(key, False, lambda value: isinstance(value, bool), "true or false"))

    def names(self, key: str, default: tuple[str, ...] | None = ()) -> tuple[str, ...]:
        return tuple(self._take(key, default, _is_list_of_names, "a list of names"))

    def pairs(self, key: str) -> tuple[tuple[float, float], ...]:
        """Pairs of finite numbers, the lower one first."""
        rows: list[list[float]] = self._take(key, None, lambda value: isinstance(value, list), "a list of pairs")
        for row in rows:
            if not (isinstance(row, list) and len(row) == 2 and all(map(_is_number, row)) and row[0] <= row[1]):
                raise self.fail(key, f"{json.dumps(row, default=str)} is not a pair of numbers, the lower one first")
        return tuple((float(low), float(high)) for low, high in rows)

    def _take(self, key: str, default: T | None, fits: Callable[..., bool], wanted: str) -> T:
        if key not in self.content:
            if default is None:
                raise self.fail(key, f"missing; {wanted} belongs here")
            return default
        value = self.content[key]
        if not fits(value):
            raise self.fail(key, f"{json.dumps(value, default=str, ensure_ascii=False)} is not {wanted}")
        return value  # type: ignore[return-value]


def closest(name: str, choices: Iterable[str]) -> str:
    """What the author may have meant: the closest choice, else all of them."""
    listed = sorted(choices)
    near = difflib.get_close_matches(name, listed, n=1, cutoff=0.5)
    return f'the closest is "{near[0]}"' if near else f"there are: {', '.join(listed)}"


def load_exercise(
    folder: Path, checks: Mapping[str, Check], datasets: Mapping[str, DatasetProvider] | None = None
) -> Exercise:
    """Read a folder's exercise.toml. Raises ExerciseError with the folder's path in front.

    With `datasets`, the data set must be one of them, and it and what may take its place need a threshold.
    """
    path = folder / FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ExerciseError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    try:
        return _exercise(folder, Table(content), checks, datasets)
    except ExerciseError as error:
        raise ExerciseError(f"{folder}/{error}") from None


def find_exercises(folders: Iterable[Path]) -> dict[str, Path]:
    """Every sub-folder with an exercise.toml, by name, sorted. Raises ExerciseError for a name used twice."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/{FILE}")):
            name = path.parent.name
            if name in found:
                raise ExerciseError(f"two exercises are called {name!r}: {found[name]} and {path.parent}")
            found[name] = path.parent
    return dict(sorted(found.items()))


def detect_exercise(
    source: str, imports: Collection[str], calls: Collection[str], exercises: Mapping[str, Exercise]
) -> tuple[Exercise, tuple[Exercise, ...]]:
    """The exercise that a text is for, and the others that would fit as well.

    The line `# exercise: ID` decides; else the exercise of whose [detect] every name occurs. The one with
    most such names fits best; among equals the lowest priority wins. Raises UsageError when none fits.
    """
    named = NAMED.search(source)
    if named is not None:
        return choose_exercise(named.group(1), exercises), ()
    scores = {name: _names_met(exercise, imports, calls) for name, exercise in exercises.items()}
    best = max(scores.values(), default=0)
    if best == 0:
        choices = ", ".join(sorted(exercises))
        raise UsageError(f"no exercise fits this file; name one with --exercise: {choices}")
    fitting = [exercises[name] for name, score in sorted(scores.items()) if score == best]
    first, *others = sorted(fitting, key=lambda exercise: (exercise.priority, exercise.id))
    return first, tuple(others)


def choose_exercise(name: str, exercises: Mapping[str, T]) -> T:
    """The exercise of that name. Raises UsageError with the closest one."""
    if name not in exercises:
        raise UsageError(f'no exercise "{name}"; {closest(name, exercises)}')
    return exercises[name]


def _names_met(exercise: Exercise, imports: Collection[str], calls: Collection[str]) -> int:
    """How many names its [detect] lists; 0 when one of them does not occur."""
    wanted_imports, wanted_calls = (exercise.detect.get(key, ()) for key in DETECT)
    called = {name.rpartition(".")[2] for name in calls}
    met = all(_imported(name, imports) for name in wanted_imports) and called.issuperset(wanted_calls)
    return len(wanted_imports) + len(wanted_calls) if met else 0


def _imported(wanted: str, imports: Collection[str]) -> bool:
    return any(name == wanted or name.startswith(f"{wanted}.") for name in imports)


def _exercise(
    folder: Path, top: Table, checks: Mapping[str, Check], datasets: Mapping[str, DatasetProvider] | None
) -> Exercise:
    top.only(
        ("id", "version", "resources", "title", "priority", "pass_mark", "dataset", "hidden_images", "threshold",
         "functions", "expects", "detect", "limits", "rubric", "calibration")
    )  # fmt: skip
    calibration = top.table("calibration")
    dataset = top.text("dataset", "") or None
    names = _dataset_names(top, dataset, datasets)
    return Exercise(
        id=_id(top, folder),
        version=top.text("version"),
        titles=_titles(top),
        directory=folder,
        digest=_digest({**_without_calibration(top.content), "given.py": _given(top, folder)}),
        rubric=_rubric(top.table("rubric"), checks, _threshold(top, names)),
        limits=_limits(top.table("limits")),
        resources=_resources(top.table("resources")),
        functions=top.names("functions"),
        given=_given(top, folder),
        dataset=dataset,
        threshold=_threshold(top, names),
        expects=_expects(top.table("expects")),
        detect=_detect(top.table("detect")),
        priority=top.whole("priority", 100, 0, 1_000_000),
        pass_mark=top.number("pass_mark", 0.6, 0, 1),
        hidden_images=top.whole("hidden_images", 5000, 100, 1_000_000),
        band=_bands(calibration, _threshold(top, names)),
        variants=calibration.names("variants") if "variants" in calibration.content else None,
    )


def _resources(table: Table) -> Resources:
    table.only(RESOURCES)
    return Resources(table.number("cpus", 1.0, 0.1, 1024), table.number("gpus", 0.0, 0, 64))


def _given(top: Table, folder: Path) -> str:
    """What functions are called with: given.py beside the exercise, needed where it names functions."""
    path = folder / "given.py"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if top.names("functions"):
            raise top.fail("functions", "needs a given.py beside it that makes their arguments") from None
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise top.fail("functions", f"given.py cannot be read: {error}") from None


def _id(top: Table, folder: Path) -> str:
    name = top.text("id")
    if not ID.fullmatch(name):
        raise top.fail("id", f'"{name}" is not lower case words joined by hyphens')
    if name != folder.resolve().name:
        raise top.fail("id", f'"{name}" differs from its folder\'s name "{folder.resolve().name}"')
    return name


def _titles(table: Table) -> Mapping[str, str]:
    titles = table.table("title")
    if "en" not in titles.content:
        raise titles.fail("en", "missing; a title in English belongs here")
    return {language: titles.text(language) for language in titles.content}


def _digest(content: Mapping[str, object]) -> str:
    """sha256 of what the file says, not of how it says it: comments and order do not count."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_calibration(content: Mapping[str, object]) -> dict[str, object]:
    """What was measured decides nothing: the hidden images, drawn from the digest, must not depend on it."""
    return {key: value for key, value in content.items() if key != "calibration"}


def _bands(table: Table, datasets: Collection[str]) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """The loss band of each data set that was calibrated."""
    known = tuple(datasets) or (OWN_DATA,)
    table.only(("variants", *known))
    calibrated = {name: table.table(name) for name in known if name in table.content}
    for measured in calibrated.values():
        measured.only(CALIBRATION)
    return {name: measured.pairs("band") for name, measured in calibrated.items() if "band" in measured.content}


def _dataset_names(top: Table, dataset: str | None, datasets: Mapping[str, DatasetProvider] | None) -> tuple[str, ...]:
    if dataset is None:
        return ()
    if datasets is None:
        return (dataset,)
    if dataset not in datasets:
        raise top.fail("dataset", f'no data set "{dataset}"; {closest(dataset, datasets)}')
    return names_in_use(datasets, dataset)


def _threshold(top: Table, names: tuple[str, ...]) -> Mapping[str, float]:
    table = top.table("threshold")
    if not names and table.content:
        raise top.fail("threshold", "there is no data set to which it could apply; name one: dataset")
    for name in names:
        if name not in table.content:
            raise table.fail(name, f'missing; the data set "{name}" may be used, so it needs a threshold')
    return {name: table.number(name, None, 0, 1) for name in table.content}


def _expects(table: Table) -> Mapping[str, object]:
    table.only(EXPECTS)
    counted = [key for key in EXPECTS if key in table.content and key != "loss"]
    found: dict[str, object] = {key: table.whole(key, None, 0, 10**6) for key in counted}
    if "loss" in table.content:
        found["loss"] = table.text("loss")
    return found


def _detect(table: Table) -> Mapping[str, tuple[str, ...]]:
    table.only(DETECT)
    return {key: table.names(key) for key in DETECT if key in table.content}


def _limits(table: Table) -> Limits:
    table.only([field.name for field in fields(Limits)])
    standard = Limits()
    return Limits(
        wall_seconds=table.number("wall_seconds", standard.wall_seconds, 1, 86_400),
        cpu_seconds=table.number("cpu_seconds", standard.cpu_seconds, 1, 864_000),
        memory_mb=table.whole("memory_mb", standard.memory_mb, 256, 1_048_576),
        processes=table.whole("processes", standard.processes, 1, 4096),
        output_bytes=table.whole("output_bytes", standard.output_bytes, 1000, 10**9),
        trace_bytes=table.whole("trace_bytes", standard.trace_bytes, 10_000, 10**9),
        disk_mb=table.whole("disk_mb", standard.disk_mb, 1, 1_048_576),
        files=table.whole("files", standard.files, 100, 10**7),
    )


def _rubric(rubric: Table, checks: Mapping[str, Check], threshold: Mapping[str, float]) -> tuple[RubricLine, ...]:
    if not rubric.content:
        raise rubric.fail("", "no line; at least one, such as [rubric.order], belongs here")
    lines = {line: rubric.table(line) for line in rubric.content}
    for line, table in lines.items():
        if not ID.fullmatch(line):
            raise rubric.fail(line, "is not lower case words joined by hyphens")
        table.only(LINE_KEYS)
    named = {line: _named(table, checks) for line, table in lines.items()}
    _each_once(lines, named)
    taken = {slug for entries in named.values() for slug in entries}
    return tuple(_line(line, table, checks, taken, threshold) for line, table in lines.items())


def _named(table: Table, checks: Mapping[str, Check]) -> tuple[str, ...]:
    """What a line lists, slugs and groups, each known."""
    entries = table.names("checks", None)
    if not entries:
        raise table.fail("checks", "is empty; a line needs at least one check")
    for entry in entries:
        if entry.startswith("@") and entry[1:] not in GROUPS:
            groups = [f"@{group}" for group in GROUPS]
            raise table.fail("checks", f'no group "{entry}"; {closest(entry, groups)}')
        if not entry.startswith("@") and entry not in checks:
            raise table.fail("checks", f'no check "{entry}"; {closest(entry, checks)}')
    return entries


def _each_once(lines: Mapping[str, Table], named: Mapping[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for line, entries in named.items():
        for entry in entries:
            if entry in seen:
                first = f"rubric.{seen[entry]}.checks"
                raise lines[line].fail("checks", f'"{entry}" is listed already, in {first}')
            seen[entry] = line


def _line(
    line: str, table: Table, checks: Mapping[str, Check], taken: set[str], threshold: Mapping[str, float]
) -> RubricLine:
    slugs = tuple(slug for entry in table.names("checks") for slug in _expanded(entry, checks, taken))
    if not slugs:
        raise table.fail("checks", "every check of its groups is in another line already")
    return RubricLine(
        id=line,
        points=table.number("points", None, 0, 1000),
        checks=slugs,
        titles=_titles(table),
        warning=table.number("warning", 0.0, 0, 1),
        settings=_settings(table.table("settings"), threshold),
        gate=table.flag("gate"),
    )


def _expanded(entry: str, checks: Mapping[str, Check], taken: set[str]) -> list[str]:
    """A slug stands for itself, `@group` for its checks that no line lists by name."""
    if not entry.startswith("@"):
        return [entry]
    return [slug for slug, check in sorted(checks.items()) if check.group == entry[1:] and slug not in taken]


def _settings(table: Table, threshold: Mapping[str, float]) -> Mapping[str, object]:
    """`zero_at`: for each data set, the accuracy that earns nothing; from there to the threshold, a share."""
    table.only(SETTINGS)
    if "zero_at" not in table.content:
        return {}
    zero = table.table("zero_at")
    zero.only(threshold)
    for name, full in threshold.items():
        if zero.number(name, None, 0, 1) >= full:
            raise zero.fail(name, f"{zero.content[name]} is not below the threshold, {full:g}")
    return {"zero_at": {name: zero.number(name, None, 0, 1) for name in threshold}}


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_list_of_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
