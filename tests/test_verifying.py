"""What a mutation test says about an exercise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.authoring.anatomy import Anatomy
from grader.authoring.behaviour import Behaviour, read_behaviour, same, watched
from grader.authoring.editing import Changes, Program
from grader.authoring.operators import Mutant, Operator
from grader.authoring.trials import Trial
from grader.authoring.verify_command import as_json, plain_table, summary
from grader.authoring.verifying import Judged, State, Verification, judge
from grader.model import Finding, Severity
from grader.result import Result

from .builders import make_exercise, make_line
from .sample_results import full_marks

GRADE = Path(sys.executable).with_name("grade")
#: its rubric hears of the order of a step and of nothing else
EXERCISE = make_exercise([make_line("order", 5, "gradients-not-cleared", "missing-step")])
PROGRAM = Program.parse("model = Model()\nmodel.train()\n")
#: an exercise of an instructor's own: 4 passes over 40 samples
REFERENCE = """import torch
from torch import nn

torch.manual_seed(3)
inputs = torch.randn(40, 4)
targets = inputs.sum(dim=1, keepdim=True)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, targets), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(4):
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
TOML = """id = "tiny"
version = "1"
title = {en = "Tiny"}
[rubric.order]
title = {en = "The step"}
points = 2
checks = CHECKS
"""


def nothing(loop: Anatomy) -> Iterator[Changes]:
    yield from ()


def mutant(*slugs: str) -> Mutant:
    return Mutant(Operator("made-up", "something changed", slugs, nothing), "made-up", 2, "model = Model()\n")


def result(score: float | None, *found: tuple[str, Severity]) -> Result:
    """A result out of 10 that says these things."""
    return replace(full_marks(), score=score, max_score=10.0, findings=tuple(Finding(*item) for item in found))


CLEARED = ("gradients-not-cleared", Severity.ERROR)
OTHER = ("missing-step", Severity.ERROR)
NOTE = ("gradients-not-cleared", Severity.NOTE)
UNHEARD = ("structure-differs", Severity.ERROR)


@pytest.mark.parametrize(
    ("slugs", "graded", "expected"),
    [
        (("gradients-not-cleared",), result(5, CLEARED), State.CAUGHT),
        (("gradients-not-cleared",), result(5, OTHER, CLEARED), State.CAUGHT),
        (("gradients-not-cleared",), result(5, OTHER), State.MISNAMED),
        (("gradients-not-cleared",), result(5, OTHER, NOTE), State.MISNAMED),
        (("gradients-not-cleared",), result(None, CLEARED), State.MISNAMED),
        (("gradients-not-cleared",), result(10), State.SURVIVED),
        (("gradients-not-cleared",), result(10, NOTE), State.NOTED),
        (("structure-differs",), result(10), State.NOT_COVERED),
        (("structure-differs",), result(10, UNHEARD), State.NOT_COVERED),
        ((), result(10), State.FINE),
        ((), result(10, NOTE), State.FINE),
        ((), result(9, OTHER), State.FALSE_ALARM),
        ((), result(10, UNHEARD), State.FALSE_ALARM),
    ],
)
def test_a_mutant_is_judged_by_its_points_and_by_what_is_said(
    slugs: tuple[str, ...], graded: Result, expected: State
) -> None:
    """Points lost for the right reason; a note never counts; a correct variant may lose nothing."""
    assert judge(mutant(*slugs), graded, EXERCISE) is expected


def test_the_same_behaviour_is_bitwise_or_within_rounding() -> None:
    """Early outputs have to agree closely; a training multiplies the rounding of the end."""
    one = Behaviour("a", (1.0, 2.0), (3.0,), (0.5, 0.5))
    assert same(one, one)
    assert same(one, replace(one, digest="b"))
    assert same(one, replace(one, digest="b", last=(3.001,)))
    assert not same(one, replace(one, digest="b", first=(1.0, 2.01)))
    assert not same(one, replace(one, digest="b", weights=(0.5, 0.6)))
    assert not same(one, replace(one, digest="b", first=(1.0,)))
    assert not same(one, None)


def test_a_watched_program_says_how_it_behaved_last() -> None:
    """The probe comes after what has to stand first; what a program prints itself is not taken for it."""
    trial = watched(Trial("a", '"""Doc."""\nfrom __future__ import annotations\nprint("behaviour {}")\n'))
    lines = trial.source.splitlines()
    assert lines[1] == "from __future__ import annotations"
    assert lines.index("import gradeloop_probe") < lines.index("print('behaviour {}')")
    assert lines[-1] == "_behaviour.tell()"
    said = '{"digest": "d", "first": [1.0], "last": [2.0], "weights": [3.0]}'
    graded = full_marks()
    spoken = replace(graded, run=replace(graded.run, stdout=f"behaviour {{}}\nbehaviour {said}\n"))
    assert read_behaviour(spoken) == Behaviour("d", (1.0,), (2.0,), (3.0,))
    assert read_behaviour(replace(graded, run=replace(graded.run, stdout=""))) is None


def verification(*judged: tuple[State, Result]) -> Verification:
    items = tuple(Judged(mutant("gradients-not-cleared"), state, graded) for state, graded in judged)
    return Verification(EXERCISE, result(10), PROGRAM, items)


def test_survivors_are_told_with_what_was_changed() -> None:
    """What was expected, what was said, and the diff; failures are the last rows of the table."""
    found = verification((State.SURVIVED, result(10)), (State.CAUGHT, result(5, CLEARED)))
    assert not found.clean
    told = summary(found)
    assert "mutants caught: 1 of 2" in told
    assert "expected: gradients-not-cleared\nsaid: nothing" in told
    assert "-model.train()" in told
    rows = plain_table(found).splitlines()
    assert re.match(r"caught +something changed +2 +5 / 10 +gradients-not-cleared", rows[1])
    assert rows[2].startswith("survived")


@pytest.mark.parametrize(
    ("state", "clean"),
    [(state, state not in (State.SURVIVED, State.MISNAMED, State.FALSE_ALARM)) for state in State],
)
def test_only_failures_fail(state: State, clean: bool) -> None:
    """What is equivalent, not covered or noted is told and fails nothing."""
    found = verification((state, result(10)))
    assert found.clean is clean
    assert json.loads(as_json(found))["counts"][state] == 1


def test_a_reference_that_loses_points_ends_it() -> None:
    """Its findings are told, and nothing is mutated."""
    found = Verification(EXERCISE, result(7, OTHER), PROGRAM)
    assert not found.clean
    assert summary(found) == "the reference earns 7 of 10; said of it: missing-step\n"
    assert plain_table(found) == ""


def own_exercise(folder: Path, checks: str, reference: str = REFERENCE) -> Path:
    (folder / "tiny").mkdir()
    (folder / "tiny" / "exercise.toml").write_text(TOML.replace("CHECKS", checks))
    (folder / "tiny" / "reference.py").write_text(reference)
    return folder / "tiny"


def grade(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GRADE, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_an_exercise_of_ones_own_is_verified(tmp_path: Path) -> None:
    """Beside exercise.toml lies reference.py; every mutant of the step is caught, the rest is not covered."""
    done = grade("verify", own_exercise(tmp_path, '["@run", "@order", "@loss", "@wiring"]'), "-f", "json", "--quiet")
    assert done.stderr == ""
    found = json.loads(done.stdout)
    states = {item["name"]: item["state"] for item in found["mutants"]}
    assert states["no-zero-grad"] == states["no-step"] == states["optimizer-of-a-copy"] == "caught"
    assert states["everything-frozen"] == states["backward-per-epoch"] == "caught"
    assert states["optimizer-per-batch"] == "equivalent"
    assert states["not-shuffled"] == "not covered"
    assert states["zero-grad-last"] == states["gradients-set-to-none"] == "fine"
    assert found["counts"]["false alarm"] == found["counts"]["survived"] == 0


@pytest.mark.parametrize(
    ("reference", "code", "words"),
    [
        (REFERENCE.replace("        optimizer.zero_grad()\n", ""), 1, "said of it: gradients-not-cleared"),
        ("for x in", 2, "reference.py"),
        (None, 2, "no reference.py"),
    ],
    ids=["a mistake in it", "no Python", "none"],
)
def test_a_broken_reference_is_told(tmp_path: Path, reference: str | None, code: int, words: str) -> None:
    """1 where it does not earn everything, 2 where there is nothing to mutate."""
    folder = own_exercise(tmp_path, '["@order"]', reference or "")
    if reference is None:
        (folder / "reference.py").unlink()
    done = grade("verify", folder, "--quiet")
    assert done.returncode == code
    assert words in done.stdout + done.stderr
