"""Long runs: what is seen of a loop at a glance is what close looks would have seen, whenever a mistake comes."""

from __future__ import annotations

import functools
import textwrap
from collections import Counter

import pytest

from grader.trace import Trace

from .recording import Recording, run

PRELUDE = """
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
CE = nn.CrossEntropyLoss()
torch.manual_seed(0)
x, y = torch.randn(160, 12), torch.randint(0, 3, (160,))
loader = DataLoader(TensorDataset(x, y), batch_size=4, shuffle=True)
torch.manual_seed(1)
m = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Dropout(.1), nn.Linear(8, 3))
o = torch.optim.SGD(m.parameters(), lr=.05)
i = 0
"""
#: bytes of a trace, however long the run was
BOUND = 80_000
#: pairs of samples and labels are looked at in the first steps of ten passes: here in none, so that runs begin soon
SOON = "import sys; sys.modules['gradeloop_worker.pairs'].PASSES = 0; "
#: the same program, every step of which is looked at closely
CLOSELY = "sys.modules['gradeloop_worker.books'].FIRST_UPDATES = 10**9"
#: counts the steps that are only glanced at
COUNTED = """
def counting(original):
    def stepped(self): glanced.append(i); original(self)
    return stepped
Glances, glanced = sys.modules['gradeloop_worker.glances'].Glances, []
Glances.stepped = counting(Glances.stepped)
"""
LOOP = """
for epoch in range(6):
    for a, b in loader:
        bad = {bad}
{step}
        i += 1
"""
RIGHT = "o.zero_grad(); loss = CE(m(a), b); loss.backward(); o.step()"


def trace_of(program: str, *, closely: bool = False) -> Trace:
    """The trace of a program that ends well."""
    recording = recording_of(program, closely=closely)
    assert recording.crash is None, recording.crash
    return recording.trace


def recording_of(program: str, *, closely: bool = False) -> Recording:
    """What a program leaves; the recorder itself must not fail."""
    recording = run(SOON + (CLOSELY if closely else "") + PRELUDE + textwrap.dedent(program))
    assert recording.trace.problem == ""
    return recording


def looping(step: str, bad: str = "False") -> str:
    """A loop of six epochs of forty batches; `bad` says in which steps a mistake is made."""
    return LOOP.format(bad=bad, step=textwrap.indent(textwrap.dedent(step).strip(), " " * 8))


def counts(trace: Trace) -> dict[str, object]:
    """All that a trace counts, however closely the steps were looked at."""
    backwards = trace.backwards
    sightings = (backwards.detached, backwards.without_graph, backwards.repeated, backwards.across_step)
    return {
        "steps": trace.steps,
        "outcomes": dict(trace.outcomes),
        "backwards": (backwards.total, backwards.used, backwards.wiped, backwards.pending),
        "sightings": [sighting.count for sighting in (*sightings, backwards.not_finite)],
        "by hand": (trace.by_hand.count, trace.by_hand_stale.count),
        "forwards": sorted(
            (group.line or 0, group.trained, group.training, group.grad_enabled, group.modal_training, group.calls,
             group.samples, group.passes, group.compared, group.also_trained)
            for group in trace.forwards
        ),
        "losses": Counter(call.function for call in trace.loss_calls for _ in range(call.calls)),
        "epochs": [(epoch.steps, epoch.samples, round(epoch.loss or 0, 9)) for epoch in trace.epochs],
        "curve": [(point.step, round(point.value, 9)) for point in trace.loss_curve],
        "loaders": trace.loaders,
        "rates": [(facts.steps, facts.rates.steps, facts.rates.changes, facts.rates.largest, facts.rates.collapsed)
                  for facts in trace.optimizers],
        "optimizers": [(facts.received, facts.trainable, facts.wraps, facts.remade) for facts in trace.optimizers],
        "schedulers": trace.schedulers,
        "happenings": trace.happenings,
        "rows": trace.over_rows.count,
        "dropout": trace.dropout_in_evaluation.count,
        "model": trace.model and (trace.model.name, trace.model.parameters),
        "waiting": (trace.waiting, trace.orphans),
    }  # fmt: skip


@functools.cache
def counts_of_the_right_loop() -> dict[str, object]:
    """Of the same loop without a mistake."""
    return counts(trace_of(looping(RIGHT)))


WHEN = {
    "never": "False",
    "at first": "i < 30",
    "late": "i >= 190",
    "in the last epoch": "epoch == 5",
    "once": "i == 177",
    "once an epoch": "i % 40 == 39",
    **{f"every {k}": f"i >= 90 and i % {k} == 0" for k in (2, 3, 5, 7, 16, 17)},
}
#: a step with a mistake where `bad`
MISTAKES = {
    "not cleared": """
        if not bad: o.zero_grad()
        loss = CE(m(a), b); loss.backward(); o.step()
    """,
    "wiped": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward()
        if bad: o.zero_grad()
        o.step()
    """,
    "stepped twice": RIGHT + "\nif bad: o.step()",
    "no backward": """
        o.zero_grad(); loss = CE(m(a), b)
        if not bad: loss.backward()
        o.step()
    """,
    "no step": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward()
        if not bad: o.step()
    """,
    "backward twice": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward(retain_graph=bad)
        if bad: loss.backward()
        o.step()
    """,
    "detached": """
        o.zero_grad(); loss = CE(m(a), b)
        if bad: loss = torch.tensor(loss.item(), requires_grad=True)
        loss.backward(); o.step()
    """,
}
#: rarer turns of a loop, most of them correct
TURNS = {
    "evaluated in training mode": RIGHT + "\nif bad: m(a).argmax(1)",
    "evaluated without a graph": RIGHT
    + """
if bad:
    m.eval()
    with torch.no_grad(): CE(m(x[:50]), y[:50]); m(x[50:70]).argmax(1)
    m.train()
""",
    "evaluated before backward": """
        o.zero_grad(); loss = CE(m(a), b)
        if bad: m(x[:8])
        loss.backward(); o.step()
    """,
    "evaluated after backward": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward()
        if bad: m(x[:8]).argmax(1)
        o.step()
    """,
    "evaluation mode": """
        m.train(not bad)
        o.zero_grad(); loss = CE(m(a), b); loss.backward(); o.step()
    """,
    "one layer in evaluation mode": """
        m[2].train(not bad)
        o.zero_grad(); loss = CE(m(a), b); loss.backward(); o.step()
    """,
    "two batches for a step": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward()
        if bad: CE(m(x[:8]), y[:8]).backward()
        o.step()
    """,
    "first layer frozen": "m[0].requires_grad_(not bad)\n" + RIGHT,
    "last layer frozen": "m[3].requires_grad_(not bad)\n" + RIGHT,
    "another optimizer": "if bad: o = torch.optim.SGD(m.parameters(), lr=.05)\n" + RIGHT,
    "another model": RIGHT
    + """
if i == 0: m2 = nn.Linear(12, 3); o2 = torch.optim.SGD(m2.parameters(), lr=.1)
if bad: o2.zero_grad(); CE(m2(a), b).backward(); o2.step()
""",
    "weights changed by hand": RIGHT
    + """
if bad:
    with torch.no_grad(): m[0].weight.mul_(.99)
""",
    "gradient set by hand": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward()
        if bad: m[0].weight.grad = torch.ones_like(m[0].weight)
        o.step()
    """,
    "clipped": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward()
        if bad: nn.utils.clip_grad_norm_(m.parameters(), .1)
        o.step()
    """,
    "always clipped": """
        o.zero_grad(); loss = CE(m(a), b); loss.backward(); nn.utils.clip_grad_norm_(m.parameters(), .1)
        if not bad: o.step()
    """,
    "scheduled": "if i == 0: s = torch.optim.lr_scheduler.CosineAnnealingLR(o, 500)\n" + RIGHT
                 + "\nif not bad: s.step()",
    "a batch left out": "if bad: i += 1; continue\n" + RIGHT,
    "another loss": "o.zero_grad(); loss = CE(m(a), b) if not bad else F.nll_loss(m(a).log_softmax(1), b)\n"
                    "loss.backward(); o.step()",
    "a weighted loss": "o.zero_grad(); loss = CE(m(a), b)\nif bad: loss = loss * .5\nloss.backward(); o.step()",
    "a loss of ones own": "o.zero_grad(); loss = CE(m(a), b) if not bad else (m(a) ** 2).mean()\n"
                          "loss.backward(); o.step()",
    "not finite": "o.zero_grad(); loss = CE(m(a), b)\nif bad: loss = loss * float('inf')\n(loss * .0).detach()\n"
                  "if not bad: loss.backward(); o.step()\nelse: (loss / float('inf')).backward()",
    "a loss that is used again": """
        if i == 0: m = nn.Linear(12, 3); o = torch.optim.SGD(m.parameters(), lr=.05)
        o.zero_grad(); loss = CE(m(a), b); loss.backward(retain_graph=bad); o.step()
        if bad: o.zero_grad(); loss.backward()
    """,
    "counted": RIGHT.replace("CE(m(a), b)", "CE(out := m(a), b)") + "\nout.argmax(0 if bad else 1); out.max(1)",
    "a closure": "def closure(): o.zero_grad(); l = CE(m(a), b); l.backward(); return l\n"
                 "if bad: o.step(closure)\nelse: " + RIGHT,
    "a loss from nowhere": """
        o.zero_grad(); out = m(a)
        if bad: torch.tensor(1., requires_grad=True).backward()
        else: CE(out, b).backward()
        o.step()
    """,
    "gradients of the output": """
        o.zero_grad(); out = m(a); loss = CE(out, b)
        if bad: torch.autograd.grad(loss, out)
        else: loss.backward(); o.step()
    """,
    "gradients by function": RIGHT + "\nif bad: torch.autograd.grad(CE(m(a), b), m.parameters())",
    "inside another module": """
        if i == 0: w = nn.Sequential(m)
        o.zero_grad(); loss = CE((w if bad else m)(a), b); loss.backward(); o.step()
    """,
    "a raising backward": RIGHT + """
if bad:
    try: loss.backward()
    except RuntimeError: pass
""",
    "a raising forward": RIGHT + """
if bad:
    try: m(a[:, :2])
    except RuntimeError: pass
""",
    "input as keyword": "o.zero_grad(); loss = CE(m(input=a) if bad else m(a), b); loss.backward(); o.step()",
    "saved": RIGHT + "\nimport copy\nif bad: copy.deepcopy(m.state_dict()); copy.deepcopy(m)(a)",
    "a copy": RIGHT + """
import copy
if bad:
    other = copy.deepcopy(m)
    with torch.no_grad(): other[0].weight.zero_(); CE(other(a), b); assert not torch.equal(other(a), m(a))
""",
    "a hook of ones own": """
        if i == 0: seen = []
        if bad: handle = m.register_forward_hook(lambda *called: seen.append(i))
        o.zero_grad(); loss = CE(m(a), b); loss.backward(); o.step()
        if bad: handle.remove(); assert seen[-1] == i
    """,
    "compiled": """
        if i == 0: other = torch.compile(m, backend='eager')
        o.zero_grad(); loss = CE((other if bad else m)(a), b); loss.backward(); o.step()
    """,
    "loaded": RIGHT + "\nif bad: m.load_state_dict(m.state_dict())",
}  # fmt: skip
CASES = [(name, when) for name in MISTAKES for when in WHEN if when != "never"]
CASES += [(name, when) for name in TURNS for when in ("late", "every 7")]


@pytest.mark.parametrize(("name", "when"), CASES)
def test_a_glance_counts_what_a_close_look_counts(name: str, when: str) -> None:
    """Steps, passes, forwards, losses, epochs: the same numbers as when every step is looked at closely."""
    program = looping({**MISTAKES, **TURNS}[name], WHEN[when])
    glanced = counts(trace_of(program))
    assert glanced == counts(trace_of(program, closely=True))
    if name in MISTAKES:
        right = counts_of_the_right_loop()
        assert right["outcomes"] == {"fresh": 240}
        assert any(glanced[part] != right[part] for part in ("outcomes", "backwards", "sightings"))


@pytest.mark.parametrize(("closely", "least", "most"), [(False, 140, 230), (True, 0, 0)])
def test_a_right_loop_is_glanced_at_for_most_of_its_steps(closely: bool, least: int, most: int) -> None:
    """Otherwise the comparisons here would compare close looks with close looks."""
    program = COUNTED + looping(RIGHT) + "\nresult = len(glanced)"
    assert least <= recording_of(program, closely=closely).result <= most


def test_an_error_at_the_end_of_a_run_is_none_of_the_students() -> None:
    """The program runs to its end, and the trace says that the recorder failed."""
    broken = "sys.modules['gradeloop_worker.handover'].catch_up = None"
    recording = run(SOON + broken + PRELUDE + looping(RIGHT))
    assert recording.crash is None
    assert recording.trace.problem.startswith("steady: TypeError")


def test_a_long_trace_is_no_larger_than_a_short_one() -> None:
    """Two thousand steps and twenty thousand fit the same bound."""
    for epochs in (50, 500):
        recording = recording_of(looping(RIGHT).replace("range(6)", f"range({epochs})"))
        assert recording.trace.steps == 40 * epochs
        assert recording.size < BOUND
