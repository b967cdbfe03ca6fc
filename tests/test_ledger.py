"""What optimizers find in their gradients: correct loops in unusual clothes, and wrong ones that look correct."""

from __future__ import annotations

import itertools
import re
import textwrap

import pytest

from grader.trace import Outcome, Sighting, Trace

from .recording import Recording, run

PRELUDE = """
import copy, io, itertools
import torch, torch.nn as nn, torch.nn.functional as F
CE = nn.CrossEntropyLoss()
torch.manual_seed(0)
x, y = torch.randn(32, 20), torch.randint(0, 3, (32,))
def mlp():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 3))
m = mlp()
"""
SGD = "o = torch.optim.SGD(m.parameters(), lr=.1)\n"


def run_loop(body: str) -> Recording:
    """Run a loop after the prelude; it must end well and the recorder must not have failed."""
    recording = run(PRELUDE + textwrap.dedent(body))
    assert recording.crash is None, recording.crash
    assert recording.trace.problem == ""
    assert recording.trace.complete
    return recording


def assert_innocent(trace: Trace) -> None:
    """Nothing in the trace could become a finding about the order of calls."""
    assert set(trace.outcomes) <= {"fresh", "by-hand"}, trace.patterns
    assert trace.by_hand_stale.count == 0
    passes = trace.backwards
    suspicious = (passes.detached, passes.without_graph, passes.repeated, passes.across_step, passes.not_finite)
    assert suspicious == (Sighting(),) * 5
    assert passes.total == passes.used + passes.wiped + passes.pending


# -- correct loops --------------------------------------------------------------------------------------

OPTIMIZERS = {
    "sgd": "SGD(m.parameters(), lr=.1)",
    "sgd with momentum, foreach": "SGD(m.parameters(), lr=.1, momentum=.9, foreach=True)",
    "sgd, fused": "SGD(m.parameters(), lr=.1, fused=True)",
    "adam": "Adam(m.parameters())",
    "adam, foreach": "Adam(m.parameters(), foreach=True)",
    "adam, fused": "Adam(m.parameters(), fused=True)",
    "adamw": "AdamW(m.parameters())",
    "rmsprop": "RMSprop(m.parameters())",
    "adagrad": "Adagrad(m.parameters())",
    "adadelta": "Adadelta(m.parameters())",
    "nadam": "NAdam(m.parameters())",
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_ordinary_loop_is_fresh_with_any_optimizer(name: str) -> None:
    """zero_grad, backward, step: every step finds one new contribution."""
    trace = run_loop(f"""
        o = torch.optim.{OPTIMIZERS[name]}
        for _ in range(4): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """).trace
    assert_innocent(trace)
    assert trace.outcomes == {"fresh": 4}
    assert (trace.backwards.total, trace.backwards.used, trace.backwards.bare) == (4, 4, 4)
    [pattern] = trace.patterns
    assert (pattern.fresh, pattern.stale, pattern.batches) == (1, 0, 1)


CLEARINGS = {
    "zero_grad": "o.zero_grad()",
    "zero_grad to zeros": "o.zero_grad(set_to_none=False)",
    "model.zero_grad": "m.zero_grad()",
    "model.zero_grad to zeros": "m.zero_grad(set_to_none=False)",
    "grad = None": "[setattr(p, 'grad', None) for p in m.parameters()]",
    "grad.zero_": "[p.grad.zero_() for p in m.parameters() if p.grad is not None]",
    "grad.data.zero_": "[p.grad.data.zero_() for p in m.parameters() if p.grad is not None]",
    "grad.detach().zero_": "[p.grad.detach().zero_() for p in m.parameters() if p.grad is not None]",
    "grad.fill_": "[p.grad.fill_(0) for p in m.parameters() if p.grad is not None]",
    "grad times 0": "[p.grad.mul_(0) for p in m.parameters() if p.grad is not None]",
    "grad[:] = 0": "[p.grad.__setitem__(slice(None), 0) for p in m.parameters() if p.grad is not None]",
    "numpy": "[p.grad.numpy().fill(0) for p in m.parameters() if p.grad is not None]",
    "foreach": "(lambda gs: gs and torch._foreach_zero_(gs))([p.grad for p in m.parameters() if p.grad is not None])",
    "del grad": "[p.__delattr__('grad') for p in m.parameters() if p.grad is not None]",
    "zeros_like": "[setattr(p, 'grad', torch.zeros_like(p)) for p in m.parameters()]",
    "per group": "[setattr(p, 'grad', None) for g in o.param_groups for p in g['params']]",
}


@pytest.mark.parametrize(("name", "place"), list(itertools.product(CLEARINGS, ("start", "middle", "end"))))
def test_a_gradient_may_be_cleared_by_any_means(name: str, place: str) -> None:
    """How and where the buffer is emptied does not matter, as long as it is empty when autograd adds."""
    clear = CLEARINGS[name]
    parts = {
        "start": f"{clear}; loss = CE(m(x), y); loss.backward(); o.step()",
        "middle": f"loss = CE(m(x), y); {clear}; loss.backward(); o.step()",
        "end": f"loss = CE(m(x), y); loss.backward(); o.step(); {clear}",
    }
    trace = run_loop(f"{SGD}for _ in range(30): {parts[place]}").trace
    assert_innocent(trace)
    assert trace.outcomes == {"fresh": 30}


LEGAL = {
    "accumulation": """
        o = torch.optim.Adam(m.parameters())
        o.zero_grad()
        for i in range(16):
            (CE(m(x), y) / 4).backward()
            if (i + 1) % 4 == 0: o.step(); o.zero_grad()
    """,
    "two losses of one graph": SGD
    + """
for _ in range(4):
    o.zero_grad(); out = m(x); l1 = CE(out, y); l2 = out.pow(2).mean()
    l1.backward(retain_graph=True); l2.backward(); o.step()
""",
    "lbfgs": """
        o = torch.optim.LBFGS(m.parameters(), lr=.1, max_iter=5)
        def closure(): o.zero_grad(); l = CE(m(x), y); l.backward(); return l
        for _ in range(3): o.step(closure)
    """,
    "lbfgs with a line search": """
        o = torch.optim.LBFGS(m.parameters(), max_iter=5, line_search_fn="strong_wolfe")
        def closure(): o.zero_grad(); l = CE(m(x), y); l.backward(); return l
        for _ in range(3): o.step(closure)
    """,
    "sgd with a closure": SGD
    + """
def closure(): o.zero_grad(); l = CE(m(x), y); l.backward(); return l
for _ in range(3): o.step(closure=closure)
""",
    "line search that puts the weights back": SGD
    + """
for _ in range(5):
    o.zero_grad(); loss = CE(m(x), y); loss.backward()
    kept = copy.deepcopy(m.state_dict())
    o.step()
    for g in o.param_groups: g['lr'] *= .5
    m.load_state_dict(kept)
    o.step()
""",
    "gan": """
        G = nn.Linear(5, 20); D = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1))
        og, od = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters()); bce = nn.BCEWithLogitsLoss()
        for _ in range(4):
            od.zero_grad()
            fake = G(torch.randn(32, 5))
            bce(D(x), torch.ones(32, 1)).backward(); bce(D(fake.detach()), torch.zeros(32, 1)).backward(); od.step()
            og.zero_grad(); bce(D(fake), torch.ones(32, 1)).backward(); og.step()
    """,
    "gan whose fake is not detached": """
        G = nn.Linear(5, 20); D = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1))
        og, od = torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters()); bce = nn.BCEWithLogitsLoss()
        for _ in range(4):
            od.zero_grad(); fake = G(torch.randn(32, 5))
            (bce(D(x), torch.ones(32, 1)) + bce(D(fake), torch.zeros(32, 1))).backward(retain_graph=True); od.step()
            og.zero_grad(); bce(D(fake), torch.ones(32, 1)).backward(); og.step()
    """,
    "gradient scaler": SGD
    + """
sc = torch.amp.GradScaler("cpu")
for _ in range(4):
    o.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16): l = CE(m(x), y)
    sc.scale(l).backward(); sc.unscale_(o); nn.utils.clip_grad_norm_(m.parameters(), 1.); sc.step(o); sc.update()
""",
    "autograd.grad and an update by hand": """
        ps = list(m.parameters())
        for _ in range(4):
            gs = torch.autograd.grad(CE(m(x), y), ps)
            with torch.no_grad():
                for p, g in zip(ps, gs): p -= .1 * g
    """,
    "autograd.grad and p.grad = g": """
        ps = list(m.parameters()); o = torch.optim.SGD(ps, lr=.1)
        for _ in range(4):
            gs = torch.autograd.grad(CE(m(x), y), ps)
            for p, g in zip(ps, gs): p.grad = g
            o.step()
    """,
    "autograd.grad copied into the same tensor": """
        ps = list(m.parameters()); o = torch.optim.SGD(ps, lr=.1)
        for p in ps: p.grad = torch.zeros_like(p)
        for _ in range(4):
            gs = torch.autograd.grad(CE(m(x), y), ps)
            for p, g in zip(ps, gs): p.grad.copy_(g)
            o.step()
    """,
    "raw tensors": """
        w = torch.randn(20, 3, requires_grad=True); b = torch.zeros(3, requires_grad=True)
        for _ in range(4):
            l = F.cross_entropy(x @ w + b, y); l.backward()
            with torch.no_grad():
                w -= .1 * w.grad; b -= .1 * b.grad; w.grad.zero_(); b.grad = None
    """,
    "raw tensors by .data": """
        w = torch.randn(20, 3, requires_grad=True)
        for _ in range(4):
            l = F.cross_entropy(x @ w, y); l.backward(); w.data -= .1 * w.grad.data; w.grad.data.zero_()
    """,
    "a module by .data": """
        for _ in range(20):
            m.zero_grad(); CE(m(x), y).backward()
            for p in m.parameters(): p.data -= .1 * p.grad
    """,
    "a leaf bound anew": """
        w = torch.randn(20, 3, requires_grad=True)
        for _ in range(30):
            l = F.cross_entropy(x @ w, y); l.backward(); w = (w - .1 * w.grad).detach().requires_grad_()
    """,
    "torch.func": """
        from torch.func import functional_call, grad
        ps = {k: v.detach() for k, v in m.named_parameters()}
        lf = lambda ps: CE(functional_call(m, ps, (x,)), y)
        for _ in range(4): g = grad(lf)(ps); ps = {k: ps[k] - .1 * g[k] for k in ps}
    """,
    "sharpness aware": SGD
    + """
for _ in range(4):
    CE(m(x), y).backward()
    with torch.no_grad():
        es = [.05 * p.grad / (p.grad.norm() + 1e-9) for p in m.parameters()]
        for p, e in zip(m.parameters(), es): p.add_(e)
    o.zero_grad(); CE(m(x), y).backward()
    with torch.no_grad():
        for p, e in zip(m.parameters(), es): p.sub_(e)
    o.step(); o.zero_grad()
""",
    "sharpness aware, wrapped as an optimizer": """
        class SAM(torch.optim.Optimizer):
            def __init__(self, params, base, **kw):
                super().__init__(params, dict(rho=.05)); self.base = base(self.param_groups, **kw)
            @torch.no_grad()
            def step(self, closure):
                closure = torch.enable_grad()(closure)
                for g in self.param_groups:
                    for p in g['params']:
                        self.state[p]['e'] = .05 * p.grad / (p.grad.norm() + 1e-9); p.add_(self.state[p]['e'])
                self.zero_grad(); closure()
                for g in self.param_groups:
                    for p in g['params']: p.sub_(self.state[p]['e'])
                self.base.step(); self.zero_grad()
        o = SAM(m.parameters(), torch.optim.SGD, lr=.1)
        def closure(): l = CE(m(x), y); l.backward(); return l
        for _ in range(4): closure(); o.step(closure)
    """,
    "reentrant checkpoint": """
        from torch.utils.checkpoint import checkpoint
        x.requires_grad_(True); o = torch.optim.SGD(m.parameters(), lr=.1)
        for _ in range(3):
            o.zero_grad(); h = checkpoint(m[0], x, use_reentrant=True)
            CE(checkpoint(lambda t: m[2](F.relu(t)), h, use_reentrant=True), y).backward(); o.step()
    """,
    "checkpoint": SGD
    + """
from torch.utils.checkpoint import checkpoint
for _ in range(3): o.zero_grad(); CE(checkpoint(m, x, use_reentrant=False), y).backward(); o.step()
""",
    "two optimizers": """
        o1 = torch.optim.SGD(m[0].parameters(), lr=.1); o2 = torch.optim.Adam(m[2].parameters())
        for _ in range(4):
            o1.zero_grad(); o2.zero_grad(); CE(m(x), y).backward(); o1.step(); o2.step()
    """,
    "two optimizers that share parameters": """
        o1 = torch.optim.SGD(m.parameters(), lr=.1); o2 = torch.optim.Adam(m[2].parameters())
        for _ in range(4):
            o1.zero_grad(); CE(m(x), y).backward(); o1.step(); o2.step()
    """,
    "two models that take turns": """
        other = mlp(); o = torch.optim.SGD([*m.parameters(), *other.parameters()], lr=.1)
        for i in range(4): o.zero_grad(); CE((m if i % 4 < 2 else other)(x), y).backward(); o.step()
    """,
    "a head that joins later": """
        other = mlp(); o = torch.optim.SGD([*m.parameters(), *other.parameters()], lr=.1)
        for i in range(4): o.zero_grad(); (CE(m(x), y) + (CE(other(x), y) if i > 20 else 0)).backward(); o.step()
    """,
    "a model that gives way to another": """
        other = mlp(); o = torch.optim.SGD([*m.parameters(), *other.parameters()], lr=.1)
        for i in range(4): o.zero_grad(); CE((m if i < 21 else other)(x), y).backward(); o.step()
    """,
    "accumulation with a remainder": """
        o = torch.optim.Adam(m.parameters())
        for i in range(4):
            for j in range(7):
                (CE(m(x), y) / 3).backward()
                if j % 3 == 2 or j == 6: o.step(); o.zero_grad()
    """,
    "a step left out now and again": SGD
    + """
for i in range(4):
    o.zero_grad(); l = CE(m(x), y); l.backward()
    if i % 7 != 3: o.step()
""",
    "hand-made gradients now and again": SGD
    + """
for i in range(4):
    o.zero_grad(); CE(m(x), y).backward()
    if i % 5 == 4:
        for p in m.parameters(): p.grad = torch.randn_like(p)
    o.step()
""",
    "frozen backbone": """
        for p in m[0].parameters(): p.requires_grad_(False)
        o = torch.optim.SGD([p for p in m.parameters() if p.requires_grad], lr=.1)
        for _ in range(4): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """,
    "frozen backbone given to the optimizer": """
        for p in m[0].parameters(): p.requires_grad_(False)
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for _ in range(4): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """,
    "unfrozen later": """
        for p in m[0].parameters(): p.requires_grad_(False)
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for i in range(6):
            if i == 3:
                for p in m[0].parameters(): p.requires_grad_(True)
            o.zero_grad(); CE(m(x), y).backward(); o.step()
    """,
    "copied and saved": SGD
    + """
for _ in range(3):
    o.zero_grad(); CE(m(x), y).backward(); o.step(); best = copy.deepcopy(m)
    stream = io.BytesIO(); torch.save(m, stream); torch.save(m.state_dict(), io.BytesIO())
stream.seek(0); torch.load(stream, weights_only=False)(x)
m.load_state_dict(best.state_dict())
o2 = torch.optim.SGD(best.parameters(), lr=.1)
for _ in range(3): o2.zero_grad(); CE(best(x), y).backward(); o2.step()
""",
    "gradient penalty": SGD
    + """
for _ in range(3):
    o.zero_grad(); xx = x.clone().requires_grad_(True); l = CE(m(xx), y)
    g, = torch.autograd.grad(l, xx, create_graph=True); (l + g.pow(2).sum()).backward(); o.step()
""",
    "dead units": SGD
    + """
m[0].bias.data.fill_(-1e3)
for _ in range(3): o.zero_grad(); CE(m(x), y).backward(); o.step()
""",
    "gradients that are all zero": SGD
    + """
for _ in range(40): o.zero_grad(); (CE(m(x), y) * 0).backward(); o.step()
""",
    "a single step": SGD + "CE(m(x), y).backward(); o.step()",
    "optimizers inside backward": """
        od = {p: torch.optim.SGD([p], lr=.1) for p in m.parameters()}
        def h(p): od[p].step(); od[p].zero_grad()
        for p in m.parameters(): p.register_post_accumulate_grad_hook(h)
        for _ in range(4): CE(m(x), y).backward()
    """,
    "compiled": SGD
    + """
c = torch.compile(m, backend="aot_eager", fullgraph=True)
for _ in range(4): o.zero_grad(); CE(c(x), y).backward(); o.step()
""",
    "compiled with its loss": SGD
    + """
f = torch.compile(lambda a, b: F.cross_entropy(m(a), b), backend="aot_eager", fullgraph=True)
for _ in range(4): o.zero_grad(); f(x, y).backward(); o.step()
""",
    "clipped by binding anew": SGD
    + """
for _ in range(4):
    o.zero_grad(); CE(m(x), y).backward()
    for p in m.parameters(): p.grad = p.grad.clamp(-.01, .01)
    o.step()
""",
    "weight tying": """
        m = nn.Sequential(nn.Linear(20, 20), nn.Linear(20, 20), nn.Linear(20, 3)); m[1].weight = m[0].weight
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for _ in range(4): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """,
    "truncated backpropagation": """
        r = nn.GRU(4, 8); h = torch.zeros(1, 2, 8); hd = nn.Linear(8, 3)
        o = torch.optim.Adam([*r.parameters(), *hd.parameters()])
        for _ in range(4):
            o.zero_grad(); out, h = r(torch.randn(5, 2, 4), h.detach())
            CE(hd(out[-1]), torch.tensor([0, 1])).backward(); o.step()
    """,
    "sparse gradients": """
        e = nn.Embedding(30, 3, sparse=True); o = torch.optim.SparseAdam(e.parameters())
        for _ in range(3): o.zero_grad(); CE(e(torch.tensor([1, 2, 3])), torch.tensor([0, 1, 2])).backward(); o.step()
    """,
    "moving average": SGD
    + """
from torch.optim.swa_utils import AveragedModel
ema = AveragedModel(m)
for _ in range(3): o.zero_grad(); CE(m(x), y).backward(); o.step(); ema.update_parameters(m)
""",
    "validation in between": SGD
    + """
for _ in range(3):
    m.train(); o.zero_grad(); CE(m(x), y).backward(); o.step()
    m.eval()
    with torch.no_grad(): CE(m(x), y)
""",
    "attack on the input": SGD
    + """
for _ in range(3):
    xx = x.clone().requires_grad_(True); CE(m(xx), y).backward(); adv = (x + .1 * xx.grad.sign()).detach()
    o.zero_grad(); CE(m(adv), y).backward(); o.step()
""",
    "weights clipped after each step": SGD
    + """
for _ in range(4):
    o.zero_grad(); CE(m(x), y).backward(); o.step()
    for p in m.parameters(): p.data.clamp_(-1, 1)
""",
    "backward of two halves": SGD
    + """
a, b = list(m[0].parameters()), list(m[2].parameters())
for _ in range(4):
    o.zero_grad(); l = CE(m(x), y); l.backward(inputs=a, retain_graph=True); l.backward(inputs=b); o.step()
""",
    "a jacobian by rows": SGD
    + """
for _ in range(4):
    o.zero_grad(); out = m(x)
    for i in (0, 1, 2): out.backward(F.one_hot(torch.full((32,), i), 3).float() / 96, retain_graph=True)
    o.step()
""",
    "a scripted part": SGD
    + """
s = torch.jit.script(m)
for _ in range(3): o.zero_grad(); CE(s(x), y).backward(); o.step()
""",
    "a model that is scripted as it is made": """
m = torch.jit.script(nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 3)))
o = torch.optim.SGD(m.parameters(), lr=.1)
for _ in range(3): o.zero_grad(); CE(m(x), y).backward(); o.step()
""",
    "classes that are scripted when they are imported": SGD
    + """
import torch.distributed.optim
for _ in range(3): o.zero_grad(); CE(m(x), y).backward(); o.step()
""",
    "a traced model": SGD
    + """
t = torch.jit.trace(m, x); fx = torch.fx.symbolic_trace(m)
for _ in range(3): o.zero_grad(); CE(t(x), y).backward(); o.step()
for _ in range(3): o.zero_grad(); CE(fx(x), y).backward(); o.step()
""",
    "weight norm and spectral norm": """
        from torch.nn.utils.parametrizations import spectral_norm, weight_norm
        m = nn.Sequential(weight_norm(nn.Linear(20, 16)), nn.ReLU(), spectral_norm(nn.Linear(16, 3)))
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for _ in range(3): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """,
    "a lazy model": """
        m = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyLinear(3)); m(x)
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for _ in range(3): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """,
    "steps from another thread": SGD
    + """
import threading
def train():
    for _ in range(20): o.zero_grad(); CE(m(x), y).backward(); o.step()
t = threading.Thread(target=train); t.start(); t.join()
""",
    "per-sample gradients": SGD
    + """
from torch.func import functional_call, grad, vmap
ps = dict(m.named_parameters())
one = lambda ps, a, b: F.cross_entropy(functional_call(m, ps, (a[None],)), b[None])
for _ in range(3):
    gs = vmap(grad(one), in_dims=(None, 0, 0))({k: p.detach() for k, p in ps.items()}, x, y)
    for k, p in ps.items(): p.grad = gs[k].mean(0)
    o.step()
""",
}


def longer(source: str) -> str:
    """The same loop with ten times as many turns: far beyond the steps that are looked at closely."""
    return re.sub(r"in range\((\d+)\): ?(?!out)", lambda match: f"in range({int(match[1])}0):", source)


@pytest.mark.parametrize(("name", "long"), list(itertools.product(LEGAL, (False, True))))
def test_a_correct_loop_in_unusual_clothes_is_innocent(name: str, long: bool) -> None:
    """Nothing suspicious, and the backward passes that the loop used are known to be used."""
    trace = run_loop(longer(LEGAL[name]) if long else LEGAL[name]).trace
    assert_innocent(trace)
    assert trace.shows_training
    assert trace.backwards.wiped == 0 or name in ("attack on the input", "a step left out now and again")


def test_an_infinite_loss_that_a_scaler_skips_is_no_waste() -> None:
    """The scaler leaves the step out; what it threw away does not count as wiped."""
    trace = run_loop(
        SGD
        + """
sc = torch.amp.GradScaler("cpu", init_scale=2.**16)
for i in range(4):
    o.zero_grad(); l = CE(m(x), y) * (float("inf") if i == 1 else 1.)
    sc.scale(l).backward(); sc.step(o); sc.update()
"""
    ).trace
    assert trace.outcomes == {"fresh": 3}
    assert (trace.backwards.used, trace.backwards.wiped, trace.backwards.not_finite.count) == (4, 0, 1)


def test_gradients_set_by_hand_are_told_apart() -> None:
    """`p.grad = g` is a step that no backward pass fed."""
    for name in ("autograd.grad and p.grad = g", "autograd.grad copied into the same tensor", "per-sample gradients"):
        trace = run_loop(LEGAL[name]).trace
        assert set(trace.outcomes) == {"by-hand"}
        assert trace.backwards.total == 0


def test_updates_by_hand_are_counted() -> None:
    """A loop without an optimizer has as many updates as it has turns."""
    for name in ("raw tensors", "raw tensors by .data"):
        trace = run_loop(LEGAL[name]).trace
        assert (trace.by_hand.count, trace.backwards.used, trace.steps) == (4, 4, 0)
    assert run_loop(LEGAL["a module by .data"]).trace.by_hand.count == 20
    assert run_loop(LEGAL["a leaf bound anew"]).trace.backwards.used >= 29
    assert run_loop(LEGAL["autograd.grad and an update by hand"]).trace.by_hand.count >= 3


def test_gradients_by_function_are_counted() -> None:
    """torch.func leaves no gradient in any buffer, and is seen all the same."""
    assert run_loop(LEGAL["torch.func"]).trace.functional.count >= 1
    assert run_loop(LEGAL["autograd.grad and an update by hand"]).trace.functional.count == 4


def test_accumulation_shows_its_micro_batches() -> None:
    """Four contributions of four batches in each step, and the calls folded to one round."""
    trace = run_loop(LEGAL["accumulation"]).trace
    pattern = max(trace.patterns, key=lambda pattern: pattern.count)
    assert (pattern.fresh, pattern.batches, pattern.count) == (4, 4, 3)
    assert [event.name for event in pattern.events] == ["zero_grad", "forward", "loss", "backward", "step"]
    assert trace.backwards.bare == 0


def test_a_wrapper_around_an_optimizer_is_one_step() -> None:
    """The optimizer inside takes the step; the wrapper does not take another."""
    trace = run_loop(LEGAL["sharpness aware, wrapped as an optimizer"]).trace
    assert trace.steps == 4


# -- wrong loops ----------------------------------------------------------------------------------------

STALE = {
    "no zero_grad": SGD + "for _ in range(30): CE(m(x), y).backward(); o.step()",
    "no zero_grad, adam fused": """
        o = torch.optim.Adam(m.parameters(), fused=True)
        for _ in range(30): CE(m(x), y).backward(); o.step()
    """,
    "no zero_grad, clipped by binding anew": SGD
    + """
for _ in range(30):
    CE(m(x), y).backward()
    for p in m.parameters(): p.grad = p.grad.clamp(-.01, .01)
    o.step()
""",
    "no zero_grad, clipped": SGD
    + """
for _ in range(30):
    CE(m(x), y).backward(); nn.utils.clip_grad_norm_(m.parameters(), 1.); o.step()
""",
    "zero_grad without parentheses": SGD + "for _ in range(30): o.zero_grad; CE(m(x), y).backward(); o.step()",
    "zero_grad of another optimizer": SGD
    + """
m2 = mlp(); o2 = torch.optim.SGD(m2.parameters(), lr=.1)
for _ in range(30): o2.zero_grad(); CE(m(x), y).backward(); o.step()
""",
    "zero_grad of the head only": SGD + "for _ in range(30): m[2].zero_grad(); CE(m(x), y).backward(); o.step()",
    "closure without zero_grad": """
        o = torch.optim.LBFGS(m.parameters(), lr=.1, max_iter=5)
        def closure(): l = CE(m(x), y); l.backward(); return l
        for _ in range(30): o.step(closure)
    """,
    "scaler without zero_grad": SGD
    + """
sc = torch.amp.GradScaler("cpu")
for _ in range(30): sc.scale(CE(m(x), y)).backward(); sc.step(o); sc.update()
""",
    "an optimizer made anew each step": """
        for _ in range(30):
            o = torch.optim.SGD(m.parameters(), lr=.1); CE(m(x), y).backward(); o.step()
    """,
    "one head keeps its old gradient": """
        body, a, b = nn.Linear(20, 8), nn.Linear(8, 3), nn.Linear(8, 3)
        o = torch.optim.SGD([*body.parameters(), *a.parameters(), *b.parameters()], lr=.1)
        for i in range(30):
            body.zero_grad(); head = a if i % 2 else b; head.zero_grad(); CE(head(body(x)), y).backward(); o.step()
    """,
}


@pytest.mark.parametrize("name", STALE)
def test_contributions_applied_again_with_new_ones_are_stale(name: str) -> None:
    """From the second step on, all steps: each applies again what an earlier one had applied."""
    trace = run_loop(STALE[name]).trace
    at_once = name == "closure without zero_grad"
    assert trace.outcomes == ({"stale": 30} if at_once else {"fresh": 1, "stale": 29})
    assert trace.backwards.wiped == 0


def test_the_names_of_parameters_that_were_not_cleared_are_told() -> None:
    """Only the body's parameters are stale when only the head is cleared."""
    trace = run_loop(STALE["zero_grad of the head only"]).trace
    [pattern] = trace.with_outcome(Outcome.STALE)
    assert pattern.parameters == ("0.weight", "0.bias")
    assert (pattern.fresh, pattern.stale) == (1, 29)


def test_zero_grad_once_an_epoch_is_stale_within_the_epoch() -> None:
    """The first step of each epoch is right, the others are not."""
    trace = run_loop(
        SGD
        + """
for _ in range(2):
    o.zero_grad()
    for _ in range(3): CE(m(x), y).backward(); o.step()
"""
    ).trace
    assert trace.outcomes == {"fresh": 2, "stale": 4}


def test_accumulation_that_is_never_cleared_is_stale() -> None:
    """Four new contributions on top of all the old ones."""
    trace = run_loop(
        SGD
        + """
for i in range(16):
    (CE(m(x), y) / 4).backward()
    if (i + 1) % 4 == 0: o.step()
"""
    ).trace
    assert trace.outcomes == {"fresh": 1, "stale": 3}


def test_a_contribution_after_the_only_step_was_received() -> None:
    """The optimizer was early, but its parameters do get gradients."""
    trace = run_loop(SGD + "o.zero_grad(); l = CE(m(x), y); o.step(); l.backward()").trace
    assert trace.outcomes == {"empty": 1}
    assert (trace.optimizers[0].received, trace.backwards.pending) == (4, 1)


def test_the_gradient_of_an_attack_that_is_applied_twice_is_stale() -> None:
    """The attack's own step leaves its gradient, and the next step applies it again."""
    trace = run_loop(
        SGD
        + """
for _ in range(3):
    xx = x.clone().requires_grad_(True); CE(m(xx), y).backward(); o.step()
    CE(m(x), y).backward(); o.step(); o.zero_grad()
"""
    ).trace
    assert trace.outcomes == {"fresh": 3, "stale": 3}


def test_a_gan_whose_discriminator_is_not_cleared_is_stale() -> None:
    """The generator is right, the discriminator is not."""
    trace = run_loop(LEGAL["gan"].replace("od.zero_grad()", "pass")).trace
    stale = trace.with_outcome(Outcome.STALE)
    assert {trace.optimizers[pattern.optimizer].steps for pattern in stale} == {4}
    assert trace.outcomes == {"fresh": 5, "stale": 3}


@pytest.mark.parametrize(("wrong", "outcome"), [
    ("o.zero_grad(); CE(m(x), y).backward(); o.step(); o.step()", "repeated"),
    ("CE(m(x), y).backward(); o.step()", "stale"),
    ("CE(m(x), y).backward(); o.zero_grad(); o.step()", "wiped"),
    ("o.zero_grad(); o.step()", "empty"),
])  # fmt: skip
@pytest.mark.parametrize("right", [50, 55, 63, 64, 65])
def test_a_mistake_that_begins_late_is_found(wrong: str, outcome: str, right: int) -> None:
    """However long all was well, and wherever the close looks fall: every wrong step is counted, and no right one."""
    trace = run_loop(f"""
        o = torch.optim.SGD(m.parameters(), lr=.1)
        for i in range({right} + 40):
            if i < {right}: o.zero_grad(); CE(m(x), y).backward(); o.step()
            else: {wrong}
    """).trace
    assert trace.count(Outcome(outcome)) >= 39
    assert set(trace.outcomes) == {"fresh", outcome}
    assert right <= trace.count(Outcome.FRESH) <= right + 40


@pytest.mark.parametrize("update", ["with torch.no_grad(): w -= .1 * w.grad", "w.data -= .1 * w.grad.data"])
def test_an_update_by_hand_that_never_clears_is_stale(update: str) -> None:
    """Without an optimizer the same mistake is seen at the parameter itself."""
    trace = run_loop(f"""
        w = torch.randn(20, 3, requires_grad=True)
        for _ in range(6):
            F.cross_entropy(x @ w, y).backward()
            {update}
    """).trace
    assert trace.by_hand_stale.count == 5
    assert trace.by_hand.count == 6


WIPED = {
    "zero_grad": "o.zero_grad()",
    "zero_grad to zeros": "o.zero_grad(set_to_none=False)",
    "grad = None": "[setattr(p, 'grad', None) for p in m.parameters()]",
    "grad.data.zero_": "[p.grad.data.zero_() for p in m.parameters()]",
}


@pytest.mark.parametrize("name", WIPED)
def test_gradients_cleared_between_backward_and_step_are_wiped(name: str) -> None:
    """Contributions came, and nothing of them was there when the optimizer looked."""
    trace = run_loop(f"{SGD}for _ in range(30): CE(m(x), y).backward(); {WIPED[name]}; o.step()").trace
    assert trace.outcomes == {"wiped": 30}
    assert (trace.backwards.total, trace.backwards.used, trace.backwards.wiped) == (30, 0, 30)


def test_the_line_that_cleared_is_told() -> None:
    """zero_grad after backward is the line to look at."""
    recording = run_loop(SGD + "for _ in range(4):\n    CE(m(x), y).backward()\n    o.zero_grad()\n    o.step()")
    [pattern] = recording.trace.patterns
    lines = (PRELUDE + SGD).count("\n")
    assert pattern.cleared_line == lines + 3
    assert [event.line for event in pattern.events] == [lines + 2, lines + 2, lines + 2, lines + 3, lines + 4]


def test_a_step_before_backward_is_empty_and_then_wiped() -> None:
    """The first step sees nothing, the others see what zero_grad left."""
    trace = run_loop(SGD + "for _ in range(4): o.zero_grad(); l = CE(m(x), y); o.step(); l.backward()").trace
    assert trace.outcomes == {"empty": 1, "wiped": 3}
    assert trace.with_outcome(Outcome.EMPTY)[0].first == 0


def test_a_loop_without_backward_is_empty() -> None:
    """No pass, no contribution, no gradient."""
    trace = run_loop(SGD + "for _ in range(4): o.zero_grad(); CE(m(x), y); o.step()").trace
    assert trace.outcomes == {"empty": 4}
    assert trace.backwards.total == 0


def test_two_steps_for_one_backward_are_repeated() -> None:
    """The second step of each turn finds only what the first had applied."""
    trace = run_loop(SGD + "for _ in range(20): o.zero_grad(); CE(m(x), y).backward(); o.step(); o.step()").trace
    assert trace.outcomes == {"fresh": 20, "repeated": 20}


@pytest.mark.parametrize("other", ["mlp()", "copy.deepcopy(m)"])
def test_an_optimizer_of_another_model_receives_nothing(other: str) -> None:
    """Its steps are empty, although backward passes reach parameters."""
    trace = run_loop(f"""
        o = torch.optim.SGD(m.parameters(), lr=.1); m2 = {other}
        for _ in range(4): o.zero_grad(); CE(m2(x), y).backward(); o.step()
    """).trace
    assert trace.outcomes == {"empty": 4}
    assert trace.optimizers[0].received == 0
    assert trace.backwards.total == 4


def test_an_optimizer_without_anything_to_train_is_frozen() -> None:
    """None of its parameters requires a gradient."""
    trace = run_loop(
        SGD
        + """
b = nn.Parameter(torch.zeros(3))
for p in m.parameters(): p.requires_grad_(False)
for _ in range(3): o.zero_grad(); CE(m(x) + b, y).backward(); o.step()
"""
    ).trace
    assert trace.outcomes == {"frozen": 3}
    assert trace.optimizers[0].trainable == 0 or trace.optimizers[0].received == 0


def test_passes_that_nobody_uses_are_pending_or_wiped() -> None:
    """Without a step the last pass is pending and those before it were cleared."""
    trace = run_loop(SGD + "for _ in range(4): o.zero_grad(); CE(m(x), y).backward()").trace
    assert trace.steps == 0
    assert (trace.backwards.total, trace.backwards.wiped, trace.backwards.pending) == (4, 3, 1)


# -- backward itself ------------------------------------------------------------------------------------


def test_a_fresh_leaf_as_loss_is_detached() -> None:
    """A loss that was made anew is connected to nothing."""
    trace = run_loop(
        SGD
        + """
for _ in range(4):
    o.zero_grad(); l = torch.tensor(CE(m(x), y).item(), requires_grad=True)
    l.backward(); o.step()
"""
    ).trace
    assert trace.backwards.detached.count == 4
    assert trace.backwards.detached.line == (PRELUDE + SGD).count("\n") + 4
    assert trace.backwards.total == 0


def test_an_output_that_was_made_anew_is_detached() -> None:
    """The loss has a graph, but no parameter is in it."""
    trace = run_loop(
        SGD
        + """
for _ in range(4):
    o.zero_grad(); out = torch.tensor(m(x).detach().numpy(), requires_grad=True); CE(out, y).backward(); o.step()
"""
    ).trace
    assert trace.backwards.detached.count == 4


def test_a_loss_without_a_graph_is_seen_when_backward_raises() -> None:
    """The exception goes on to the student, and the line is known."""
    recording = run(PRELUDE + SGD + "CE(m(x), y).detach().backward()")
    assert recording.crash is not None and recording.crash.type == "RuntimeError"
    assert recording.trace.backwards.without_graph.count == 1
    assert recording.trace.backwards.without_graph.line == (PRELUDE + SGD).count("\n") + 1


def test_one_loss_sent_backward_twice_is_repeated() -> None:
    """Both contributions of the same loss stand in the buffer when the step comes."""
    trace = run_loop(
        SGD
        + """
for _ in range(4):
    o.zero_grad(); l = CE(m(x), y); l.backward(retain_graph=True); l.backward(); o.step()
"""
    ).trace
    assert trace.backwards.repeated.count == 4
    assert trace.backwards.across_step.count == 0


def test_a_loss_sent_backward_twice_but_cleared_in_between_is_not() -> None:
    """Nothing is doubled when the first contribution is gone."""
    trace = run_loop(
        SGD
        + """
for _ in range(4):
    o.zero_grad(); l = CE(m(x), y); l.backward(retain_graph=True); o.zero_grad(); l.backward(); o.step()
"""
    ).trace
    assert trace.backwards.repeated.count == 0


def test_a_graph_executed_again_after_a_step_is_seen() -> None:
    """The bias of the last layer lets torch itself stay silent."""
    trace = run_loop("""
        w = nn.Linear(20, 3); o = torch.optim.SGD(w.parameters(), lr=.1)
        l = CE(w(x), y)
        for _ in range(4): o.zero_grad(); l.backward(retain_graph=True); o.step()
    """).trace
    assert trace.backwards.across_step.count == 3
    assert trace.backwards.repeated.count == 0


def test_losses_that_are_not_finite_are_counted() -> None:
    """Once the weights are gone, every loss is."""
    trace = run_loop("""
        o = torch.optim.SGD(m.parameters(), lr=1e30)
        for _ in range(6): o.zero_grad(); CE(m(x), y).backward(); o.step()
    """).trace
    assert trace.backwards.not_finite.count >= 4
    assert len(trace.loss_curve) <= 2
