"""exercise.toml: what it may say, what is said about its mistakes, and which exercise a file is for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.data.plugin import grader_datasets
from grader.errors import ExerciseError, UsageError
from grader.exercise import choose_exercise, detect_exercise, find_exercises, load_exercise
from grader.exercise_folders import grader_exercise_folders
from grader.model import Check, Exercise, Severity
from grader.plugin_manager import all_checks, create_manager

ROOT = Path(__file__).resolve().parent.parent
EVALUATION = "evaluation-loop"
IDS = (EVALUATION, "mnist-mlp", "regression-loop")


def check(slug: str, group: str) -> Check:
    return Check(slug, group, Severity.ERROR, "title", "message", "why", lambda evidence: ())


CHECKS = {
    slug: check(slug, group)
    for slug, group in {
        "gradients-not-cleared": "order",
        "missing-step": "order",
        "missing-backward": "order",
        "loss-diverged": "loss",
        "accuracy-below-threshold": "evaluation",
    }.items()
}

GOOD = """
id = "an-exercise"
version = "1"
title = {en = "An exercise", es = "Un ejercicio"}
dataset = "mnist"
threshold = {mnist = 0.9, digits = 0.8}

[rubric.order]
title = {en = "Order"}
points = 3
checks = ["@order"]
warning = 0.5

[rubric.accuracy]
title = {en = "Accuracy"}
points = 1.5
checks = ["accuracy-below-threshold"]
settings = {zero_at = {mnist = 0.5, digits = 0.4}}
"""


def load(folder: Path, text: str, checks: Mapping[str, Check] = CHECKS) -> Exercise:
    place = folder / "an-exercise"
    place.mkdir(exist_ok=True)
    (place / "exercise.toml").write_text(text, encoding="utf-8")
    return load_exercise(place, checks, grader_datasets())


def test_a_good_file(tmp_path: Path) -> None:
    """Everything that it says arrives; what it leaves out has a value that suits."""
    exercise = load(tmp_path, GOOD)
    order, accuracy = exercise.rubric
    assert exercise.id == "an-exercise"
    assert exercise.titles == {"en": "An exercise", "es": "Un ejercicio"}
    assert order.checks == ("gradients-not-cleared", "missing-backward", "missing-step")
    assert (order.points, order.warning) == (3.0, 0.5)
    assert accuracy.settings == {"zero_at": {"mnist": 0.5, "digits": 0.4}}
    assert exercise.max_score == 4.5
    assert exercise.threshold == {"mnist": 0.9, "digits": 0.8}
    assert exercise.limits.wall_seconds == 300.0


def test_a_group_leaves_out_what_another_line_names(tmp_path: Path) -> None:
    """`@order` stands for the checks of the group that no line lists by name, wherever that line stands."""
    text = GOOD.replace('["accuracy-below-threshold"]', '["accuracy-below-threshold", "missing-step"]')
    exercise = load(tmp_path, text)
    assert exercise.rubric[0].checks == ("gradients-not-cleared", "missing-backward")


def test_a_group_without_a_check_is_no_mistake(tmp_path: Path) -> None:
    """Beside other checks a group may stand for none, as long as its plugins are not installed."""
    exercise = load(tmp_path, GOOD.replace('["@order"]', '["@order", "@mode"]'))
    assert len(exercise.rubric[0].checks) == 3


MISTAKES = {
    "unknown check": ('["@order"]', '["zero-grd"]', 'rubric.order.checks: no check "zero-grd"; there are: '),
    "close check": (
        '["@order"]', '["gradient-not-cleared"]',
        'rubric.order.checks: no check "gradient-not-cleared"; the closest is "gradients-not-cleared"',
    ),
    "unknown group": (
        '["@order"]', '["@orders"]', 'rubric.order.checks: no group "@orders"; the closest is "@order"'
    ),
    "only an empty group": (
        '["@order"]', '["@mode"]', "rubric.order.checks: every check of its groups is in another line already"
    ),
    "listed twice": (
        '["accuracy-below-threshold"]', '["accuracy-below-threshold", "@order"]',
        'rubric.accuracy.checks: "@order" is listed already, in rubric.order.checks',
    ),
    "no checks": ('["@order"]', "[]", "rubric.order.checks: is empty; a line needs at least one check"),
    "checks not a list": ('["@order"]', '"@order"', 'rubric.order.checks: "@order" is not a list of names'),
    "unknown key": (
        "warning = 0.5", "warnings = 0.5", 'rubric.order.warnings: no such key; the closest is "warning"'
    ),
    "unknown top key": ("dataset =", "datasets =", 'datasets: no such key; the closest is "dataset"'),
    "negative points": ("points = 3", "points = -3", "rubric.order.points: -3 is not a number from 0 to 1"),
    "points in words": ("points = 3", 'points = "three"', 'rubric.order.points: "three" is not a number'),
    "points as truth": ("points = 3", "points = true", "rubric.order.points: true is not a number"),
    "points not a number": ("points = 3", "points = nan", "rubric.order.points: NaN is not a number"),
    "no points": ("points = 3", "", "rubric.order.points: missing; a number from 0 to 1000 belongs here"),
    "warning above one": ("warning = 0.5", "warning = 2", "rubric.order.warning: 2 is not a number from 0"),
    "no English title": ('{en = "Order"}', '{es = "Orden"}', "rubric.order.title.en: missing"),
    "other id": ('"an-exercise"', '"another"', 'id: "another" differs from its folder\'s name "an-exercise"'),
    "id with capitals": ('"an-exercise"', '"An Exercise"', 'id: "An Exercise" is not lower case words'),
    "no version": ('version = "1"', "", "version: missing; a text belongs here"),
    "unknown data set": ('"mnist"', '"mnits"', 'dataset: no data set "mnits"; the closest is "mnist"'),
    "no threshold": (
        "{mnist = 0.9, digits = 0.8}", "{mnist = 0.9}",
        'threshold.digits: missing; the data set "digits" may be used, so it needs a threshold',
    ),
    "threshold in per cent": ("mnist = 0.9,", "mnist = 90,", "threshold.mnist: 90 is not a number from 0"),
    "threshold without data": ('dataset = "mnist"', "", "threshold: there is no data set"),
    "zero above threshold": (
        "zero_at = {mnist = 0.5", "zero_at = {mnist = 0.95",
        "rubric.accuracy.settings.zero_at.mnist: 0.95 is not below the threshold, 0.9",
    ),
    "zero missing": (
        "{mnist = 0.5, digits = 0.4}", "{mnist = 0.5}",
        "rubric.accuracy.settings.zero_at.digits: missing; a number from 0 to 1 belongs here",
    ),
    "unknown setting": (
        "zero_at", "zero", 'rubric.accuracy.settings.zero: no such key; the closest is "zero_at"'
    ),
    "unknown limit": (
        "[rubric.order]", "[limits]\nseconds = 3\n[rubric.order]",
        'limits.seconds: no such key; the closest is "cpu_seconds"',
    ),
    "limit too small": (
        "[rubric.order]", "[limits]\nwall_seconds = 0\n[rubric.order]",
        "limits.wall_seconds: 0 is not a number from 1 to 86400",
    ),
    "unknown expectation": (
        "[rubric.order]", "[expects]\nhidden_layer = 1\n[rubric.order]",
        'expects.hidden_layer: no such key; the closest is "hidden_layers"',
    ),
    "detect not a list": (
        "[rubric.order]", '[detect]\ncalls = "MNIST"\n[rubric.order]',
        'detect.calls: "MNIST" is not a list of names',
    ),
    "line with capitals": ("[rubric.order]", "[rubric.Order]", "rubric.Order: is not lower case words"),
    "not toml": ("points = 3", "points = ", "Invalid value"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_file_key_value_and_choices(name: str, tmp_path: Path) -> None:
    """An instructor reads which file, which key, what stands there and what could."""
    old, new, message = MISTAKES[name]
    assert old in GOOD
    with pytest.raises(ExerciseError) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path}/an-exercise/exercise.toml: ")
    assert message in str(caught.value)


def test_no_rubric_at_all(tmp_path: Path) -> None:
    """Without a line nothing could be earned."""
    with pytest.raises(ExerciseError, match=r"exercise.toml: rubric: no line"):
        load(tmp_path, GOOD.partition("[rubric.order]")[0])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without exercise.toml is not an exercise."""
    with pytest.raises(ExerciseError, match=r"exercise.toml: No such file"):
        load_exercise(tmp_path, CHECKS)


def test_the_digest_is_of_what_is_said(tmp_path: Path) -> None:
    """Comments and order change nothing; a number does."""
    digest = load(tmp_path, GOOD).digest
    head, order, accuracy = GOOD.partition("[rubric.order]")[0], *GOOD.split("[rubric.")[1:]
    assert load(tmp_path, f"# a comment\n{head}[rubric.{accuracy}\n[rubric.{order}").digest == digest
    assert load(tmp_path, GOOD.replace("points = 3", "points = 4")).digest != digest
    assert len(digest) == 64


def test_exercises_are_found_by_their_folders(tmp_path: Path) -> None:
    """Every sub-folder with an exercise.toml, sorted; one name in two places is an error."""
    for place in ("one/b", "one/a", "two/c", "three/a"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "exercise.toml").touch()
    assert list(find_exercises([tmp_path / "two", tmp_path / "one"])) == ["a", "b", "c"]
    with pytest.raises(ExerciseError, match="two exercises are called 'a'"):
        find_exercises([tmp_path / "one", tmp_path / "three"])


@pytest.fixture(scope="module")
def built_in() -> dict[str, Exercise]:
    """The exercises that come with the grader, loaded with the checks that come with it."""
    checks = all_checks(create_manager(third_party=False))
    folders = find_exercises(grader_exercise_folders())
    return {name: load_exercise(folder, checks, grader_datasets()) for name, folder in folders.items()}


def detected(text: str, exercises: Mapping[str, Exercise]) -> tuple[str, list[str]]:
    """What a text is taken for, with the names that are in it."""
    nodes = list(ast.walk(ast.parse(text)))
    imports = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    calls = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    first, others = detect_exercise(text, imports, calls, exercises)
    return first.id, [exercise.id for exercise in others]


def test_the_built_in_exercises(built_in: dict[str, Exercise]) -> None:
    """Three, each worth ten points, with two languages everywhere and every slug in one line at most."""
    assert tuple(built_in) == IDS
    for exercise in built_in.values():
        assert exercise.max_score == 10
        slugs = [slug for line in exercise.rubric for slug in line.checks]
        assert len(slugs) == len(set(slugs))
        for titles in (exercise.titles, *(line.titles for line in exercise.rubric)):
            assert set(titles) == {"en", "es"}


@pytest.mark.parametrize(
    ("text", "name", "others"),
    [
        ("import torch\nfrom torchvision import datasets\ndatasets.MNIST('x')", "mnist-mlp", [EVALUATION]),
        ("import torch\nfrom torchvision.datasets import MNIST\nMNIST('x')", "mnist-mlp", [EVALUATION]),
        ("import torch\nx = torch.randn(3)", "regression-loop", []),
        ("import torch.nn as nn\nimport torchvision", "regression-loop", []),
        ("# exercise: evaluation-loop\nimport torch", EVALUATION, []),
        ("import torch\n# an exercise: mine\nx = 1\n#exercise:mnist-mlp\n", "mnist-mlp", []),
    ],
)  # fmt: skip
def test_which_exercise_a_file_is_for(text: str, name: str, others: list[str], built_in: dict[str, Exercise]) -> None:
    """Its own line decides, else the names in it; an MNIST script is `mnist-mlp` unless it says otherwise."""
    assert detected(text, built_in) == (name, others)


def test_a_file_that_fits_nothing(built_in: dict[str, Exercise]) -> None:
    """No guess is made; the choices are listed."""
    with pytest.raises(UsageError, match="name one with --exercise: evaluation-loop, mnist-mlp"):
        detected("print('hello')", built_in)


def test_an_exercise_that_is_not_there(built_in: dict[str, Exercise]) -> None:
    """The closest name is shown, whether it stood in the file or on the command line."""
    with pytest.raises(UsageError, match='no exercise "mnist-mpl"; the closest is "mnist-mlp"'):
        detected("# exercise: mnist-mpl\nimport torch", built_in)
    with pytest.raises(UsageError, match='the closest is "regression-loop"'):
        choose_exercise("regresion", built_in)


def test_starters_name_their_exercise(built_in: dict[str, Exercise]) -> None:
    """A starter is graded as what it is without an option; the task is there in two languages."""
    for name, exercise in built_in.items():
        text = (exercise.directory / "starter.py").read_text(encoding="utf-8")
        assert detected(text, built_in) == (name, [])
        for readme in ("README.md", "README.es.md"):
            lines = (exercise.directory / readme).read_text(encoding="utf-8")
            for line in exercise.rubric:
                language = "es" if ".es." in readme else "en"
                assert f"| {line.titles[language]} | {line.points:g} |" in lines


def test_references_are_short(built_in: dict[str, Exercise]) -> None:
    """Each exercise has a solution of fewer than 80 lines, and it is the exercise's own kind of script."""
    for name in built_in:
        text = (ROOT / "reference" / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
        assert len(text.splitlines()) < 80
        first, others = detected(text, built_in)
        assert name in (first, *others)


def test_the_regression_programs_run() -> None:
    """Starter and reference run as they stand; the reference's loss falls."""
    run = [sys.executable, "-W", "error"]
    starter = ROOT / "exercises" / "regression-loop" / "starter.py"
    subprocess.run([*run, str(starter)], check=True, capture_output=True, timeout=120)
    reference = ROOT / "reference" / "regression_loop.py"
    done = subprocess.run([*run, str(reference)], check=True, capture_output=True, text=True, timeout=120)
    losses = [float(line.rpartition(" ")[2]) for line in done.stdout.splitlines()]
    assert len(losses) == 20
    assert losses[-1] < losses[0]
