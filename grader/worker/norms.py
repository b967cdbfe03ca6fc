"""How large the gradient is that a step of an optimizer uses, over all of its parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

#: parameters of one step that are looked at: a network with more of them costs more to look at than to train
MAX_TENSORS = 500


def gradient_norm(groups: Iterable[Mapping[str, Any]]) -> float | None:
    """The 2-norm of all gradients of an optimizer's `param_groups` together; None where there are none."""
    gradients = [leaf.grad for group in groups for leaf in group["params"] if leaf.grad is not None]
    dense = [gradient for gradient in gradients if _is_dense(gradient)]
    if not dense or len(dense) != len(gradients) or len(dense) > MAX_TENSORS:
        return None
    with torch.no_grad():
        return math.hypot(*(float(torch.linalg.vector_norm(gradient)) for gradient in dense))


def _is_dense(gradient: Tensor) -> bool:
    return type(gradient) is Tensor and gradient.layout is torch.strided and gradient.device.type == "cpu"
