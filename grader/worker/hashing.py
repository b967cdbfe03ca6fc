"""Samples and targets as one number each, to be found again wherever they come by."""

from __future__ import annotations

import torch
from torch import Tensor

from .content import is_plain

MAX_NUMBERS = 4_000_000
_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def rows_of(samples: Tensor) -> Tensor | None:
    """(batch, ...) of floats -> one whole number for each sample: the sum of its bits."""
    kind = _INTEGERS.get(samples.element_size()) if is_plain(samples) and samples.is_floating_point() else None
    if kind is None or samples.layout != torch.strided or not samples.dim() or not 0 < samples.numel() <= MAX_NUMBERS:
        return None
    plain = samples.detach()
    flat = plain.reshape(len(plain), -1).contiguous()
    return flat.view(kind).sum(1, dtype=torch.int64).cpu()


def labels_of(target: Tensor) -> Tensor | None:
    """(batch,), (batch, 1) or one-hot rows -> (batch,) numbers; None for anything else, such as soft targets."""
    if not is_plain(target) or target.layout != torch.strided or target.is_complex() or not 0 < target.dim() <= 2:
        return None
    plain = target.detach()
    if not 0 < plain.numel() <= MAX_NUMBERS:
        return None
    if plain.dim() == 1 or plain.shape[1] == 1:
        return plain.reshape(-1).cpu().double()
    whole = ((plain == 0) | (plain == 1)).all() and (plain.sum(1) == 1).all()
    return torch.nonzero(plain)[:, 1].cpu().double() if whole else None
