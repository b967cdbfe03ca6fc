"""Frames between the worker and its supervisor: one byte of kind, four of length, then the payload."""

from __future__ import annotations

import json
import os
import struct
import threading
from typing import Any

_HEADER = struct.Struct("<cI")
#: the most that the worker accepts from its supervisor in one frame
_MOST = 1 << 30


class Channel:
    """Two pipes: frames go out, requests come in. Only the process that made it may send."""

    def __init__(self, outgoing: int, incoming: int) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        # kept here because a submission may replace any of them in their modules
        self._write, self._read, self._getpid = os.write, os.read, os.getpid
        self._encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def send(self, kind: str, payload: bytes = b"") -> None:
        """Write one frame. A forked child (a loader's worker) shares the pipe and stays silent."""
        if self._getpid() != self._owner:
            return
        data = memoryview(_HEADER.pack(kind.encode("ascii"), len(payload)) + payload)
        with self._lock:
            while data:
                data = data[self._write(self._outgoing, data) :]

    def send_json(self, kind: str, value: dict[str, Any]) -> None:
        """Write one frame of JSON. Raises ValueError on a number that is not finite."""
        self.send(kind, self._encode(value).encode("utf-8", "backslashreplace"))

    def receive(self) -> tuple[str, bytes] | None:
        """Read one frame; None when the supervisor has closed the pipe."""
        header = self._exactly(_HEADER.size)
        if header is None:
            return None
        kind, length = _HEADER.unpack(header)
        payload = self._exactly(length) if length <= _MOST else None
        return None if payload is None else (kind.decode("latin-1"), payload)

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            part = self._read(self._incoming, min(1 << 20, count - len(data)))
            if not part:
                return None
            data += part
        return bytes(data)
