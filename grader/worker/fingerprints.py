"""One number for each sample, to tell whether a sample was seen before."""

from __future__ import annotations

import torch
from torch import Tensor

COLUMNS = 47
MAX_TRAINED = 70_000
MAX_OTHER = 20_000


def sampled(samples: Tensor) -> Tensor | None:
    """(batch, ...) -> (batch, at most 94): a copy of a few values of each sample, as they are.

    None for what has no samples or no numbers. All that is done in the loop; the rest can wait.
    """
    if samples.layout != torch.strided or not samples.dim() or not samples.numel() or samples.is_complex():
        return None
    count = samples.shape[0]
    size = samples.numel() // count
    # an odd stride does not fall on the same few columns of an image
    step = max(1, round(size / COLUMNS)) | 1
    flat = samples.detach() if samples.is_contiguous() else samples.detach().contiguous()
    columns = (size + step - 1) // step
    return flat.as_strided((count, columns), (size, step), flat.storage_offset()).clone()


def fingerprints(chunks: list[Tensor]) -> Tensor:
    """Samples -> (samples,) whole numbers that do not depend on the order of additions."""
    by_size: dict[int, list[Tensor]] = {}
    for chunk in chunks:
        by_size.setdefault(chunk.shape[1], []).append(chunk.double().cpu())
    numbers = [torch.mv(torch.cat(same), _weights(size)).mul(1e8).round() for size, same in by_size.items()]
    return torch.cat(numbers) if numbers else torch.empty(0, dtype=torch.float64)


def _weights(size: int) -> Tensor:
    """No random numbers: the student's would change."""
    return torch.arange(1, size + 1, dtype=torch.float64).sqrt().mul(12.9898).sin().add(1.5)
