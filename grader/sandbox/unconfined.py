"""No wall at all: limits, a clock and a memory watch, for code that one trusts. Only by name."""

from __future__ import annotations

from ..model import Layer, Probe, RunSpec
from . import cgroup, room
from .backend import UNCONFINED, Pipes
from .box import make_box
from .cold import ColdWorker, start
from .probe import ATTEMPTS


class Unconfined:
    """A plain process of this user's."""

    name = UNCONFINED

    def probe(self) -> Probe:
        """It always works, and holds nothing."""
        detail = "the code that is graded may read and change whatever this user may"
        first, *others = ATTEMPTS.values()
        walls = (Layer(first, False, detail), *(Layer(name, False) for name in others))
        return Probe(works=True, layers=(*walls, cgroup.probe()))

    def launch(self, spec: RunSpec, pipes: Pipes) -> ColdWorker:
        """Start a monitor that forks a cold worker."""
        box = make_box(None)
        command = room.command(str(room.WORKER), "monitor", (pipes.frames, pipes.control, pipes.faults))
        process = start(command, pipes, room.environment(spec, str(box.temp)))
        jail = {
            "work": str(box.work),
            "temp": str(box.temp),
            "data": room.offered_data(spec, str(spec.data)),
            "limits": room.limits_for(spec, None),
        }
        return ColdWorker(process, jail, overhead=1, gentle=True, box=box)
