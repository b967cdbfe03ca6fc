"""--device: what is asked for against what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.device import resolve
from grader.errors import UsageError


def test_auto_takes_a_gpu_where_there_is_one(tmp_path: Path) -> None:
    """Without asking torch, which the trusted side does not import."""
    assert resolve("auto", tmp_path) == "cpu"
    (tmp_path / "nvidia0").touch()
    assert resolve("auto", tmp_path) == "cuda"
    assert resolve("cuda:0", tmp_path) == "cuda:0"


@pytest.mark.parametrize("asked", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_wrong_usage(tmp_path: Path, asked: str) -> None:
    """Before anything runs, with what works instead."""
    if asked != "cuda":
        (tmp_path / "nvidia0").touch()
    with pytest.raises(UsageError, match="cpu"):
        resolve(asked, tmp_path)


@pytest.mark.parametrize("asked", ["gpu", "cuda:x", "", "mps"])
def test_another_word_is_told_the_choices(asked: str) -> None:
    """Never handed on to a worker."""
    with pytest.raises(UsageError, match="auto, cpu, cuda"):
        resolve(asked)
