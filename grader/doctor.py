"""What works here: sandbox layers, torch, torchvision, device, data; and what would mend the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pluggy

from .data import choose_dataset
from .errors import DataError
from .model import Probe
from .plugin_manager import all_sandboxes

#: runs beside nobody's code: torch is imported in a child so that the answer comes even where it crashes
VERSIONS = """
import json, importlib.metadata as m, torch
found = {"torch": torch.__version__, "cuda": torch.cuda.is_available()}
try:
    found["torchvision"] = m.version("torchvision")
    import torchvision
    found["imports"] = True
except Exception as error:
    found["imports"] = False
    found["why"] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
"""


def examine(plugins: pluggy.PluginManager, data_root: Path | None) -> tuple[str, bool]:
    """A table in plain text, and whether a submission can be graded here in a sandbox."""
    probes = {backend.name: backend.probe() for backend in all_sandboxes(plugins)}
    confined = any(probe.works for name, probe in probes.items() if name != "none")
    sections = [
        ("sandbox", sandboxes(probes)),
        ("python", packages()),
        ("data", data(plugins, data_root)),
    ]
    text = "".join(f"{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in sections)
    return text, confined


def sandboxes(probes: Mapping[str, Probe]) -> list[str]:
    """A table of layers and backends; below it why something does not hold, and the command that would mend it."""
    names = list(dict.fromkeys(layer.name for probe in probes.values() for layer in probe.layers))
    width = max(map(len, (*names, "works here")))
    rows = {name: {backend: _mark(probe, name) for backend, probe in probes.items()} for name in names}
    rows["works here"] = {backend: "yes" if probe.works else "no" for backend, probe in probes.items()}
    lines = ["  ".join([" " * width, *probes])]
    for name, marks in rows.items():
        cells = [f"{mark:{len(backend)}}" for backend, mark in marks.items()]
        lines.append("  ".join([f"{name:{width}}", *cells]).rstrip())
    return lines + [note for backend, probe in probes.items() for note in _notes(backend, probe)]


def _mark(probe: Probe, name: str) -> str:
    held = [layer.holds for layer in probe.layers if layer.name == name]
    return "–" if not held else "yes" if all(held) else "no"


def _notes(backend: str, probe: Probe) -> Iterator[str]:
    known = [layer for layer in probe.layers if not layer.holds]
    if probe.reason and probe.reason not in [layer.detail for layer in known]:
        yield f"{backend}: {probe.reason}"
    for layer in known:
        if layer.detail or layer.fix:
            yield f"{backend}: {layer.name}" + (f": {layer.detail}" if layer.detail else "")
        if layer.fix:
            yield f"    try: {layer.fix}"


def packages() -> list[str]:
    """torch, torchvision and the device, as a fresh Python sees them."""
    try:
        done = subprocess.run([sys.executable, "-c", VERSIONS], capture_output=True, text=True, timeout=120)
        found = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return ["fails  torch cannot be imported: pip install torch"]
    lines = [f"works  torch {found['torch']}", f"       device: {'cuda' if found['cuda'] else 'cpu'}"]
    if "torchvision" not in found:
        return [*lines, "fails  torchvision is not installed: pip install torchvision"]
    note = "" if found["imports"] else f" (by itself: {found['why'][:80]}; the worker mends that)"
    return [*lines, f"works  torchvision {found['torchvision']}{note}"]


def data(plugins: pluggy.PluginManager, root: Path | None) -> list[str]:
    """Which data set an exercise on MNIST would use."""
    try:
        dataset = choose_dataset(plugins, "mnist", root)
    except DataError as error:
        return [f"fails  {error}"]
    return [f"works  {dataset.name}: {dataset.source}"]
