"""A small class of the kind that `class_of_300.py` makes, from start to end."""

from __future__ import annotations

from pathlib import Path

from .class_of_300 import generate, rehearse


def test_a_class_that_is_killed_twice_is_graded_once_and_as_alone(tmp_path: Path) -> None:
    """30 submissions, three of them broken or hostile: all have results, none is graded twice, 20 are as alone."""
    found = rehearse(tmp_path, 30, 20, 2)
    assert (found["results"], found["compared"]) == (30, 20)
    assert 10 <= found["kept"][0] <= found["kept"][1] < 30


def test_the_class_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    """So that two machines can compare what they make of it."""
    for name in ("a", "b"):
        generate(tmp_path / name, 40)
    contents = [
        {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in (tmp_path / name).rglob("*.py")}
        for name in ("a", "b")
    ]
    assert contents[0] == contents[1]
    assert len(list((tmp_path / "a").iterdir())) == 40
