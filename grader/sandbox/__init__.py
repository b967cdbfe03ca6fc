"""Starts a worker under limits, behind the walls that this machine offers, and reports what happened."""

from __future__ import annotations

from .backend import Pipes, SandboxBackend, Worker, choose
from .session import Session

__all__ = ["Pipes", "SandboxBackend", "Session", "Worker", "choose"]
