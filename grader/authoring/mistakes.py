"""What learners do to a training loop, as changes of the reference, each with the checks that should say so."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from .anatomy import Anatomy, NotThereError, owner
from .editing import Changes
from .operators import Operator

Make = Callable[[Anatomy], Iterator[Changes]]
Part = Callable[[Anatomy], ast.AST]


# -- changes that many mistakes share -------------------------------------------------------------------


def dropped(part: Part) -> Make:
    """A statement left out."""
    return lambda loop: iter([{part(loop): ""}])


def replaced(part: Part, text: str) -> Make:
    """A part written in another way; `...` is what was there, {model} and the like what things are called there."""
    return lambda loop: iter([{part(loop): _filled(text, loop)}])


def called_statements(method: str, text: str) -> Make:
    """Every statement `x.method()` in another way, one at a time; {owner} is x."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        for statement in loop.statements_calling(method):
            yield {statement: text.replace("{owner}", owner(statement))}

    return make


def _filled(text: str, loop: Anatomy) -> str:
    names = {"model": "model", "optimizer": "optimizer", "outside": "model_outside", "loader": "loader"}
    for word, attribute in names.items():
        if f"{{{word}}}" in text:
            text = text.replace(f"{{{word}}}", str(getattr(loop, attribute)))
    return text


def _outputs(loop: Anatomy) -> ast.expr:
    return loop.loss_arguments[0]


def _targets(loop: Anatomy) -> ast.expr:
    return loop.loss_arguments[1]


# -- the order of a step --------------------------------------------------------------------------------


def zero_grad_once_per_epoch(loop: Anatomy) -> Iterator[Changes]:
    yield {loop.zero_grad: "", loop.batch_loop: f"{loop.optimizer}.zero_grad()\n..."}


def zero_grad_between(loop: Anatomy) -> Iterator[Changes]:
    yield {loop.zero_grad: "", loop.backward: f"...\n{loop.optimizer}.zero_grad()"}


def step_before_backward(loop: Anatomy) -> Iterator[Changes]:
    yield {loop.step: "", loop.backward: f"{loop.optimizer}.step()\n..."}


def step_first(loop: Anatomy) -> Iterator[Changes]:
    yield {loop.step: "", loop.zero_grad: f"{loop.optimizer}.step()\n..."}


def step_after_the_batches(loop: Anatomy) -> Iterator[Changes]:
    yield {loop.step: "", loop.batch_loop: f"...\n{loop.optimizer}.step()"}


def whole_step_after_the_batches(loop: Anatomy) -> Iterator[Changes]:
    name = loop.optimizer
    yield {loop.step: "", loop.zero_grad: "", loop.batch_loop: f"...\n{name}.step()\n{name}.zero_grad()"}


def backward_after_the_batches(loop: Anatomy) -> Iterator[Changes]:
    name = loop.optimizer
    after = f"...\n{name}.zero_grad()\n{owner(loop.backward)}.backward()\n{name}.step()"
    yield {loop.step: "", loop.zero_grad: "", loop.backward: "", loop.batch_loop: after}


def backward_twice(loop: Anatomy) -> Iterator[Changes]:
    loss = owner(loop.backward)
    yield {loop.backward: f"{loss}.backward(retain_graph=True)\n{loss}.backward()"}


def every_fourth(loop: Anatomy, *, clears: bool) -> Iterator[Changes]:
    """A step every fourth batch, with the gradients cleared there or still in every batch."""
    name, top, turn = loop.optimizer, loop.batch_loop.body[0], loop.batch_loop.body[-1]
    step = f"if turn % 4 == 0:\n    {name}.step()" + (f"\n    {name}.zero_grad()" if clears else "")
    if turn is loop.step or top is loop.zero_grad:
        raise NotThereError
    count: dict[ast.AST, str] = {loop.batch_loop: "turn = 0\n...", top: "turn += 1\n...", loop.step: step}
    yield {**count, loop.zero_grad: ""} if clears else count


# -- the loss -------------------------------------------------------------------------------------------


def for_classes(text: str, *, classes: bool = True) -> Make:
    """The outputs changed before the loss, in a classification (or only elsewhere)."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        if loop.is_classification is classes:
            yield {_outputs(loop): text}

    return make


def softmax_in_the_model(loop: Anatomy) -> Iterator[Changes]:
    """As the last layer: of a Sequential, or in what forward() returns."""
    if not loop.is_classification:
        return
    for call in loop.calls("Sequential"):
        layers = ", ".join(map(ast.unparse, call.args))
        yield {call: f"{ast.unparse(call.func)}({layers}, torch.nn.Softmax(dim=1))"}
    for function in loop.program.all(ast.FunctionDef):
        for node in loop.program.all(ast.Return, function):
            if function.name == "forward" and node.value is not None:
                yield {node.value: "torch.softmax(..., dim=1)"}


def swapped_arguments(loop: Anatomy) -> Iterator[Changes]:
    outputs, targets = map(ast.unparse, loop.loss_arguments)
    yield {_outputs(loop): targets, _targets(loop): outputs}


def loss_with_epoch_history(loop: Anatomy) -> Iterator[Changes]:
    """The loss itself is added up, not its number."""
    for call in loop.calls("item", loop.batch_loop):
        if ast.unparse(call) == f"{owner(loop.backward)}.item()":
            yield {call: owner(loop.backward)}


def other_loss(text: str, *, classes: bool) -> Make:
    """Another criterion than the task asks for."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        if loop.is_classification is classes:
            yield {loop.criterion_made.value: text}

    return make


def squeezed_targets(loop: Anatomy) -> Iterator[Changes]:
    """Targets of shape (n) beside outputs of shape (n, 1)."""
    if not loop.is_classification:
        yield {_targets(loop): "....squeeze(1)"}


def forward_without_gradients(loop: Anatomy) -> Iterator[Changes]:
    yield {loop.program.statement(loop.forward): "with torch.no_grad():\n    ..."}


# -- what is wired to what ------------------------------------------------------------------------------


def model_made_again(loop: Anatomy) -> Iterator[Changes]:
    """A second model takes the place of the one that the optimizer knows."""
    yield {loop.optimizer_made: f"...\n{ast.unparse(loop.model_made)}"}


def made_again_in(place: Part, *parts: str) -> Make:
    """The optimizer, or model and optimizer, made at the top of each epoch or batch."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        made = [ast.unparse(getattr(loop, part)) for part in parts]
        known = _names_at(loop, place(loop))
        if loop.model_outside in known and loop.optimizer in known | {ast.unparse(loop.optimizer_made.targets[0])}:
            yield {place(loop): "\n".join([*made, "..."])}

    return make


def _names_at(loop: Anatomy, node: ast.AST) -> set[str]:
    """What a function is given or makes: names that code put there may use."""
    function = loop.program.above(node, ast.FunctionDef)
    if function is None:
        return {loop.model_outside}
    given = {argument.arg for argument in function.args.args}
    return given | {name.id for name in loop.program.all(ast.Name, function) if isinstance(name.ctx, ast.Store)}


def _first_of_epoch(loop: Anatomy) -> ast.stmt:
    return loop.epoch_loop.body[0]


def _first_of_batch(loop: Anatomy) -> ast.stmt:
    return loop.batch_loop.body[0]


def before_the_optimizer(text: str) -> Make:
    """Something done to the model before the optimizer is made."""
    return replaced(lambda loop: loop.optimizer_made, f"{text}\n...")


def never_stepped_schedule(loop: Anatomy) -> Iterator[Changes]:
    name = ast.unparse(loop.optimizer_made.targets[0])
    yield {loop.optimizer_made: f"...\nschedule = torch.optim.lr_scheduler.StepLR({name}, step_size=1, gamma=0.5)"}


def schedule_in_every_batch(loop: Anatomy) -> Iterator[Changes]:
    """A schedule that is meant for epochs moves on after every batch."""
    made = f"{loop.optimizer}.schedule = torch.optim.lr_scheduler.StepLR({loop.optimizer}, step_size=1, gamma=0.5)"
    once = f"if not hasattr({loop.optimizer}, 'schedule'):\n    {made}\n..."
    yield {_first_of_batch(loop): once, loop.step: f"...\n{loop.optimizer}.schedule.step()"}


# -- modes, data, evaluation, structure -----------------------------------------------------------------


def trained_once(loop: Anatomy) -> Iterator[Changes]:
    """train() before the first epoch and never again."""
    for statement in loop.statements_calling("train"):
        yield {statement: "", loop.epoch_loop: f"{loop.model_outside}.train()\n..."}


def gradients_in_the_evaluation(loop: Anatomy) -> Iterator[Changes]:
    """no_grad as a decorator or as a block left out."""
    for function in loop.program.all(ast.FunctionDef):
        for decorator in function.decorator_list:
            if "no_grad" in ast.unparse(decorator) or "inference_mode" in ast.unparse(decorator):
                yield {decorator: "(lambda function: function)"}
    for block in loop.program.all(ast.With):
        if ast.unparse(block.items[0]) in ("torch.no_grad()", "torch.inference_mode()"):
            yield {block.items[0].context_expr: "torch.enable_grad()"}


def datasets(was: bool) -> Make:
    """The other half of a data set."""

    def make(loop: Anatomy) -> Iterator[Changes]:
        for value in loop.keywords("train", was):
            yield {value: str(not was)}

    return make


def unshuffled(loop: Anatomy) -> Iterator[Changes]:
    for value in loop.keywords("shuffle", True):
        yield {value: "False"}


def same_batch(loop: Anatomy) -> Iterator[Changes]:
    """A new iterator in each turn, over data in a fixed order."""
    for shuffled in loop.keywords("shuffle", True):
        yield {
            shuffled: "False",
            loop.batch_loop.target: "_",
            loop.batch_loop.iter: "range(len(...))",
            _first_of_batch(loop): f"{ast.unparse(loop.batch_loop.target)} = next(iter({loop.loader}))\n...",
        }


def over_the_wrong_dimension(loop: Anatomy) -> Iterator[Changes]:
    for call in loop.calls("argmax"):
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            if ast.unparse(value) in ("1", "-1"):
                yield {value: "0"}


def never_evaluated(loop: Anatomy) -> Iterator[Changes]:
    """The call left out; what it gave is made up."""
    for call in loop.calls(loop.evaluation.name):
        statement = loop.program.statement(call)
        names = statement.targets[0] if isinstance(statement, ast.Assign) else None
        made_up = f"({'0.0, ' * len(names.elts)})" if isinstance(names, ast.Tuple) else "0.0"
        yield {call: made_up}


def evaluated_on(loop: Anatomy) -> Iterator[Changes]:
    """The loader of the training handed to the evaluation."""
    train = [name for call in loop.calls(_training(loop)) for name in _loaders(call)]
    for call in loop.calls(loop.evaluation.name):
        for argument in call.args:
            if train and ast.unparse(argument) in _loaders(call):
                yield {argument: train[0]}


def _training(loop: Anatomy) -> str:
    function = loop.program.above(loop.batch_loop, ast.FunctionDef)
    return function.name if function is not None else ""


def _loaders(call: ast.Call) -> list[str]:
    return [ast.unparse(argument) for argument in call.args if "loader" in ast.unparse(argument)]


def dropout_always(loop: Anatomy) -> Iterator[Changes]:
    """Dropout as a function that does not know of modes."""
    always = "type('Always', (torch.nn.Module,), {'forward': lambda self, x: torch.nn.functional.dropout(x, 0.2)})()"
    for call in loop.calls("Dropout"):
        yield {call: always}


def without_activation(loop: Anatomy) -> Iterator[Changes]:
    """Two linear layers in a row."""
    for name in ("relu", "ReLU"):
        for call in loop.calls(name):
            yield {call: ast.unparse(call.args[0]) if call.args else "torch.nn.Identity()"}


WRONG = ("accuracy-below-threshold", "loss-not-decreasing")
NOT_CLEARED = ("gradients-not-cleared",)
LOST_GRAPH = ("graph-detached", "loss-without-model")
EXTREME = ("learning-rate-extreme", "loss-diverged", "weights-not-changing", *WRONG)

MISTAKES = (
    # the order of a step
    Operator("no-zero-grad", "zero_grad() left out", NOT_CLEARED, dropped(lambda loop: loop.zero_grad)),
    Operator(
        "zero-grad-uncalled",
        "zero_grad without ()",
        NOT_CLEARED,
        replaced(lambda loop: loop.zero_grad, "{optimizer}.zero_grad"),
    ),
    Operator("zero-grad-per-epoch", "zero_grad() once per epoch", NOT_CLEARED, zero_grad_once_per_epoch),
    Operator(
        "zero-grad-of-a-copy",
        "zero_grad() of another model",
        NOT_CLEARED,
        replaced(lambda loop: loop.zero_grad, "__import__('copy').deepcopy({model}).zero_grad()"),
    ),
    Operator(
        "zero-grad-between",
        "zero_grad() between backward() and step()",
        ("gradients-cleared-before-step",),
        zero_grad_between,
    ),
    Operator("no-backward", "backward() left out", ("missing-backward",), dropped(lambda loop: loop.backward)),
    Operator(
        "backward-uncalled",
        "backward without ()",
        ("missing-backward",),
        called_statements("backward", "{owner}.backward"),
    ),
    Operator("no-step", "step() left out", ("missing-step",), dropped(lambda loop: loop.step)),
    Operator(
        "step-uncalled", "step without ()", ("missing-step",), replaced(lambda loop: loop.step, "{optimizer}.step")
    ),
    Operator(
        "step-before-backward",
        "step() just before backward()",
        ("step-before-backward", "gradients-cleared-before-step"),
        step_before_backward,
    ),
    Operator("step-first", "step() before zero_grad() and backward()", ("step-before-backward",), step_first),
    Operator(
        "step-per-epoch",
        "step() after the batch loop",
        ("step-outside-batch-loop", "accumulation-wiped"),
        step_after_the_batches,
    ),
    Operator(
        "step-and-clear-per-epoch",
        "step() and zero_grad() after the batch loop",
        ("step-outside-batch-loop",),
        whole_step_after_the_batches,
    ),
    Operator(
        "backward-per-epoch",
        "zero_grad(), backward() and step() after the batch loop",
        ("backward-outside-batch-loop",),
        backward_after_the_batches,
    ),
    Operator(
        "two-steps",
        "step() twice",
        ("gradient-applied-twice",),
        replaced(lambda loop: loop.step, "...\n{optimizer}.step()"),
    ),
    Operator("two-backwards", "backward() twice (retain_graph=True)", ("backward-twice",), backward_twice),
    Operator(
        "accumulated-and-wiped",
        "a step every fourth batch, zero_grad() in each",
        ("accumulation-wiped",),
        lambda loop: every_fourth(loop, clears=False),
    ),
    Operator(
        "accumulated-as-a-sum",
        "a step every fourth batch, the loss not divided",
        ("accumulation-not-averaged",),
        lambda loop: every_fourth(loop, clears=True),
    ),
    Operator(
        "clipped-too-early",
        "clip_grad_norm_ before backward()",
        ("clip-before-backward",),
        replaced(lambda loop: loop.backward, "torch.nn.utils.clip_grad_norm_({model}.parameters(), 1.0)\n..."),
    ),
    Operator(
        "clipped-too-late",
        "clip_grad_norm_ after step()",
        ("clip-after-step",),
        replaced(lambda loop: loop.step, "...\ntorch.nn.utils.clip_grad_norm_({model}.parameters(), 1.0)"),
    ),
    # the loss
    Operator(
        "softmax-before-loss",
        "softmax before the loss",
        ("softmax-before-cross-entropy",),
        for_classes("torch.softmax(..., dim=1)"),
    ),
    Operator(
        "softmax-in-the-model",
        "softmax as the last layer",
        ("softmax-before-cross-entropy",),
        softmax_in_the_model,
    ),
    Operator(
        "log-softmax-before-loss",
        "log_softmax before the cross-entropy",
        ("log-softmax-before-cross-entropy",),
        for_classes("torch.log_softmax(..., dim=1)"),
    ),
    Operator(
        "sigmoid-before-loss",
        "sigmoid before the cross-entropy",
        ("activation-on-logits",),
        for_classes("torch.sigmoid(...)"),
    ),
    Operator(
        "relu-before-loss", "relu before the cross-entropy", ("activation-on-logits",), for_classes("torch.relu(...)")
    ),
    Operator(
        "item-and-back",
        "the loss made anew from its number",
        ("graph-detached",),
        replaced(lambda loop: loop.loss.value, "torch.tensor((...).item(), requires_grad=True)"),
    ),
    Operator(
        "detached-loss",
        "detach().requires_grad_() on the loss",
        ("graph-detached",),
        replaced(lambda loop: loop.loss.value, "(...).detach().requires_grad_()"),
    ),
    Operator("detached-outputs", "detach() on the outputs", LOST_GRAPH, replaced(_outputs, "(...).detach()")),
    Operator("no-grad-in-training", "the forward pass under no_grad()", LOST_GRAPH, forward_without_gradients),
    Operator(
        "loss-of-constants",
        "the loss of something else than the outputs",
        LOST_GRAPH,
        replaced(_outputs, "torch.zeros_like(...)"),
    ),
    Operator(
        "negated-loss",
        "the sign of the loss turned round",
        ("loss-ascends", "loss-diverged"),
        replaced(lambda loop: loop.loss.value, "-(...)"),
    ),
    Operator("swapped-arguments", "outputs and targets swapped", ("loss-arguments-swapped",), swapped_arguments),
    Operator(
        "squared-error-for-classes",
        "MSELoss for classes",
        ("wrong-loss", "loss-shape-broadcast"),
        other_loss("torch.nn.MSELoss()", classes=True),
    ),
    Operator(
        "nll-on-logits",
        "NLLLoss on logits",
        ("nll-without-log-softmax",),
        other_loss("torch.nn.NLLLoss()", classes=True),
    ),
    Operator(
        "cross-entropy-for-numbers",
        "CrossEntropyLoss for a regression",
        ("wrong-loss",),
        other_loss("torch.nn.CrossEntropyLoss()", classes=False),
    ),
    Operator("squeezed-targets", "targets without their last dimension", ("loss-shape-broadcast",), squeezed_targets),
    Operator("loss-kept", "total += loss, without item()", ("loss-tensor-kept",), loss_with_epoch_history),
    # what is wired to what
    Operator(
        "optimizer-of-a-copy",
        "the optimizer is given another model's parameters",
        ("optimizer-holds-other-parameters",),
        replaced(lambda loop: loop.parameters, "__import__('copy').deepcopy({outside}).parameters()"),
    ),
    Operator(
        "model-made-after-the-optimizer",
        "the model made anew after the optimizer",
        ("optimizer-holds-other-parameters",),
        model_made_again,
    ),
    Operator(
        "last-layer-only",
        "the optimizer is given the last layer only",
        ("optimizer-missing-parameters",),
        replaced(lambda loop: loop.parameters, "list(...)[-2:]"),
    ),
    Operator(
        "optimizer-per-epoch",
        "the optimizer made anew in each epoch",
        ("optimizer-recreated",),
        made_again_in(_first_of_epoch, "optimizer_made"),
    ),
    Operator(
        "optimizer-per-batch",
        "the optimizer made anew in each batch",
        ("optimizer-recreated",),
        made_again_in(_first_of_batch, "optimizer_made"),
    ),
    Operator(
        "model-per-epoch",
        "model and optimizer made anew in each epoch",
        ("model-recreated",),
        made_again_in(_first_of_epoch, "model_made", "optimizer_made"),
    ),
    Operator("rate-tiny", "a learning rate of 1e-8", EXTREME, replaced(lambda loop: loop.learning_rate, "1e-8")),
    Operator("rate-zero", "a learning rate of 0", EXTREME, replaced(lambda loop: loop.learning_rate, "0.0")),
    Operator("rate-huge", "a learning rate of 100", EXTREME, replaced(lambda loop: loop.learning_rate, "100.0")),
    Operator(
        "everything-frozen",
        "requires_grad_(False) on the whole model",
        ("parameters-frozen",),
        before_the_optimizer("{outside}.requires_grad_(False)"),
    ),
    Operator(
        "zero-initialisation",
        "all weights begin at 0",
        ("zero-initialisation",),
        before_the_optimizer("for weight in {outside}.parameters():\n    torch.nn.init.zeros_(weight)"),
    ),
    Operator(
        "seed-in-the-loop",
        "manual_seed in each epoch",
        ("reseeded-in-loop",),
        replaced(_first_of_epoch, "torch.manual_seed(0)\n..."),
    ),
    Operator(
        "schedule-never-stepped",
        "a scheduler that is never stepped",
        ("scheduler-never-stepped",),
        never_stepped_schedule,
    ),
    Operator(
        "schedule-per-batch",
        "a scheduler for epochs stepped in each batch",
        ("scheduler-too-often",),
        schedule_in_every_batch,
    ),
    # modes
    Operator("no-train-mode", "train() left out", ("training-in-eval-mode",), called_statements("train", "")),
    Operator(
        "train-uncalled", "train without ()", ("training-in-eval-mode",), called_statements("train", "{owner}.train")
    ),
    Operator("train-mode-once", "train() before the first epoch only", ("training-in-eval-mode",), trained_once),
    Operator(
        "eval-for-train",
        "eval() where train() belongs",
        ("training-in-eval-mode",),
        called_statements("train", "{owner}.eval()"),
    ),
    Operator("no-eval-mode", "eval() left out", ("evaluation-in-train-mode",), called_statements("eval", "")),
    Operator(
        "eval-uncalled", "eval without ()", ("evaluation-in-train-mode",), called_statements("eval", "{owner}.eval")
    ),
    Operator("dropout-always-on", "dropout that knows no modes", ("dropout-always-on",), dropout_always),
    # data and evaluation
    Operator(
        "gradients-in-evaluation", "no_grad left out", ("evaluation-tracks-gradients",), gradients_in_the_evaluation
    ),
    Operator(
        "trained-on-test-data", "train=False where the training data is", ("training-on-test-data",), datasets(True)
    ),
    Operator(
        "tested-on-training-data",
        "train=True where the test data is",
        ("evaluated-on-training-data",),
        datasets(False),
    ),
    Operator(
        "training-loader-evaluated",
        "the training loader handed to the evaluation",
        ("evaluated-on-training-data",),
        evaluated_on,
    ),
    Operator("not-shuffled", "shuffle=False", ("data-not-shuffled",), unshuffled),
    Operator(
        "first-batch-only",
        "break after the first batch",
        ("data-not-covered", "same-batch-every-step"),
        replaced(lambda loop: loop.batch_loop.body[-1], "...\nbreak"),
    ),
    Operator("same-batch", "next(iter(loader)) in every turn, not shuffled", ("same-batch-every-step",), same_batch),
    Operator(
        "wrong-dimension", "argmax over the samples", ("accuracy-over-wrong-dimension",), over_the_wrong_dimension
    ),
    Operator("never-evaluated", "the evaluation left out", ("no-evaluation-happened",), never_evaluated),
    # structure
    Operator("no-activation", "no activation between the layers", ("structure-differs",), without_activation),
    Operator(
        "misspelt",
        "a method that is not there",
        ("crashed",),
        replaced(lambda loop: loop.step, "{optimizer}.stepp()"),
    ),
)
