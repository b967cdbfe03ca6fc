"""Changes that leave a reference correct: other numbers (for calibration), and other ways to write the same."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from .anatomy import Anatomy, NotThereError
from .editing import Changes
from .operators import Operator


def learning_rate(factor: float) -> Callable[[Anatomy], Iterator[Changes]]:
    """The learning rate times a factor."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        yield {loop.learning_rate: f"{float(str(loop.learning_rate.value)) * factor:g}"}

    return make


def batch_size(factor: float) -> Callable[[Anatomy], Iterator[Changes]]:
    """The size of the training batches times a factor."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        for shuffled in loop.keywords("shuffle", True):
            call = loop.program.above(shuffled, ast.Call)
            sizes = [word.value for word in call.keywords if word.arg == "batch_size"] if call is not None else []
            for size in sizes:
                if ast.unparse(size).isdigit():
                    yield {size: str(round(int(ast.unparse(size)) * factor))}

    return make


def hidden_units(factor: float) -> Callable[[Anatomy], Iterator[Changes]]:
    """The width of each hidden layer times a factor: numbers that one layer gives and the next one takes."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        layers = [call for call in loop.calls("Linear") if len(call.args) == 2]
        given = {ast.unparse(call.args[1]) for call in layers}
        taken = {ast.unparse(call.args[0]) for call in layers}
        for width in sorted(given & taken):
            if width.isdigit():
                sizes = [size for call in layers for size in call.args if ast.unparse(size) == width]
                yield {size: str(round(int(width) * factor)) for size in sizes}

    return make


def other_optimizer(loop: Anatomy) -> Iterator[Changes]:
    """AdamW in place of Adam; momentum in place of plain SGD, at a rate that moves as far."""
    call = loop.optimizer_made.value
    assert isinstance(call, ast.Call)
    text = ast.unparse(call)
    if ".Adam(" in text:
        yield {call: text.replace(".Adam(", ".AdamW(")}
    elif ".SGD(" in text and "momentum" not in text:
        rate = float(str(loop.learning_rate.value)) / 2
        yield {call: text.replace(ast.unparse(loop.learning_rate), f"{rate:g}")[:-1] + ", momentum=0.5)"}


def zero_grad_first(loop: Anatomy) -> Iterator[Changes]:
    """Cleared at the top of the batch."""
    top = loop.batch_loop.body[0]
    if top is not loop.zero_grad:
        yield {loop.zero_grad: "", top: f"{loop.optimizer}.zero_grad()\n..."}


def zero_grad_last(loop: Anatomy) -> Iterator[Changes]:
    """Cleared after the step, for the next batch."""
    yield {loop.zero_grad: "", loop.step: f"...\n{loop.optimizer}.zero_grad()"}


def zero_grad_of_the_model(loop: Anatomy) -> Iterator[Changes]:
    """Cleared through the model."""
    yield {loop.zero_grad: f"{loop.model}.zero_grad()"}


def gradients_set_to_none(loop: Anatomy) -> Iterator[Changes]:
    """Cleared by hand."""
    yield {loop.zero_grad: f"for parameter in {loop.model}.parameters():\n    parameter.grad = None"}


def accumulated_halves(loop: Anatomy) -> Iterator[Changes]:
    """Each batch in two halves, whose weighted losses and gradients add up to those of the whole."""
    outputs, targets = loop.loss_arguments
    forward = loop.program.statement(loop.forward)
    uses = [node for node in loop.program.all(ast.Name, loop.batch_loop) if node.id == ast.unparse(outputs)]
    if len(loop.forward.args) != 1 or not isinstance(loop.loss.value, ast.Call) or len(uses) > 2:
        raise NotThereError
    parts = (loop.forward.args[0], targets, loop.loss.value.func, loop.loss.targets[0])
    inputs, wanted, criterion, loss = map(ast.unparse, parts)
    whole: dict[ast.AST, str] = {} if forward is loop.loss else {forward: ""}
    yield whole | {
        loop.loss: f"{loss} = torch.zeros(())",
        loop.backward: f"for half in (slice(0, None, 2), slice(1, None, 2)):\n"
        f"    share = len({inputs}[half]) / len({inputs})\n"
        f"    part = {criterion}({loop.model}({inputs}[half]), {wanted}[half]) * share\n"
        f"    part.backward()\n"
        f"    {loss} += part.detach()",
    }


def without_normalisation(loop: Anatomy) -> Iterator[Changes]:
    """Pixels from 0 to 1 as ToTensor leaves them."""
    for call in loop.calls("Normalize"):
        yield {call: "torch.nn.Identity()"}


def clipped(loop: Anatomy) -> Iterator[Changes]:
    """The gradients clipped where that belongs, at a norm that is seldom reached."""
    yield {loop.step: f"torch.nn.utils.clip_grad_norm_({loop.model}.parameters(), 100.0)\n..."}


def scheduled(loop: Anatomy) -> Iterator[Changes]:
    """A schedule that moves on after each epoch."""
    name = ast.unparse(loop.optimizer_made.targets[0])
    made = f"...\nschedule = torch.optim.lr_scheduler.StepLR({name}, step_size=1, gamma=0.9)"
    yield {loop.optimizer_made: made, loop.epoch_loop.body[-1]: "...\nschedule.step()"}


#: other numbers, with which a submission is as right as the reference
SETTINGS = (
    Operator("learning-rate-half", "half the learning rate", (), learning_rate(0.5)),
    Operator("learning-rate-double", "twice the learning rate", (), learning_rate(2)),
    Operator("batch-half", "batches half as large", (), batch_size(0.5)),
    Operator("batch-double", "batches twice as large", (), batch_size(2)),
    Operator("hidden-half", "half the hidden units", (), hidden_units(0.5)),
    Operator("hidden-double", "twice the hidden units", (), hidden_units(2)),
    Operator("other-optimizer", "another optimizer that works as well", (), other_optimizer),
)
#: other ways to write the same, which must earn everything too
DRESSES = (
    Operator("zero-grad-first", "zero_grad() at the top of the batch", (), zero_grad_first),
    Operator("zero-grad-last", "zero_grad() after step()", (), zero_grad_last),
    Operator("zero-grad-of-the-model", "model.zero_grad()", (), zero_grad_of_the_model),
    Operator("gradients-set-to-none", "p.grad = None", (), gradients_set_to_none),
    Operator("accumulated-halves", "each batch in two halves, weighted", (), accumulated_halves),
    Operator("without-normalisation", "images without Normalize", (), without_normalisation),
    Operator("clipped", "clip_grad_norm_ between backward() and step()", (), clipped),
    Operator("scheduled", "a scheduler stepped once per epoch", (), scheduled),
)
