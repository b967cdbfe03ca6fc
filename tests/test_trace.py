"""A worker's bytes are a claim: bounded, typed, or refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import TraceError
from grader.trace import MAX_ITEMS, Outcome, Trace, parse_trace

PATTERN = {
    "optimizer": 0,
    "outcome": "stale",
    "events": [{"name": "step", "line": 3}],
    "count": 2,
    "first": 0,
    "last": 1,
}


def parse(**record: object) -> Trace:
    return parse_trace(json.dumps(record).encode())


def test_a_trace_becomes_dataclasses() -> None:
    """Lists become tuples, names become members of enums, what is absent has its default."""
    trace = parse(steps=2, patterns=[PATTERN], outcomes={"stale": 2}, model=None)
    assert trace.patterns[0].outcome is Outcome.STALE
    assert trace.patterns[0].events[0].line == 3
    assert trace.count(Outcome.STALE) == 2
    assert trace.backwards.total == 0


@pytest.mark.parametrize(
    "record",
    [
        {"steps": -1},
        {"steps": True},
        {"steps": "3"},
        {"steps": 10**15},
        {"steps": 1.5},
        {"surprise": 1},
        {"patterns": {}},
        {"patterns": [PATTERN] * (MAX_ITEMS + 1)},
        {"patterns": [{**PATTERN, "outcome": "perfect"}]},
        {"patterns": [{"optimizer": 0}]},
        {"loss_curve": [{"step": 1, "value": 10**400}]},
        {"outcomes": {"stale": None}},
    ],
)
def test_what_the_format_does_not_describe_is_refused(record: dict[str, object]) -> None:
    """Nothing is repaired, guessed or let through."""
    with pytest.raises(TraceError):
        parse(**record)


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b'{"loss_curve": [{"step": 1, "value": NaN}]}', b"[" * 10**5, b"\xff"]
)
def test_what_is_not_json_is_refused(payload: bytes) -> None:
    """Neither NaN nor a deep nest gets past the reader."""
    with pytest.raises(TraceError):
        parse_trace(payload)


def test_long_text_is_cut() -> None:
    """A name of a parameter cannot fill a report."""
    [pattern] = parse(patterns=[{**PATTERN, "parameters": ["x" * 10_000]}]).patterns
    assert len(pattern.parameters[0]) == 200


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(Trace.__dataclass_fields__)), inner),
    )
)
def test_whatever_comes_is_a_trace_or_an_error_of_its_own_kind(value: object) -> None:
    """No other exception leaves the reader."""
    try:
        parse_trace(json.dumps(value).encode())
    except TraceError:
        return
