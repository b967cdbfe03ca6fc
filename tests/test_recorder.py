"""What the recorder tells of losses, forwards, epochs and models, and that it leaves no mark on the training."""

from __future__ import annotations

import textwrap

import pytest

from grader.trace import ForwardGroup, LossCall, Trace, parse_trace

from .recording import ENTRY, Recording, new_recorder, run

PRELUDE = """
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
CE = nn.CrossEntropyLoss()
torch.manual_seed(0)
x, y = torch.randn(200, 20), torch.randint(0, 3, (200,))
loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True)
m = nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Dropout(.2), nn.Linear(16, 3))
o = torch.optim.Adam(m.parameters(), lr=.01)
"""
TRAIN = """
def train(epochs=2):
    for _ in range(epochs):
        m.train()
        for a, b in loader:
            o.zero_grad(); loss = CE(m(a), b); loss.backward(); o.step()
"""


def run_program(body: str) -> Recording:
    """Run a program after the prelude; neither it nor the recorder may fail."""
    recording = run(PRELUDE + textwrap.dedent(body))
    assert recording.crash is None, recording.crash
    assert recording.trace.problem == ""
    return recording


def trace_of(body: str) -> Trace:
    """The trace of a program."""
    return run_program(body).trace


def only_loss(trace: Trace) -> LossCall:
    """The one loss call of a trace."""
    [call] = trace.loss_calls
    return call


# -- no mark on the training ----------------------------------------------------------------------------

FINGERPRINT = """
import random, numpy
state = [*m.state_dict().values(), *[p.grad for p in m.parameters() if p.grad is not None]]
result = [t.double().flatten().tolist() for t in state] + [torch.rand(3).tolist(), random.random(), numpy.random.rand()]
"""
PROGRAMS = {
    "adam with dropout and a shuffling loader": TRAIN + "train()",
    "sgd": "o = torch.optim.SGD(m.parameters(), lr=.1, momentum=.9)\n" + TRAIN + "train()",
    "lbfgs": """
        o = torch.optim.LBFGS(m.parameters(), max_iter=4, line_search_fn="strong_wolfe")
        def closure(): o.zero_grad(); l = CE(m(x), y); l.backward(); return l
        for _ in range(6): o.step(closure)
    """,
    "never cleared": "for _ in range(40): CE(m(x), y).backward(); o.step()",
    "by hand": """
        for _ in range(40):
            m.zero_grad(); CE(m(x), y).backward()
            for p in m.parameters(): p.data -= .1 * p.grad
    """,
    "batch norm, clipping and a schedule": """
        m = nn.Sequential(nn.Linear(20, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
        o = torch.optim.SGD(m.parameters(), lr=.1)
        s = torch.optim.lr_scheduler.StepLR(o, 1)
        for _ in range(3):
            for a, b in loader:
                o.zero_grad(); CE(m(a), b).backward(); nn.utils.clip_grad_norm_(m.parameters(), .5); o.step()
            s.step()
    """,
    "evaluation in between": TRAIN
    + """
for _ in range(3):
    train(1); m.eval()
    with torch.no_grad(): (m(x).softmax(1).argmax(1) == y).float().mean(); m(x).max(1); m(x).topk(2)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_training_is_the_same_bit_by_bit(name: str) -> None:
    """Weights, gradients and every random number generator end where they end without a recorder."""
    source = PRELUDE + textwrap.dedent(PROGRAMS[name]) + FINGERPRINT
    watched, alone = run(source), run(source, watched=False)
    assert watched.crash is None and watched.trace.problem == ""
    assert watched.trace.shows_training
    assert watched.result == alone.result


def test_everything_is_put_back() -> None:
    """After `uninstall`, torch is as it was: functions, hooks on classes, what was inherited."""
    import torch
    from torch.optim import Optimizer
    from torch.utils.data import DataLoader

    def state() -> list[object]:
        functional, schedulers = torch.nn.functional, torch.optim.lr_scheduler
        functions = [
            functional.cross_entropy,
            functional.softmax,
            torch.max,
            torch.Tensor.argmax,
            torch.autograd.backward,
        ]
        methods = [Optimizer.zero_grad, torch.nn.Module.zero_grad, DataLoader.__iter__, schedulers.LRScheduler.step]
        return [*functions, *methods, torch.func.grad, torch.amp.GradScaler.step, "argmax" in vars(torch.Tensor)]

    before = state()
    recorder = new_recorder()
    recorder.install()
    assert state() != before
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    recorder.finish()
    recorder.uninstall()
    assert state() == before
    assert not model._forward_hooks and not model._forward_pre_hooks
    assert not any(parameter._backward_hooks for parameter in model.parameters())


def test_an_error_of_the_recorder_stays_its_own() -> None:
    """A broken observer is reported, and the student's training goes on."""
    recording = run(
        PRELUDE
        + TRAIN
        + """
import sys
worker = sys.modules["gradeloop_worker.ledger"]
def broken(*arguments): raise ValueError("broken")
worker.Ledger.after = worker.Ledger.watch = broken
sys.modules["gradeloop_worker.forwards"].Forwards.enter = broken
train()
result = True
"""
    )
    assert recording.crash is None and recording.result is True
    assert "broken" in recording.trace.problem


def test_a_graph_is_not_kept_alive() -> None:
    """Outputs and losses die when the student lets go of them."""
    recording = run_program(
        TRAIN
        + """
import gc, weakref
alive = []
for a, b in loader:
    out = m(a); loss = CE(out, b); loss.backward(); o.step(); o.zero_grad()
    alive += [weakref.ref(out), weakref.ref(loss)]
del out, loss
gc.collect()
result = sum(r() is not None for r in alive)
"""
    )
    assert recording.result == 0


def test_a_function_transform_and_a_compiler_see_through() -> None:
    """vmap, grad and compilation of patched functions give what they gave."""
    recording = run_program("""
        from torch.func import grad, vmap
        a = vmap(lambda r: F.softmax(r, 0).max())(x)
        g = grad(lambda w: F.cross_entropy(x @ w, y))(torch.zeros(20, 3))
        def judged(t): return torch.max(F.log_softmax(t, 1), 1)[0].sum() + t.argmax(1).sum()
        f = torch.compile(judged, backend="eager", fullgraph=True)
        result = [a.shape[0], list(g.shape), bool(torch.isfinite(f(x)))]
    """)
    assert recording.result == [200, [20, 3], True]


def test_a_warning_of_torch_names_the_line_of_the_student() -> None:
    """A patch between the call and the warning is not seen."""
    recording = run_program("""
        import warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            F.mse_loss(torch.rand(3, 1), torch.rand(3))
        result = [caught[0].filename, caught[0].lineno]
    """)
    assert recording.result == [ENTRY, PRELUDE.count("\n") + 5]


# -- losses ---------------------------------------------------------------------------------------------


def test_a_loss_call_is_described() -> None:
    """Function, line, shapes, and how many calls were looked at."""
    call = only_loss(trace_of(TRAIN + "train(12)"))
    assert (call.function, call.calls, call.with_graph) == ("cross_entropy", 120, call.looked)
    assert 40 <= call.looked < 120
    assert (call.input_shape, call.target_shape, call.target_type) == ((20, 3), (20,), "int64")
    assert (call.classes, call.producer) == (3, "AddmmBackward0")
    assert call.line == (PRELUDE + TRAIN).rstrip("\n").count("\n") + 1
    assert call.first_value is not None and call.last_value is not None and call.last_value < call.first_value
    assert call.probability_rows == call.log_probability_rows == call.swapped == call.mismatched == call.from_data == 0


LOSSES = {
    "probabilities": ("F.cross_entropy(m(x).softmax(1), y)", "probability_rows", "SoftmaxBackward0"),
    "log probabilities": ("F.cross_entropy(m(x).log_softmax(1), y)", "log_probability_rows", "LogSoftmaxBackward0"),
    "nll of probabilities": ("F.nll_loss(m(x).softmax(1), y)", "probability_rows", "SoftmaxBackward0"),
    "relu": ("F.cross_entropy(m(x).relu(), y)", "non_negative", "ReluBackward0"),
    "sigmoid in another shape": (
        "F.binary_cross_entropy_with_logits(m(x)[:, 0].sigmoid().view(-1, 1), y.float().clamp(max=1).view(-1, 1))",
        "unit_interval",
        "SigmoidBackward0",
    ),
    "broadcast": ("F.mse_loss(m(x)[:, :1], y.float())", "mismatched", "AddmmBackward0"),
    "swapped": ("F.mse_loss(F.one_hot(y, 3).float(), m(x))", "swapped", ""),
    "detached": ("F.mse_loss(m(x).detach(), F.one_hot(y, 3).float())", "detached", ""),
    "target against target": ("F.mse_loss(t, t)", "from_data", ""),
    "input against target": ("F.mse_loss(x[:, :3], F.one_hot(y, 3).float()) + 0 * m(x).sum()", "from_data", ""),
}


@pytest.mark.parametrize("name", LOSSES)
def test_what_enters_a_loss_is_counted(name: str) -> None:
    """Each of ten looks shows it, and the operation before the loss is named."""
    expression, counter, producer = LOSSES[name]
    call = only_loss(trace_of(f"t = F.one_hot(y, 3).float()\nfor _ in range(10): {expression}"))
    assert (call.looked, getattr(call, counter)) == (10, 10 if name != "input against target" else call.from_data)
    assert call.producer == producer
    assert call.producer_count == (10 if producer else 0)


def test_a_loss_that_raises_was_still_looked_at() -> None:
    """Swapped arguments of cross-entropy raise, and the trace knows that they were swapped."""
    recording = run(PRELUDE + "CE(y, m(x))")
    assert recording.crash is not None
    assert only_loss(recording.trace).swapped == 1


def test_ordinary_logits_show_nothing() -> None:
    """Neither probabilities nor the like, for any of the losses."""
    trace = trace_of("""
        t = torch.rand(200, 3)
        for _ in range(5):
            out = m(x) * 3
            F.cross_entropy(out, y); F.mse_loss(out, t); F.smooth_l1_loss(out, t)
            F.binary_cross_entropy_with_logits(out, t); F.huber_loss(out, t); F.l1_loss(out, t)
            F.kl_div(out.log_softmax(1), t.softmax(1))
    """)
    assert len(trace.loss_calls) == 7
    for call in trace.loss_calls:
        assert call.probability_rows == call.unit_interval == call.mismatched == call.swapped == call.from_data == 0


# -- forwards -------------------------------------------------------------------------------------------


def groups(trace: Trace, trained: bool) -> list[ForwardGroup]:
    """Groups of forwards that were trained on, or not."""
    return [group for group in trace.forwards if group.trained is trained]


EVALUATE = """
def evaluate(data, mode=True, graph=False):
    m.train(not mode)
    with torch.set_grad_enabled(graph):
        for i in range(0, len(data), 50): m(data[i:i + 50]).argmax(1)
"""


def test_training_and_evaluation_are_told_apart() -> None:
    """By whether the output met a backward pass, not by mode or line."""
    trace = trace_of(TRAIN + EVALUATE + "held = torch.randn(100, 20)\nfor _ in range(3): train(1); evaluate(held)")
    [training], [evaluation] = groups(trace, True), groups(trace, False)
    assert (training.calls, training.samples, training.modal, training.modal_training) == (30, 600, 1, 1)
    assert (training.training, training.grad_enabled, training.passes) == (True, True, 3)
    assert (evaluation.calls, evaluation.samples, evaluation.judged, evaluation.modal_training) == (6, 300, 6, 0)
    assert (evaluation.training, evaluation.grad_enabled, evaluation.passes) == (False, False, 3)
    assert (evaluation.compared, evaluation.also_trained) == (300, 0)


def test_evaluating_in_training_mode_is_seen_long_after_the_beginning() -> None:
    """Mode, graph and line of an evaluation are exact when steps are no longer looked at closely."""
    trace = trace_of(TRAIN + EVALUATE + "train(5)\nevaluate(x[:100], mode=False, graph=True)\ntrain(1)")
    [group] = groups(trace, False)
    assert (group.training, group.grad_enabled, group.modal_training) == (True, True, 1)
    assert (group.calls, group.judged) == (2, 2)
    assert group.line == (PRELUDE + TRAIN + EVALUATE).rstrip("\n").count("\n") + 1


def test_samples_that_were_trained_on_are_recognised() -> None:
    """In any order and in batches of any size; new ones are not."""
    trace = trace_of(TRAIN + EVALUATE + "train(2)\nevaluate(torch.cat([x.flip(0)[:100], torch.randn(50, 20)]))")
    [group] = groups(trace, False)
    assert (group.compared, group.also_trained) == (150, 100)


def test_training_in_evaluation_mode_is_seen() -> None:
    """The root was in evaluation mode while it was trained."""
    trace = trace_of("m.eval()\nfor a, b in loader: o.zero_grad(); CE(m(a), b).backward(); o.step()")
    [group] = groups(trace, True)
    assert (group.training, group.modal, group.modal_training) == (False, 1, 0)


def test_an_output_that_a_function_returned_is_trained_all_the_same() -> None:
    """The output itself is gone before backward is called; its graph is not."""
    trace = trace_of("""
        def loss_of(a, b): return CE(m(a), b)
        for a, b in loader: o.zero_grad(); l = loss_of(a, b); l.backward(); o.step()
    """)
    assert [group.trained for group in trace.forwards] == [True]


def test_a_model_in_reentrant_checkpoints_is_trained() -> None:
    """It is called without a graph first and again during backward; that is one training forward."""
    trace = trace_of("""
        from torch.utils.checkpoint import checkpoint
        for a, b in loader:
            o.zero_grad(); CE(checkpoint(m, a.requires_grad_(), use_reentrant=True), b).backward(); o.step()
    """)
    [group] = trace.forwards
    assert (group.trained, group.calls) == (True, 10)


def test_a_teacher_was_not_updated() -> None:
    """Its forwards are no evaluation of what is trained."""
    trace = trace_of("""
        import copy
        teacher = copy.deepcopy(m).eval()
        both = torch.optim.SGD([*m.parameters(), *[p.requires_grad_(False) for p in teacher.parameters()]], lr=.1)
        for a, b in loader:
            both.zero_grad(); F.mse_loss(m(a), teacher(a)).backward(); both.step()
    """)
    assert {group.updated for group in groups(trace, True)} == {True}
    assert {(group.updated, group.grad_enabled) for group in groups(trace, False)} == {(False, False)}


def test_a_hundred_models_are_counted_together() -> None:
    """When a model is made anew for every step, its forwards do not run out of places."""
    trace = trace_of("""
        for a, b in loader:
            for _ in range(10):
                m = nn.Linear(20, 3); o = torch.optim.SGD(m.parameters(), lr=.1)
                CE(m(a), b).backward(); o.step()
    """)
    assert sum(group.calls for group in trace.forwards) == 100
    assert trace.outcomes == {"fresh": 100}
    assert len(trace.optimizers) <= 16
    assert trace.model is not None and trace.model.first_loss is not None


def test_modules_inside_a_root_are_not_roots() -> None:
    """Only what is called from outside counts, also where the model is called through another class."""
    trace = trace_of("""
        class Wrapper:
            def __init__(self): self.inner = m
            def run(self, a): return self.inner(a)
        w = Wrapper()
        for a, b in loader: o.zero_grad(); CE(w.run(a), b).backward(); o.step()
    """)
    [group] = trace.forwards
    assert group.calls == 10


# -- epochs and curves ----------------------------------------------------------------------------------


def test_epochs_follow_the_loader() -> None:
    """Steps, samples and the mean loss of each pass over the training data; a validation loader makes none."""
    trace = trace_of(
        TRAIN
        + """
other = DataLoader(TensorDataset(x), batch_size=50)
for _ in range(3):
    train(1)
    for (a,) in other: m(a)
"""
    )
    assert [(epoch.steps, epoch.samples) for epoch in trace.epochs] == [(10, 200)] * 3
    assert trace.batches_per_epoch == 10
    losses = [epoch.loss for epoch in trace.epochs]
    assert None not in losses and losses == sorted(losses, key=lambda loss: -(loss or 0))


def test_an_epoch_that_is_left_early_is_one() -> None:
    """`break` after three batches: epochs of three steps."""
    trace = trace_of("""
        for _ in range(4):
            for i, (a, b) in enumerate(loader):
                if i == 3: break
                o.zero_grad(); CE(m(a), b).backward(); o.step()
    """)
    assert [epoch.steps for epoch in trace.epochs] == [3] * 4


def test_a_new_iterator_for_every_step_makes_no_epochs_of_one_step() -> None:
    """Ten steps are an epoch, as the loader has ten batches."""
    trace = trace_of("""
        for _ in range(20):
            a, b = next(iter(loader)); o.zero_grad(); CE(m(a), b).backward(); o.step()
    """)
    assert [epoch.steps for epoch in trace.epochs] == [10, 10]


def test_a_curve_has_at_most_200_points() -> None:
    """Longer runs have means over more steps; the steps stay in order."""
    trace = trace_of("for _ in range(900): o.zero_grad(); CE(m(x[:8]), y[:8]).backward(); o.step()")
    steps = [point.step for point in trace.loss_curve]
    assert 100 <= len(steps) <= 200 and steps == sorted(steps) and steps[-1] >= 890
    assert trace.loss_curve[-1].value < trace.loss_curve[0].value


def test_a_scaled_loss_is_told_as_it_was() -> None:
    """The factor of a scaler is not part of the loss."""
    trace = trace_of("""
        sc = torch.amp.GradScaler("cpu")
        for a, b in loader: o.zero_grad(); sc.scale(CE(m(a), b)).backward(); sc.step(o); sc.update()
    """)
    assert all(point.value < 10 for point in trace.loss_curve)
    assert trace.backwards.bare == 10


# -- the model ------------------------------------------------------------------------------------------


def test_the_model_is_described_by_what_it_does() -> None:
    """Operations with the shapes of their weights, whatever the classes are called."""
    trace = trace_of("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__(); self.a = nn.Linear(20, 16); self.w = nn.Parameter(torch.randn(16, 3) * .1)
            def forward(self, t):
                t = F.dropout(torch.tanh(self.a(t)), .1, self.training)
                return F.log_softmax(t @ self.w, dim=1)
        def main():
            net = Net(); o = torch.optim.SGD(net.parameters(), lr=.1)
            for a, b in loader: o.zero_grad(); F.nll_loss(net(a), b).backward(); o.step()
        main()
    """)
    model = trace.model
    assert model is not None
    assert (model.name, model.parameters) == ("Net", 20 * 16 + 16 + 16 * 3)
    assert (model.input_shape, model.output_shape) == ((20,), (3,))
    assert [(item.name, item.shape, item.weight) for item in model.operations] == [
        ("matmul", (16,), (16, 20)), ("tanh", (16,), ()), ("matmul", (3,), (16, 3)), ("log_softmax", (3,), ()),
    ]  # fmt: skip
    assert model.line == PRELUDE.count("\n") + 5


def test_a_convolution_and_its_neighbours_are_named() -> None:
    """Kernels are weights too."""
    trace = trace_of("""
        m = nn.Sequential(nn.Unflatten(1, (1, 4, 5)), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(),
                          nn.Flatten(), nn.Linear(12, 3))
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for a, b in loader: o.zero_grad(); CE(m(a), b).backward(); o.step()
    """)
    assert trace.model is not None
    named = [(item.name, item.weight) for item in trace.model.operations]
    assert named == [("convolution", (2, 1, 3, 3)), ("batch_norm", ()), ("relu", ()), ("matmul", (3, 12))]


def test_the_loss_of_first_and_last_weights_is_computed_again() -> None:
    """Over the same data in evaluation mode; the model and the random numbers are as before afterwards."""
    trace = trace_of(TRAIN + "train(5)")
    model = trace.model
    assert model is not None and model.first_loss is not None and model.last_loss is not None
    assert model.last_loss < model.first_loss < 1.5
    assert model.largest_change is not None and 0 < model.largest_change < 1


def test_a_model_that_did_not_move_is_known() -> None:
    """A learning rate of 0: no change, the same loss."""
    trace = trace_of("o = torch.optim.SGD(m.parameters(), lr=0.)\n" + TRAIN + "train(2)")
    model = trace.model
    assert model is not None and model.largest_change == 0
    assert model.first_loss == model.last_loss is not None


def test_the_model_trained_last_is_the_trained_model() -> None:
    """Models of earlier folds are let go; a model made in a function outlives it."""
    import torch

    recorder = new_recorder()
    recorder.install()
    try:
        for size in (2, 3, 4):
            model = torch.nn.Linear(3, size)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model(torch.randn(4, 3)).sum().backward()
            optimizer.step()
        del model, optimizer
        recorder.finish()
        trained = recorder.trained_model()
        assert trained is not None and trained.out_features == 4
        assert [tuple(batch.model_input.shape) for batch in recorder.batches] == [(4, 3)] * 3
        assert all(batch.loaded is None for batch in recorder.batches)
    finally:
        recorder.uninstall()


def test_batches_are_kept_as_loaded_and_as_the_model_saw_them() -> None:
    """At most four, copies, before the student changed them in place."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    recorder = new_recorder()
    recorder.install()
    try:
        loader = DataLoader(TensorDataset(torch.ones(60, 2, 3), torch.zeros(60, dtype=torch.long)), batch_size=10)
        model = torch.nn.Linear(6, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for images, labels in loader:
            inputs = images.mul_(2).flatten(1)
            torch.nn.functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
            optimizer.zero_grad()
        with torch.no_grad():
            model(torch.zeros(5, 6))
        recorder.finish()
        assert len(recorder.batches) == 4 and len(recorder.evaluation_batches) == 1
        batch = recorder.batches[0]
        assert batch.model_input.shape == (10, 6) and float(batch.model_input.mean()) == 2
        assert batch.loaded.shape == (10, 2, 3) and float(batch.loaded.mean()) == 1
    finally:
        recorder.uninstall()


# -- telling --------------------------------------------------------------------------------------------


def test_snapshots_come_early_and_are_all_well_formed() -> None:
    """At the first, second, fourth ... happening, so that a run that is stopped has left something."""
    import json

    import torch

    told: list[dict[str, object]] = []
    recorder = new_recorder(told.append)
    recorder.install()
    try:
        model = torch.nn.Linear(3, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(9):
            optimizer.zero_grad()
            model(torch.randn(4, 3)).sum().backward()
            optimizer.step()
        recorder.finish()
    finally:
        recorder.uninstall()
    traces = [parse_trace(json.dumps(trace).encode()) for trace in told]
    assert [trace.complete for trace in traces] == [False] * (len(traces) - 1) + [True]
    assert 4 <= len(traces) <= 7 and traces[-1].steps == 9


def test_a_crash_leaves_a_complete_trace_of_what_came_before() -> None:
    """Lines, steps and outcomes up to the exception."""
    recording = run(PRELUDE + TRAIN + "train(1)\nraise KeyError('x')")
    assert recording.crash is not None and recording.crash.type == "KeyError"
    assert recording.trace.complete and recording.trace.steps == 10


def test_lines_are_those_of_the_entry_file() -> None:
    """A helper module's lines would be shown in the wrong text."""
    assert ENTRY.endswith("submission.py")
    trace = trace_of("""
        helper = "def step(a, b):\\n    o.zero_grad(); CE(m(a), b).backward(); o.step()"
        exec(compile(helper, "/program/helper.py", "exec"))
        for a, b in loader:
            step(a, b)
    """)
    [pattern] = trace.patterns
    assert {event.line for event in pattern.events} == {PRELUDE.count("\n") + 5}


def test_schedulers_and_clipping_are_among_the_calls() -> None:
    """A scheduler's own first step is not the student's call."""
    trace = trace_of("""
        s = torch.optim.lr_scheduler.CosineAnnealingLR(o, 10)
        for a, b in loader:
            o.zero_grad(); CE(m(a), b).backward(); nn.utils.clip_grad_norm_(m.parameters(), 1.); o.step(); s.step()
    """)
    names = [[event.name for event in pattern.events] for pattern in trace.patterns]
    assert names[0] == ["zero_grad", "forward", "loss", "backward", "clip", "step"]
    assert all(later == ["scheduler", *names[0]] for later in names[1:])
