"""Which facts about data, accumulation, clipping and evaluation show a mistake, and which allow a correct loop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.model import Crash, Evidence, Frame, RunStatus, Severity
from grader.trace import (
    BackwardFacts,
    BackwardPlace,
    ClipFacts,
    EpochFacts,
    Event,
    ForwardGroup,
    LoaderFacts,
    LossCall,
    ModelFacts,
    Operation,
    Outcome,
    Sighting,
    StepPattern,
)

from .builders import make_exercise, make_line
from .evidence import CHECKS, findings, say, trace_evidence
from .recording import record

STEP = StepPattern(0, Outcome.FRESH, (Event("backward", 4), Event("step", 5)), 40, 0, 39, fresh=1, batches=1)
CLASSES = LossCall("cross_entropy", 3, 40, 40, with_graph=40, input_shape=(8, 3), target_shape=(8,), classes=3)
NET = ModelFacts("Net", 100, 1, (8,), (3,), (Operation("matmul", (16,), (16, 8)),))
LOADER = LoaderFacts(2, 12, 96, 8, passes=4, finished=4, trained=48, trained_passes=4, most_trained=12)


def of_steps(*patterns: StepPattern, **facts: Any) -> Evidence:
    """A run with these steps, all of whose backward passes were used unless told otherwise."""
    total = sum(pattern.count * pattern.fresh for pattern in patterns)
    facts.setdefault("backwards", BackwardFacts(total, 4, total, places=(BackwardPlace(4, total),)))
    count = sum(pattern.count for pattern in patterns)
    return trace_evidence(patterns=patterns, steps=count, outcomes={"fresh": count}, **facts)


def of_loaders(*loaders: LoaderFacts, **facts: Any) -> Evidence:
    """A classifier that took its batches from these loaders."""
    return of_steps(STEP, loaders=loaders, loss_calls=(CLASSES,), model=NET, **facts)


def found(evidence: Evidence, slug: str) -> list[Severity]:
    """How severe the findings of one check are."""
    return [finding.severity for finding in findings(evidence, {slug: CHECKS[slug]})]


def wiped(used: int, gone: int, **changes: Any) -> Evidence:
    places = (BackwardPlace(4, used, gone),)
    return of_steps(replace(STEP, **changes), backwards=BackwardFacts(used + gone, 4, used, gone, places=places))


def sized(few: int, first: tuple[int, int], many: int, then: tuple[int, int]) -> Evidence:
    """Steps of two sizes; each pair is the number of the first and the last of them."""
    small = replace(STEP, fresh=few, count=4, first=first[0], last=first[1])
    return of_steps(small, replace(STEP, fresh=many, count=8, first=then[0], last=then[1]))


BAD = {
    "accumulation-wiped": [wiped(10, 30), wiped(10, 9)],
    "accumulation-uneven": [sized(1, (0, 9), 4, (1, 11)), sized(2, (0, 6), 3, (1, 11))],
    "clip-after-step": [of_steps(STEP, clips=(ClipFacts(6, 10, applied=9),))],
    "clip-before-backward": [of_steps(STEP, clips=(ClipFacts(3, 10, empty=10),))],
    "clip-between-micro-batches": [of_steps(STEP, clips=(ClipFacts(5, 16, added=12),))],
    "clip-other-parameters": [of_steps(STEP, clips=(ClipFacts(5, 10, empty=10, foreign=10),))],
    "data-not-covered": [of_loaders(replace(LOADER, finished=0, trained=4, most_trained=1))],
    "same-batch-every-step": [of_loaders(replace(LOADER, finished=0, trained=4, most_trained=1, sequential=True))],
    "data-not-shuffled": [of_loaders(replace(LOADER, sequential=True, labels=96, label_changes=2))],
    "training-on-test-data": [
        of_loaders(replace(LOADER, held_out=True)),
        of_loaders(LOADER, replace(LOADER, held_out=True, trained=4, trained_passes=2)),
    ],
    "dropout-always-on": [of_steps(STEP, dropout_in_evaluation=Sighting(8, 3))],
    "accuracy-over-wrong-dimension": [of_loaders(LOADER, over_rows=Sighting(8, 9))],
    "evaluation-gradients-leak": [of_steps(STEP, leaked=Sighting(4, 9))],
}

SILENT = {
    "accumulation-wiped": [
        wiped(30, 2),  # two batches were dropped on purpose
        wiped(30, 10),  # remainders
        wiped(10, 30, rewritten=True),  # gradients of single samples were kept elsewhere
        of_steps(STEP, backwards=BackwardFacts(80, 4, 40, 40, places=(BackwardPlace(4, 40), BackwardPlace(9, 0, 40)))),
    ],
    "accumulation-uneven": [
        sized(1, (2, 11), 4, (0, 10)),  # a remainder after each epoch
        sized(1, (0, 3), 4, (4, 11)),  # a batch that grows
        of_steps(*(replace(STEP, fresh=size, count=2, last=size + 30) for size in range(2, 9))),  # episodes
    ],
    "clip-after-step": [
        of_steps(STEP, clips=(ClipFacts(6, 10, applied=1),)),
        of_steps(STEP, clips=(ClipFacts(4, 10), ClipFacts(6, 10, applied=10))),
    ],
    "clip-before-backward": [of_steps(STEP, clips=(ClipFacts(3, 10, empty=1),))],
    "clip-between-micro-batches": [of_steps(STEP, clips=(ClipFacts(5, 16, added=1),))],
    "clip-other-parameters": [of_steps(STEP, clips=(ClipFacts(5, 10),))],
    "data-not-covered": [
        of_loaders(LOADER),
        of_loaders(replace(LOADER, finished=0, trained=60, trained_passes=1, most_trained=1)),
        of_loaders(replace(LOADER, finished=0, trained=40, trained_passes=40, most_trained=1)),
        of_loaders(replace(LOADER, batches=2, finished=0, trained=1, most_trained=1)),
    ],
    "same-batch-every-step": [
        of_loaders(replace(LOADER, sequential=True)),
        of_loaders(replace(LOADER, batches=1, finished=0, most_trained=1, sequential=True)),
        of_loaders(replace(LOADER, finished=0, trained=0, trained_passes=0, most_trained=0, sequential=True)),
    ],
    "data-not-shuffled": [
        of_loaders(LOADER),
        of_loaders(replace(LOADER, sequential=True, trained_passes=1)),
        of_loaders(replace(LOADER, sequential=True, trained=0, trained_passes=0, most_trained=0)),
        of_loaders(replace(LOADER, sequential=True, batches=4, most_trained=4)),
    ],
    "training-on-test-data": [
        of_loaders(LOADER, replace(LOADER, held_out=True, trained=0, trained_passes=0)),
        of_loaders(LOADER, replace(LOADER, held_out=True, trained=12, trained_passes=1)),
    ],
    "dropout-always-on": [of_steps(STEP, dropout_in_evaluation=Sighting(1, 3))],
    "accuracy-over-wrong-dimension": [of_steps(STEP, over_rows=Sighting(8, 9)), of_loaders(LOADER)],
    "evaluation-gradients-leak": [of_steps(STEP, leaked=Sighting(1, 9))],
}


def rows(table: dict[str, list[Evidence]]) -> list[Any]:
    return [
        pytest.param(slug, evidence, id=f"{slug}-{number}")
        for slug, several in table.items()
        for number, evidence in enumerate(several, 1)
    ]


@pytest.mark.parametrize(("slug", "evidence"), rows(BAD))
def test_facts_that_show_a_mistake(slug: str, evidence: Evidence) -> None:
    """The check speaks, and with its usual severity."""
    assert found(evidence, slug) == [CHECKS[slug].severity]


@pytest.mark.parametrize(("slug", "evidence"), rows(SILENT))
def test_facts_that_allow_a_correct_loop(slug: str, evidence: Evidence) -> None:
    """The check is silent, and so is every other of this file."""
    assert found(evidence, slug) == []
    assert [finding.check for finding in say(evidence, *BAD)] == []


@pytest.mark.parametrize(
    ("asked", "severity"), [((), Severity.NOTE), (("accumulation-not-averaged",), Severity.WARNING)]
)
def test_a_sum_is_a_mistake_only_where_a_mean_is_asked_for(asked: tuple[str, ...], severity: Severity) -> None:
    """A smaller learning rate does the same as a division."""
    summed = replace(STEP, fresh=4, batches=4)
    facts = BackwardFacts(160, 4, 160, bare=160, places=(BackwardPlace(4, 160),))
    exercise = make_exercise([make_line("asked", 1.0, *asked)])
    evidence = replace(of_steps(summed, backwards=facts), exercise=exercise)
    assert found(evidence, "accumulation-not-averaged") == [severity]
    divided = replace(of_steps(summed, backwards=replace(facts, bare=0)), exercise=exercise)
    by_hand = replace(of_steps(replace(summed, rewritten=True), backwards=facts), exercise=exercise)
    assert found(divided, "accumulation-not-averaged") == found(by_hand, "accumulation-not-averaged") == []


def test_a_remainder_is_no_more_than_one_step_for_each_epoch() -> None:
    """Fewer passes are lost than a step waits for; more than that is another mistake."""
    epochs = (EpochFacts(2, 96, 1.0),) * 4
    for lost, notes in ((8, [Severity.NOTE]), (40, []), (0, [])):
        facts = BackwardFacts(160 + lost, 4, 160, lost, places=(BackwardPlace(4, 160, lost),))
        evidence = of_steps(replace(STEP, fresh=5, batches=5), backwards=facts, epochs=epochs)
        assert found(evidence, "accumulation-tail-lost") == notes


def test_a_fixed_order_costs_nothing_unless_it_does_harm() -> None:
    """Sorted classes are a warning; other data in its own order is a note, or a warning where the data is given."""
    mixed = of_loaders(replace(LOADER, sequential=True, labels=96, label_changes=60))
    assert found(mixed, "data-not-shuffled") == [Severity.NOTE]
    given = replace(mixed, exercise=make_exercise(dataset="mnist"))
    assert found(given, "data-not-shuffled") == [Severity.WARNING]
    in_time = replace(NET, operations=(Operation("gru", (8, 16)),))
    recurrent = replace(mixed, trace=replace(mixed.trace, model=in_time))  # type: ignore[type-var]
    assert found(recurrent, "data-not-shuffled") == []


def test_samples_that_are_left_out_of_an_evaluation() -> None:
    """Only a loader that nothing is trained on, that drops, and that has something to drop."""
    evaluation = ForwardGroup(9, False, False, False, 4, 96, 0, 0, 4)
    loader = replace(LOADER, samples=99, drops_last=True, sequential=True, trained=0, trained_passes=0, most_trained=0)
    for changes, notes in (
        ({}, [Severity.NOTE]),
        ({"samples": 96}, []),
        ({"drops_last": False}, []),
        ({"trained": 9}, []),
    ):
        evidence = of_loaders(replace(loader, **changes), forwards=(evaluation,))
        assert found(evidence, "evaluation-incomplete") == notes


def test_bytes_that_meet_weights_first() -> None:
    """Large whole numbers are a note unless the model does something about them."""
    raw = replace(NET, input_lowest=0.0, input_highest=255.0, input_whole=True)
    divides = replace(raw, operations=(Operation("div", (8,)), *NET.operations))
    for model, notes in ((raw, [Severity.NOTE]), (divides, []), (replace(raw, input_highest=1.0), []), (NET, [])):
        assert found(of_steps(STEP, model=model), "inputs-not-scaled") == notes


@pytest.mark.parametrize(
    ("kind", "message", "slug"),
    [
        ("RuntimeError", "Expected all tensors to be on the same device, but found at least two, cuda:0 and cpu!",
         "device-mismatch"),
        ("RuntimeError", "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
         "device-mismatch"),
        ("TypeError", "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.", "device-mismatch"),
        ("OSError", "[Errno 97] Address family not supported by protocol", "forbidden-operation"),
        ("URLError", "<urlopen error [Errno -3] Temporary failure in name resolution>", "forbidden-operation"),
        ("RuntimeError", "Error downloading train-images-idx3-ubyte.gz", "forbidden-operation"),
        ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied (8x4 and 8x3)", "crashed"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'", "crashed"),
    ],
)  # fmt: skip
def test_what_an_exception_says(kind: str, message: str, slug: str) -> None:
    """Two kinds of crash have a cause with a name of its own; others stay what they are."""
    evidence = trace_evidence(RunStatus.CRASHED, Crash(kind, message, (Frame(3, ""),)), steps=1)
    names = ("crashed", "device-mismatch", "forbidden-operation")
    assert [one.check for one in say(evidence, *names) if one.consequence_of is None] == [slug]


def test_a_batch_is_not_counted_for_a_loader_that_it_may_not_come_from() -> None:
    """With two loaders walked through together nobody knows which of them a batch came from."""
    trace, crash = record(
        """
        import torch
        from torch.utils.data import DataLoader
        model = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        one, two = DataLoader(torch.randn(32, 4), 8), DataLoader(torch.randn(32, 4), 8)
        for epoch in range(2):
            for x, other in zip(one, two):
                optimizer.zero_grad()
                model(x).square().mean().backward()
                optimizer.step()
            for x in one:
                optimizer.zero_grad()
                model(x).square().mean().backward()
                optimizer.step()
        """
    )
    assert crash is None and trace.problem == ""
    assert [(loader.passes, loader.trained, loader.most_trained) for loader in trace.loaders] == [
        (2, 0, 0),
        (2, 0, 0),
        (2, 8, 4),
    ]


def test_an_iterator_of_parameters_is_still_full_when_it_is_clipped() -> None:
    """Looking at what is to be clipped uses nothing up."""
    trace, crash = record(
        """
        import torch
        model = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for step in range(4):
            optimizer.zero_grad()
            (100 * model(torch.randn(8, 4)).square().mean()).backward()
            norm = torch.nn.utils.clip_grad_norm_(parameters=model.parameters(), max_norm=0.5)
            after = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
            assert norm > 0.5 and after <= 0.5001, (norm, after)
            optimizer.step()
        """
    )
    assert crash is None and trace.problem == ""
    assert [(clip.looked, clip.empty, clip.foreign, clip.applied) for clip in trace.clips] == [(4, 0, 0, 0)]


@pytest.mark.parametrize(
    ("text", "looped"),
    [
        ("for x in loader: break", 1),
        ("[x for x in loader]", 1),
        ("next(iter(loader))", 0),
        ("for number, x in enumerate(loader): break", 0),
    ],
)
def test_a_loop_over_a_loader_is_told_from_a_call_of_iter(text: str, looped: int) -> None:
    """A loop that is left on purpose looks different from an iterator that is made anew for each batch."""
    trace, crash = record(
        f"""
        import torch
        from torch.utils.data import DataLoader
        loader = DataLoader(torch.randn(32, 4), 8)
        torch.nn.Linear(4, 1)(torch.randn(8, 4)).sum().backward()
        {text}
        """
    )
    assert crash is None and trace.problem == ""
    assert [(loader.passes, loader.looped) for loader in trace.loaders] == [(1, looped)]


@pytest.mark.parametrize(
    ("root", "negated"),
    [
        ("-loss", 1),
        ("loss * -1", 1),
        ("-1.0 * loss", 1),
        ("0 - loss", 1),
        ("loss / -2", 1),
        ("torch.tensor(0.0) - loss", 1),
        ("loss", 0),
        ("loss * 0.5", 0),
        ("loss / 4", 0),
        ("loss - 3", 0),
        ("loss + 0.1 * model.weight.square().sum()", 0),
    ],
)
def test_the_sign_of_a_loss_is_seen(root: str, negated: int) -> None:
    """In whatever way it was turned; a loss that was scaled, shifted or added to keeps its sign."""
    trace, crash = record(
        f"""
        import torch
        model = torch.nn.Linear(4, 3)
        loss = torch.nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.randint(0, 3, (8,)))
        ({root}).backward()
        """
    )
    assert crash is None and trace.problem == ""
    assert trace.backwards.negated == negated


def test_batches_of_an_own_sampler_are_not_in_order() -> None:
    """A loader that was given a batch sampler also has a sampler in order, which it never asks."""
    trace, crash = record("""
        import torch
        from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, TensorDataset
        data = TensorDataset(torch.randn(32, 4), torch.arange(32) // 8)
        for kind in (RandomSampler, SequentialSampler):
            for batch in DataLoader(data, batch_sampler=BatchSampler(kind(data), 8, False)):
                pass
    """)
    assert crash is None
    assert [loader.sequential for loader in trace.loaders] == [False, True]
