"""Lines of a text that update weights or empty gradients by hand."""

from __future__ import annotations

import pytest

from grader.by_hand import clearing_line, update_line


@pytest.mark.parametrize(
    "line",
    [
        "p += lr * p.grad",
        "p.data -= 0.1 * p.grad.data",
        "p.add_(p.grad, alpha=0.1)",
        "w.data = w.data - lr * w.grad",
        "p.copy_(p - lr * p.grad)",
    ],
)
def test_an_update_by_hand_is_found(line: str) -> None:
    """However it is written; a comment that says the same is none."""
    assert update_line(f"import torch\n# {line}\nwith torch.no_grad():\n    {line}\n") == 4


@pytest.mark.parametrize("line", ["norm = p.grad.norm()", "p.grad = None", "total += loss.item()", "p.grad.zero_()"])
def test_other_lines_are_no_updates(line: str) -> None:
    """Reading or emptying a gradient moves no weight."""
    assert update_line(line) is None


@pytest.mark.parametrize("line", ["p.grad = None", "p.grad.zero_()", "p.grad.data.zero_()", "p.grad *= 0"])
def test_emptying_by_hand_is_found(line: str) -> None:
    """In each of the usual ways."""
    assert clearing_line(f"for p in params:\n    {line}\n") == 2


def test_of_two_lines_none_is_chosen() -> None:
    """A line that may be the wrong one is worse than none."""
    assert update_line("w -= lr * w.grad\nb -= lr * b.grad\n") is None
    assert clearing_line("if p.grad == None: pass\n") is None
