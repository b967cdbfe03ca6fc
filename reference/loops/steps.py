"""A plain training loop, and what each change to it would do to the weights: each named after its mistake.

Two underscores and more words make another form of the same mistake. The last four are no mistakes of the catalogue.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

Step = Callable[["Loop", Tensor, Tensor, int], None]


class Loop:
    """What a step has at hand."""

    def __init__(self, model: nn.Module, criterion: nn.Module, optimizer: torch.optim.Optimizer, batches: int) -> None:
        self.model, self.criterion, self.optimizer, self.batches = model, criterion, optimizer, batches

    def loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        return self.criterion(self.model(inputs), targets)


def loop(step: Step) -> Callable[..., None]:
    """The loop around a step: every batch of every epoch."""

    def train(
        model: nn.Module,
        train_loader: DataLoader,
        criterion: nn.Module,
        optimizer: torch.optim.Optimizer,
        num_epochs: int,
    ) -> None:
        state = Loop(model, criterion, optimizer, len(train_loader))
        for _ in range(num_epochs):
            model.train()
            for number, (inputs, targets) in enumerate(train_loader):
                step(state, inputs, targets, number)

    return train


@loop
def plain(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    loop.optimizer.step()


@loop
def gradients_not_cleared(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.loss(inputs, targets).backward()
    loop.optimizer.step()


@loop
def gradients_not_cleared__but_once_an_epoch(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    if number == 0:
        loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    loop.optimizer.step()


@loop
def step_before_backward(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loss = loop.loss(inputs, targets)
    loop.optimizer.step()
    loss.backward()


@loop
def step_before_backward__and_cleared_between(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loss = loop.loss(inputs, targets)
    loop.optimizer.step()
    loop.optimizer.zero_grad()
    loss.backward()


@loop
def gradients_cleared_before_step(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.loss(inputs, targets).backward()
    loop.optimizer.zero_grad()
    loop.optimizer.step()


@loop
def gradient_applied_twice(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    loop.optimizer.step()
    loop.optimizer.step()


@loop
def backward_twice(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loss = loop.loss(inputs, targets)
    loss.backward(retain_graph=True)
    loss.backward()
    loop.optimizer.step()


@loop
def step_outside_batch_loop(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    if number == loop.batches - 1:
        loop.optimizer.step()


@loop
def step_outside_batch_loop__and_cleared_there(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.loss(inputs, targets).backward()
    if number == loop.batches - 1:
        loop.optimizer.step()
        loop.optimizer.zero_grad()


@loop
def data_not_covered(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    if number == 0:
        loop.optimizer.zero_grad()
        loop.loss(inputs, targets).backward()
        loop.optimizer.step()


@loop
def optimizer_recreated(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer = type(loop.optimizer)(loop.model.parameters(), **loop.optimizer.defaults)
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    loop.optimizer.step()


@loop
def softmax_before_cross_entropy(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.criterion(loop.model(inputs).softmax(dim=-1), targets).backward()
    loop.optimizer.step()


@loop
def loss_ascends(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    (-loop.loss(inputs, targets)).backward()
    loop.optimizer.step()


@loop
def parameters_frozen(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    next(loop.model.parameters()).grad = None
    loop.optimizer.step()


@loop
def loss_summed(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    (loop.loss(inputs, targets) * len(inputs)).backward()
    loop.optimizer.step()


@loop
def gradients_clipped(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    nn.utils.clip_grad_norm_(loop.model.parameters(), 0.1)
    loop.optimizer.step()


@loop
def targets_shifted(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.criterion(loop.model(inputs), targets.roll(1, dims=0)).backward()
    loop.optimizer.step()


@loop
def rate_times_ten(loop: Loop, inputs: Tensor, targets: Tensor, number: int) -> None:
    loop.optimizer.zero_grad()
    loop.loss(inputs, targets).backward()
    for group in loop.optimizer.param_groups:
        group.update(lr=10 * loop.optimizer.defaults["lr"])
    loop.optimizer.step()
