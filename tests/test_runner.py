"""A script runs as Python would run it, and its end is told without trusting it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

_DRIVER = """
import dataclasses, json, os, sys
from pathlib import Path
from grader.worker import runner
ending = runner.run_script(Path(sys.argv[1]), "submission.py")
os.write(2, b"\\0" + json.dumps(dataclasses.asdict(ending)).encode())
"""


def _run(folder: Path, script: str, **helpers: str) -> tuple[dict[str, Any], str, str]:
    """The ending, stdout and stderr of a script that ran in a process of its own."""
    (folder / "submission.py").write_text(textwrap.dedent(script))
    for name, text in helpers.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    command = [sys.executable, "-c", _DRIVER, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    stderr, _, ending = done.stderr.rpartition("\0")
    return json.loads(ending), done.stdout, stderr


def test_the_end_of_the_file_is_returned(tmp_path: Path) -> None:
    """A script that reaches its end says so, and its exit functions have run."""
    ending, out, _ = _run(tmp_path, "import atexit\natexit.register(print, 'bye')\nprint('hi', end='')")
    assert ending == {"reason": "returned", "exit": None, "crash": None}
    assert out == "hibye\n"


@pytest.mark.parametrize(("code", "exit_code"), [("", 0), ("0", 0), ("3", 3), ("True", 1), ("-1", 255), ("'why'", 1)])
def test_system_exit_has_pythons_codes(tmp_path: Path, code: str, exit_code: int) -> None:
    """None is 0, a number is itself, a message is printed and means 1."""
    ending, _, err = _run(tmp_path, f"import sys\nsys.exit({code})")
    assert (ending["reason"], ending["exit"]) == ("system-exit", exit_code)
    assert ("why" in err) is ("why" in code)


def test_frames_of_helpers_carry_their_file(tmp_path: Path) -> None:
    """Lines of the submission have no file; lines of a helper module name it; ours and Python's are left out."""
    ending, _, err = _run(
        tmp_path,
        """
        import functools
        import helper
        functools.reduce(helper.broken, [1, 2])
        """,
        helper="def broken(a, b):\n    raise KeyError(a)\n",
    )
    crash = ending["crash"]
    assert crash["frames"] == [
        {"line": 4, "function": "<module>", "file": None},
        {"line": 2, "function": "broken", "file": "helper.py"},
    ]
    assert (crash["type"], crash["message"], crash["file"]) == ("KeyError", "1", "helper.py")
    assert "run_script" not in err
    assert "raise KeyError(a)" in err


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    """No frame was reached; the line comes from the exception."""
    ending, _, _ = _run(tmp_path, "x = 1\ny = = 2\n")
    assert ending["crash"]["type"] == "SyntaxError"
    assert [frame["line"] for frame in ending["crash"]["frames"]] == [2]


def test_endless_recursion_is_bounded(tmp_path: Path) -> None:
    """A thousand frames are told as the last fifty."""
    ending, _, _ = _run(tmp_path, "def f():\n    f()\nf()\n")
    assert ending["crash"]["type"] == "RecursionError"
    assert len(ending["crash"]["frames"]) == 50


@pytest.mark.parametrize(
    "script",
    [
        "class E(Exception):\n    def __str__(self): 1 / 0\nraise E()",
        "class E(Exception):\n    def __str__(self): return 3\nraise E()",
        "class S(str):\n    def __str__(self): 1 / 0\n    __len__ = __getitem__ = None\n"
        "class E(Exception):\n    def __str__(self): return S('x')\nraise E()",
        "class M(type):\n    __name__ = property(lambda self: 1 / 0)\nclass E(Exception, metaclass=M): pass\nraise E()",
        "class E(BaseException):\n    def __getattribute__(self, name): raise KeyboardInterrupt\nraise E()",
        "import sys\nsys.stderr = sys.stdout = None\nraise ValueError('v')",
        "import traceback\ntraceback.print_exception = traceback.walk_tb = None\nraise ValueError('v')",
        "raise GeneratorExit",
        "raise BaseExceptionGroup('g', [KeyboardInterrupt()])",
    ],
)
def test_hostile_exceptions_are_still_exceptions(tmp_path: Path, script: str) -> None:
    """Whatever an exception does when it is looked at, the ending says that there was one."""
    ending, _, _ = _run(tmp_path, script)
    assert ending["reason"] == "exception"
    assert isinstance(ending["crash"]["type"], str)
    assert len(ending["crash"]["message"]) <= 2000


def test_a_chained_exception_shows_where_it_began(tmp_path: Path) -> None:
    """The printed traceback keeps the cause, as Python's does."""
    _, _, err = _run(tmp_path, "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError from e")
    assert "ZeroDivisionError" in err
    assert "ValueError" in err
