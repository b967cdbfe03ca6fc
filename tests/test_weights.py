"""Weights leave a worker as safetensors and enter a model of the very same shapes."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save
from torch import nn

from grader.sandbox.claims import MOST_WEIGHT_HEADER, read_weights
from grader.worker import weights


def net(inner: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, inner), nn.BatchNorm1d(inner), nn.Linear(inner, 2))


def packed(module: nn.Module) -> bytes:
    content, reason = weights.pack(module)
    assert content is not None, reason
    return content


def test_a_model_takes_over_the_weights_of_another() -> None:
    """Parameters, buffers and counters: it then answers alike."""
    trained, built = net(), net()
    trained(torch.randn(20, 3))
    assert weights.load(built, packed(trained)) == ""
    asked = torch.randn(5, 3)
    assert torch.equal(trained.eval()(asked), built.eval()(asked))
    assert int(built[1].get_buffer("num_batches_tracked")) == 1


def test_tied_and_transposed_weights_come_through() -> None:
    """One tensor under two names, and one that does not lie in memory row by row."""
    trained, built = (nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)) for _ in range(2))
    for module in (trained, built):
        module[1].weight = module[0].weight
    trained[0].bias = nn.Parameter(torch.randn(3, 3).T[0])
    assert weights.load(built, packed(trained)) == ""
    assert torch.equal(built[0].bias, trained[0].bias)
    assert built[1].weight is built[0].weight


@pytest.mark.parametrize("other", [net(5), nn.Sequential(*net(), nn.Linear(2, 2)), nn.Linear(3, 2), net().double()])
def test_another_model_takes_none_of_them(other: nn.Module) -> None:
    """All or nothing: names, shapes and types have to be the same."""
    before = packed(other)
    assert weights.load(other, packed(net())) == "another-model"
    assert packed(other) == before


def test_what_has_no_bytes_or_too_many_is_not_sent() -> None:
    """A reason in their place."""
    assert weights.pack(nn.Linear(3, 3, device="meta")) == (None, "unusual-weights")
    sparse = nn.Linear(3, 3)
    sparse.register_buffer("mask", torch.eye(3).to_sparse())
    assert weights.pack(sparse) == (None, "unusual-weights")
    assert weights.pack(nn.Linear(20_000, 1_000)) == (None, "too-large")


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"\xff" * 64, packed(net())[:-1], packed(net()) + b"x"])
def test_bytes_that_are_no_weights_are_refused_on_both_sides(content: bytes) -> None:
    """Pickles, cut and overlong ones: neither believed outside nor loaded inside."""
    assert read_weights(content) is None
    assert weights.load(net(), content) == "malformed-weights"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.float16])
def test_weights_that_are_not_finite_are_not_believed(value: float, kind: torch.dtype) -> None:
    """In any width."""
    assert read_weights(save({"a": torch.ones(3, dtype=kind)})) is not None
    assert read_weights(save({"a": torch.tensor([1.0, value], dtype=kind)})) is None


def test_overlapping_tensors_are_not_believed() -> None:
    """Two names for the same bytes, and a gap between two tensors."""
    for offsets in ((0, 4), (2, 6), (8, 12)):
        header = {name: {"dtype": "F32", "shape": [1], "data_offsets": place}
                  for name, place in (("a", [0, 4]), ("b", list(offsets)))}  # fmt: skip
        text = json.dumps(header).encode()
        assert read_weights(len(text).to_bytes(8, "little") + text + bytes(12)) is None


def test_a_header_is_bounded() -> None:
    """Nobody parses a megabyte of names."""
    assert read_weights((MOST_WEIGHT_HEADER + 1).to_bytes(8, "little") + bytes(MOST_WEIGHT_HEADER + 1)) is None
