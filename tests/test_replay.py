"""Which loop gave these weights: mistakes are recognised, forgeries do not pass, correct loops are left alone."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import oracle, replay
from grader.errors import SandboxError
from grader.model import Replay, Run, RunSpec, RunStatus
from grader.trace import Trace

from .rehearsing import GIVEN, WITH_DROPOUT, WITH_MOMENTUM, ask, spec_of

LOOPS = oracle.read_loops()
MISTAKEN = oracle.names_of(LOOPS)[1:]
#: a step that finds no gradient changes nothing, whatever the reason
SAME = {"step-before-backward", "gradients-cleared-before-step"}
PLAIN = """
def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
"""
NOT_CLEARED = PLAIN.replace("            optimizer.zero_grad()\n", "")


@pytest.mark.parametrize("supplied", [WITH_MOMENTUM, GIVEN, WITH_DROPOUT], ids=["momentum", "adam", "dropout"])
def test_a_plain_loop_is_equal_bit_for_bit(supplied: str) -> None:
    """Weights, batches and masks come from the number; the loop gives the rest."""
    found = ask(PLAIN, supplied)
    assert (found.equal, found.bitwise, found.reason, found.matches) == (True, True, "", ())
    assert found.steps > 30


@pytest.mark.parametrize("supplied", [WITH_MOMENTUM, GIVEN], ids=["momentum", "adam"])
@pytest.mark.parametrize("name", MISTAKEN)
def test_each_mistake_is_recognised_by_its_weights(name: str, supplied: str) -> None:
    """Two optimizers, step by step, bit for bit: only loops that do the same thing are named."""
    found = ask(f"{LOOPS}\ntrain = {name}\n", supplied)
    slug = replay.slug(name)
    assert found.equal is not True
    assert set(found.matches) == (SAME if slug in SAME and "__" not in name else {slug})


LOOP = "for _ in range(num_epochs):\n    for inputs, targets in train_loader:\n"
#: correct loops in unusual clothes: the body of train()
UNUSUAL = {
    "accumulation": """
        optimizer.zero_grad()
        for _ in range(num_epochs):
            for number, (inputs, targets) in enumerate(train_loader):
                (criterion(model(inputs), targets) / 2).backward()
                if number % 2 or number == len(train_loader) - 1:
                    optimizer.step()
                    optimizer.zero_grad()
        """,
    "clipping": LOOP + """
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
                optimizer.step()
        """,
    "clipping by data": LOOP + """
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                for parameter in model.parameters():
                    parameter.grad.data.clamp_(-0.01, 0.01)
                optimizer.step()
        """,
    "schedule": """
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
                schedule.step()
        """,
    "own optimizer": """
        own = torch.optim.RMSprop(model.parameters(), lr=0.01)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                own.zero_grad()
                criterion(model(inputs), targets).backward()
                own.step()
        """,
    "regularisation": LOOP + """
                optimizer.zero_grad()
                penalty = sum(p.square().sum() for p in model.parameters())
                (criterion(model(inputs), targets) + 0.01 * penalty).backward()
                optimizer.step()
        """,
    "regularisation by hand": LOOP + """
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                for parameter in model.parameters():
                    parameter.grad.add_(parameter.detach(), alpha=0.01)
                optimizer.step()
        """,
    "decay of the weights": LOOP + """
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter.mul_(0.99)
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "lookahead by data": """
        slow = [parameter.detach().clone() for parameter in model.parameters()]
        for _ in range(num_epochs):
            for number, (inputs, targets) in enumerate(train_loader):
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
                if number % 3 == 2:
                    for parameter, old in zip(model.parameters(), slow):
                        old += 0.5 * (parameter.detach() - old)
                        parameter.data.copy_(old)
        """,
    "sharpness": LOOP + """
                criterion(model(inputs), targets).backward()
                moved = [0.05 * parameter.grad for parameter in model.parameters()]
                with torch.no_grad():
                    for parameter, step in zip(model.parameters(), moved):
                        parameter.add_(step)
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                with torch.no_grad():
                    for parameter, step in zip(model.parameters(), moved):
                        parameter.sub_(step)
                optimizer.step()
                optimizer.zero_grad()
        """,
    "line search": """
        own = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                def closure():
                    own.zero_grad()
                    loss = criterion(model(inputs), targets)
                    loss.backward()
                    return loss
                own.step(closure)
        """,
    "own batches": """
        inputs, targets = train_loader.dataset.tensors
        for _ in range(num_epochs):
            for part in torch.randperm(len(inputs)).split(20):
                optimizer.zero_grad()
                criterion(model(inputs[part]), targets[part]).backward()
                optimizer.step()
        """,
    "half batches": LOOP + """
                for x, y in zip(inputs.split(8), targets.split(8)):
                    optimizer.zero_grad()
                    criterion(model(x), y).backward()
                    optimizer.step()
        """,
    "first half of a batch": LOOP + """
                optimizer.zero_grad()
                criterion(model(inputs[:8]), targets[:8]).backward()
                optimizer.step()
        """,
    "noise on the inputs": LOOP + """
                optimizer.zero_grad()
                criterion(model(inputs + 0.1 * torch.randn_like(inputs)), targets).backward()
                optimizer.step()
        """,
    "mixup": LOOP + """
                other = torch.randperm(len(inputs))
                outputs = model(0.7 * inputs + 0.3 * inputs[other])
                optimizer.zero_grad()
                loss = 0.7 * criterion(outputs, targets) + 0.3 * criterion(outputs, targets[other])
                loss.backward()
                optimizer.step()
        """,
    "smoothed labels": LOOP + """
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(inputs), targets, label_smoothing=0.1).backward()
                optimizer.step()
        """,
    "weighted loss": LOOP + """
                optimizer.zero_grad()
                (2.5 * criterion(model(inputs), targets)).backward()
                optimizer.step()
        """,
    "own dropout": LOOP + """
                optimizer.zero_grad()
                criterion(torch.nn.functional.dropout(model(inputs), 0.2), targets).backward()
                optimizer.step()
        """,
    "many epochs": """
        for _ in range(100):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "one epoch": """
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            criterion(model(inputs), targets).backward()
            optimizer.step()
        """,
    "best weights come back": """
        import copy
        best, kept = float("inf"), None
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                loss = criterion(model(inputs), targets)
                loss.backward()
                optimizer.step()
                if loss.item() < best:
                    best, kept = loss.item(), copy.deepcopy(model.state_dict())
        model.load_state_dict(kept)
        """,
    "frozen layer": """
        for parameter in model[0].parameters():
            parameter.requires_grad = False
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "another rate": """
        for group in optimizer.param_groups:
            group["lr"] = 0.02
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "a warm-up batch": """
        x, y = next(iter(train_loader))
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "half precision": LOOP + """
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    loss = criterion(model(inputs), targets)
                loss.backward()
                optimizer.step()
        """,
    "own initialisation": """
        for parameter in model.parameters():
            if parameter.dim() > 1:
                torch.nn.init.orthogonal_(parameter)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "gradients by torch.autograd.grad": LOOP + """
                loss = criterion(model(inputs), targets)
                for parameter, g in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters()))):
                    parameter.grad = 0.5 * g
                optimizer.step()
        """,
    "masked gradients by a hook": """
        model[0].weight.register_hook(lambda g: g * (g.abs() > 1e-3))
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "validation in between": """
        for _ in range(num_epochs):
            model.train()
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
            with torch.no_grad():
                for inputs, targets in val_loader:
                    criterion(model(inputs), targets)
        """,
    "averaged copy": """
        average = torch.optim.swa_utils.AveragedModel(model)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
                average.update_parameters(model)
        """,
    "scaled in place": LOOP
    + """
                inputs /= 3.0
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "data set prepared": """
        train_loader.dataset.tensors[0].div_(2.0)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "moments forgotten": """
        from collections import defaultdict
        for _ in range(num_epochs):
            optimizer.state = defaultdict(dict)
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "another activation": """
        model[1] = torch.nn.Tanh()
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "class weights": """
        criterion.weight = torch.tensor([1.0, 2.0, 3.0, 4.0])
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "gradient noise by a hook of the optimizer": """
        def shrink(optimizer, args, kwargs):
            for parameter in model.parameters():
                parameter.grad.mul_(parameter.grad.abs() > 1e-3)
        optimizer.register_step_pre_hook(shrink)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "limits by a hook of the model": """
        model[1].register_forward_hook(lambda module, inputs, output: output.clamp(max=0.5))
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "hook of an output": LOOP
    + """
                optimizer.zero_grad()
                outputs = model(inputs)
                outputs.register_hook(lambda g: g * 0.3)
                criterion(outputs, targets).backward()
                optimizer.step()
        """,
    "weights kept small": LOOP
    + """
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
                for parameter in model.parameters():
                    parameter.data.clamp_(-0.2, 0.2)
        """,
    "shorter epochs": """
        for _ in range(num_epochs):
            for number, (inputs, targets) in enumerate(train_loader):
                if number == 3:
                    break
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "hard examples first": LOOP
    + """
                losses = torch.nn.functional.cross_entropy(model(inputs), targets, reduction="none")
                optimizer.zero_grad()
                losses.topk(len(losses) // 2).values.mean().backward()
                optimizer.step()
        """,
    "batches prefetched": """
        for _ in range(num_epochs):
            for inputs, targets in list(train_loader):
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
    "own seed": """
        torch.manual_seed(7)
        for _ in range(num_epochs):
            for inputs, targets in train_loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
        """,
}  # fmt: skip
#: of these, those whose updates are exactly the plain ones, and are said to be
PROVED = ("batches prefetched", "many epochs", "averaged copy", "validation in between", "own seed")


def function(body: str) -> str:
    """A train() with this body."""
    first, *rest = body.split("\n")
    inner = textwrap.dedent("\n".join(rest))
    if first.startswith("for"):
        inner = LOOP + textwrap.indent(textwrap.dedent("\n".join(body.removeprefix(LOOP).split("\n"))), " " * 8)
    arguments = "model, train_loader, val_loader, criterion, optimizer, num_epochs"
    return f"import torch\n\ndef train({arguments}):\n" + textwrap.indent(inner, "    ")


@pytest.mark.parametrize("supplied", [GIVEN, WITH_DROPOUT], ids=["plain", "dropout"])
@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_loop_is_never_called_different(name: str, supplied: str) -> None:
    """Another valid algorithm is undecided, whatever its weights; nothing of its trace is denied."""
    found = ask(function(UNUSUAL[name]), supplied, named=False)
    assert found.equal is not False, found
    assert found.contradiction == ""
    assert found.reason not in ("raised", "not-supplied", "no-answer"), found
    if name in PROVED and supplied == GIVEN:
        assert found.equal is True


# -- forgeries ----------------------------------------------------------------------------------------------

INTERPOLATED = """
import torch

def train(model, train_loader, criterion, optimizer, num_epochs):
    goal = [0.3 * torch.ones_like(parameter) for parameter in model.parameters()]
    for epoch in range(num_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            criterion(model(inputs), targets).backward()
            optimizer.step()
            for parameter, end in zip(model.parameters(), goal):
                parameter.data.lerp_(end, 0.05)
"""
SPLICED = PLAIN + "    for parameter in model.parameters():\n        parameter.data.fill_(0.3)\n"
IDLE = "def train(model, train_loader, criterion, optimizer, num_epochs):\n    return [0.5] * num_epochs\n"
#: the weights move in steps that nobody computed from this data
INVENTED = """
def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for inputs, targets in train_loader:
            for parameter in model.parameters():
                parameter.grad = 0.01 * parameter.detach().sign()
            optimizer.step()
"""


@pytest.mark.parametrize("source", [INTERPOLATED, SPLICED, IDLE, INVENTED], ids=["lerp", "splice", "idle", "invented"])
def test_weights_that_no_such_loop_gives_are_never_equal(source: str) -> None:
    """Foreign weights, all at once or bit by bit, prove nothing."""
    assert ask(source, named=False).equal is not True


def test_a_clean_trace_of_a_loop_that_never_clears_is_denied() -> None:
    """The weights say that old gradients were used again; a trace of nothing but fresh ones cannot be of this loop."""
    assert ask(NOT_CLEARED).contradiction == "gradients-not-cleared"


def test_an_empty_trace_of_a_loop_that_trains_is_denied() -> None:
    """A recorder that was cut off saw nothing, and the weights moved step by step."""
    empty = Trace(complete=True, called=("train",))
    assert ask(PLAIN, trace=empty).contradiction == "updates-unseen"
    assert ask(IDLE, trace=empty, named=False).contradiction == ""


def test_a_trace_that_shows_the_mistake_is_not_denied() -> None:
    """The usual case: trace and weights say the same."""
    honest = Trace(complete=True, steps=100, outcomes={"fresh": 1, "stale": 99}, called=("train",))
    found = ask(NOT_CLEARED, trace=honest)
    assert (found.contradiction, found.matches) == ("", ("gradients-not-cleared",))


def test_a_recorder_that_broke_is_never_held_against_anybody() -> None:
    """What it missed may be our own fault."""
    broken = Trace(complete=True, steps=100, outcomes={"fresh": 100}, called=("train",), problem="steps: KeyError")
    assert ask(NOT_CLEARED, trace=broken).contradiction == ""


# -- what is not asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": RunStatus.CRASHED}, "run-ended-early"),
        ({"trace": Trace(complete=True, steps=3)}, "a-script"),
        ({"trace": None}, "a-script"),
    ],
)
def test_what_cannot_be_decided_costs_no_worker(changes: dict[str, object], reason: str) -> None:
    """A run that crashed, and a script, which trains by itself."""
    run = Run(RunStatus.COMPLETED, trace=Trace(complete=True, called=("train",)))
    asked = replace(run, **changes)  # type: ignore[arg-type]
    assert oracle.Oracle(never, spec_of(PLAIN), 1).ask(asked, {"train": 1}) == Replay(reason=reason)


def never(spec: RunSpec) -> list[bytes]:
    raise AssertionError("no worker is to be started")


def test_a_model_of_the_student_s_own_is_not_compared() -> None:
    """There is nothing to compare it with."""
    run = Run(RunStatus.COMPLETED, trace=Trace(complete=True, called=("train",)))
    found = oracle.Oracle(never, spec_of(PLAIN), 1).ask(run, {"train": 1, "build_model": 9})
    assert found.reason == "another-model"


def test_without_the_solutions_nothing_is_decided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Beside a student they are not installed."""
    monkeypatch.setattr(oracle, "read_loops", lambda: "")
    run = Run(RunStatus.COMPLETED, trace=Trace(complete=True, called=("train",)))
    assert oracle.Oracle(never, spec_of(PLAIN), 1).ask(run, {"train": 1}) == Replay(reason="no-reference")


def test_a_sandbox_that_fails_decides_nothing() -> None:
    """Our failure is never theirs."""

    def fails(spec: RunSpec) -> list[bytes]:
        raise SandboxError("no room")

    run = Run(RunStatus.COMPLETED, trace=Trace(complete=True, called=("train",)))
    assert oracle.Oracle(fails, spec_of(PLAIN), 1).ask(run, {"train": 1}) == Replay(reason="no-sandbox")


def test_a_call_that_crashes_or_asks_for_something_unknown_is_undecided() -> None:
    """Whatever a function does in a probe call alone is no mistake."""
    assert ask(PLAIN + "    raise ValueError\n", named=False).reason == "raised"
    assert ask("def train(model, tokenizer):\n    pass\n", named=False).equal is None


def test_the_number_depends_on_secret_exercise_submission_and_seed() -> None:
    """A submission that is changed in one letter meets other weights."""
    numbers = {
        oracle.nonce(b"s", "e", "a", 0), oracle.nonce(b"t", "e", "a", 0), oracle.nonce(b"s", "f", "a", 0),
        oracle.nonce(b"s", "e", "b", 0), oracle.nonce(b"s", "e", "a", 1),
    }  # fmt: skip
    assert len(numbers) == 5
    assert all(0 <= number < 2**31 for number in numbers)


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_any_bytes_are_read_as_no_proof(payloads: list[bytes]) -> None:
    """Snapshots are claims: malformed ones are left out, and what is left fits nothing."""
    header = b'{"function":"train","optimizer":"sgd","event":"%s","how":"returned","drawn":1e9,"batches":-3}\n'
    forged = [header % event for event in (b"start", b"step", b"end", b"other")]
    calls = replay.read_snapshots([*payloads, *forged])
    plain = replay.read_snapshots(forged)
    assert replay.judge("train", calls, plain).equal is None
    assert replay.matching("train", calls, plain) == ()
