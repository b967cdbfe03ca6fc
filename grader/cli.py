"""Arguments in, exit code out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.core import ParameterSource
from click_default_group import DefaultGroup

from .authoring.commands import calibrate, verify
from .errors import DataError, ExerciseError, GraderError, UsageError

if TYPE_CHECKING:
    from .workshop import Workshop

PASSED, NOT_PASSED, WRONG_USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130
#: options that would be ignored for a single submission; --jobs and --fresh change nothing there
OF_A_FOLDER = frozenset(
    {"engine", "address", "fail_fast", "only", "regrade", "shard", "roster", "layout", "due", "anonymous", "names",
     "sheet", "column"}
)  # fmt: skip
EXIT_CODES = """
\b
Exit codes:
  0    graded, passed
  1    graded, not passed
  2    wrong usage, or an exercise that is not well formed
  3    our fault: the grader failed; nothing is scored 0 for it
  130  interrupted
"""


@click.group(cls=DefaultGroup, default="run", default_if_no_args=False, epilog=EXIT_CODES)
@click.version_option(package_name="gradeloop", prog_name="grade")
def cli() -> None:
    """Grade PyTorch training loops.

    Runs the loop in a sandbox, watches what happens to the gradients, judges the trained model on data that
    it never saw, and says which line does what.

    \b
    grade submission.py              grade a script; write result.json and report.html beside it
    grade -f json submission.py      result.json on stdout, nothing else
    grade --lang es entrega.py       in Spanish
    """


@click.command("run", epilog=EXIT_CODES)
@click.argument("submission", type=click.Path(path_type=Path))
@click.option(
    "--exercise",
    metavar="ID",
    help="An id, or a folder with an exercise.toml; else the script's `# exercise: ID` line or its imports decide.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Where results go (default: gradeloop-out/ beside the submission).",
)
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="NAME",
    help="terminal, html, json, ...; repeatable (default: terminal and html).",
)
@click.option(
    "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]", help="What the worker offers."
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="Seeds random, numpy and torch in the worker.",
)
@click.option(
    "--dataset", metavar="NAME", help="In place of the exercise's data set: `digits` are drawn by the grader."
)
@click.option(
    "--data-root",
    type=click.Path(path_type=Path),
    envvar="GRADE_DATA",
    help="Folder with MNIST as IDX files (also $GRADE_DATA).",
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    envvar="GRADE_SECRET",
    help="File with the secret that draws the hidden data (also $GRADE_SECRET).",
)
@click.option("--lang", metavar="LANGUAGE", help="Language, or several: en,es (default: from the environment).")
@click.option(
    "--sandbox",
    default="auto",
    show_default=True,
    metavar="auto|NAME",
    help="`none` must be asked for by name.",
)
@click.option(
    "-j", "--jobs", default="auto", show_default=True, metavar="N|auto", help="Of a folder, how many at once."
)
@click.option("--engine", default="local", show_default=True, metavar="NAME", help="Where a folder is graded.")
@click.option("--address", metavar="ADDRESS", help="Of a folder, where the engine's machines are (Ray).")
@click.option(
    "--resume/--fresh", default=True, show_default=True, help="Of a folder, keep results that still hold, or none."
)
@click.option("--fail-fast", is_flag=True, help="Of a folder, stop at the first that does not pass.")
@click.option("--only", metavar="PATTERN", help="Of a folder, only these: a part of the name, or a pattern with *.")
@click.option("--regrade", metavar="CHECK", help="Of a folder, again only those whose rubric or findings name it.")
@click.option("--shard", metavar="K/N", help="Of a folder, only the Kth of N parts; `grade merge` joins them.")
@click.option("--roster", type=click.Path(path_type=Path), help="CSV: whose a submission is (submission, name, id).")
@click.option("--layout", default="auto", show_default=True, metavar="NAME", help="How a folder was exported.")
@click.option("--due", metavar="TIME", help="Of a folder, when it was due (ISO 8601), for a course's policy.")
@click.option("--anonymous", is_flag=True, help="Of a folder, pseudonyms in place of names in all that is written.")
@click.option("--names", type=click.Path(path_type=Path), help="With --anonymous: where to write who is who.")
@click.option(
    "--metadata",
    type=click.Path(path_type=Path),
    envvar="GRADE_METADATA",
    help="JSON about a single submission, for a policy (also $GRADE_METADATA).",
)
@click.option("--quick", is_flag=True, help="Order and loss only: end the run once the first steps have shown them.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@click.option("--verbose", is_flag=True, help="Say on stderr what was chosen and why.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 when graded, whether passed or not.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Of a folder, what a gradebook's platform exported.")
@click.option("--column", metavar="TITLE", help="With --sheet: what the assignment is called there.")
def run(exit_zero: bool, sheet: Path | None, column: str | None, **arguments: Any) -> None:
    """Grade a script or a notebook that trains a model, or a folder of them.

    Writes result.json and the asked-for pages, and prints a summary. In a folder each file, notebook, zip and
    sub-folder is a submission with a folder of its own below --out; a folder that holds a submission.py is one
    submission. What Canvas, Moodle and Gradescope export is understood, zipped or not.
    """
    from .archives import opened
    from .batch import is_batch
    from .class_gradebooks import split_formats
    from .rendering import environment_language
    from .run_command import Request, grade_one

    ours = {name: arguments.pop(name) for name in list(arguments) if name not in Request.__dataclass_fields__}
    request = Request(**arguments)
    with opened(request.submission) as path:
        request = replace(request, submission=path, out=request.folder)
        if is_batch(path):
            from .batch_command import grade_folder
            from .batch_plan import Plan

            pages, books = split_formats(request.formats, sheet, column)
            books.check(anonymous=ours["anonymous"])
            code = grade_folder(replace(request, formats=pages), Plan(**ours))
            for line in books.fill(request.folder, request.lang or environment_language()):
                click.echo(line)
            sys.exit(PASSED if code == NOT_PASSED and exit_zero else code)
        context = click.get_current_context()
        refuse_class_options(context)
        result = grade_one(request, context.obj)
    if result.run.blame == "grader":
        sys.exit(OUR_FAULT)
    sys.exit(PASSED if result.passed or exit_zero else NOT_PASSED)


def refuse_class_options(context: click.Context) -> None:
    """Raises UsageError where a single submission was given what only a folder of them can honour."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") == ParameterSource.COMMANDLINE
        if given and option.name in OF_A_FOLDER:
            raise UsageError(f"{option.opts[0]}: takes a folder of submissions, and this is one")


@click.command("explain")
@click.argument("check", required=False)
@click.option("--lang", metavar="LANGUAGE", help="Language (default: from the environment).")
def explain_check(check: str | None, lang: str | None) -> None:
    """Show a check's page: what, why, hints, a bad and a good example. Without CHECK: list them all."""
    from .explaining import explain
    from .plugin_manager import all_checks, create_manager
    from .rendering import speak

    plugins = create_manager()
    checks = all_checks(plugins)
    _, words = speak(lang, plugins)
    if check is None:
        width = max(map(len, checks))
        click.echo("\n".join(f"{slug:{width}}  {words.gettext(item.title)}" for slug, item in checks.items()))
    else:
        click.echo(explain(check, checks, words.gettext), nl=False)


@click.command("exercises")
@click.argument("exercise", required=False, metavar="[ID]")
@click.option("--lang", metavar="LANGUAGE", help="Language (default: from the environment).")
def exercises(exercise: str | None, lang: str | None) -> None:
    """List the exercises, or show the task of one."""
    from .plugin_manager import all_checks, create_manager
    from .rendering import speak
    from .tasks import list_exercises, show_task

    plugins = create_manager()
    language, _ = speak(lang, plugins)
    if exercise is None:
        click.echo(list_exercises(plugins, all_checks(plugins), language), nl=False)
    else:
        click.echo(show_task(plugins, exercise, language), nl=False)


@click.command("new")
@click.argument("exercise", metavar="ID")
@click.argument("folder", type=click.Path(path_type=Path), default=Path(), metavar="[DIR]")
def new(exercise: str, folder: Path) -> None:
    """Write an exercise's starter and its task into DIR (default: here). Existing files stay."""
    from .plugin_manager import create_manager
    from .tasks import write_starter

    for path in write_starter(create_manager(), exercise, folder):
        click.echo(path)


@click.command("doctor")
@click.option("--data-root", type=click.Path(path_type=Path), envvar="GRADE_DATA", help="Where to look for MNIST.")
def doctor(data_root: Path | None) -> None:
    """Say what works here: sandbox layers, torch, torchvision, device, data."""
    from .doctor import examine
    from .plugin_manager import create_manager

    text, works = examine(create_manager(), data_root)
    click.echo(text, nl=False)
    sys.exit(PASSED if works else OUR_FAULT)


@click.command("report")
@click.argument("result", type=click.Path(path_type=Path), metavar="RESULT.json")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Where pages go (default: beside RESULT.json).")
@click.option(
    "-f", "--format", "formats", multiple=True, metavar="NAME", help="Repeatable (default: terminal and html)."
)
@click.option("--lang", metavar="LANGUAGE", help="Language (default: from the environment).")
def report(result: Path, out: Path | None, formats: tuple[str, ...], lang: str | None) -> None:
    """Render a result again, in any language or format; nothing is run."""
    from .report_command import render_again

    render_again(result, out or result.parent, formats, lang)


@click.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--exercise", metavar="ID", help="An id or a folder; else as for `grade run`, or none.")
@click.option("--lang", metavar="LANGUAGE", help="Language (default: from the environment).")
def lint(files: tuple[Path, ...], exercise: str | None, lang: str | None) -> None:
    """Say what is wrong with files without running them: syntax, size, encoding, a function's misspelt name.

    A line for each problem, and exit code 1 when there is one; made for editors and for a pre-commit hook.
    """
    from .lint_command import lint as look

    problems = look(files, exercise, lang)
    for line in problems:
        click.echo(line)
    sys.exit(NOT_PASSED if problems else PASSED)


@click.command("export")
@click.argument("platform", metavar="PLATFORM")
@click.argument("exercise", metavar="EXERCISE")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="The archive (default: EXERCISE-PLATFORM.zip, here)."
)
@click.option("--lang", metavar="LANGUAGE", help="Language of the students' reports (default: from the environment).")
@click.option("--index-url", metavar="URL", help="One more package index for pip, e.g. one with a torch without CUDA.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    envvar="GRADE_SECRET",
    help="File with the secret that draws the hidden data; it goes into the archive (also $GRADE_SECRET).",
)
def export(**arguments: Any) -> None:
    """Write an archive with which a platform's own machine grades an exercise: `grade export gradescope mnist-mlp`.

    EXERCISE is an id, or a folder with an exercise.toml. This very grader goes with it, as a wheel.
    """
    from .export_command import ExportRequest
    from .export_command import export as write_archive

    click.echo(write_archive(ExportRequest(**arguments)))


@click.command("merge", epilog=EXIT_CODES)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="OUT...")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), help="Where the whole class goes; made if needed."
)
@click.option("--lang", metavar="LANGUAGE", help="Language of the overview (default: from the environment).")
@click.option("--exit-zero", is_flag=True, help="Exit 0 when graded, whether all passed or not.")
@click.option("-f", "--format", "formats", multiple=True, metavar="NAME", help="A gradebook: canvas, moodle, ...")
@click.option("--sheet", type=click.Path(path_type=Path), help="What the gradebook's platform exported.")
@click.option("--column", metavar="TITLE", help="With --sheet: what the assignment is called there.")
def merge_shards(
    folders: tuple[Path, ...],
    out: Path,
    lang: str | None,
    exit_zero: bool,
    formats: tuple[str, ...],
    sheet: Path | None,
    column: str | None,
) -> None:
    """Join the results of several shards into one folder with one gradebook and one overview."""
    from .batch_command import exit_code
    from .class_gradebooks import split_formats
    from .merging import merge
    from .rendering import environment_language

    pages, books = split_formats(formats, sheet, column)
    if pages:
        raise UsageError(f"--format: {pages[0]} is no gradebook; pages are there already")
    books.check(anonymous=False)
    code = exit_code(merge(folders, out, lang))
    for line in books.fill(out, lang or environment_language()):
        click.echo(line)
    sys.exit(PASSED if code == NOT_PASSED and exit_zero else code)


for command in (run, report, explain_check, exercises, new, lint, verify, calibrate, export, doctor, merge_shards):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None, workshop: Workshop | None = None) -> None:
    """The console script `grade`: every end has an exit code, and none is a traceback of ours.

    `workshop`: that of a process which grades several submissions, one call after another.
    """
    try:
        words = list(arguments) if arguments is not None else None
        # click's own way out of a Ctrl-C would be the exit code of a submission that did not pass
        code = cli.main(args=words, prog_name="grade", obj=workshop, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else PASSED)
    except (click.Abort, KeyboardInterrupt):
        _leave("grade: interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (UsageError, ExerciseError, DataError) as error:
        _leave(f"grade: {error}", WRONG_USAGE)
    except GraderError as error:
        _leave(f"grade: {error.slug}: {error}", OUR_FAULT)
    except Exception as error:  # the last resort: anything else is our fault, and the student loses nothing
        if os.environ.get("GRADE_DEBUG"):
            raise
        _leave(f"grade: our fault: {type(error).__name__}: {error} (GRADE_DEBUG=1 shows where)", OUR_FAULT)


def _leave(message: str, code: int) -> NoReturn:
    from .words import visible

    # in one line: a path may hold a line break, and what follows it could be a command to a CI server
    click.echo(" ".join(visible(message, 4000).split("\n")), err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
