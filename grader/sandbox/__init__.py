"""Starts a worker under limits, behind the walls that this machine offers, and reports what happened."""

from __future__ import annotations

from .backend import Pipes, Prepared, SandboxBackend, Worker, choose, close, prepare
from .session import Session

__all__ = ["Pipes", "Prepared", "SandboxBackend", "Session", "Worker", "choose", "close", "prepare"]
