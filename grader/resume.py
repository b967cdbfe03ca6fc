"""Which results of an earlier batch still hold: the same bytes, exercise, seed, device, data, plugins and secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pluggy

from .assembly import version
from .assessment import PUBLIC_SECRET
from .data import choose_dataset
from .errors import DataError, UsageError
from .model import Blame, Exercise
from .note import FILE, Note
from .result import Result, from_json
from .staging import Staged
from .summary import from_json as summary_from_json

MAX_RESULT = 5_000_000
MAX_SUMMARY = 200_000_000


@dataclass(frozen=True)
class Circumstances:
    """All beside the submission that decides a result's bytes; equal ones have equal digests."""

    exercises: Mapping[str, str]
    seed: int
    device: str
    dataset: str | None
    plugins: tuple[str, ...]
    secret: bytes | None

    @property
    def digest(self) -> str:
        secret = hashlib.sha256(self.secret or PUBLIC_SECRET).hexdigest()
        parts = (
            *(f"{name}={digest}" for name, digest in sorted(self.exercises.items())),
            *(str(self.seed), self.device, str(self.dataset)),
            *self.plugins,
            *(version(name) for name in ("gradeloop", "torch")),
            secret,
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def plugins_in_use(manager: pluggy.PluginManager) -> tuple[str, ...]:
    """Every plugin's name, with the version of the package that it came from."""
    versions = {id(plugin): str(found.version) for plugin, found in manager.list_plugin_distinfo()}
    return tuple(sorted(f"{name} {versions.get(id(plugin), '')}" for name, plugin in manager.list_name_plugin()))


def record_of(staged: Staged, note: Note, circumstances: Circumstances) -> dict[str, str]:
    """What is left beside a result: `key` over all that decides it, `content` over what was handed in."""
    told = {name: value for name, value in note.metadata.items() if name != "earlier"}
    parts = (staged.digest, circumstances.digest, json.dumps(told, sort_keys=True, default=str), *note.hidden)
    key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return {"key": key, "content": staged.digest}


@dataclass
class Earlier:
    """Results of an earlier batch in the same folder."""

    folder: Path
    plugins: pluggy.PluginManager
    exercises: Mapping[str, Exercise]
    dataset: str | None
    data_root: Path | None

    def result(self, name: str) -> Result | None:
        """The result that lies there, whatever it was made from; None when there is none that can be read."""
        path = self.folder / name / "result.json"
        try:
            with path.open("rb") as file:
                return from_json(file.read(MAX_RESULT).decode("utf-8", "replace"), str(path))
        except (OSError, UsageError):
            return None

    @cached_property
    def previous_scores(self) -> Mapping[str, float | None]:
        """What the earlier batch's own summary calls the score before: a result that is kept keeps it."""
        path = self.folder / "summary.json"
        try:
            with path.open("rb") as file:
                summary = summary_from_json(file.read(MAX_SUMMARY).decode("utf-8", "replace"), str(path))
        except (OSError, UsageError):
            return {}
        return {item.name: item.previous_score for item in summary.submissions}

    def valid(self, name: str, record: Mapping[str, str], *, same_content: bool = False) -> Result | None:
        """The result, when it was made from this; with `same_content`, from this submission in any circumstances.

        What our own fault left open is never kept.
        """
        key = "content" if same_content else "key"
        if self._record(name).get(key) != record[key]:
            return None
        result = self.result(name)
        if result is None or result.run.blame is Blame.GRADER:
            return None
        return result if same_content or self._same_data(result) else None

    def _record(self, name: str) -> Mapping[str, str]:
        try:
            record = json.loads((self.folder / name / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def _same_data(self, result: Result) -> bool:
        """Whether a run today would get the data set of then: MNIST may have been missing, or be gone."""
        exercise = self.exercises.get(result.exercise["id"])
        if result.run.dataset is None or exercise is None:
            return True
        asked = self.dataset or exercise.dataset
        return asked is None or self._today(asked) == result.run.dataset

    def _today(self, asked: str) -> str:
        known = self._data_sets
        if asked not in known:
            try:
                known[asked] = choose_dataset(self.plugins, asked, self.data_root).name
            except DataError:
                known[asked] = ""
        return known[asked]

    @cached_property
    def _data_sets(self) -> dict[str, str]:
        """What was asked for -> what it becomes today."""
        return {}


def concerns(result: Result, check: str) -> bool:
    """Whether a check is in the result's rubric or among its findings."""
    in_rubric = any(check in verdict.checks for verdict in result.verdicts)
    return in_rubric or any(finding.check == check for finding in result.findings)
