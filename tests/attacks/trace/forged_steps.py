# expect: completed exited
# Ten thousand forged frames raise nothing: an untrained model stays untrained.
import json
import os

step = json.dumps({"steps": 10_000, "complete": True}).encode()
for _ in range(1000):
    os.write(3, b"T" + len(step).to_bytes(4, "little") + step)
