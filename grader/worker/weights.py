"""The weights of a model as safetensors, and back into a model of the very same shapes; never a pickle."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor, nn

from .memory import state_of

#: for all parameters and buffers together; a larger model answers from the process that trained it
MOST_BYTES = 64_000_000


def pack(module: nn.Module) -> tuple[bytes | None, str]:
    """Its parameters and buffers by name, else None and why: `too-large`, or `unusual-weights` that have no bytes."""
    state = state_of(module)
    if any(not _is_usual(tensor) for _, tensor in state):
        return None, "unusual-weights"
    if sum(tensor.numel() * tensor.element_size() for _, tensor in state) > MOST_BYTES:
        return None, "too-large"
    # copies: two names may stand for one tensor, which the format forbids
    copies = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in state}
    return safetensors.save(copies), ""


def load(module: nn.Module, content: bytes) -> str:
    """Put weights into a model, all or none; why not, as a slug, else empty: `malformed-weights`, `another-model`."""
    try:
        given = safetensors.load(content)
    except (SafetensorError, ValueError):
        return "malformed-weights"
    state = dict(state_of(module))
    if state.keys() != given.keys() or any(not _fits(tensor, given[name]) for name, tensor in state.items()):
        return "another-model"
    with torch.no_grad():
        for name, tensor in state.items():
            # the storage is replaced, not written to: what the student's code did to it is of no account
            tensor.data = given[name].to(tensor.device)
    return ""


def _is_usual(tensor: Tensor) -> bool:
    return tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type != "meta"


def _fits(tensor: Tensor, other: Tensor) -> bool:
    return tensor.shape == other.shape and tensor.dtype == other.dtype
