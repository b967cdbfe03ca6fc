"""What works here: sandbox layers, torch, torchvision, device, data; and what would mend the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pluggy

from .data import choose_dataset
from .errors import DataError
from .model import Probe

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
    probes = {backend.name: backend.probe() for offered in plugins.hook.grader_sandboxes() for backend in offered}
    confined = any(probe.works for name, probe in probes.items() if name != "none")
    sections = [
        ("sandbox", sandboxes(probes)),
        ("python", packages()),
        ("data", data(plugins, data_root)),
    ]
    text = "".join(f"{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in sections)
    return text, confined


def sandboxes(probes: dict[str, Probe]) -> list[str]:
    """A line for each backend and each of its layers."""
    lines = []
    for name, probe in probes.items():
        lines.append(f"{'works' if probe.works else 'fails':6} {name}" + (f": {probe.reason}" if probe.reason else ""))
        for layer in probe.layers:
            fix = f"; try: {layer.fix}" if layer.fix and not layer.holds else ""
            detail = f": {layer.detail}" if layer.detail else ""
            lines.append(f"       {'+' if layer.holds else '-'} {layer.name}{detail}{fix}")
    return lines


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
