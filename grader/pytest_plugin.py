"""One pytest item per rubric line; pytest drives the grading, in-process and silent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .assembly import build_result
from .assessment import Assessment
from .errors import GraderError
from .model import RubricLine, Status, Verdict
from .result import Result

ASSESSMENT = pytest.StashKey[Assessment]()
#: shut off from what lies around: no configuration, no conftest.py, no cache, no terminal, no capturing
ISOLATED = (
    *("-p", "no:terminal"),
    *("-p", "no:cacheprovider"),
    *("-p", "no:faulthandler"),
    *("-c", os.devnull),
    "--noconftest",
    "--capture=no",
)
FINE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


class PointsLostError(Exception):
    """A rubric line that did not get its points; carries the verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.line}: {verdict.score:g} of {verdict.max_score:g}")
        self.verdict = verdict


class RubricFile(pytest.File):
    """An exercise.toml, collected as its rubric lines."""

    def collect(self) -> Iterator[RubricItem]:
        for line in self.config.stash[ASSESSMENT].exercise.rubric:
            yield RubricItem.from_parent(self, name=line.id, line=line)


class RubricItem(pytest.Item):
    """One rubric line; fails when it lost points, is skipped when the evidence cannot tell."""

    def __init__(self, *, line: RubricLine, **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.line = line

    def runtest(self) -> None:
        verdict = self.config.stash[ASSESSMENT].judge(self.line)
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


class Driver:
    """Hands pytest the one assessment of this session, and remembers a failure of ours."""

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        self.failure: BaseException | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[ASSESSMENT] = self.assessment

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> RubricFile | None:
        if file_path.name == "exercise.toml":
            return RubricFile.from_parent(parent, path=file_path)
        return None

    def pytest_exception_interact(self, call: pytest.CallInfo[object]) -> None:
        error = call.excinfo.value if call.excinfo else None
        if not isinstance(error, PointsLostError):
            self.failure = self.failure or error

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        self.failure = self.failure or excinfo.value
        return True

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.failure = KeyboardInterrupt()


def assess(assessment: Assessment) -> Result:
    """Grade one submission. Raises what broke on our side, and KeyboardInterrupt when interrupted."""
    folder = assessment.exercise.directory
    driver = Driver(assessment)
    with ambient_pytest_settings_removed():
        code = pytest.main([str(folder / "exercise.toml"), "--rootdir", str(folder), *ISOLATED], [driver])
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
