"""How the student's code turned an image into what its model saw: found in the data, never in the source."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .fast_data import Tables
    from .offered_data import Offered

SIDE = 28
#: a reshape and one affine map must reproduce the recorded batches this closely
TOLERANCE = 1e-5
#: batches looked at, images of each, and how many similar raw images are tried for each
BATCHES = 4
SAMPLES = 4
CANDIDATES = 12
SHORTLIST = 16
CHUNK = 2_000
#: a raw image this similar is the one: no better one needs to be looked for
CERTAIN = 0.99999


class UnknownPreparationError(Exception):
    """No transform, reshape and affine map explains what the model saw."""


class Recorded(Protocol):
    """A batch that a model was called with, and what the loader had yielded for it."""

    @property
    def model_input(self) -> Tensor: ...

    @property
    def loaded(self) -> Tensor | None: ...


@dataclass(frozen=True)
class Source:
    """A first step of the preparation: a data set's transform, or the raw gray levels."""

    name: str
    transform: Callable[[Any], Any] | None = None
    tables: Tables | None = None

    def apply(self, images: NDArray[np.uint8]) -> Tensor:
        """Images (n, 28, 28) -> float64 (n, ...), the same whenever it is called."""
        if self.transform is None:
            return torch.from_numpy(images.astype(np.float64))
        from PIL import Image

        looked_up = self.tables.apply(self.transform, images) if self.tables is not None else None
        if looked_up is not None:
            return looked_up.double()
        with fixed_randomness():
            results = [torch.as_tensor(self.transform(Image.fromarray(image))) for image in images]
        return torch.stack(results).to("cpu", torch.float64)

    def values(self) -> int | None:
        """How many values it makes of one image; None when it takes none."""
        try:
            return self.apply(np.zeros((1, SIDE, SIDE), dtype=np.uint8)).numel()
        except Exception:  # whatever a student's transform raises: it explains nothing then
            return None

    def is_random(self) -> bool:
        """Whether the same image comes out differently when the random numbers go on."""
        if self.transform is None or self.values() is None:
            return False
        # a picture without symmetry, many times over: each draws its own random numbers
        image = (np.arange(SIDE * SIDE) ** 2 % 251).astype(np.uint8).reshape(1, SIDE, SIDE)
        results = self.apply(image.repeat(8, axis=0))
        return not bool((results == results[:1]).all())


@dataclass(frozen=True)
class Preparation:
    """A source, an affine map of its values, and the shape of a batch as the model saw it."""

    source: Source
    scale: float
    shift: float
    #: of the recorded batch, and how many images were in it
    shape: tuple[int, ...]
    count: int
    dtype: torch.dtype

    def prepare(self, images: NDArray[np.uint8]) -> Tensor:
        """Images (n, height, width) -> flat rows (n, values), of the type that the model saw."""
        rows = self.source.apply(images).flatten(1) * self.scale + self.shift
        return (rows if self.dtype.is_floating_point else rows.round()).to(self.dtype)

    def shaped(self, rows: Tensor) -> Tensor:
        """Flat rows -> a batch. One image alone keeps exactly the recorded shape, batched or not."""
        if self.count == 1:
            return rows.reshape(self.shape)
        return rows.reshape(len(rows), *self.shape[1:])


def find_preparation(evaluated: Sequence[Recorded], trained: Sequence[Recorded], offered: Offered) -> Preparation:
    """How the model's images were prepared when it was evaluated, else when it was trained.

    Sources are the transforms of evaluation data, then of training data, then the raw images. One is
    believed when it, a reshape and one affine map give what was recorded. Raises UnknownPreparationError.
    """
    sources = _sources(offered)
    for recorded, train in ((evaluated, False), (trained, True)):
        views = _same_shape(recorded)
        if views:
            samples = Samples(views, offered, train)
            found = _first(explain(samples, source) for source in sources)
            if found is not None:
                return found
    found = _behind_augmentation(sources, [*_same_shape(evaluated), *_same_shape(trained)])
    if found is None:
        raise UnknownPreparationError(_why(evaluated, trained, sources))
    return found


def explain(samples: Samples, source: Source) -> Preparation | None:
    """The preparation that begins with this source, if it gives what the model saw."""
    values = source.values()
    if values is None:
        return None
    return _fitted(source, samples.views[0], values, samples.pairs(source, values))


@dataclass
class Samples:
    """A few images of recorded batches, and the raw images that they may have been made of."""

    views: Sequence[Recorded]
    offered: Offered
    #: where to look first
    train: bool
    #: number of values of an image -> for each image that the model saw, the raw images most like it
    _similar: dict[int, list[NDArray[np.uint8]]] = field(default_factory=dict)

    def pairs(self, source: Source, values: int) -> list[tuple[Tensor, Tensor]]:
        """What the model saw of a few images, each with the likeliest output of the source for it."""
        batches = [as_rows(view.model_input, values) for view in self.views]
        rows = [batch[:SAMPLES] for batch in batches if batch is not None]
        if len(rows) < len(batches):
            return []
        seen = torch.cat(rows)
        if values not in self._similar:
            self._similar[values] = self._alike(seen)
        # no raw images at all where the values make no picture
        return [
            (row, _most_alike(row, source.apply(raw).flatten(1)))
            for row, raw in zip(seen, self._similar[values], strict=False)
        ]

    def _alike(self, seen: Tensor) -> list[NDArray[np.uint8]]:
        ways = [similar(pictures, self.offered, self.train) for pictures in as_pictures(seen)]
        return [np.concatenate(found) for found in zip(*ways, strict=True)]


def as_rows(batch: Tensor, values: int) -> Tensor | None:
    """A batch as float64 rows (images, values); None when it is not made of images of so many values."""
    count, rest = divmod(batch.numel(), values)
    first = batch.shape[0] if batch.dim() else 0
    if rest or count == 0 or (count > 1 and first != count):
        return None
    return batch.detach().to("cpu", torch.float64).reshape(count, values)


def as_pictures(rows: Tensor) -> list[Tensor]:
    """Rows of a square number of values -> pictures (n, 28, 28): stretched, and cut or framed to size."""
    side, channels = round(rows.shape[1] ** 0.5), 1
    if side * side != rows.shape[1]:
        # three channels of a square, one after another
        side, channels = round((rows.shape[1] / 3) ** 0.5), 3
    if side * side * channels != rows.shape[1]:
        return []
    pictures = rows.reshape(len(rows), channels, side, side).mean(1, keepdim=True)
    if side == SIDE:
        return [pictures[:, 0]]
    stretched = functional.interpolate(pictures, (SIDE, SIDE), mode="bilinear", antialias=True)
    before, after = (SIDE - side) // 2, SIDE - side - (SIDE - side) // 2
    # the value in the corner is the background
    corner = pictures[:, :, :1, :1]
    framed = functional.pad(pictures - corner, (before, after, before, after)) + corner
    return [stretched[:, 0], framed[:, 0]]


def similar(pictures: Tensor, offered: Offered, train: bool) -> list[NDArray[np.uint8]]:
    """For each picture the raw images (k, 28, 28) that correlate best with it, or with its negative.

    They are chosen among those whose every fourth pixel does, which takes a fourth of the time.
    """
    wanted, coarse = _unit(pictures.flatten(1).float()), _unit(_every_fourth(pictures))
    scores = torch.zeros(len(wanted), 0)
    found = torch.zeros(len(wanted), 0, SIDE, SIDE, dtype=torch.uint8)
    for raw in _raw_chunks(offered, train):
        near = raw[_correlations(coarse, _every_fourth(raw)).topk(min(SHORTLIST, len(raw))).indices]
        exact = [_correlations(row[None], images.flatten(1).float()) for row, images in zip(wanted, near, strict=True)]
        scores, found = torch.cat([scores, torch.cat(exact)], dim=1), torch.cat([found, near], dim=1)
        if bool((scores.amax(dim=1) > CERTAIN).all()):
            break
    order = scores.topk(min(CANDIDATES, scores.shape[1])).indices
    return [found[row, order[row]].numpy() for row in range(len(wanted))]


def _every_fourth(images: Tensor) -> Tensor:
    """Every second pixel of every second row, as rows of values."""
    return images[:, ::2, ::2].flatten(1).float()


def _raw_chunks(offered: Offered, train: bool) -> Iterator[Tensor]:
    if offered.folder is not None:
        for split in (train, not train):
            images = offered.images(split)
            yield from (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))


def _correlations(units: Tensor, rows: Tensor) -> Tensor:
    """Absolute correlations (units, rows). Centred units need no centred rows, which would cost more."""
    length = (rows.square().sum(1) - rows.sum(1).square() / rows.shape[1]).clamp_min(1e-12).sqrt()
    return (units @ rows.T).abs() / length


def _unit(rows: Tensor) -> Tensor:
    return functional.normalize(rows - rows.mean(dim=1, keepdim=True), dim=1)


def _most_alike(row: Tensor, candidates: Tensor) -> Tensor:
    return candidates[int((_unit(candidates) @ _unit(row[None])[0]).abs().argmax())]


def _fitted(source: Source, view: Recorded, values: int, pairs: Sequence[tuple[Tensor, Tensor]]) -> Preparation | None:
    """One affine map for all pairs (seen, prepared), by least squares; None when it misses any of them."""
    if not pairs:
        return None
    seen, prepared = (torch.stack(side) for side in zip(*pairs, strict=True))
    spread = prepared - prepared.mean()
    scale = float((spread * seen).sum() / spread.square().sum().clamp_min(1e-12))
    shift = float(seen.mean() - scale * prepared.mean())
    error = float((prepared * scale + shift - seen).abs().max())
    # a batch of one constant is explained by anything
    if not error <= TOLERANCE * max(1.0, float(seen.abs().max())) or float(seen.std()) < 1e-9:
        return None
    batch = view.model_input
    return Preparation(source, scale, shift, tuple(batch.shape), batch.numel() // values, batch.dtype)


def _behind_augmentation(sources: Sequence[Source], views: Sequence[Recorded]) -> Preparation | None:
    """A random transform leaves no image to compare: what the loader yielded stands for its output.

    The evaluation data's transform is believed too where only augmented batches were recorded.
    """
    with_loader = [(view, view.loaded) for view in views if view.loaded is not None]
    if not with_loader or not any(source.is_random() for source in sources):
        return None
    view, loaded = with_loader[0]
    for source in sources:
        found = _linked(source, view, loaded)
        if found is not None:
            return found
    return None


def _linked(source: Source, view: Recorded, loaded: Tensor) -> Preparation | None:
    values = source.values()
    if values is None:
        return None
    rows, given = as_rows(view.model_input, values), as_rows(loaded, values)
    if rows is None or given is None or len(rows) != len(given):
        return None
    return _fitted(source, view, values, list(zip(rows, given, strict=True)))


def _sources(offered: Offered) -> list[Source]:
    """Transforms of evaluation data, then of training data, the newest first; the raw images last."""
    newest = [*reversed(offered.datasets)]
    ordered = [*(item for item in newest if not item.train), *(item for item in newest if item.train)]
    found: list[Source] = []
    for item in ordered:
        transform = getattr(item, "transform", None)
        if callable(transform) and all(transform is not source.transform for source in found):
            name = "evaluation data" if not item.train else "training data"
            found.append(Source(name, transform, offered.tables))
    return [*found, Source("raw images")]


def _same_shape(recorded: Sequence[Recorded]) -> list[Recorded]:
    """The first batches whose images have the shape of most."""
    usable = [view for view in recorded if view.model_input.dim() and view.model_input.numel()]
    shapes = [tuple(view.model_input.shape[1:]) for view in usable]
    if not shapes:
        return []
    most = max(shapes, key=shapes.count)
    return [view for view, shape in zip(usable, shapes, strict=True) if shape == most][:BATCHES]


def _first(found: Iterator[Preparation | None]) -> Preparation | None:
    return next((item for item in found if item is not None), None)


def _why(evaluated: Sequence[Recorded], trained: Sequence[Recorded], sources: Sequence[Source]) -> str:
    recorded = [*evaluated, *trained]
    if not recorded:
        return "no batch was recorded"
    shape = tuple(recorded[-1].model_input.shape)
    tried = ", ".join(source.name for source in sources)
    return f"no reshape and affine map gives what the model saw, {shape}; tried with: {tried}"


@contextmanager
def fixed_randomness() -> Iterator[None]:
    """The same random numbers each time, and none of them taken from the student's own."""
    state, numbers = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            random.seed(0)
            np.random.seed(0)
            yield
    finally:
        random.setstate(state)
        np.random.set_state(numbers)
