"""torchvision in the worker: it imports beside any torch, and its MNIST comes from the offered files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.data import files, idx
from grader.data.mnist import MnistProvider
from grader.worker.offered_data import read_idx

WORKER = Path(__file__).resolve().parent.parent / "grader" / "worker"

# Each program runs in a process of its own: what is patched there stays there. It prints one line of JSON.
PRELUDE = f"""
import importlib.util, json, sys, warnings
spec = importlib.util.spec_from_file_location(
    "gradeloop_worker", {str(WORKER / "__init__.py")!r}, submodule_search_locations=[{str(WORKER)!r}]
)
package = importlib.util.module_from_spec(spec)
sys.modules["gradeloop_worker"] = package
spec.loader.exec_module(package)
from gradeloop_worker import offered_data
facts = {{}}
"""

SERVED = """
offered = offered_data.install(sys.argv[1], "mnist")
facts["lazy"] = "torchvision" not in sys.modules
import torch, torchvision
from torchvision import datasets, transforms
facts["version"] = torchvision.__version__
facts["loader"] = type(datasets.mnist.__spec__.loader).__name__
facts["repaired only for the import"] = not hasattr(torch.library.register_fake, "__wrapped__")
train = datasets.MNIST("./nowhere", train=True, transform=transforms.ToTensor(), download=True)
test = datasets.MNIST(root="/no/such/place", train=False)
image, label = test[3]
facts["lengths"] = [len(train), len(test)]
facts["image"] = [type(image).__name__, image.mode, list(image.size), label, type(label).__name__]
facts["tensor"] = [list(train[0][0].shape), str(train[0][0].dtype)]
facts["types"] = [str(train.data.dtype), str(train.targets.dtype)]
facts["names"] = [train.classes[7], train.class_to_idx["2 - two"]]
facts["data"] = test.data.flatten().tolist()
facts["targets"] = test.targets.tolist()
facts["text"] = repr(train)

class Flattened(datasets.MNIST):
    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return transforms.ToTensor()(image).flatten(), label

class Other(datasets.MNIST):
    resources = [("else.gz", "00000000000000000000000000000000")]

flattened = Flattened("./nowhere")
facts["subclass"] = [isinstance(flattened, datasets.MNIST), list(flattened[0][0].shape)]
train.data.zero_()
facts["fresh"] = bool(datasets.MNIST("./nowhere").data.any())
facts["refused"] = []
for kind in (datasets.FashionMNIST, datasets.KMNIST, datasets.QMNIST, Other):
    try:
        kind("./nowhere")
    except RuntimeError:
        facts["refused"].append(kind.__name__)
loader = torch.utils.data.DataLoader(flattened, batch_size=4, num_workers=1)
facts["batch"] = list(next(iter(loader))[0].shape)
facts["noted"] = [[type(item).__name__, item.train] for item in offered.datasets]
from pathlib import Path
facts["no folder made"] = not Path("nowhere").exists()
"""

ABSENT = """
offered = offered_data.install(None, None)
from torchvision import datasets
try:
    datasets.MNIST("./nowhere")
except RuntimeError as error:
    facts["error"] = str(error)
facts["noted"] = len(offered.datasets)
"""

LATE = """
with offered_data.repaired():
    import torchvision
offered = offered_data.install(sys.argv[1], "mnist")
facts["length"] = len(torchvision.datasets.MNIST("./nowhere"))
"""

ORIGINAL = """
import torch
with offered_data.repaired():
    from torchvision import datasets, transforms
def make():
    transform = transforms.ToTensor()
    return [datasets.MNIST(sys.argv[2], train=train, transform=transform) for train in (True, False)]
originals = make()
offered_data.install(sys.argv[1], "mnist")
sys.argv[2] = "/no/such/place"
for name, original, served in zip(("train", "test"), originals, make()):
    facts[name] = {
        "data": torch.equal(original.data, served.data),
        "targets": torch.equal(original.targets, served.targets),
        "types": [original.data.dtype, original.targets.dtype] == [served.data.dtype, served.targets.dtype],
        "strides": original.data.stride() == served.data.stride(),
        "items": all(
            torch.equal(original[i][0], served[i][0]) and original[i][1] == served[i][1]
            for i in range(0, 9000, 97)
        ),
        "attributes": sorted(vars(original)) == sorted(vars(served)),
    }
"""


def run(program: str, *arguments: str, folder: Path) -> dict[str, Any]:
    """Run a program as the worker would, and read what it found out."""
    code = f"{PRELUDE}{program}\nprint(json.dumps(facts))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 images for training, gzipped, and 5 for tests, plain."""
    folder = tmp_path_factory.mktemp("idx")
    random = np.random.default_rng(0)
    for split, count in (("train", 12), ("t10k", 5)):
        idx.write(folder / files.images_name(split), random.integers(1, 255, (count, 28, 28), dtype=np.uint8))
        idx.write(folder / files.labels_name(split), (np.arange(count) % 10).astype(np.uint8))
    return folder


@pytest.fixture(scope="module")
def served(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What a script sees of torchvision in the worker."""
    return run(SERVED, str(small), folder=tmp_path_factory.mktemp("work"))


def test_torchvision_is_imported_by_the_student_alone(served: Mapping[str, Any]) -> None:
    """Nothing is imported before the script does it; afterwards no trace of the repair is left."""
    assert served["lazy"]
    assert served["version"]
    assert served["loader"] == "SourceFileLoader"
    assert served["repaired only for the import"]


def test_mnist_comes_from_the_offered_files(served: Mapping[str, Any], small: Path) -> None:
    """Whatever root, with or without download: the images and labels of the folder."""
    images, labels = files.read_split(small, "t10k")
    assert served["lengths"] == [12, 5]
    assert served["data"] == images.ravel().tolist()
    assert served["targets"] == labels.tolist()
    assert served["no folder made"]


def test_items_are_what_torchvision_gives(served: Mapping[str, Any]) -> None:
    """A PIL image in mode L and an int; a tensor where the transform makes one."""
    assert served["image"] == ["Image", "L", [28, 28], 3, "int"]
    assert served["tensor"] == [[1, 28, 28], "torch.float32"]
    assert served["types"] == ["torch.uint8", "torch.int64"]
    assert served["names"] == ["7 - seven", 2]
    assert "Number of datapoints: 12" in served["text"] and "Split: Train" in served["text"]


def test_subclasses_are_served_too(served: Mapping[str, Any]) -> None:
    """A student's subclass of MNIST works, in a loader with a worker process as well."""
    assert served["subclass"] == [True, [784]]
    assert served["batch"] == [4, 784]


def test_other_data_sets_are_not_mnist(served: Mapping[str, Any]) -> None:
    """FashionMNIST and the like, or a subclass with files of its own, are never given digits."""
    assert served["refused"] == ["FashionMNIST", "KMNIST", "QMNIST", "Other"]


def test_each_data_set_has_its_own_tensors(served: Mapping[str, Any]) -> None:
    """What a script does to the data of one is not seen in the next."""
    assert served["fresh"]


def test_constructed_data_sets_are_noted(served: Mapping[str, Any]) -> None:
    """In order, with their class and split: their transforms are asked for later."""
    noted = [["MNIST", True], ["MNIST", False], ["Flattened", True], ["MNIST", True]]
    assert served["noted"] == noted


def test_without_data_the_natural_error_comes(tmp_path: Path) -> None:
    """An exercise without a data set offers none: torchvision says what it always says."""
    facts = run(ABSENT, folder=tmp_path)
    assert facts["error"] == "Dataset not found. You can use download=True to download it"
    assert facts["noted"] == 0


def test_torchvision_may_be_there_already(small: Path, tmp_path: Path) -> None:
    """In a server that has imported torchvision before, MNIST is served all the same."""
    assert run(LATE, str(small), folder=tmp_path)["length"] == 12


@pytest.mark.mnist
def test_real_mnist_is_served_bit_for_bit(mnist_root: Path, tmp_path: Path) -> None:
    """The same tensors, items and attributes as torchvision's own from MNIST/raw."""
    dataset = MnistProvider().open(mnist_root)
    assert dataset is not None
    raw = tmp_path / "MNIST" / "raw"
    raw.parent.mkdir()
    raw.symlink_to(dataset.folder)
    facts = run(ORIGINAL, str(dataset.folder), str(tmp_path), folder=tmp_path)
    for name in ("train", "test"):
        assert facts[name] == dict.fromkeys(facts[name], True)
        assert len(facts[name]) == 6


def test_what_one_writes_to_an_image_is_nobody_elses(tmp_path: Path) -> None:
    """A file is read without a copy; writing to the tensor changes neither the file nor another reading of it."""
    path = tmp_path / "t10k-images-idx3-ubyte"
    idx.write(path, np.full((2, 28, 28), 7, np.uint8))
    first, second = read_idx(path), read_idx(path)
    first.fill_(1)
    assert int(second.sum()) == int(read_idx(path).sum()) == 7 * 2 * 28 * 28
    assert first.shape == second.shape == (2, 28, 28)
