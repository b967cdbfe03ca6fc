"""Where in a reference the parts of a training loop are: what operators change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from .editing import Program

Found = TypeVar("Found")


class NotThereError(Exception):
    """The program has no such part, so that an operator which changes it does not apply."""


class Anatomy:
    """The parts of one program, found by how they are written. Each raises NotThereError when it is missing."""

    def __init__(self, program: Program) -> None:
        self.program = program

    # -- the step ---------------------------------------------------------------------------------------

    @cached_property
    def backward(self) -> ast.Expr:
        """`loss.backward()` of the training."""
        return self._first(self.statements_calling("backward"))

    @cached_property
    def step(self) -> ast.Expr:
        """`optimizer.step()` beside it."""
        return self._first(self.statements_calling("step", self.batch_loop))

    @cached_property
    def zero_grad(self) -> ast.Expr:
        """`optimizer.zero_grad()` beside it."""
        return self._first(self.statements_calling("zero_grad", self.batch_loop))

    @cached_property
    def loss(self) -> ast.Assign:
        """Where the loss is computed: `loss = criterion(outputs, targets)`."""
        name = owner(self.backward)
        return self._first(node for node in self.assignments(name, self.batch_loop) if isinstance(node.value, ast.Call))

    @cached_property
    def loss_arguments(self) -> tuple[ast.expr, ast.expr]:
        """What goes into the loss: outputs and targets."""
        call = self.loss.value
        if not isinstance(call, ast.Call) or len(call.args) != 2:
            raise NotThereError
        return call.args[0], call.args[1]

    @cached_property
    def forward(self) -> ast.Call:
        """`model(inputs)` of the training."""
        outputs = self.loss_arguments[0]
        if isinstance(outputs, ast.Name):
            outputs = self._first(self.assignments(outputs.id, self.batch_loop)).value
        if not isinstance(outputs, ast.Call):
            raise NotThereError
        return outputs

    @property
    def model(self) -> str:
        """What the model is called where it is trained."""
        return ast.unparse(self.forward.func)

    @property
    def optimizer(self) -> str:
        """What the optimizer is called where it steps."""
        return owner(self.step)

    # -- the loops --------------------------------------------------------------------------------------

    @cached_property
    def batch_loop(self) -> ast.For:
        """The innermost loop around `backward()`."""
        return self._there(self.program.above(self.backward, ast.For))

    @cached_property
    def epoch_loop(self) -> ast.For:
        """The loop around the batches, or around the call of the function that they are in."""
        around = self.program.above(self.batch_loop, ast.For)
        if around is not None:
            return around
        function = self._there(self.program.above(self.batch_loop, ast.FunctionDef))
        calls = (node for node in self.program.all(ast.Call) if ast.unparse(node.func) == function.name)
        return self._first(loop for call in calls if (loop := self.program.above(call, ast.For)) is not None)

    @cached_property
    def epochs(self) -> ast.Constant:
        """The number of epochs: a constant of the module's top level."""
        return self._first(
            node.value
            for node in self.program.tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, int)
            and "epoch" in ast.unparse(node.targets[0]).lower()
        )

    # -- what is wired together -------------------------------------------------------------------------

    @cached_property
    def optimizer_made(self) -> ast.Assign:
        """`optimizer = torch.optim.SGD(model.parameters(), lr=0.01)`."""
        return self._first(node for node in self.program.all(ast.Assign) if _makes_optimizer(node.value))

    @cached_property
    def parameters(self) -> ast.expr:
        """What the optimizer is given: `model.parameters()`."""
        call = self.optimizer_made.value
        if not isinstance(call, ast.Call) or not call.args or "parameters" not in ast.unparse(call.args[0]):
            raise NotThereError
        return call.args[0]

    @property
    def model_outside(self) -> str:
        """What the model is called where the optimizer is made."""
        if not isinstance(self.parameters, ast.Call) or not isinstance(self.parameters.func, ast.Attribute):
            raise NotThereError
        return ast.unparse(self.parameters.func.value)

    @cached_property
    def model_made(self) -> ast.Assign:
        """`model = Classifier()`."""
        return self._first(self.assignments(self.model_outside))

    @cached_property
    def criterion_made(self) -> ast.Assign:
        """`criterion = nn.CrossEntropyLoss()`."""
        made = (node for node in self.program.all(ast.Assign) if ast.unparse(node.value).endswith("Loss()"))
        return self._first(made)

    @property
    def is_classification(self) -> bool:
        """Whether the loss is the cross-entropy."""
        return "CrossEntropyLoss" in ast.unparse(self.criterion_made.value)

    @cached_property
    def learning_rate(self) -> ast.Constant:
        """The number after `lr=`."""
        return self._first(
            keyword.value
            for keyword in self.program.all(ast.keyword, self.optimizer_made)
            if keyword.arg == "lr" and isinstance(keyword.value, ast.Constant)
        )

    # -- data and evaluation ----------------------------------------------------------------------------

    @property
    def loader(self) -> str:
        """What the training goes through, as the batch loop names it."""
        return ast.unparse(self.batch_loop.iter)

    def keywords(self, name: str, value: object) -> Iterator[ast.expr]:
        """The values of `name=value` in calls, where the value is that constant."""
        for keyword in self.program.all(ast.keyword):
            if keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value == value:
                yield keyword.value

    @cached_property
    def evaluation(self) -> ast.FunctionDef:
        """The function that judges: it takes the largest output and nothing in it goes backward."""
        functions = (self.program.above(call, ast.FunctionDef) for call in self.calls("argmax"))
        return self._first(item for item in functions if item is not None and self.backward not in ast.walk(item))

    # -- looking for it ---------------------------------------------------------------------------------

    def calls(self, name: str, inside: ast.AST | None = None) -> Iterator[ast.Call]:
        """Calls of a method or function of that name."""
        for node in self.program.all(ast.Call, inside):
            if ast.unparse(node.func).rpartition(".")[2] == name:
                yield node

    def statements_calling(self, name: str, inside: ast.AST | None = None) -> Iterator[ast.Expr]:
        """Statements that are a call of a method of that name, and no more."""
        for node in self.program.all(ast.Expr, inside):
            call = node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == name:
                yield node

    def assignments(self, name: str, inside: ast.AST | None = None) -> Iterator[ast.Assign]:
        """`name = ...`, in the order of the text."""
        for node in self.program.all(ast.Assign, inside):
            if [ast.unparse(target) for target in node.targets] == [name]:
                yield node

    def _first(self, found: Iterator[Found]) -> Found:
        return self._there(next(found, None))

    def _there(self, found: Found | None) -> Found:
        if found is None:
            raise NotThereError
        return found


def owner(statement: ast.Expr) -> str:
    """`optimizer` of the statement `optimizer.step()`."""
    call = statement.value
    assert isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value)


def _makes_optimizer(value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    path = ast.unparse(value.func).split(".")
    return ("optim" in path or path[-1] in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad")) and bool(value.args)
