"""The gradient norm: of what a step uses, at steps that are looked at closely, on the page."""

from __future__ import annotations

import math

import torch

from grader.assembly import curves
from grader.trace import Point, Trace
from grader.worker.norms import gradient_norm

from .recording import record

LOOP = """
import torch
torch.manual_seed(0)
model = torch.nn.Linear(3, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
x = torch.ones(2, 3)
for _ in range(STEPS):
    optimizer.zero_grad()
    (model(x).mean() * 2).backward()
    optimizer.step()
"""


def test_the_norm_is_that_of_all_gradients_together() -> None:
    """Root of the sum of all squares, over groups; leaves without a gradient count nothing."""
    one, two, none = (torch.nn.Parameter(torch.zeros(2)) for _ in range(3))
    one.grad, two.grad = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
    assert gradient_norm([{"params": [one, none]}, {"params": [two]}]) == 5.0
    assert gradient_norm([{"params": [none]}]) is None


def test_a_sparse_gradient_is_left_alone() -> None:
    """A norm of a part of the gradients would be another number."""
    leaf = torch.nn.Parameter(torch.zeros(2))
    other = torch.nn.Embedding(4, 2, sparse=True)
    leaf.grad = torch.ones(2)
    other(torch.tensor([1])).sum().backward()
    assert gradient_norm([{"params": [leaf, *other.parameters()]}]) is None


def test_a_loop_has_a_curve_of_norms() -> None:
    """Constant gradients of 2 for each of three weights: a level line, from the first step on, at growing steps."""
    trace, crash = record(LOOP.replace("STEPS", "200"))
    assert crash is None
    assert trace.problem == ""
    assert len(trace.norm_curve) >= 4
    assert trace.norm_curve[0].step == 0
    assert all(math.isclose(point.value, 2 * math.sqrt(3), rel_tol=1e-5) for point in trace.norm_curve)
    steps = [point.step for point in trace.norm_curve]
    assert steps == sorted(set(steps))
    assert steps[-1] > 100


def test_the_result_has_the_curve_only_where_there_is_one() -> None:
    """A run without a step that was looked at has no norm to draw."""
    assert "gradient_norm" not in curves(Trace())
    drawn = curves(Trace(norm_curve=(Point(0, 1.0), Point(8, 2.0))))
    assert drawn["gradient_norm"] == ((0, 1.0), (8, 2.0))
