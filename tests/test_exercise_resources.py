"""[resources] of an exercise.toml: what one grading takes of a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch import Task, jobs_for
from grader.errors import ExerciseError
from grader.exercise import load_exercise
from grader.layouts import Entry
from grader.model import Resources
from grader.note import Note
from grader.plugin_manager import all_checks, create_manager
from grader.staging import Staged

CHECKS = all_checks(create_manager(third_party=False))
EXERCISE = """\
id = "demo"
version = "1"
title = {en = "Demo", es = "Demo"}
[rubric.order]
title = {en = "Order", es = "Orden"}
points = 1
checks = ["gradients-not-cleared"]
"""


def read(tmp_path: Path, resources: str) -> Resources:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "exercise.toml").write_text(f"{EXERCISE}[resources]\n{resources}\n")
    return load_exercise(folder, CHECKS).resources


@pytest.mark.parametrize(("text", "wanted"), [
    ("", Resources(1, 0)), ("cpus = 2", Resources(2, 0)), ("cpus = 0.5\ngpus = 0.25", Resources(0.5, 0.25)),
])  # fmt: skip
def test_resources_are_one_processor_unless_told(tmp_path: Path, text: str, wanted: Resources) -> None:
    """A GPU may be shared by several gradings."""
    assert read(tmp_path, text) == wanted


@pytest.mark.parametrize(("text", "words"), [
    ("cpus = 0", r"resources\.cpus: 0 is not a number from 0\.1"), ("gpu = 1", r"resources\.gpu: no such key"),
])  # fmt: skip
def test_what_is_wrong_is_told_by_its_key(tmp_path: Path, text: str, words: str) -> None:
    """As for every other key."""
    with pytest.raises(ExerciseError, match=words):
        read(tmp_path, text)


def test_every_job_says_what_it_takes(tmp_path: Path) -> None:
    """For engines that share out machines."""
    task = Task(Staged(Entry("a.py", ()), tmp_path / "a.py", ""), Note())
    [job] = jobs_for([task], tmp_path / "out", [], tmp_path, Resources(2, 0.5))
    assert (job.cpus, job.gpus) == (2, 0.5)
