"""`grade lint FILE...`: what can be told of a submission without running it; for editors and commit hooks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import pluggy

from .assessment import rejected
from .checks import run_check
from .errors import SubmissionError, UsageError
from .intake import Intake, choose_exercise, intake, named_exercise
from .model import Check, Evidence, Exercise, Limits
from .plugin_manager import all_checks, create_manager
from .rendering import speak
from .words import describe, visible

#: how alike a name must be to be taken for a function's misspelt one: trian, Train, train1, but not train_step
ALIKE = 0.8
#: a text that no exercise fits can still be read
NO_EXERCISE = Exercise("", "", {}, Path(), "", (), Limits())


def lint(paths: Sequence[Path], named: str | None, language: str | None) -> list[str]:
    """A line for each problem: `path:line: check: what is wrong`. Nothing is imported, nothing is run."""
    plugins = create_manager()
    checks = all_checks(plugins)
    _, words = speak(language, plugins)
    return [line for path in paths for line in _lint(path, named, plugins, checks, words.gettext)]


def _lint(
    path: Path,
    named: str | None,
    plugins: pluggy.PluginManager,
    checks: Mapping[str, Check],
    gettext: Callable[[str], str],
) -> list[str]:
    handed_in = intake(path)
    exercise = _exercise(named, plugins, checks, handed_in)
    problem = handed_in.problem or misspelt_function(handed_in, exercise)
    if problem is None:
        return []
    evidence = Evidence(handed_in.submission, exercise, rejected(problem))
    found = [finding for check in checks.values() for finding in run_check(check, evidence).findings]
    # a notebook's file has other lines than its cells, which the sentence names
    line = 1 if handed_in.submission.cell_map else problem.line or 1
    place = f"{visible(str(handed_in.submission.path), 500)}:{line}"
    said = [(item.check, describe(item, checks[item.check], gettext)) for item in found if item.check == problem.check]
    return [" ".join(f"{place}: {slug}: {sentence}".split()) for slug, sentence in said]


def _exercise(
    named: str | None, plugins: pluggy.PluginManager, checks: Mapping[str, Check], handed_in: Intake
) -> Exercise:
    """The exercise that is named or that fits; none for a helper module, of which only the text is looked at."""
    try:
        return choose_exercise(named_exercise(named), plugins, checks, handed_in)[0]
    except UsageError:
        if named is not None:
            raise
        return NO_EXERCISE


def misspelt_function(handed_in: Intake, exercise: Exercise) -> SubmissionError | None:
    """A function that nobody mentions, with almost the name of one that the exercise would call.

    Whether the text trains without it shows only when it runs, so a name that occurs a second time is left alone.
    """
    source, defined = handed_in.submission.source, handed_in.names.functions
    for wanted in exercise.functions:
        for name, line in defined.items():
            alike = SequenceMatcher(None, wanted.lower(), name.lower()).ratio() >= ALIKE
            alone = len(re.findall(rf"\b{re.escape(name)}\b", source)) == 1
            if wanted not in defined and alike and alone:
                message = f"there is no function {wanted}(); the closest is {name}()"
                return SubmissionError("missing-entry-point", message, line)
    return None
