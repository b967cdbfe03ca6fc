"""Which loop gave these weights: mistakes are recognised, forgeries do not pass, unusual correct loops are left alone."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from grader import oracle, replay
from grader.model import Replay, Run, RunStatus
from grader.trace import Trace

from .rehearsing import GIVEN, WITH_DROPOUT, WITH_MOMENTUM, ask

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
UNHOOKED = (
    "import torch\nfrom torch.optim import optimizer as internals\ninternals._global_optimizer_post_hooks.clear()\n"
)


@pytest.mark.parametrize("given", [WITH_MOMENTUM, GIVEN, WITH_DROPOUT], ids=["momentum", "adam", "dropout"])
def test_a_plain_loop_is_equal_bit_for_bit(given: str) -> None:
    """Weights, batches and masks come from the number; the loop gives the rest."""
    found = ask(PLAIN, given)
    assert (found.equal, found.bitwise, found.reason, found.matches) == (True, True, "", ())
    assert found.steps > 30


@pytest.mark.parametrize("given", [WITH_MOMENTUM, GIVEN], ids=["momentum", "adam"])
@pytest.mark.parametrize("name", MISTAKEN)
def test_each_mistake_is_recognised_by_its_weights(name: str, given: str) -> None:
    """Two optimizers, step by step, bit for bit: only loops that do the same thing are named."""
    found = ask(f"{LOOPS}\ntrain = {name}\n", given)
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
PROVED = ("many epochs", "averaged copy", "validation in between", "own seed")


def function(body: str) -> str:
    """A train() with this body."""
    first, *rest = body.split("\n")
    inner = textwrap.dedent("\n".join(rest))
    if first.startswith("for"):
        inner = LOOP + textwrap.indent(textwrap.dedent("\n".join(body.removeprefix(LOOP).split("\n"))), " " * 8)
    arguments = "model, train_loader, val_loader, criterion, optimizer, num_epochs"
    return f"import torch\n\ndef train({arguments}):\n" + textwrap.indent(inner, "    ")


@pytest.mark.parametrize("given", [GIVEN, WITH_DROPOUT], ids=["plain", "dropout"])
@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_loop_is_never_called_different(name: str, given: str) -> None:
    """Another valid algorithm is undecided, whatever its weights; nothing of its trace is denied."""
    found = ask(function(UNUSUAL[name]), given)
    assert found.equal is not False, found
    assert found.contradiction == ""
    assert found.reason not in ("raised", "not-supplied", "no-answer"), found
    if name in PROVED and given == GIVEN:
        assert found.equal is True
