"""Functions of a submission, called with what they name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from .recording import worker_package

GIVEN = """
import torch as unlisted
num_epochs = 3
def model():
    return ["given"]
def optimizer(model):
    return ("optimizer of", model)
def _private():
    return 1
"""


def supply(**own: object) -> Any:
    worker_package()
    return importlib.import_module("gradeloop_worker.functions").Supply(GIVEN, own, "cpu")


def test_arguments_are_made_once_and_passed_on() -> None:
    """The optimizer is made for the very model that the function gets."""

    def train(model: object, optimizer: tuple[str, object], num_epochs: int, device: str) -> bool:
        return optimizer[1] is model and (num_epochs, device) == (3, "cpu")

    assert supply().call(train)


def test_the_student_s_own_model_takes_the_place_of_the_given_one() -> None:
    """`build_model` is asked first."""
    assert supply(build_model=lambda: "own").call(lambda model, optimizer: optimizer) == ("optimizer of", "own")


def with_default(model: object, verbose: bool = True) -> bool:
    return verbose


def with_rest(model: object, *rest: object, **named: object) -> bool:
    return not rest and not named


@pytest.mark.parametrize("function", [with_default, with_rest])
def test_what_has_a_default_may_stay_unknown(function: Callable[..., bool]) -> None:
    """Only what is needed and not there is an error."""
    assert supply().call(function)


def test_an_unknown_argument_names_what_there_is() -> None:
    """The message is for the student: which function asks for what, and what can be had."""

    def train(modle: object) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match=r"train\(\) asks for 'modle'.*device, model, num_epochs, optimizer$"):
        supply().call(train)


def test_only_functions_of_their_own_are_called() -> None:
    """In the exercise's order; a variable or a class of that name is none."""
    worker_package()
    wanted = importlib.import_module("gradeloop_worker.functions").wanted

    def train() -> None: ...

    assert wanted(["evaluate", "train"], {"train": train, "evaluate": 3}) == [train]
