"""Images -> logits: how the student's preparation of images is found, and what a model's answer may be."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grader.data import drawing, files
from grader.worker import answer, elementwise, fast_data
from grader.worker.offered_data import Offered, repaired
from grader.worker.preparation import Preparation, Source, find_preparation

Images = NDArray[np.uint8]


@dataclass
class Batch:
    """What the recorder keeps of one call of the model."""

    model_input: Tensor
    loaded: Tensor | None = None


@dataclass
class Recording:
    batches: list[Batch] = field(default_factory=list)
    evaluation_batches: list[Batch] = field(default_factory=list)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set: 600 digits for training, 200 for tests."""
    place = tmp_path_factory.mktemp("data")
    numbers = np.random.default_rng(3)
    files.write_splits(place, {"train": drawing.draw(numbers, 600), "t10k": drawing.draw(numbers, 200)})
    return place


@pytest.fixture(scope="module")
def hidden() -> Images:
    return drawing.draw(np.random.default_rng(4), 30)[0]


@pytest.fixture(scope="module")
def transforms() -> Any:
    """torchvision's transforms, imported as the worker imports them."""
    with repaired():
        from torchvision import transforms as module
    return module


def offer(folder: Path, **chosen: Any) -> Offered:
    """An offer of which data sets were made: `train=transform`, `test=transform`."""
    datasets = [SimpleNamespace(train=name == "train", transform=chosen[name]) for name in chosen]
    return Offered(folder, "digits", datasets)


def picked(offered: Offered, train: bool, count: int = 16) -> Images:
    """Some raw images, not the first ones."""
    images: Images = offered.images(train).numpy()
    return images[40 : 40 + count]


def through(transform: Callable[[Any], Any], images: Images) -> Tensor:
    """What a loader yields for images of a data set with this transform."""
    from PIL import Image

    return torch.stack([transform(Image.fromarray(image)) for image in images])


def found(offered: Offered, *batches: Batch, evaluated: tuple[Batch, ...] = ()) -> Preparation:
    return find_preparation(evaluated, batches, offered)


def assert_prepares(preparation: Preparation, images: Images, expected: Tensor) -> None:
    """The preparation gives what the student's own code would have given."""
    result = preparation.shaped(preparation.prepare(images))
    assert result.dtype == expected.dtype
    assert result.shape == expected.shape
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=1e-5)


class Recognizer(nn.Module):
    """Ten logits of 784 values; notes how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)
        self.seen: list[tuple[tuple[int, ...], bool, bool]] = []

    def forward(self, images: Tensor) -> Any:
        self.seen.append((tuple(images.shape), self.training, torch.is_grad_enabled()))
        return self.linear(images.flatten(1))


def ask(model: nn.Module | None, folder: Path, hidden: Images, batch: int = 16) -> answer.Answer:
    """The answer of a model that was trained on raw images scaled to 0 to 1."""
    offered = offer(folder)
    raw = torch.from_numpy(picked(offered, True, batch)).float() / 255
    return answer.Answers(Recording([Batch(raw)]), offered).logits(model, hidden)


def test_transform_and_the_loops_reshape(folder: Path, hidden: Images, transforms: Any) -> None:
    """The usual script: ToTensor and Normalize in the data set, a view in the loop."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    offered = offer(folder, train=transform)
    loaded = through(transform, picked(offered, True))
    preparation = found(offered, Batch(loaded.view(-1, 784), loaded))
    assert_prepares(preparation, hidden, through(transform, hidden).view(-1, 784))
    assert preparation.source.name == "training data"


def test_scaling_in_the_loop_is_taken_over(folder: Path, hidden: Images, transforms: Any) -> None:
    """What the loop does to a batch after the loader counts as well."""
    offered = offer(folder, train=transforms.ToTensor())
    loaded = through(transforms.ToTensor(), picked(offered, True))
    preparation = found(offered, Batch((loaded - 0.1307) / 0.3081, loaded))
    assert_prepares(preparation, hidden, (through(transforms.ToTensor(), hidden) - 0.1307) / 0.3081)


def test_tensors_by_hand_need_no_transform(folder: Path, hidden: Images) -> None:
    """`dataset.data.float() / 255` without any transform or loader."""
    offered = offer(folder, train=None)
    made = torch.from_numpy(picked(offered, True)).float().view(-1, 784) / 255
    preparation = found(offered, Batch(made))
    assert_prepares(preparation, hidden, torch.from_numpy(hidden).float().view(-1, 784) / 255)


def test_negatives_and_double_precision(folder: Path, hidden: Images) -> None:
    """White made black, in float64: still one affine map."""
    offered = offer(folder)
    made = 1 - torch.from_numpy(picked(offered, True)).double() / 255
    assert_prepares(found(offered, Batch(made)), hidden, 1 - torch.from_numpy(hidden).double() / 255)


def test_bytes_stay_bytes(folder: Path, hidden: Images) -> None:
    """A model that scales inside is given the bytes that it was trained on."""
    offered = offer(folder)
    made = torch.from_numpy(picked(offered, True).copy())
    assert_prepares(found(offered, Batch(made)), hidden, torch.from_numpy(hidden))


@pytest.mark.parametrize("name", ["resize", "pad", "crop", "channels", "threshold"])
def test_transforms_that_no_affine_map_replaces(name: str, folder: Path, hidden: Images, transforms: Any) -> None:
    """Other sizes, several channels, black and white: the student's own transform is applied."""
    first = {
        "resize": transforms.Resize(32),
        "pad": transforms.Pad(2),
        "crop": transforms.CenterCrop(24),
        "channels": transforms.Grayscale(3),
        "threshold": transforms.Lambda(lambda image: image.point(lambda gray: 255 * (gray > 100))),
    }[name]
    transform = transforms.Compose([first, transforms.ToTensor()])
    offered = offer(folder, train=transform)
    loaded = through(transform, picked(offered, True))
    assert_prepares(found(offered, Batch(loaded, loaded)), hidden, through(transform, hidden))


def test_evaluation_data_goes_first(folder: Path, hidden: Images, transforms: Any) -> None:
    """Augmented for training, plain for evaluation: the evaluation's transform is used."""
    augment = transforms.Compose([transforms.RandomRotation(20), transforms.ToTensor()])
    plain = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    offered = offer(folder, train=augment, test=plain)
    trained = through(augment, picked(offered, True))
    evaluated = through(plain, picked(offered, False))
    preparation = found(offered, Batch(trained, trained), evaluated=(Batch(evaluated, evaluated),))
    assert preparation.source.name == "evaluation data"
    assert_prepares(preparation, hidden, through(plain, hidden))


def test_augmentation_without_an_evaluation(folder: Path, hidden: Images, transforms: Any) -> None:
    """Only augmented batches were recorded: the loader's own output shows what the loop added."""
    augment = transforms.Compose([transforms.RandomRotation(20), transforms.ToTensor()])
    offered = offer(folder, train=augment, test=transforms.ToTensor())
    loaded = through(augment, picked(offered, True))
    preparation = found(offered, Batch(loaded.flatten(1) * 2 - 1, loaded))
    assert_prepares(preparation, hidden, through(transforms.ToTensor(), hidden).flatten(1) * 2 - 1)


def test_a_trial_call_is_not_believed(folder: Path, hidden: Images) -> None:
    """`model(torch.zeros(1, 784))`, or with noise, to see the shapes, says nothing about images."""
    offered = offer(folder)
    made = torch.from_numpy(picked(offered, True)).float().view(-1, 784) / 255
    for trial in (torch.zeros(1, 784), torch.ones(4, 784), torch.randn(4, 784)):
        preparation = found(offered, Batch(made), evaluated=(Batch(trial),))
        assert_prepares(preparation, hidden, torch.from_numpy(hidden).float().view(-1, 784) / 255)


def test_one_image_alone_keeps_its_shape(folder: Path, hidden: Images) -> None:
    """Without a batch dimension, or in batches of one, each image is asked for as it was trained."""
    offered = offer(folder)
    for shape in ((784,), (1, 784), (1, 28, 28)):
        made = torch.from_numpy(picked(offered, True, 1)).float().view(shape) / 255
        preparation = found(offered, Batch(made))
        assert preparation.shaped(preparation.prepare(hidden)[:1]).shape == shape


@pytest.mark.parametrize("spoil", ["noise", "each its own scale", "mixed"])
def test_what_cannot_be_explained_is_unknown(spoil: str, folder: Path, hidden: Images) -> None:
    """Noise, a scale of each image's own, images blended with others: no guess is made."""
    offered = offer(folder)
    made = torch.from_numpy(picked(offered, True)).float().flatten(1) / 255
    changed = {
        "noise": made + 0.01 * torch.randn(made.shape),
        "each its own scale": made / made.mean(1, keepdim=True),
        "mixed": 0.7 * made + 0.3 * made.flip(0),
    }[spoil]
    values, reason, detail = answer.Answers(Recording([Batch(changed, changed)]), offered).logits(Recognizer(), hidden)
    assert values is None
    assert reason == "preprocessing-unknown"
    assert "(16, 784)" in detail


def test_nothing_recorded_is_unknown(folder: Path, hidden: Images) -> None:
    """A model of which no batch was kept cannot be asked."""
    answered = answer.Answers(Recording(), offer(folder)).logits(Recognizer(), hidden)
    assert answered == (None, "preprocessing-unknown", "no batch was recorded")


def test_a_transform_that_raises_explains_nothing(folder: Path, hidden: Images, transforms: Any) -> None:
    """A broken transform of another data set does not stand in the way."""

    def broken(image: Any) -> Tensor:
        raise ValueError("no")

    offered = offer(folder, test=broken, train=transforms.ToTensor())
    loaded = through(transforms.ToTensor(), picked(offered, True))
    assert_prepares(found(offered, Batch(loaded, loaded)), hidden, through(transforms.ToTensor(), hidden))


def test_random_numbers_of_the_student_are_left_alone(folder: Path, hidden: Images, transforms: Any) -> None:
    """Transforms draw from numbers of their own, the same each time."""
    augment = transforms.Compose([transforms.RandomRotation(20), transforms.ToTensor()])
    offered = offer(folder, train=augment)
    loaded = through(augment, picked(offered, True))
    states = torch.get_rng_state(), random.getstate(), np.random.get_state(legacy=False)
    first, second = (found(offered, Batch(loaded, loaded)).prepare(hidden) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert str(np.random.get_state(legacy=False)) == str(states[2])


def test_logits_are_the_models_own(folder: Path, hidden: Images) -> None:
    """Row by row what the model gives for the prepared images."""
    model = Recognizer()
    values, reason, _ = ask(model, folder, hidden)
    assert reason is None and values is not None
    assert values.dtype == np.float32
    expected = model.linear(torch.from_numpy(hidden).float().flatten(1) / 255).detach()
    torch.testing.assert_close(torch.from_numpy(values), expected, atol=1e-4, rtol=1e-4)


def test_evaluation_mode_without_gradients_then_as_before(folder: Path, hidden: Images) -> None:
    """The model answers in evaluation mode; each module gets its own mode back."""
    model = Recognizer().train()
    model.linear.eval()
    ask(model, folder, hidden)
    assert {(training, grad) for _, training, grad in model.seen} == {(False, False)}
    assert model.training and not model.linear.training


def test_mode_comes_back_after_an_exception(folder: Path, hidden: Images) -> None:
    """A model that raises is left in the mode it was in."""
    model = Recognizer().train()
    model.linear = nn.Linear(3, 3)
    assert ask(model, folder, hidden)[1] == "raised"
    assert model.training and model.linear.training


def test_batches_as_large_as_in_training(folder: Path, hidden: Images) -> None:
    """A batch size that is built into the model is respected, the last batch filled up."""

    class Fixed(Recognizer):
        def forward(self, images: Tensor) -> Any:
            return super().forward(images.reshape(16, 784))

    values, reason, _ = ask(Fixed(), folder, hidden)
    assert reason is None
    assert values is not None and values.shape == (30, 10)


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


def failing(error: BaseException) -> Callable[[Tensor], Any]:
    def forward(images: Tensor) -> Any:
        raise error

    return forward


@pytest.mark.parametrize(
    ("forward", "reason", "detail"),
    [
        (lambda images: images.new_zeros(len(images), 1), "wrong-shape", "(16, 1) for (16, 10)"),
        (lambda images: images.new_zeros(10), "wrong-shape", "(10,) for (16, 10)"),
        (lambda images: (images, images), "wrong-shape", "a tuple instead of a tensor"),
        (lambda images: {"logits": images}, "wrong-shape", "a dict instead of a tensor"),
        (lambda images: images.new_full((len(images), 10), float("nan")), "not-finite", "30 of 30 images"),
        (failing(ValueError("no such thing")), "raised", "ValueError: no such thing"),
        (failing(SystemExit(3)), "raised", "SystemExit: 3"),
        (failing(UnspeakableError()), "raised", "UnspeakableError"),
    ],
)  # fmt: skip
def test_answers_that_cannot_be_judged(
    forward: Callable[[Tensor], Any], reason: str, detail: str, folder: Path, hidden: Images
) -> None:
    """A wrong shape, a NaN, an exception: a reason and a detail, never a crash."""
    model = Recognizer()
    model.forward = forward  # type: ignore[assignment,method-assign]
    assert ask(model, folder, hidden) == (None, reason, detail)


def test_no_model_no_answer(folder: Path, hidden: Images) -> None:
    """Where nothing was trained, there is nothing to ask."""
    assert ask(None, folder, hidden) == (None, "no-model", "")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_known_transform_is_looked_up_for_hidden_images(transforms: Any, hidden: Images) -> None:
    """Bit for bit what the transform makes of each image; one that is not known to be elementwise is applied."""
    with repaired():
        from torchvision.datasets import MNIST
    tables = fast_data.Tables(MNIST, elementwise.Kinds(sys.modules))
    usual = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    blurred = transforms.Compose([transforms.GaussianBlur(3), transforms.ToTensor()])
    looked_up = tables.apply(usual, hidden)
    assert looked_up is not None
    assert torch.equal(looked_up, through(usual, hidden))
    assert tables.apply(blurred, hidden) is None
    for transform in (usual, blurred):
        with_tables, without = Source("", transform, tables).apply(hidden), Source("", transform).apply(hidden)
        assert torch.equal(with_tables, without)
