"""The digits that the grader draws: the same from the same seed, varied, and learnable."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from grader.data import DatasetProvider, cache_folder, drawing, files, names_in_use, open_dataset
from grader.data.digits import COUNTS, DigitsProvider
from grader.data.mnist import MnistProvider
from grader.data.plugin import grader_datasets
from grader.data.skeletons import SKELETONS
from grader.errors import DataError


def test_ten_digits_in_several_ways() -> None:
    """Every digit has at least three skeletons, all inside the box."""
    assert len(SKELETONS) == 10
    for ways in SKELETONS:
        assert len(ways) >= 3
        points = np.array([point for way in ways for stroke in way for point in stroke])
        assert points.min() > -0.01 and points.max() < 1.01


def test_the_same_seed_draws_the_same() -> None:
    """Nothing but the seed decides."""
    first, second = (drawing.draw(np.random.default_rng(5), 100) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
    assert not np.array_equal(first[0], drawing.draw(np.random.default_rng(6), 100)[0])


def test_images_look_like_mnist() -> None:
    """White strokes on black, away from the border, no two alike, every digit as often as the others."""
    images, labels = drawing.draw(np.random.default_rng(1), 1000)
    assert images.shape == (1000, 28, 28) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [100] * 10
    assert 20 < images.mean() < 60
    assert images.max((1, 2)).min() > 150
    assert images[:, [0, -1]].mean() < 8 and images[:, :, [0, -1]].mean() < 8
    assert len({image.tobytes() for image in images}) == 1000


def test_files_are_drawn_once() -> None:
    """The folder has the names of MNIST's files, so that torchvision's MNIST can be served from it."""
    dataset = DigitsProvider().open(None)
    assert dataset.folder.parent == cache_folder()
    times = {path.name: path.stat().st_mtime_ns for path in dataset.folder.iterdir()}
    assert sorted(times) == sorted(files.NAMES)
    assert {split: len(files.read_split(dataset.folder, split)[1]) for split in files.SPLITS} == COUNTS
    again = DigitsProvider().open(None)
    assert {path.name: path.stat().st_mtime_ns for path in again.folder.iterdir()} == times


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the cache is a file, say, a temporary folder does."""
    (tmp_path / "cache").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("grader.data.digits.COUNTS", {"train": 40, "t10k": 20})
    folder = DigitsProvider().open(None).folder
    assert not files.missing(folder)
    assert tmp_path not in folder.parents


def test_a_small_network_learns_them() -> None:
    """One hidden layer reaches the threshold of the exercises within three epochs, without luck."""
    dataset = DigitsProvider().open(None)
    images, labels = (torch.from_numpy(part.copy()) for part in files.read_split(dataset.folder, "train"))
    hidden, answers = (torch.tensor(part) for part in dataset.hidden(b"secret", "digest", 2000))
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for _ in range(3):
        for batch in torch.randperm(len(images))[:11_968].view(-1, 64):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[batch].float() / 127.5 - 1), labels[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    accuracy = (model(hidden.float() / 127.5 - 1).argmax(1) == answers).float().mean()
    assert accuracy > 0.945


def providers(mnist: MnistProvider) -> Mapping[str, DatasetProvider]:
    return {**grader_datasets(), "mnist": mnist}


def test_digits_take_the_place_of_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data and no network: the data set is `digits`, and says so."""
    offline = providers(MnistProvider(download=lambda folder: False))
    dataset = open_dataset(offline, "mnist", None)
    assert dataset.name == "digits"
    assert dataset.classes == 10
    assert names_in_use(offline, "mnist") == ("mnist", "digits")
    assert names_in_use(offline, "digits") == ("digits",)


def test_a_folder_that_was_named_is_never_replaced(tmp_path: Path) -> None:
    """A --data-root without MNIST is an error, not a reason to draw digits."""
    with pytest.raises(DataError, match="no MNIST"):
        open_dataset(grader_datasets(), "mnist", tmp_path)


def test_unknown_data_sets_are_named() -> None:
    """A name that no provider offers raises an error with the choices."""
    with pytest.raises(DataError, match="no data set 'cifar'; there are: digits, mnist"):
        open_dataset(grader_datasets(), "cifar", None)
