"""Which mistake of wiring, schedules or integrity a set of facts shows, and where such facts allow a correct loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.model import Crash, Evidence, Frame, RunStatus, Severity
from grader.trace import (
    BackwardFacts,
    EpochFacts,
    Event,
    Happenings,
    KeptFacts,
    LossCall,
    ModelFacts,
    OptimizerFacts,
    OrphanFacts,
    Outcome,
    RateFacts,
    RemodelFacts,
    SchedulerFacts,
    Sighting,
    StepPattern,
)

from .builders import make_exercise, make_line
from .evidence import CHECKS, findings, roots, say, trace_evidence
from .recording import record

STEPS = 100
EPOCHS = tuple(EpochFacts(20, 320, 1.0 - 0.1 * number) for number in range(5))
RATES = RateFacts(STEPS, 0, 0.1, 0, 0.01, 0.002)
SGD = OptimizerFacts("SGD", 3, STEPS, 4, 4, 4, RATES)
MODEL = ModelFacts("Net", 100, 2, largest_change=0.5, first_loss=1.0, last_loss=0.5, matrices=2)
USUAL = ("zero_grad", "forward", "loss", "backward", "step")


def loop(outcome: Outcome = Outcome.FRESH, optimizer: OptimizerFacts = SGD, **facts: Any) -> Evidence:
    """A loop of a hundred steps that all had this outcome."""
    events = tuple(Event(name, line) for line, name in enumerate(USUAL, 5))
    used = 0 if outcome in (Outcome.EMPTY, Outcome.FROZEN) else STEPS
    usual: dict[str, Any] = {
        "steps": STEPS,
        "patterns": (StepPattern(0, outcome, events, STEPS, 0, STEPS - 1),),
        "outcomes": {outcome.value: STEPS},
        "backwards": BackwardFacts(STEPS, 8, used),
        "optimizers": (optimizer,),
        "model": MODEL,
        "epochs": EPOCHS,
    }
    return trace_evidence(**{**usual, **facts})


def scheduled(name: str = "StepLR", rates: RateFacts = RATES, **facts: Any) -> Evidence:
    """The same with a scheduler of these facts."""
    scheduler = replace(SchedulerFacts(name, 4, 0), **facts)
    return loop(optimizer=replace(SGD, rates=rates), schedulers=(scheduler,))


def moved(movement: float, rate: float, last_loss: float | None, first_loss: float = 1.0) -> Evidence:
    """Steps of this length, and what became of the loss."""
    rates = replace(RATES, largest=rate, largest_movement=movement, usual_movement=movement)
    model = replace(MODEL, first_loss=first_loss, last_loss=last_loss)
    falling = last_loss is not None and last_loss < first_loss
    epochs = EPOCHS if falling else tuple(replace(epoch, loss=1.0) for epoch in EPOCHS)
    return loop(optimizer=replace(SGD, rates=rates), model=model, epochs=epochs)


FROZEN = replace(SGD, received=0, trainable=0)
ORPHANS = OrphanFacts(2, 0, ("0.weight", "0.bias"), 2, False)
RISEN = replace(MODEL, last_loss=1.5)
COLLAPSED = replace(RATES, changes=99, collapsed=60)
GAUGED = replace(RATES, changes=4)
REMADE = replace(SGD, name="Adam", remade=4, remade_steps=80)

CASES: dict[str, tuple[Evidence, list[str]]] = {
    "a normal loop": (loop(), []),
    "nothing arrives at the optimizer": (
        loop(Outcome.EMPTY, replace(SGD, received=0), waiting=4, model=None),
        ["optimizer-holds-other-parameters"],
    ),
    "empty steps while most passes are used by another": (
        loop(Outcome.EMPTY, waiting=4, model=None, backwards=BackwardFacts(100, 8, 90)),
        [],
    ),
    "first layers in no optimizer": (loop(orphans=ORPHANS), ["optimizer-missing-parameters"]),
    "first layers of a loaded model left alone": (
        loop(orphans=ORPHANS, happenings=Happenings(loaded=Sighting(1, 3))),
        [],
    ),
    "everything frozen": (loop(Outcome.FROZEN, FROZEN, model=None), ["parameters-frozen"]),
    "a rate of zero": (
        loop(
            optimizer=replace(SGD, rates=replace(RATES, largest=0.0)),
            model=replace(MODEL, largest_change=0.0, last_loss=1.0),
        ),
        ["weights-not-changing"],
    ),
    "weights put back at the end": (
        loop(
            model=replace(MODEL, largest_change=0.0, last_loss=1.0),
            happenings=Happenings(restored=Sighting(1, 30)),
        ),
        [],
    ),
    "uphill by a minus": (
        loop(backwards=BackwardFacts(STEPS, 8, STEPS, negated=STEPS), model=RISEN),
        ["loss-ascends"],
    ),
    "a minus and told to go up": (
        loop(
            optimizer=replace(SGD, maximizes=True),
            backwards=BackwardFacts(STEPS, 8, STEPS, negated=STEPS),
        ),
        [],
    ),
    "uphill with two optimizers": (
        loop(
            backwards=BackwardFacts(STEPS, 8, STEPS, negated=STEPS),
            model=RISEN,
            optimizers=(SGD, SGD),
        ),
        [],
    ),
    "steps far too long": (moved(20.0, 10.0, 2.0), ["learning-rate-extreme"]),
    "long steps that work": (moved(20.0, 10.0, 0.1), []),
    "steps far too short": (moved(1e-9, 1e-8, 0.9999), ["learning-rate-extreme"]),
    "short steps of a small gradient": (moved(1e-9, 0.1, 0.9999), []),
    "optimizer made in each epoch": (loop(optimizer=REMADE), ["optimizer-recreated"]),
    "optimizer made in each cycle of two epochs": (loop(optimizer=replace(REMADE, remade=2)), []),
    "a model for each epoch": (
        loop(remodels=(RemodelFacts("Net", 5, 5, 20),), optimizer=replace(REMADE, remade=0)),
        ["model-recreated"],
    ),
    "models begun with a seed": (
        loop(remodels=(RemodelFacts("Net", 5, 5, 20),), happenings=Happenings(reseeded=Sighting(1, 3))),
        [],
    ),
    "all weights alike": (
        loop(model=replace(MODEL, constant_matrices=2, equal_rows=1)),
        ["zero-initialisation"],
    ),
    "only the last layer alike": (loop(model=replace(MODEL, constant_matrices=1, equal_rows=0)), []),
    "losses kept": (loop(kept=KeptFacts(40, 39)), ["loss-tensor-kept"]),
    "a few losses alive": (loop(kept=KeptFacts(40, 3)), []),
    "rate gone in the first epoch": (
        scheduled(calls=100, late=100, step_line=9, rates=COLLAPSED),
        ["scheduler-too-often"],
    ),
    "rate gone after many epochs": (scheduled(calls=5, late=5, step_line=9, rates=COLLAPSED), []),
    "cosine as long as the epochs, in each batch": (
        scheduled("CosineAnnealingLR", calls=100, late=100, step_line=9, length=5, rates=GAUGED),
        ["scheduler-too-often"],
    ),
    "cosine over all batches": (
        scheduled("CosineAnnealingLR", calls=100, late=100, step_line=9, length=100, rates=GAUGED),
        [],
    ),
    "early, and again from the same line": (
        scheduled(calls=5, late=4, early=1, step_line=9, rates=GAUGED),
        ["scheduler-before-optimizer"],
    ),
    "never moved on": (scheduled(), ["scheduler-never-stepped"]),
    "never moved on, the rate changes all the same": (scheduled(rates=GAUGED), []),
    "one cycle moved on in each epoch": (
        scheduled("OneCycleLR", calls=5, late=5, step_line=9, length=100, rates=GAUGED),
        ["scheduler-too-rarely"],
    ),
    "stopped long before the end of its plan": (
        scheduled("CosineAnnealingLR", calls=5, late=5, step_line=9, length=200, rates=GAUGED),
        [],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_facts_lead_to_one_cause_or_to_silence(case: tuple[Evidence, list[str]]) -> None:
    """Each set of facts has one root cause, or none."""
    evidence, expected = case
    assert roots(say(evidence)) == expected


def test_a_scheduler_of_an_idle_optimizer_is_found() -> None:
    """The stepping optimizer keeps one rate while the other's scheduler moves on."""
    idle = replace(SGD, steps=0, received=0, rates=RateFacts())
    scheduler = SchedulerFacts("StepLR", 4, 1, calls=5, late=5)
    evidence = loop(optimizers=(SGD, idle), schedulers=(scheduler,))
    assert roots(say(evidence)) == ["scheduler-on-other-optimizer"]
    wrapped = loop(optimizers=(SGD, replace(idle, wraps=True)), schedulers=(scheduler,))
    assert say(wrapped) == ()


def test_a_schedule_past_its_end_explains_the_crash() -> None:
    """The exception of a schedule with an end follows from its being moved on too often."""
    crash = Crash("ValueError", "Tried to step 7 times. The specified number of total steps is 5", (Frame(9, ""),))
    scheduler = SchedulerFacts("OneCycleLR", 4, 0, calls=6, late=6, step_line=9, length=5)
    evidence = trace_evidence(
        RunStatus.CRASHED, crash, steps=6, optimizers=(SGD,), schedulers=(scheduler,), backwards=BackwardFacts(6, 8, 6)
    )
    found = say(evidence)
    assert roots(found) == ["scheduler-too-often"]
    assert {item.check: item.consequence_of for item in found}["crashed"] == "scheduler-too-often"


def test_loaded_weights_matter_only_where_the_exercise_says_so() -> None:
    """Fine-tuning is no mistake; an exercise that asks for training from scratch lists the check."""
    call = LossCall("cross_entropy", 7, 100, 40, 40, (64, 10), (64,), classes=10, first_value=0.2, last_value=0.1)
    evidence = loop(loss_calls=(call,), happenings=Happenings(loaded=Sighting(1, 3), files=Sighting(1, 3)))
    assert say(evidence) == ()
    exercise = make_exercise([make_line("own", 1.0, "pretrained-weights-loaded")])
    assert roots(say(replace(evidence, exercise=exercise))) == ["pretrained-weights-loaded"]


def test_notes_cost_nothing() -> None:
    """A seed set again and a file read without care are remarked on, no more."""
    happenings = Happenings(unsafe=Sighting(1, 3), files=Sighting(1, 3), reseeded=Sighting(5, 8))
    evidence = loop(happenings=happenings)
    found = findings(evidence, {slug: CHECKS[slug] for slug in ("reseeded-in-loop", "unsafe-load")})
    assert [item.severity for item in found] == [Severity.NOTE, Severity.NOTE]


LONG_LOOP = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    X = torch.randn(64, 4)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    {before}
    for step in range(200):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(X), X.sum(1, keepdim=True))
        loss.backward()
        optimizer.step()
        {after}
"""


def test_rates_are_read_in_every_step() -> None:
    """Steps that are only glanced at count too: a change of the rate is never missed."""
    trace, crash = record(LONG_LOOP.format(before="", after="optimizer.param_groups[0]['lr'] *= 0.9"))
    assert crash is None and trace.problem == ""
    rates = trace.optimizers[0].rates
    assert (rates.steps, rates.changes, rates.largest) == (200, 199, 0.01)
    assert rates.collapsed == sum(0.9**step < 1e-5 for step in range(200))


def test_a_scheduler_is_counted_in_every_step() -> None:
    """Calls of a scheduler are counted in calm times as well, each once."""
    before = "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=200)"
    trace, crash = record(LONG_LOOP.format(before=before, after="scheduler.step()"))
    assert crash is None and trace.problem == ""
    [scheduler] = trace.schedulers
    assert (scheduler.calls, scheduler.late, scheduler.early, scheduler.length) == (200, 200, 0, 200)


def test_marks_in_losses_keep_nothing_alive() -> None:
    """A loss that nobody keeps is gone at once, with its mark."""
    trace, _ = record(LONG_LOOP.format(before="", after=""))
    assert trace.kept.marked >= 10 and trace.kept.alive == 0


def test_a_rate_that_is_a_tensor_is_read() -> None:
    """A learning rate may be a tensor that is changed in place."""
    changes = "optimizer.param_groups[0]['lr'].mul_(0.5) if step == 100 else None"
    source = LONG_LOOP.replace("lr=0.01", "lr=torch.tensor(0.01)").format(before="", after=changes)
    trace, crash = record(source)
    assert crash is None and trace.optimizers[0].rates.changes == 1
