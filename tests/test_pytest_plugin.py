"""pytest drives: rubric lines are items, an exercise brings its own tests, plugins come by entry point."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.assessment import Options, take_in
from grader.plugin_manager import all_checks, create_manager
from grader.pytest_plugin import assess
from grader.result import Result

ROOT = Path(__file__).resolve().parent.parent
CORRECT = ROOT / "tests" / "submissions" / "regression-loop" / "functions.py"

OWN_TESTS = """
import pytest

@pytest.mark.points(2)
def test_many_steps(trace):
    assert trace.steps == 200

@pytest.mark.points(1)
def test_few_lines(submission):
    assert len(submission.source.splitlines()) < 3, "the loop is longer than two lines"

@pytest.mark.points(4)
def test_hidden(evaluation):
    assert evaluation.accuracy > 0.5

@pytest.mark.points(3)
def test_of_ours(run):
    return run.nonsense

def test_without_points(run):
    assert run.exit_code == 0
"""


@pytest.fixture
def exercise(tmp_path: Path) -> Path:
    """A copy of the regression exercise that its author has given tests of his own."""
    folder = Path(shutil.copytree(ROOT / "exercises" / "regression-loop", tmp_path / "regression-loop"))
    (folder / "test_own.py").write_text(OWN_TESTS)
    (folder / "conftest.py").write_text("raise RuntimeError('a conftest is not read')\n")
    return folder


def grade(submission: Path, folder: Path) -> Result:
    manager = create_manager(third_party=False)
    assessment, _ = take_in(submission, folder, manager, all_checks(manager), Options())
    return assess(assessment)


def test_an_exercise_s_own_tests_earn_points(exercise: Path) -> None:
    """Passed, failed, open and broken, each with what it rests on; the rubric comes first."""
    result = grade(CORRECT, exercise)
    found = {verdict.id: verdict for verdict in result.verdicts}
    assert list(found)[:3] == ["runs", "order", "loss"]
    own = {name: (str(found[name].status), found[name].score, str(found[name].basis)) for name in list(found)[3:]}
    assert own == {
        "test_many_steps": ("passed", 2, "claimed"),
        "test_few_lines": ("failed", 0, "measured"),
        "test_hidden": ("skipped", None, "recomputed"),
        "test_of_ours": ("error", 3, "measured"),
    }
    assert "longer than two lines" in found["test_few_lines"].reason
    assert (result.score, result.max_score) == (None, 20)


def test_the_maximum_is_the_same_for_a_text_that_does_not_parse(exercise: Path, tmp_path: Path) -> None:
    """A syntax error changes what is earned, never what could have been."""
    broken = tmp_path / "broken.py"
    broken.write_text("for x in\n")
    result = grade(broken, exercise)
    assert result.max_score == 20
    [parsed] = [verdict for verdict in result.verdicts if verdict.id == "test_many_steps"]
    assert (parsed.status, parsed.score) == ("skipped", 0)


def test_plain_pytest_gives_the_same_verdicts(exercise: Path, tmp_path: Path) -> None:
    """`-p grader.pytest_plugin` and `--submission` are all that it takes."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "grader.pytest_plugin", exercise, "--submission", CORRECT),
            *("--noconftest", "-p", "no:cacheprovider", "--import-mode=importlib"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
    )
    assert "2 failed, 5 passed, 1 skipped" in done.stdout, done.stdout


def test_without_a_submission_nothing_of_ours_is_collected(tmp_path: Path) -> None:
    """The plugin may be installed where other tests run."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "grader.pytest_plugin", ROOT / "exercises" / "regression-loop"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
    )
    assert "no tests ran" in done.stdout


PLUGIN = '''
from grader import Severity, check, hookimpl, sign

@check(group="run", severity=Severity.WARNING, title="Nothing was printed", message="{count} bytes", why="", needs=())
def silent_run(evidence):
    """A loop that prints nothing."""
    if not evidence.run.stdout.text:
        yield sign(count=0)

class Shout:
    suffix = "shout.txt"
    def __call__(self, result, context):
        return context.gettext("Hint").upper() + f" {result.score:g}!"

@hookimpl
def grader_renderers():
    return {"shout": Shout()}
'''


def install(folder: Path) -> Path:
    """Build a wheel of a third party's and install it with pip into a folder of its own."""
    wheel = folder / "shouting-1.0-py3-none-any.whl"
    files = {
        "shouting.py": PLUGIN,
        "shouting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n",
        "shouting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "shouting-1.0.dist-info/entry_points.txt": "[gradeloop]\nshouting = shouting\n",
        "shouting-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    site = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", site, wheel]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return site


def test_a_third_party_s_check_is_graded_and_its_renderer_offered(tmp_path: Path) -> None:
    """Installed through its entry point; nothing of the grader names it."""
    site = install(tmp_path)
    command = [Path(sys.executable).with_name("grade"), "-f", "shout", "-f", "json", "--out", tmp_path / "out", CORRECT]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "shout.txt").read_text() == "HINT 10!"
    findings = json.loads((tmp_path / "out" / "result.json").read_text())["findings"]
    assert ("silent-run", "warning", "runs") in [
        (item["check"], item["severity"], item["verdict"]) for item in findings
    ]
