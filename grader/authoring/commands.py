"""`grade verify` and `grade calibrate`: arguments in, exit code out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FINE, FOUND_SOMETHING = 0, 1

OPTIONS = (
    click.argument("exercise", metavar="EXERCISE"),
    click.option("--dataset", metavar="NAME", help="In place of the exercise's data set, e.g. `digits`."),
    click.option(
        "--data-root",
        type=click.Path(path_type=Path),
        envvar="GRADE_DATA",
        help="Folder with MNIST as IDX files (also $GRADE_DATA).",
    ),
    click.option("--sandbox", default="auto", show_default=True, metavar="auto|NAME", help="As for `grade run`."),
    click.option("--device", default="cpu", show_default=True, metavar="auto|cpu|cuda[:N]", help="As for `grade run`."),
    click.option("-j", "--jobs", default="auto", show_default=True, metavar="N|auto", help="How many runs at once."),
    click.option("--engine", default="local", show_default=True, metavar="NAME", help="Where they run."),
    click.option(
        "-f", "--format", "form", type=click.Choice(("terminal", "json")), default="terminal", show_default=True
    ),
    click.option("--quiet", is_flag=True, help="No progress on stderr."),
)


def shared(command: Command) -> Command:
    """The argument and the options that both commands take."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("calibrate")
@shared
@click.option("--seeds", default=30, show_default=True, type=click.IntRange(2, 10_000), help="Runs of each program.")
@click.option(
    "--variant", "named", multiple=True, metavar="NAME", help="Only these variants of the reference; repeatable."
)
@click.option("--write", is_flag=True, help="Write the band, the numbers and where they come from into exercise.toml.")
@click.option("--date", metavar="YYYY-MM-DD", help="The date that --write notes; none unless given.")
def calibrate(**arguments: Any) -> None:
    """Find thresholds from many seeded runs of the reference and its correct variants.

    EXERCISE is an id or a folder. Proposes the accuracy and the loss that a correct submission misses in fewer than 1
    of 1000 runs (at 95 % confidence, if runs are normal on a logit and a logarithmic scale), says what the runs prove
    without that assumption, and names every correct run that lost points.

    \b
    Exit codes: 0 fine · 1 a correct run lost points · 2 wrong usage or exercise · 3 our fault · 130 interrupted
    """
    from .calibrate_command import run_calibration

    sys.exit(FINE if run_calibration(**arguments) else FOUND_SOMETHING)


@click.command("verify")
@shared
def verify(**arguments: Any) -> None:
    """Test an exercise by mutation: is every mistake in its reference caught?

    EXERCISE is an id or a folder. The reference is changed as learners change it, one mistake at a time. Each mutant
    that does something else has to lose points for the right reason, and correct variants have to lose nothing.

    \b
    Exit codes: 0 clean · 1 a mutant survives, a correct variant or the reference loses points
                2 wrong usage or exercise · 3 our fault · 130 interrupted
    """
    from .verify_command import run_verification

    sys.exit(FINE if run_verification(**arguments) else FOUND_SOMETHING)
