"""Grading processes that stay: one that dies, hangs or leaks costs one submission at most, and none is left over."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grader.engines import Finished, Job
from grader.engines import grader as hand
from grader.engines.local import GRADING_PROCESS, LocalEngine
from grader.sandbox.processes import living, tree

FOLDER = Path(__file__).resolve().parent
REGRESSION = FOLDER / "submissions" / "regression-loop"
CORRECT = (REGRESSION / "functions.py").read_text()
#: speaks the protocol; what it does with a job is the job's first argument
STUB = r"""
import json, os, signal, sys, time
for line in sys.stdin:
    word, *rest = json.loads(line)["arguments"]
    if word == "pid":
        open(rest[0], "a").write(f"{os.getpid()}\n")
        word = "0"
    if word == "wait":
        open(rest[0], "w").write(str(os.getpid()))
        time.sleep(600)
    if word == "hang":
        print(json.dumps({"seconds": 0.05}), flush=True)
        time.sleep(600)
    if word == "leave":
        raise SystemExit("leaving")
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "complain":
        print("first this", "then that", sep="\n", file=sys.stderr, flush=True)
        word = "2"
    print(json.dumps({"code": int(word)}), flush=True)
"""
ENGINE = LocalEngine([sys.executable, "-c", STUB])


def jobs(*arguments: Sequence[str]) -> list[Job]:
    return [Job(f"job {number}", tuple(words), Path()) for number, words in enumerate(arguments)]


def codes(finished: Iterator[Finished]) -> dict[str, int]:
    return {item.job.name: item.code for item in finished}


def test_a_process_that_dies_costs_only_one_job() -> None:
    """A signal is told by its number; leaving without an answer is our fault; the next job is graded."""
    told = codes(ENGINE.run(jobs(["kill"], ["leave"], ["2"], ["0"]), 1))
    assert told == {"job 0": -signal.SIGKILL, "job 1": 3, "job 2": 2, "job 3": 0}


def test_the_complaint_is_of_the_job_itself() -> None:
    """What was said on stderr goes with the job that said it, and with no later one."""
    finished = list(ENGINE.run(jobs(["complain"], ["0"], ["leave"]), 1))
    assert [item.complaint for item in finished] == ["first this\nthen that", "", "leaving"]


def test_a_process_that_hangs_is_ended() -> None:
    """It says itself how long a job may take; after that it is killed."""
    told = codes(ENGINE.run(jobs(["hang"], ["0"]), 1))
    assert told == {"job 0": -signal.SIGABRT, "job 1": 0}


def test_processes_stay_and_are_replaced_after_many_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process for several jobs, and another one after so many."""
    monkeypatch.setattr(hand, "RECYCLED_AFTER", 3)
    pids = tmp_path / "pids"
    assert set(codes(ENGINE.run(jobs(*[["pid", str(pids)]] * 7), 1)).values()) == {0}
    found = pids.read_text().split()
    assert [found.count(pid) for pid in dict.fromkeys(found)] == [3, 3, 1]


def test_closing_the_iterator_leaves_nothing_running(tmp_path: Path) -> None:
    """What is being graded ends, and nothing else is begun."""
    mark, late = tmp_path / "pid", tmp_path / "late"
    results = ENGINE.run(jobs(["wait", str(mark)], ["0"], ["wait", str(mark)], ["pid", str(late)]), 2)
    assert next(iter(results)).job.name == "job 1"
    wait_for(mark)
    results.close()  # type: ignore[attr-defined]
    assert tree(os.getpid()) == [os.getpid()]
    assert not late.exists()


def wait_for(mark: Path) -> None:
    deadline = time.monotonic() + 60
    while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert mark.exists()


def grade_all(folder: Path, out: Path, names: Sequence[str]) -> dict[str, str]:
    """result.json of each submission, graded in this order by one process; without what differs from run to run."""
    todo = [
        Job(name, ("--quiet", "--format=html", "--out", str(out / name), str(folder / name)), out / name)
        for name in names
    ]
    finished = list(LocalEngine().run(todo, 1))
    assert [item.code for item in finished if item.code not in (0, 1)] == []
    texts = {name: (out / name / "result.json").read_text() for name in names}
    pages = {f"{name} page": (out / name / "report.html").read_text() for name in names}
    return {
        name: re.sub(r'("(?:wall_seconds|peak_memory_mb)"): [0-9.]+', r"\1: 0", text) for name, text in texts.items()
    } | {name: re.sub(r"[0-9.,]+ (?:s|MB)\b", "", text) for name, text in pages.items()}


LEAKY = """# exercise: regression-loop
import os, signal, sys, warnings
os.environ["PYTHONHASHSEED"] = "3"
warnings.simplefilter("error")
print("noise" * 100, file=sys.stderr)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_of_a_submission_reaches_the_next(tmp_path: Path) -> None:
    """Six submissions in two orders in one process each time: the same bytes."""
    folder = tmp_path / "class"
    folder.mkdir()
    sources = {
        "correct.py": CORRECT,
        "wrong.py": CORRECT.replace("            optimizer.zero_grad()\n", ""),
        "broken.py": "# exercise: regression-loop\nfor x in\n",
        "crashes.py": "# exercise: regression-loop\nraise ValueError('no')\n",
        "leaky.py": LEAKY,
        "in_main.py": (REGRESSION / "in_main.py").read_text(),
    }
    for name, source in sources.items():
        (folder / name).write_text(source)
    there = grade_all(folder, tmp_path / "there", [*sources])
    back = grade_all(folder, tmp_path / "back", [*reversed(sources)])
    assert there == back
    assert json.loads(there["correct.py"])["passed"]
    assert not json.loads(there["wrong.py"])["passed"]


def test_a_grading_process_ends_with_whoever_asked(tmp_path: Path) -> None:
    """When the engine is killed, a grading that is under way ends with its worker and its server."""
    submission = tmp_path / "slow.py"
    submission.write_text("# exercise: regression-loop\nimport time\ntime.sleep(600)\n")
    words = ["--quiet", "--out", str(tmp_path / "out"), str(submission)]
    with subprocess.Popen(GRADING_PROCESS, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"arguments": words}).encode() + b"\n")
        process.stdin.flush()
        assert "seconds" in json.loads(process.stdout.readline())
        deadline = time.monotonic() + 60
        while len(members := tree(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.stdin.close()
        process.wait(30)
    deadline = time.monotonic() + 30
    while living(members) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert living(members) == []
    assert not (tmp_path / "out" / "result.json").exists()
