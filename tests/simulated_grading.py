"""A grading process that only waits: the same protocol, a made-up result, no torch. For measuring engines."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main() -> None:
    """`simulated_grading.py SECONDS RESULT.json`: each job takes so long and leaves a copy of that result."""
    seconds, result = float(sys.argv[1]), Path(sys.argv[2]).read_text()
    for line in sys.stdin:
        words = json.loads(line)["arguments"]
        folder = Path(words[words.index("--out") + 1])
        time.sleep(seconds)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").write_text(result)
        print(json.dumps({"code": 0}), flush=True)


if __name__ == "__main__":
    main()
