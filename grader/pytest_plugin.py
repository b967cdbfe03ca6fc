"""One pytest item per rubric line, and fixtures for an exercise's own tests; pytest drives the grading.

`pytest -p grader.pytest_plugin exercises/mnist-mlp --submission s.py` gives the verdicts of `grade`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .assembly import build_result
from .assessment import Assessment, Options, take_in
from .errors import ExerciseError, GraderError
from .grading import judge_test
from .model import Evaluation, RubricLine, Run, Status, Submission, Verdict
from .plugin_manager import all_checks, create_manager
from .result import Result
from .trace import Trace

#: the assessment of each exercise folder in this session
ASSESSMENTS = pytest.StashKey[dict[Path, Assessment]]()
#: shut off from what lies around: no configuration, no conftest.py, no cache, no terminal, no capturing
ISOLATED = (
    *("-p", "no:terminal"),
    *("-p", "no:cacheprovider"),
    *("-p", "no:faulthandler"),
    # they collect garbage five times at the end of each session, to find what does not concern a grade
    *("-p", "no:unraisableexception"),
    *("-p", "no:threadexception"),
    *("-c", os.devnull),
    "--noconftest",
    "--capture=no",
    # several exercises may have a test file of the same name
    "--import-mode=importlib",
)
FINE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Called by pytest at start-up."""
    group = parser.getgroup("gradeloop", "grade a submission against the exercises that are collected")
    group.addoption("--submission", metavar="FILE", help="what was handed in")
    group.addoption("--data-root", metavar="DIR", help="folder with MNIST as IDX files")
    group.addoption("--dataset", metavar="NAME", help="in place of the exercise's data set")
    group.addoption("--sandbox", metavar="NAME", default="auto", help="as for `grade`")


def pytest_configure(config: pytest.Config) -> None:
    """Called by pytest when the command line has been read."""
    config.stash.setdefault(ASSESSMENTS, {})
    config.addinivalue_line("markers", "points(number): what this test of an exercise is worth")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RubricFile | None:
    """An exercise.toml is collected when there is a submission to grade."""
    given = parent.config.getoption("--submission") or file_path.parent in parent.config.stash[ASSESSMENTS]
    return RubricFile.from_parent(parent, path=file_path) if given and file_path.name == "exercise.toml" else None


def assessment_of(config: pytest.Config, folder: Path) -> Assessment:
    """The assessment against the exercise in this folder, begun when it is first asked for."""
    known = config.stash[ASSESSMENTS]
    if folder not in known:
        root = config.getoption("--data-root")
        options = Options(
            sandbox=config.getoption("--sandbox"),
            dataset=config.getoption("--dataset"),
            data_root=Path(root) if root else None,
        )
        plugins = create_manager()
        submission = Path(config.getoption("--submission"))
        known[folder], _ = take_in(submission, folder, plugins, all_checks(plugins), options)
    return known[folder]


class PointsLostError(Exception):
    """A rubric line that did not get its points; carries the verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.line}: {verdict.score:g} of {verdict.max_score:g}")
        self.verdict = verdict


class RubricFile(pytest.File):
    """An exercise.toml, collected as its rubric lines."""

    def collect(self) -> Iterator[RubricItem]:
        for line in assessment_of(self.config, self.path.parent).exercise.rubric:
            yield RubricItem.from_parent(self, name=line.id, line=line)


class RubricItem(pytest.Item):
    """One rubric line; fails when it lost points, is skipped when the evidence cannot tell."""

    def __init__(self, *, line: RubricLine, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.line = line

    def runtest(self) -> None:
        verdict = assessment_of(self.config, self.path.parent).judge(self.line)
        if verdict.score is None or verdict.status is Status.SKIPPED:
            pytest.skip(verdict.reason)
        if verdict.status is not Status.PASSED:
            raise PointsLostError(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        if isinstance(excinfo.value, PointsLostError):
            checks = sorted({finding.check for finding in excinfo.value.verdict.findings})
            return f"{excinfo.value}: {', '.join(checks)}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, self.line.id


@pytest.fixture
def assessment(request: pytest.FixtureRequest) -> Assessment:
    """For the other fixtures: the one of the folder that the test lies in."""
    return assessment_of(request.config, request.path.parent)


@pytest.fixture
def submission(assessment: Assessment) -> Submission:
    """What was handed in, as text."""
    return assessment.submission


@pytest.fixture
def run(assessment: Assessment) -> Run:
    """How the run ended, measured from outside."""
    return assessment.evidence.run


@pytest.fixture
def trace(assessment: Assessment) -> Trace:
    """What was observed; a test that asks for it is skipped when there is none."""
    found = assessment.evidence.trace
    if found is None or found.problem:
        pytest.skip("no-evidence")
    return found


@pytest.fixture
def evaluation(assessment: Assessment) -> Evaluation:
    """Accuracy on hidden data; a test that asks for it is skipped when it could not be decided."""
    found = assessment.evidence.evaluation
    if found is None or found.accuracy is None:
        pytest.skip(found.reason if found and found.reason else "no-evidence")
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of the exercise's own that is worth points becomes a verdict."""
    report = yield
    marker = item.get_closest_marker("points")
    over = report.when == "call" or (report.when == "setup" and not report.passed)
    if marker is not None and over and item.path.parent in item.config.stash[ASSESSMENTS]:
        assessment = assessment_of(item.config, item.path.parent)
        fixtures = frozenset(getattr(item, "fixturenames", ()))
        error = call.excinfo.value if call.excinfo is not None else None
        assessment.add(judge_test(item.name, float(marker.args[0]), fixtures, error, assessment.evidence.run))
    return report


class Driver:
    """Hands pytest the one assessment of this session, and remembers a failure of ours."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        self.failure: BaseException | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[ASSESSMENTS] = {self.assessment.exercise.directory.resolve(): self.assessment}

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]) -> None:
        error = call.excinfo.value if call.excinfo else None
        if isinstance(node, pytest.Collector):
            self.failure = self.failure or ExerciseError(f"{node.path}: {error}")
        elif isinstance(node, RubricItem) and not isinstance(error, PointsLostError):
            self.failure = self.failure or error

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.failure = self.failure or excinfo.value
        return True

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.failure = KeyboardInterrupt()


def assess(assessment: Assessment) -> Result:
    """Grade one submission. Raises what broke on our side, and KeyboardInterrupt when interrupted."""
    folder = assessment.exercise.directory.resolve()
    files = [folder / "exercise.toml", *(folder / path.name for path in assessment.exercise.own_tests)]
    driver = Driver(assessment)
    with ambient_pytest_settings_removed():
        arguments = [*map(str, files), "--rootdir", str(folder), *ISOLATED]
        code = pytest.main(arguments, [driver, sys.modules[__name__]])
    if driver.failure is not None:
        raise driver.failure
    if code not in FINE:
        raise GraderError(f"pytest ended with {pytest.ExitCode(code).name}")
    return build_result(assessment, assessment.grade())


@contextmanager
def ambient_pytest_settings_removed() -> Iterator[None]:
    """Keep the user's own pytest settings and plugins away from a grading."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {key: os.environ.pop(key, None) for key in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
