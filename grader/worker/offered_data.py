"""Data for the student's code: torchvision made importable, its MNIST served from files without a network."""

from __future__ import annotations

import functools
import gzip
import math
import mmap
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from . import around_import, fast_data

TORCHVISION = "torchvision"
MNIST_MODULE = "torchvision.datasets.mnist"
#: of how many constructed data sets the grader keeps hold
MAX_DATASETS = 32


@dataclass
class Offered:
    """What is offered, and the data sets that the student's code made of it, in order.

    They are held strongly: a data set that was local to `main()` is asked for its transform afterwards.
    """

    folder: Path | None
    name: str | None
    datasets: list[Any] = field(default_factory=list)
    #: what known transforms make of gray levels; None until torchvision is imported
    tables: fast_data.Tables | None = None

    def images(self, train: bool) -> Tensor:
        """Raw images uint8 (n, 28, 28), fresh from the file."""
        return self._read("images-idx3-ubyte", train)

    def load(self, train: bool) -> tuple[Tensor, Tensor]:
        """Images and labels int64 (n,), as torchvision's own `_load_data` gives them."""
        return self.images(train), self._read("labels-idx1-ubyte", train).long()

    def note(self, dataset: object) -> None:
        """Remember a data set that was constructed."""
        if len(self.datasets) < MAX_DATASETS:
            self.datasets.append(dataset)

    def _read(self, kind: str, train: bool) -> Tensor:
        assert self.folder is not None
        return read_idx(self.folder / f"{'train' if train else 't10k'}-{kind}")


def install(data: str | None, dataset: str | None) -> Offered:
    """Prepare for the student's `import torchvision`, without importing it. `data`: a folder of IDX files.

    Without `data` MNIST stays torchvision's own, which finds no network.
    """
    offered = Offered(Path(data) if data else None, dataset)
    actions: dict[str, around_import.Action] = {TORCHVISION: _import_repaired}
    if offered.folder is not None:
        actions[MNIST_MODULE] = functools.partial(_import_served, offered)
        if MNIST_MODULE in sys.modules:
            serve(sys.modules[MNIST_MODULE], offered)
    around_import.install(actions)
    return offered


def read_idx(path: Path) -> Tensor:
    """What an IDX file holds, plain or with .gz behind its name, as a tensor of its shape that nobody else sees."""
    if not path.exists():
        with gzip.open(path.with_name(f"{path.name}.gz")) as packed:
            return _tensor(bytearray(packed.read()))
    with path.open("rb") as file:
        # the pages of the file, shared by all who read it; one that is written to becomes the writer's own copy
        return _tensor(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def _tensor(content: bytearray | mmap.mmap) -> Tensor:
    dimensions = content[3]
    begin = 4 + 4 * dimensions
    shape = struct.unpack(f">{dimensions}I", content[4:begin])
    return torch.frombuffer(content, dtype=torch.uint8, offset=begin, count=math.prod(shape)).view(shape)


@contextmanager
def repaired() -> Iterator[None]:
    """Let `import torchvision` pass where its compiled operators do not load, as beside a CPU-only torch.

    It describes operators to torch.compile even when they do not exist; data sets and transforms need none.
    """
    names = [name for name in ("register_fake", "impl_abstract") if hasattr(torch.library, name)]
    originals = {name: getattr(torch.library, name) for name in names}
    for name, original in originals.items():
        setattr(torch.library, name, _unless_missing(original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(torch.library, name, original)


def serve(module: ModuleType, offered: Offered) -> None:
    """Let MNIST and the student's subclasses of it, but not FashionMNIST and its like, read the offer."""
    mnist = module.MNIST

    def served(dataset: Any) -> bool:
        family = [kind for kind in type(dataset).__mro__ if kind.__module__ == module.__name__]
        return family == [mnist] and type(dataset).resources is mnist.resources

    def load(dataset: Any) -> tuple[Tensor, Tensor]:
        offered.note(dataset)
        return offered.load(bool(dataset.train))

    answers: dict[str, Callable[[Any], object]] = {
        "_check_legacy_exist": lambda dataset: False,
        "_check_exists": lambda dataset: True,
        "download": lambda dataset: None,
        "_load_data": load,
    }
    for name, answer in answers.items():
        setattr(mnist, name, _either(served, answer, getattr(mnist, name)))
    offered.tables = fast_data.install(module)


def _either(
    served: Callable[[Any], bool], answer: Callable[[Any], object], original: Callable[..., object]
) -> Callable[..., object]:
    @functools.wraps(original)
    def method(dataset: Any) -> object:
        return answer(dataset) if served(dataset) else original(dataset)

    return method


def _unless_missing(register: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(register)
    def tolerant(operator: Any, function: Any = None, /, *rest: Any, **options: Any) -> Any:
        if isinstance(operator, str) and _is_missing(operator):
            return function if function is not None else lambda decorated: decorated
        return register(operator, function, *rest, **options)

    return tolerant


def _is_missing(operator: str) -> bool:
    library, _, name = operator.partition("::")
    return library == TORCHVISION and not hasattr(torch.ops.torchvision, name)


def _import_repaired(run: Callable[[], None], module: ModuleType) -> None:
    with repaired():
        run()


def _import_served(offered: Offered, run: Callable[[], None], module: ModuleType) -> None:
    run()
    serve(module, offered)
