"""Batches that are looked up: equal in every bit to those that are made, and made where they could differ."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.data import idx
from grader.data.mnist import MnistProvider
from grader.model import Limits, RunSpec, SubmissionKind
from grader.sandbox import Session
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.warm import Warm

from .bench import BARE, torchvision_layout

WORKER = Path(__file__).resolve().parent.parent / "grader" / "worker"
COURSE = WORKER.parent.parent.parent / "shared" / "course"
IMAGES = 96
#: around the course's solution: the seed that a graded run has anyway, and all bits of what was learnt
FIRST_LINE = "import torch; torch.manual_seed(0)\n"
LAST_LINE = """
import hashlib
print("weights", [hashlib.sha256(values.detach().numpy().tobytes()).hexdigest() for values in model.parameters()])
"""

# Runs every case below once, in one process, and prints what could be seen of each as JSON. With the argument
# "ordinary" torchvision is left to itself.
PROGRAM = f"""
import hashlib, importlib.util, json, random, sys, warnings
spec = importlib.util.spec_from_file_location(
    "gradeloop_worker", {str(WORKER / "__init__.py")!r}, submodule_search_locations=[{str(WORKER)!r}]
)
package = importlib.util.module_from_spec(spec)
sys.modules["gradeloop_worker"] = package
spec.loader.exec_module(package)
from gradeloop_worker import fast_data, offered_data
if sys.argv[2] == "ordinary":
    fast_data.install = lambda module: None
offered_data.install(sys.argv[1], "mnist")
import numpy as np, PIL.Image, torch
from torch import nn
from torch.utils.data import *
from torchvision import datasets, transforms
from torchvision.transforms import v2
torch.set_num_threads(1)
made = 0
from_buffer = PIL.Image.frombuffer
def counted(*arguments):
    global made
    made += 1
    return from_buffer(*arguments)
PIL.Image.frombuffer = counted

USUAL = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
def mnist(*more, kind=datasets.MNIST, **options):
    options.setdefault("transform", transforms.Compose([*USUAL, *more]))
    return kind("./nowhere", train=True, **options)

def facts(item):
    if isinstance(item, torch.Tensor):
        digest = hashlib.sha256(item.contiguous().numpy().tobytes()).hexdigest()
        where = [list(item.shape), list(item.stride()), str(item.device), item.requires_grad, item._is_view()]
        return [type(item).__name__, str(item.dtype), *where, digest]
    if isinstance(item, (list, tuple)):
        return [type(item).__name__, *map(facts, item)]
    return [type(item).__name__, repr(item)]

def look(loader, change=None):
    seen = []
    for number, batch in enumerate(loader):
        seen.append(facts(batch))
        if change is not None and number == 1:
            change(batch)
    return seen

def train(loader, epochs=2):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for images, labels in loader:
            loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return [facts(parameter.detach()) for parameter in model.parameters()]

def both(loader):
    return [look(loader), train(loader)]

def failure(work):
    try:
        work()
    except Exception as error:
        return [type(error).__name__, str(error)]

results = {{}}
def case(function):
    global made
    torch.manual_seed(0); random.seed(0); np.random.seed(0)
    made = 0
    seen = function()
    state = hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest()
    numbers = [state, random.random(), np.random.rand()]
    results[function.__name__[5:]] = {{"seen": seen, "random": numbers, "made": made}}
"""

#: each is given as a function's body; "return" what is to be compared
LOOKED_UP = {
    "solution": "return both(DataLoader(mnist(), batch_size=16, shuffle=True))",
    "drop_last": "return both(DataLoader(mnist(), batch_size=20, shuffle=True, drop_last=True))",
    "last_batch_of_one": "return both(DataLoader(mnist(), batch_size=19))",
    "subset": "return both(DataLoader(Subset(mnist(), range(5, 70)), batch_size=16, shuffle=True))",
    "subset_by_numpy": "return both(DataLoader(Subset(mnist(), np.random.permutation(60)), batch_size=16))",
    "nested": "return both(DataLoader(Subset(Subset(mnist(), range(80)), [3, 70, 3, -1]), batch_size=3))",
    "random_split": """
        parts = random_split(mnist(), [60, 36])
        return [both(DataLoader(part, batch_size=16, shuffle=True)) for part in parts]""",
    "random_split_by_generator": """
        parts = random_split(mnist(), [0.5, 0.5], torch.Generator().manual_seed(3))
        return [both(DataLoader(part, batch_size=16)) for part in parts]""",
    "sampler": "return both(DataLoader(mnist(), batch_size=16, sampler=SubsetRandomSampler(range(50))))",
    "sampler_by_numpy": """
        rows = np.arange(96)
        np.random.shuffle(rows)
        return both(DataLoader(mnist(), batch_size=16, sampler=SubsetRandomSampler(rows)))""",
    "weighted": "return both(DataLoader(mnist(), batch_size=16, sampler=WeightedRandomSampler([1.0, 2.0] * 48, 96)))",
    "batch_sampler": "return both(DataLoader(mnist(), batch_sampler=[[1, 2], [3], [95, 0]]))",
    "own_generator": "return both(DataLoader(mnist(), 16, shuffle=True, generator=torch.Generator().manual_seed(5)))",
    "own_collate": """
        def collate(samples):
            images = torch.stack([image.mul_(2) for image, label in samples])
            return facts(samples), images, torch.tensor([label for image, label in samples])
        return look(DataLoader(mnist(), batch_size=16, shuffle=True, collate_fn=collate))""",
    "changed_in_place": """
        loader = DataLoader(mnist(), batch_size=48)
        return [look(loader, lambda batch: (batch[0].zero_(), batch[1].zero_(), batch[0].resize_(1))), look(loader)]""",
    "only_to_tensor": "return both(DataLoader(mnist(transform=transforms.ToTensor()), batch_size=16, shuffle=True))",
    "flattened": "return both(DataLoader(mnist(transforms.Lambda(lambda x: x.view(-1))), batch_size=16))",
    "flattened_by_torch": "return both(DataLoader(mnist(transforms.Lambda(torch.flatten)), batch_size=16))",
    "arithmetic": "return both(DataLoader(mnist(transforms.Lambda(lambda x: -(x * 2 - 1) / 3)), batch_size=16))",
    "black_or_white": "return both(DataLoader(mnist(transforms.Lambda(lambda x: (x > 0.5).float())), batch_size=16))",
    "gray": "return both(DataLoader(mnist(transform=transforms.Compose([transforms.Grayscale(), *USUAL]))))",
    "converted": """
        steps = [transforms.PILToTensor(), transforms.ConvertImageDtype(torch.float32)]
        return both(DataLoader(mnist(transform=transforms.Compose(steps)), batch_size=16))""",
    "levels": "return look(DataLoader(mnist(transform=transforms.PILToTensor()), batch_size=16))",
    "half": """
        steps = [transforms.ToTensor(), transforms.ConvertImageDtype(torch.float16)]
        return look(DataLoader(mnist(transform=transforms.Compose(steps)), batch_size=16))""",
    "version_2": """
        steps = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize((0.5,), (0.5,))]
        return both(DataLoader(mnist(transform=v2.Compose(steps)), batch_size=16, shuffle=True))""",
    "test_set": "return look(DataLoader(datasets.MNIST('.', train=False, transform=USUAL[0]), batch_size=16))",
    "data_filled_anew": """
        data = mnist()
        return look(DataLoader(data, batch_size=16), lambda batch: data.data.fill_(7))""",
    "data_replaced": """
        data = mnist()
        def change(batch):
            data.data, data.targets = data.data.flip(0), data.targets.flip(0)
        return look(DataLoader(data, batch_size=16), change)""",
    "first_half_kept": """
        data = mnist()
        data.data, data.targets = data.data[::2], data.targets[:48]
        data.data = data.data.contiguous()
        return both(DataLoader(data, batch_size=16, shuffle=True))""",
    "transform_replaced": """
        data = mnist()
        def change(batch):
            data.transform = transforms.ToTensor()
        return look(DataLoader(data, batch_size=16), change)""",
    "transform_changed_inside": """
        data = mnist(transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]))
        def change(batch):
            data.transform.transforms[1].mean = [0.25]
        return look(DataLoader(data, batch_size=16), change)""",
    "without_gradients": """
        with torch.inference_mode():
            return look(DataLoader(mnist(), batch_size=16))""",
}
IN_WORKERS = {
    "workers": "return both(DataLoader(mnist(), batch_size=16, shuffle=True, num_workers=2))",
    "persistent_workers": "return both(DataLoader(mnist(), 16, True, num_workers=2, persistent_workers=True))",
    "workers_of_a_subset": "return both(DataLoader(Subset(mnist(), range(64)), batch_size=16, num_workers=2))",
    "error_in_a_worker": "return failure(lambda: look(DataLoader(mnist(transform=None), num_workers=1)))",
}
ORDINARY = {
    "augmented": "return both(DataLoader(mnist(transforms.RandomErasing()), batch_size=16, shuffle=True))",
    "rotated": """
        steps = transforms.Compose([transforms.RandomRotation(10), transforms.ToTensor()])
        return both(DataLoader(mnist(transform=steps), batch_size=16))""",
    "resized": """
        steps = transforms.Compose([transforms.Resize(14), transforms.ToTensor()])
        return look(DataLoader(mnist(transform=steps), batch_size=16))""",
    "noise": "return both(DataLoader(mnist(transforms.Lambda(lambda x: x + torch.randn_like(x))), batch_size=16))",
    "by_image": "return both(DataLoader(mnist(transforms.Lambda(lambda x: x - x.mean())), batch_size=16))",
    "closure": """
        seen = []
        def remembering(image):
            seen.append(1)
            return image
        return [look(DataLoader(mnist(transforms.Lambda(remembering)), batch_size=16)), len(seen)]""",
    "own_function": "return both(DataLoader(mnist(transform=lambda image: USUAL[0](image).view(-1)), batch_size=16))",
    "three_channels": """
        steps = transforms.Compose([transforms.Grayscale(3), transforms.ToTensor()])
        return look(DataLoader(mnist(transform=steps), batch_size=16))""",
    "own_type": """
        class Negative(transforms.ToTensor):
            def __call__(self, image):
                return 1 - super().__call__(image)
        return both(DataLoader(mnist(transform=Negative()), batch_size=16))""",
    "subclass": """
        class Shifted(datasets.MNIST):
            def __getitem__(self, index):
                image, label = super().__getitem__(index)
                return image + index, label
        return both(DataLoader(mnist(kind=Shifted), batch_size=16))""",
    "own_subset": """
        class Twice(Subset):
            def __getitems__(self, indices):
                return [self[index] for index in indices for _ in range(2)]
            def __getitem__(self, index):
                return self.dataset[self.indices[index]]
        return look(DataLoader(Twice(mnist(), range(20)), batch_size=4))""",
    "own_items": """
        data = mnist()
        data.__getitems__ = lambda indices: [data[0] for index in indices]
        return look(DataLoader(data, batch_size=16))""",
    "labels_changed": "return look(DataLoader(mnist(target_transform=lambda label: label % 2), batch_size=16))",
    "label_list": """
        data = mnist()
        data.targets = data.targets.tolist()
        return look(DataLoader(data, batch_size=16))""",
    "doubles": """
        torch.set_default_dtype(torch.float64)
        try:
            return look(DataLoader(mnist(), batch_size=16))
        finally:
            torch.set_default_dtype(torch.float32)""",
    "hooked": """
        step = transforms.Normalize((0.5,), (0.5,))
        step.register_forward_hook(lambda module, inputs, output: output + 1)
        return look(DataLoader(mnist(step), batch_size=16))""",
    "watched": """
        from torch.overrides import TorchFunctionMode
        class Counting(TorchFunctionMode):
            calls = 0
            def __torch_function__(self, function, types, arguments=(), options=None):
                Counting.calls += 1
                return function(*arguments, **(options or {}))
        with Counting():
            seen = look(DataLoader(mnist(), batch_size=16))
        return [seen, Counting.calls > 96]""",
    "one_by_one": "return look(DataLoader(mnist(), batch_size=None))",
    "item": "return [facts(mnist()[3]), facts(Subset(mnist(), [1, 2])[1])]",
    "own_getitem": """
        original = datasets.MNIST.__getitem__
        datasets.MNIST.__getitem__ = lambda self, index: original(self, 0)
        try:
            return look(DataLoader(mnist(), batch_size=16))
        finally:
            datasets.MNIST.__getitem__ = original""",
}
FAILING = {
    "no_transform": "return failure(lambda: look(DataLoader(mnist(transform=None), batch_size=16)))",
    "index_too_large": "return failure(lambda: look(DataLoader(mnist(), batch_sampler=[[0], [96]])))",
    "subset_too_large": "return failure(lambda: look(DataLoader(Subset(mnist(), [1, 200]), batch_size=2)))",
    "transform_that_fails": "return failure(lambda: look(DataLoader(mnist(transform=USUAL[1]), batch_size=16)))",
    "channels": """
        steps = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])
        return failure(lambda: look(DataLoader(mnist(transform=steps), batch_size=16)))""",
}
CASES = {**LOOKED_UP, **IN_WORKERS, **ORDINARY, **FAILING}

Results = dict[str, dict[str, Any]]


def _source(cases: dict[str, str]) -> str:
    parts = [PROGRAM]
    for name, body in cases.items():
        parts.append(f"@case\ndef case_{name}():\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n")
    return "\n".join([*parts, "print(json.dumps(results))"])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Results]:
    """What was seen with batches that are looked up, and what was seen without."""
    folder = tmp_path_factory.mktemp("digits")
    generator = np.random.default_rng(0)
    for part in ("train", "t10k"):
        images = generator.integers(0, 256, (IMAGES, 28, 28), dtype=np.uint8)
        idx.write(folder / f"{part}-images-idx3-ubyte", images)
        idx.write(folder / f"{part}-labels-idx1-ubyte", generator.integers(0, 10, IMAGES).astype(np.uint8))
    return _results(CASES, folder, "fast"), _results(CASES, folder, "ordinary")


def _results(cases: dict[str, str], folder: Path, how: str) -> Results:
    command = [sys.executable, "-c", _source(cases), str(folder), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    found: Results = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", CASES)
def test_nothing_looks_different(results: tuple[Results, Results], name: str) -> None:
    """Batches, weights after training, errors and random numbers are those of torchvision left to itself."""
    fast, ordinary = (found[name] for found in results)
    assert ordinary["seen"], "this case shows nothing"
    assert fast["seen"] == ordinary["seen"]
    assert fast["random"] == ordinary["random"]


@pytest.mark.mnist
def test_real_digits_train_the_same_weights(mnist_root: Path) -> None:
    """A tenth of MNIST, split off and shuffled: the same weights in every bit after an epoch."""
    dataset = MnistProvider().open(mnist_root)
    assert dataset is not None
    body = "return train(DataLoader(random_split(mnist(), [6000, 54000])[0], batch_size=64, shuffle=True), epochs=1)"
    fast, ordinary = (_results({"real": body}, dataset.folder, how)["real"] for how in ("fast", "ordinary"))
    assert fast["seen"] == ordinary["seen"]
    assert fast["made"] <= 9 < ordinary["made"]


@pytest.mark.mnist
@pytest.mark.course
@pytest.mark.bubblewrap
def test_a_graded_run_of_the_course_s_solution_ends_with_the_weights_of_the_bare_script(
    mnist_root: Path, tmp_path: Path
) -> None:
    """An epoch of the whole of MNIST: a warm start, tables, the recorder and its jail change no bit of the weights."""
    source = (COURSE / "mnist_solution.py").read_text(encoding="utf-8").replace("num_epochs = 5", "num_epochs = 1")
    (tmp_path / "submission.py").write_text(f"{FIRST_LINE}{source}{LAST_LINE}", encoding="utf-8")
    torchvision_layout(mnist_root, tmp_path)
    command = [sys.executable, "-c", BARE, str(WORKER), "submission.py"]
    bare = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert bare.stdout.startswith("Epoch [1/1]") and "weights " in bare.stdout, bare.stderr
    assert graded(tmp_path / "submission.py", mnist_root) == bare.stdout


def graded(script: Path, mnist_root: Path) -> str:
    """What a script prints when it is graded."""
    dataset, warm = MnistProvider().open(mnist_root), Warm(Bubblewrap())
    assert dataset is not None
    files = {"submission.py": script.read_bytes()}
    spec = RunSpec(
        files, "submission.py", SubmissionKind.SCRIPT, Limits(), data=dataset.folder, dataset="mnist", seed=0
    )
    try:
        if not warm.probe().works:
            pytest.skip(f"no warm start here: {warm.probe().reason}")
        with Session(warm, spec) as session:
            run = session.run()
    finally:
        warm.close()
    assert run.trace is not None and run.trace.shows_training
    return run.stdout.text


@pytest.mark.parametrize("name", LOOKED_UP)
def test_batches_are_looked_up(results: tuple[Results, Results], name: str) -> None:
    """A known transform is applied to a handful of images; without the table to each of them."""
    fast, ordinary = (found[name]["made"] for found in results)
    # for each table one picture of all gray levels and eight images to prove it; a case has at most two transforms
    assert fast <= 18, f"{fast} images were made"
    assert ordinary > fast, f"only {ordinary} images are made the ordinary way"


@pytest.mark.parametrize("name", ORDINARY)
def test_what_might_differ_is_made(results: tuple[Results, Results], name: str) -> None:
    """Whatever is not known to treat every pixel alike is applied to every image, once."""
    fast, ordinary = (found[name]["made"] for found in results)
    # at most one picture more, where values come out wider than a table holds
    assert 0 < ordinary <= fast <= ordinary + 1
