# expect: completed exited
# A thread that goes on writing frames when the run is over adds nothing and ends with it.
import json
import os
import threading


def talk():
    while True:
        for kind, value in (("E", {"exit": 0, "reason": "returned"}), ("T", {"steps": 5, "complete": True}),
                            ("A", {"ok": True, "rows": 1, "columns": 10}), ("X", {"type": "x", "frames": []})):
            payload = json.dumps(value).encode()
            try:
                os.write(3, kind.encode() + len(payload).to_bytes(4, "little") + payload)
            except OSError:
                return


threading.Thread(target=talk, daemon=True).start()
