"""What gradings of one process share: one warm server, whatever each of them needs it for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.assessment import Options, take_in
from grader.model import Replay
from grader.sandbox import server
from grader.sandbox.processes import tree
from grader.workshop import Workshop

FUNCTION = """# exercise: regression-loop
def train(model, train_loader, criterion, optimizer, num_epochs):
    for epoch in range(num_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
"""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A word for each server that is started and for each fork that one is asked for."""
    events: list[str] = []

    class Counted(server.Server):
        def __init__(self, seed: int) -> None:
            events.append("server")
            super().__init__(seed)

        def fork(self, order: bytes, pipes: server.Pipes) -> server.Line | None:
            events.append("fork")
            return super().fork(order, pipes)

    monkeypatch.setattr("grader.sandbox.warm.Server", Counted)
    yield events
    assert tree(os.getpid()) == [os.getpid()]


def replayed(workshop: Workshop, name: str, folder: Path) -> Replay:
    path = folder / "submission.py"
    path.write_text(FUNCTION)
    workshop.prepare(name, 0)
    options = Options(sandbox=name, backends=workshop.backends)
    found = take_in(path, None, workshop.plugins, workshop.checks, options)[0].evidence.replay
    assert found is not None and found.equal, found
    return found


@pytest.mark.bubblewrap
def test_a_function_costs_two_forks_more(tmp_path: Path, counted: list[str]) -> None:
    """Its run, its probe call and that of our own loop: three forks of the server that is there."""
    with Workshop() as workshop:
        replayed(workshop, "auto", tmp_path)
        counted.clear()
        replayed(workshop, "auto", tmp_path)
    assert counted == ["fork"] * 3


@pytest.mark.bubblewrap
def test_a_server_for_probe_calls_alone_stays_for_the_next_submission(tmp_path: Path, counted: list[str]) -> None:
    """With cold starts asked for, only probe calls are forks; they are those of one server, and it ends at the end."""
    with Workshop() as workshop:
        for _ in range(2):
            replayed(workshop, "bubblewrap", tmp_path)
    assert counted.count("server") == 1


@pytest.mark.bubblewrap
def test_a_grading_without_a_workshop_leaves_no_server_behind(tmp_path: Path, counted: list[str]) -> None:
    """What it started for itself ends with it, while the assessment is still at hand."""
    path = tmp_path / "submission.py"
    path.write_text(FUNCTION)
    with Workshop() as workshop:
        assessment, _ = take_in(path, None, workshop.plugins, workshop.checks, Options())
        assert assessment.evidence.run is not None and counted.count("server") == 1
        assert tree(os.getpid()) == [os.getpid()]
