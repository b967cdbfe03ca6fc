"""From a run of ordinary steps to close looks: all accounts as they would be if every step had been looked at."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from . import backwards
from .forward import Forward, Mark
from .glances import BACKED, FORWARDED, IDLE, STEPPING, Glances, nothing
from .passes import Pass
from .template import KEY, Template

if TYPE_CHECKING:
    from .books import Books

#: calls of the step that are over, by what came last
_DONE = {
    IDLE: (),
    FORWARDED: ("forward", "loss"),
    BACKED: ("forward", "loss", "backward"),
    STEPPING: ("forward", "loss", "backward"),
}


def catch_up(books: Books, step: Glances, template: Template) -> Pass:
    """The accounts of all buffers as they would be; the pass that is in them."""
    optimized, passes = template.optimized, books.passes
    pending = step.state in (BACKED, STEPPING)
    passes.clock += 1
    running = Pass(template.line, passes.clock)
    running.reached = running.live = len(template.buffers)
    running.used = not pending
    versions = template.arrived if pending else template.versions
    if not pending:
        passes.clock += 1
        optimized.clock = passes.clock
    for place, buffer in enumerate(template.buffers):
        gradient = step.gradients[place] if step.gradients else None
        buffer.base, buffer.passes = 0, [] if pending and gradient is None else [running]
        buffer.used = {} if pending else {optimized.consumer: 1}
        buffer.grad = nothing if gradient is None else weakref.ref(gradient)
        buffer.grad_version = versions[place]
        buffer.version, buffer.zeros, buffer.probe = step.weights[place], None, None
        if not pending:
            buffer.stepped_at = optimized.clock
    root = step.root()
    if root is not None and root.grad_fn is not None and step.state != FORWARDED:
        root.grad_fn.metadata[backwards.KEY] = running  # type: ignore[index]
    return running


def call_again(books: Books, step: Glances, template: Template) -> None:
    """Note the calls of the step that is running, as far as it has come."""
    done = _DONE[step.state]
    for name, line in template.pattern.calls:
        if (name == "zero_grad" and step.cleared) or (name in done and (name != "loss" or step.lost)):
            books.calls.note(name, line)


def remember_forward(books: Books, step: Glances, template: Template, running: Pass) -> None:
    """The newest forward as a close look would know it."""
    forwards = books.forwards
    forward = _forward(books, step, template)
    mark = Mark(forward, books.passes, forwards.across_step)
    forward.mark = weakref.ref(mark)
    if step.state != FORWARDED:
        forward.trained = True
        running.forwards, running.samples = [forward], forward.samples
        forward.pass_at = running.at
        forward.updates_at = template.root.updates - (step.state == IDLE)
    output = step.output()
    if output is not None:
        output.register_hook(mark)  # type: ignore[no-untyped-call]
    elif step.node is not None:
        step.node.register_prehook(lambda gradients: mark(gradients[0]))
    if step.node is not None:
        step.node.metadata[KEY] = forward
    forwards.newest = forward
    forwards.pending.append(forward)


def _forward(books: Books, step: Glances, template: Template) -> Forward:
    example, forwards = template.forward, books.forwards
    forward = Forward(step.number, template.root, example.line)
    forward.training = forward.grad_enabled = True
    forward.samples, forward.modal_training = step.size, example.modal_training
    forward.loader_pass = forwards.loader_pass
    forward.judged = step.judged or step.lost
    forward.entered = step.entered  # type: ignore[assignment]
    forward.sampled = step.sampled
    output = step.output()
    if output is not None:
        forward.outputs.append(weakref.ref(output))
        forward.pointer = output.data_ptr()
    return forward
