"""Looks at what is in a tensor, exactly and cheaply, without leaving a mark on it."""

from __future__ import annotations

import torch
from torch import Tensor

# taken before anything is patched
_argmax = torch.argmax
_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def values_of(tensor: Tensor) -> Tensor:
    """The stored values of a dense or sparse tensor."""
    plain = tensor.detach()
    if plain.layout == torch.sparse_coo:
        return plain.coalesce().values()
    return plain if plain.layout == torch.strided else plain.values()


def is_zero(tensor: Tensor) -> bool:
    """Whether every value is 0: exact where a norm underflows, and NaN counts as a value."""
    values = values_of(tensor)
    if values.numel() == 0:
        return True
    if values.is_complex():
        values = torch.view_as_real(values)
    # several times faster than any() on floats
    return not (bool(values.amax()) or bool(values.amin()))


def reads_zero(tensor: Tensor, index: int) -> bool | None:
    """Whether one value is 0; None where reading one value would copy all of them."""
    if tensor.layout != torch.strided or not tensor.is_contiguous() or index >= tensor.numel():
        return None
    return not tensor.detach().view(-1)[index].item()


def busiest(tensor: Tensor) -> int | None:
    """The index of the largest value; None where a single value cannot be read cheaply."""
    if tensor.layout != torch.strided or not tensor.is_contiguous() or not tensor.is_floating_point():
        return None
    if tensor.numel() == 0:
        return None
    return int(_argmax(tensor.detach().view(-1).abs()))


def bits_of(tensor: Tensor) -> int | None:
    """The sum of the bits: almost any change shows, even one whose values sum to nothing."""
    plain = tensor.detach()
    kind = _INTEGERS.get(plain.element_size())
    if plain.layout != torch.strided or kind is None or plain.is_complex():
        return None
    if not plain.is_contiguous():
        plain = plain.contiguous()
    return int(plain.view(kind).sum(dtype=torch.int64)) if plain.numel() else 0


def first_tensor(value: object, depth: int = 3) -> Tensor | None:
    """The first tensor in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return value
    if depth and isinstance(value, dict):
        value = list(value.values())
    if depth and isinstance(value, list | tuple):
        for item in value[:16]:
            found = first_tensor(item, depth - 1)
            if found is not None:
                return found
    return None


def is_plain(tensor: object) -> bool:
    """A tensor with values in it: no fake or meta one, no subclass that intercepts what is done to it."""
    return (type(tensor) is Tensor or type(tensor) is torch.nn.Parameter) and not tensor.is_meta
