"""Optimizers without torch's compiler: the same weights in every bit, and the compiler when somebody wants it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import cast

import pytest

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop", "LBFGS")
PROGRAM = """
import hashlib, json, sys
import torch
from torch import nn
torch.set_num_threads(1)
if sys.argv[1] == "without":
    from grader.worker import uncompiled
    uncompiled.install()

def weights(model):
    values = b"".join(parameter.detach().numpy().tobytes() for parameter in model.parameters())
    return hashlib.sha256(values).hexdigest()

def train(kind, between=lambda step, model: model, **settings):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    optimizer = getattr(torch.optim, kind)(model.parameters(), lr=0.01, **settings)
    inputs, targets = torch.randn(16, 4), torch.randn(16, 2)
    shown = model
    def closure():
        optimizer.zero_grad()
        loss = (shown(inputs) - targets).square().mean()
        loss.backward()
        return loss
    for step in range(6):
        shown = between(step, model)
        optimizer.step(closure)
    optimizer.load_state_dict(optimizer.state_dict())
    return weights(model)

def compiled(step, model):
    return torch.compile(model, backend="eager") if step >= 3 else model
"""


def said(body: str, how: str) -> object:
    source = PROGRAM + textwrap.dedent(body)
    done = subprocess.run(
        [sys.executable, "-c", source, how], capture_output=True, text=True, timeout=240, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_optimizer_gives_the_same_weights_without_the_compiler() -> None:
    """Twelve kinds, with closures and a state that is loaded: nothing imports the compiler, no bit differs."""
    body = f"found = [train(kind) for kind in {KINDS}]\nprint(json.dumps([found, 'torch._dynamo' in sys.modules]))"
    without, ordinary = said(body, "without"), said(body, "ordinary")
    assert isinstance(without, list)
    assert isinstance(ordinary, list)
    assert without[0] == ordinary[0]
    assert len(set(without[0])) > 6, "the optimizers do not differ"
    assert (without[1], ordinary[1]) == (False, True)


@pytest.mark.parametrize("kind", ["Adam", "SGD"])
def test_a_model_can_be_compiled_in_the_middle(kind: str) -> None:
    """Once somebody imports the compiler, torch's own code is at work again, with the same weights."""
    body = f"print(json.dumps(train({kind!r}, compiled)))"
    assert said(body, "without") == said(body, "ordinary")


def test_gradients_through_a_step_are_as_the_optimizer_wants() -> None:
    """`differentiable` turns gradients on within a step, and what was before is restored after an error."""
    body = """
        parameter = nn.Parameter(torch.ones(2))
        seen = []
        for differentiable in (False, True):
            optimizer = torch.optim.SGD([parameter], lr=0.1, differentiable=differentiable)
            def closure():
                seen.append(torch.is_grad_enabled())
                raise KeyError("no")
            try:
                optimizer.step(closure)
            except KeyError:
                seen.append(torch.is_grad_enabled())
        print(json.dumps(seen))
    """
    assert said(body, "without") == said(body, "ordinary") == [True, True, True, True]


OPERATIONS = """
from grader.worker.afterwards import Operations
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
def seen():
    with Operations(model) as mode, torch.no_grad():
        model(torch.zeros(3, 4))
    return [found["name"] for found in mode.found]
"""


def test_a_models_operations_are_seen_without_the_compiler() -> None:
    """What the worker asks after every run imports nothing, and sees the same once somebody has the compiler."""
    body = f"""{OPERATIONS}
first, imported = seen(), "torch._dynamo" in sys.modules
import torch._dynamo
print(json.dumps([first, imported, seen(), seen()]))
"""
    first, imported, *later = cast("list[object]", said(body, "without"))
    assert first == ["matmul", "relu", "matmul"]
    assert imported is False
    assert later == [first, first]


VISION = """
from grader.worker import offered_data, uncompiled
if sys.argv[1] == "without":
    uncompiled.install()
with offered_data.repaired():
    import torchvision
"""


def test_torchvision_comes_without_the_compiler() -> None:
    """Models and operators are there; the operator that asks the compiler gets its answer, and nothing is left."""
    body = f"""{VISION}
imported = [name in sys.modules for name in ("torch._dynamo", "torch._dynamo.utils", "torchvision.ops.roi_align")]
operator = sys.modules["torchvision.ops.roi_align"]
features = torchvision.models.resnet18(weights=None).fc.in_features
answer = operator.is_compile_supported("cpu")
print(json.dumps([imported, features, answer, "torch._dynamo" in sys.modules]))
"""
    without, ordinary = (cast("list[object]", said(body, how)) for how in ("without", "ordinary"))
    assert without[0] == [False, False, True]
    assert ordinary[0] == [True, True, True]
    assert without[1:] == ordinary[1:] == [512, True, True]


def test_the_stand_in_gives_way_to_any_other_name() -> None:
    """Another version of torchvision may ask for something else: it gets that from the real module."""
    body = """
from types import ModuleType
from grader.worker import uncompiled
seen = []
def run():
    from torch._dynamo.utils import is_compile_supported, counters
    seen.extend([callable(is_compile_supported), type(counters).__name__])
uncompiled._ask_later(run, ModuleType("any"))
import torch._dynamo.utils as real
print(json.dumps([seen, hasattr(real, "counters")]))
"""
    assert said(body, "without") == [[True, "defaultdict"], True]
