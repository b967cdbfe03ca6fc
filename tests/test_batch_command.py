"""What a batch grades, keeps, leaves out and writes, with an engine that only pretends to grade."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from grader import plugin_manager
from grader.batch_command import grade_folder
from grader.batch_plan import Plan, in_shard, shard_of
from grader.engines import Finished, Job
from grader.errors import UsageError
from grader.model import Blame
from grader.note import FILE, read_note
from grader.redaction import redact
from grader.result import Result, to_json
from grader.run_command import Request
from grader.summary import from_json

from .sample_results import full_marks, grader_failed, not_cleared

GRADE = Path(sys.executable).with_name("grade")
NAMES = ("ana.py", "ben.py", "carla.py")


@dataclass
class PretendEngine:
    """Leaves a made-up result for each job: that of `results`, else full marks; `codes` of it die."""

    results: dict[str, Result] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    interrupted_at: str | None = None
    graded: list[str] = field(default_factory=list)
    closed: bool = False

    def run(self, jobs: Sequence[Job], at_once: int) -> Iterator[Finished]:
        try:
            for job in jobs:
                if job.name == self.interrupted_at:
                    raise KeyboardInterrupt
                self.graded.append(job.name)
                yield self._finish(job)
        finally:
            self.closed = True

    def _finish(self, job: Job) -> Finished:
        if job.name in self.codes:
            return Finished(job, self.codes[job.name], f"grade: {job.arguments[-1]}: it went wrong")
        words = dict(zip(job.arguments, job.arguments[1:], strict=False))
        note = read_note(Path(words["--metadata"]))
        source = Path(job.arguments[-1]).read_text()
        result = self.results.get(job.name, full_marks())
        record = replace(result.submission, name=Path(job.arguments[-1]).name, student=note.student)
        # no data set: which one a run would get today is looked up elsewhere
        run = replace(result.run, dataset=None)
        result = redact(replace(result, submission=record, source=source, run=run), note.hidden)
        job.folder.mkdir(parents=True, exist_ok=True)
        temporary = job.folder / "new"
        temporary.write_text(to_json(result))
        temporary.replace(job.folder / "result.json")
        (job.folder / "report.html").write_text(f"page of {note.student}")
        (job.folder / FILE).write_text(json.dumps({**note.resume, "language": "en"}))
        return Finished(job, 0)


@dataclass
class Classroom:
    """A folder of submissions, and one for results, graded by an engine that pretends."""

    folder: Path
    out: Path
    engine: PretendEngine

    def grade(self, seed: int = 0, lang: str | None = None, **plan: object) -> list[str]:
        """Which submissions were graded this time."""
        self.engine.graded.clear()
        self.code = grade_folder(self.request(seed, lang), Plan(**plan))  # type: ignore[arg-type]
        return list(self.engine.graded)

    def request(self, seed: int = 0, lang: str | None = None) -> Request:
        return Request(self.folder, out=self.out, seed=seed, lang=lang, quiet=True)

    def gradebook(self) -> dict[str, dict[str, str]]:
        with (self.out / "gradebook.csv").open(newline="") as file:
            return {row["submission"]: row for row in csv.DictReader(file)}

    def reasons(self) -> dict[str, str]:
        summary = from_json((self.out / "summary.json").read_text())
        return {item.name: item.reason for item in summary.not_graded}


@pytest.fixture
def classroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Classroom:
    folder = tmp_path / "submissions"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(f"# exercise: mnist-mlp\nprint({name!r})\n")
    engine = PretendEngine()
    monkeypatch.setattr(plugin_manager, "all_engines", lambda plugins: {"local": engine})
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Classroom(folder, tmp_path / "out", engine)


def test_what_has_a_result_is_not_graded_again(classroom: Classroom) -> None:
    """Unless the submission, the seed or the secret is another, or --fresh says so."""
    assert classroom.grade() == list(NAMES)
    assert classroom.grade() == []
    (classroom.folder / "ben.py").write_text("# exercise: mnist-mlp\n")
    assert classroom.grade() == ["ben.py"]
    assert classroom.grade(seed=1) == list(NAMES)
    assert classroom.grade(seed=1, resume=False) == list(NAMES)
    assert set(classroom.gradebook()) == set(NAMES)


def test_what_is_known_of_a_student_is_part_of_the_key(classroom: Classroom, tmp_path: Path) -> None:
    """A course's policy may use it: another due date is another grade."""
    classroom.grade()
    assert classroom.grade(due="2026-02-01T00:00:00Z") == list(NAMES)
    assert classroom.grade(due="2026-02-01T00:00:00Z") == []


def test_our_fault_is_tried_again(classroom: Classroom) -> None:
    """A result that says that the grader failed is no result to keep; the exit code says so, too."""
    classroom.engine.results["ben.py"] = grader_failed()
    classroom.grade()
    assert classroom.code == 3
    assert classroom.grade() == ["ben.py"]


@pytest.mark.parametrize(("code", "exit_code"), [(-9, 3), (3, 3), (2, 1)])
def test_a_grading_that_leaves_no_result_is_a_row_with_a_reason(
    classroom: Classroom, code: int, exit_code: int
) -> None:
    """A grader that died is our fault; a submission that fits no exercise is not."""
    classroom.engine.codes["ben.py"] = code
    classroom.grade()
    assert classroom.code == exit_code
    assert classroom.reasons() == {"ben.py": "it went wrong"}
    assert classroom.gradebook()["ana.py"]["score"] == "10"


def test_an_old_result_does_not_pass_for_that_of_a_run_that_broke(classroom: Classroom) -> None:
    """Nor does it lie about afterwards."""
    classroom.grade()
    classroom.engine.codes["ben.py"] = 0
    classroom.grade(resume=False)
    assert classroom.gradebook()["ben.py"]["status"] == "not-graded"
    assert not (classroom.out / "ben.py" / "result.json").exists()


def test_regrading_a_check_leaves_the_others_alone(classroom: Classroom) -> None:
    """Those whose rubric or findings name it; in other circumstances too, for only they are to change."""
    other = replace(full_marks(), verdicts=tuple(replace(item, checks=()) for item in full_marks().verdicts))
    classroom.engine.results |= {"ana.py": other, "ben.py": not_cleared(), "carla.py": other}
    classroom.grade()
    assert classroom.grade(seed=1, regrade="gradients-not-cleared") == ["ben.py"]
    assert set(classroom.gradebook()) == set(NAMES)
    with pytest.raises(UsageError, match="--regrade: no check 'zero-grad'"):
        classroom.grade(regrade="zero-grad")


@pytest.mark.parametrize(("pattern", "names"), [("BEN", ["ben.py"]), ("a*", ["ana.py"]), ("a", ["ana.py", "carla.py"])])
def test_only_some_are_graded_and_the_gradebook_stays_whole(
    classroom: Classroom, pattern: str, names: list[str]
) -> None:
    """Rows of an earlier batch stay; before that the others have none."""
    assert classroom.grade(only=pattern) == names
    assert list(classroom.gradebook()) == names
    classroom.grade()
    assert classroom.grade(only=pattern, resume=False) == names
    assert set(classroom.gradebook()) == set(NAMES)


def test_fail_fast_stops_at_the_first_that_does_not_pass(classroom: Classroom) -> None:
    """The rest is told as not graded, and nothing goes on running."""
    classroom.engine.results["ben.py"] = not_cleared()
    assert classroom.grade(fail_fast=True) == ["ana.py", "ben.py"]
    assert classroom.engine.closed
    assert "--fail-fast" in classroom.reasons()["carla.py"]


def test_an_interrupt_keeps_what_is_finished(classroom: Classroom) -> None:
    """The gradebook says who was not reached; the next batch grades only them."""
    classroom.engine.interrupted_at = "ben.py"
    with pytest.raises(KeyboardInterrupt):
        classroom.grade()
    assert classroom.reasons() == {"ben.py": "interrupted", "carla.py": "interrupted"}
    assert classroom.gradebook()["ana.py"]["score"] == "10"
    classroom.engine.interrupted_at = None
    assert classroom.grade() == ["ben.py", "carla.py"]


def test_shards_share_a_class_without_overlap(classroom: Classroom) -> None:
    """Every submission is in one shard, whoever else hands in."""
    graded = [name for number in (1, 2, 3) for name in classroom.grade(shard=f"{number}/3", resume=False)]
    assert sorted(graded) == list(NAMES)
    shares = [sum(in_shard(f"{name}.py", number, 8) for name in range(800)) for number in range(1, 9)]
    assert sum(shares) == 800
    assert min(shares) > 60


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "a/b", "1/0", "-1/3"])
def test_a_shard_is_k_of_n(text: str) -> None:
    """Anything else is wrong usage, with an example."""
    with pytest.raises(UsageError, match="such as 3/8"):
        shard_of(text)


def test_pages_are_written_again_for_another_language(classroom: Classroom) -> None:
    """From the result that is there: nothing is graded for it."""
    classroom.grade()
    assert classroom.grade(lang="es") == []
    page = (classroom.out / "ana.py" / "report.html").read_text()
    assert '<html lang="es">' in page
    (classroom.out / "ana.py" / "report.html").unlink()
    assert classroom.grade(lang="es") == []
    assert (classroom.out / "ana.py" / "report.html").read_text() == page


ROSTER = "submission,name,id,email\nana.py,Ana Ruiz Gil,20251234,ana@example.org\nben.py,Adam Lee,17,b@example.org\n"


def test_without_names_no_name_is_written_anywhere(classroom: Classroom, tmp_path: Path) -> None:
    """Not in results, pages, tables or names of folders; a friend's name in a comment goes, too."""
    (tmp_path / "roster.csv").write_text(ROSTER)
    text = "# exercise: mnist-mlp\n# Ana Ruiz Gil (20251234), with Adam Lee\nprint('ruiz, ana ANA_RUIZ_GIL')\n"
    (classroom.folder / "ana.py").write_text(f"{text}# mail ana@example.org\n")
    (classroom.folder / "ben.py").write_text("# exercise: mnist-mlp\nfrom torch.optim import Adam  # by Lee\n")
    (classroom.folder / "Ruiz_Gil").mkdir()
    done = classroom.grade(anonymous=True, roster=tmp_path / "roster.csv", names=tmp_path / "names.csv")
    assert len(done) == 3
    words = ["ana.py", "Ana", "Ruiz", "Gil", "20251234", "Adam Lee", "Lee", "carla", "ben.py", "example.org"]
    for path in [path for path in classroom.out.rglob("*") if path.is_file()]:
        shown = f"{path.relative_to(classroom.out)} {path.read_text()}"
        assert [word for word in words if word.casefold() in shown.casefold()] == [], path
    names = (tmp_path / "names.csv").read_text()
    assert "Ana Ruiz Gil" in names
    assert all(name in names for name in done)
    sources = [json.loads(path.read_text())["source"] for path in classroom.out.glob("*/result.json")]
    assert any("from torch.optim import Adam" in source for source in sources)


def test_a_student_keeps_the_pseudonym(classroom: Classroom, tmp_path: Path) -> None:
    """Also when the file is called otherwise next time; with another key it is another one."""
    (tmp_path / "roster.csv").write_text("submission,id\nana.py,17\n")
    first = classroom.grade(anonymous=True, roster=tmp_path / "roster.csv", only="ana")
    (classroom.folder / "ana.py").rename(classroom.folder / "again.py")
    (tmp_path / "roster.csv").write_text("submission,id\nagain.py,17\n")
    assert classroom.grade(anonymous=True, roster=tmp_path / "roster.csv", only="again", resume=False) == first
    (tmp_path / "config" / "gradeloop" / "pseudonyms.key").unlink()
    assert classroom.grade(anonymous=True, roster=tmp_path / "roster.csv", only="again") != first


def test_who_is_who_is_not_written_among_the_results(classroom: Classroom) -> None:
    """That file is the one with the names."""
    with pytest.raises(UsageError, match=r"--names: .* lies in --out"):
        classroom.grade(anonymous=True, names=classroom.out / "names.csv")


def test_two_of_one_student_are_told_without_the_name_too(classroom: Classroom, tmp_path: Path) -> None:
    """Each has a row, and the reason names nobody."""
    (tmp_path / "roster.csv").write_text("submission,name\nana.py,Ana Ruiz\nben.py,Ana Ruiz\n")
    classroom.grade(anonymous=True, roster=tmp_path / "roster.csv")
    reasons = classroom.reasons()
    assert len(reasons) == 2
    assert not any(word in f"{name} {text}" for name, text in reasons.items() for word in ("Ana", "ana.py", "ben.py"))


def test_two_hundred_empty_folders_are_rows_and_the_rest_is_graded(classroom: Classroom) -> None:
    """Each is told; so are a broken zip and a folder in which nobody knows what to grade."""
    for number in range(200):
        (classroom.folder / f"empty {number}").mkdir()
    (classroom.folder / "broken.zip").write_bytes(b"PK")
    (classroom.folder / "two").mkdir()
    for name in ("a.py", "b.py"):
        (classroom.folder / "two" / name).write_text("")
    assert classroom.grade() == list(NAMES)
    assert classroom.code == 1
    reasons = classroom.reasons()
    assert len(reasons) == 202
    assert reasons["empty 7"] == "a folder without Python"
    assert reasons["broken.zip"] == "broken.zip: not a zip"
    assert "which file is to be graded?" in reasons["two"]


def test_who_handed_in_nothing_is_in_the_gradebook(classroom: Classroom, tmp_path: Path) -> None:
    """With the name of the roster."""
    (tmp_path / "roster.csv").write_text(f"{ROSTER}dora.py,Dora Paz,18,\n")
    classroom.grade(roster=tmp_path / "roster.csv")
    row = classroom.gradebook()["dora.py"]
    assert (row["student"], row["reason"]) == ("Dora Paz", "nothing was handed in")
    assert classroom.gradebook()["ana.py"]["student"] == "Ana Ruiz Gil"


@pytest.mark.parametrize("place", ["/proc/gradeloop", "submissions/ana.py/out", "submissions/ana.py"])
def test_a_place_that_cannot_be_written_is_told_before_anything_runs(classroom: Classroom, place: str) -> None:
    """Wrong usage, in one line."""
    classroom.out = classroom.folder.parent / place
    with pytest.raises(UsageError, match="--out: "):
        classroom.grade()
    assert classroom.engine.graded == []


def test_an_earlier_score_is_told_to_the_policy_and_to_the_page(classroom: Classroom) -> None:
    """What the result in --out had before."""
    classroom.engine.results["ben.py"] = not_cleared()
    classroom.grade()
    classroom.engine.results.clear()
    classroom.grade(resume=False)
    summary = from_json((classroom.out / "summary.json").read_text())
    assert {item.name: item.previous_score for item in summary.submissions} == dict(
        zip(NAMES, (10.0, 1.0, 10.0), strict=True)
    )
    classroom.grade()
    kept = from_json((classroom.out / "summary.json").read_text())
    assert kept.submissions == summary.submissions


def test_pages_are_linked_from_the_summary(classroom: Classroom) -> None:
    """Relative to it, whatever the name."""
    classroom.grade()
    summary = from_json((classroom.out / "summary.json").read_text())
    assert [item.page for item in summary.submissions] == [f"{name}/report.html" for name in NAMES]
    assert (classroom.out / "index.html").is_file()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


@pytest.mark.parametrize("kind", ["INT", "TERM"])
def test_ctrl_c_and_a_cancelled_job_leave_whole_results_and_130(tmp_path: Path, kind: str) -> None:
    """What hangs is ended with all that it started; what is done is in the gradebook."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.py").write_text("# exercise: regression-loop\nfor x in\n")
    (folder / "b.py").write_text("# exercise: regression-loop\nimport time\ntime.sleep(600)\n")
    with subprocess.Popen([GRADE, folder, "-o", out, "-j", "1"], stderr=subprocess.PIPE, text=True) as batch:
        wait_for((out / "a.py" / FILE).exists)
        subprocess.run(["kill", f"-{kind}", str(batch.pid)], check=True)
        _, errors = batch.communicate(timeout=120)
    assert batch.returncode == 130, errors
    assert "interrupted" in errors
    assert from_json((out / "summary.json").read_text()).not_graded[0].reason == "interrupted"
    assert not (out / "b.py" / "result.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system takes root")
def test_a_place_that_gets_full_costs_what_did_not_fit(tmp_path: Path) -> None:
    """One line for each that could not be written; what fitted is kept."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for number in range(4):
        (folder / f"{number}.py").write_text(f"# exercise: regression-loop\n{'# text ' * 3000}\nfor x in {number}\n")
    command = f"mount -t tmpfs -o size=100k none {out} && cd {tmp_path} && {GRADE} in -o out -j 1"
    done = subprocess.run(["unshare", "-m", "sh", "-c", command], capture_output=True, text=True, timeout=200)
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()[:80]}")
    assert done.returncode == 2, done.stderr
    assert "0 / 10  syntax-error" in done.stdout
    assert "No space left on device" in done.stdout
    assert "Traceback" not in done.stderr


def test_blame_is_compared_by_kind(classroom: Classroom) -> None:
    """A student's own failure is kept: only ours is tried again."""
    failed = replace(full_marks(), run=replace(full_marks().run, blame=Blame.STUDENT), score=0.0, passed=False)
    classroom.engine.results["ben.py"] = failed
    classroom.grade()
    assert (classroom.code, classroom.grade()) == (1, [])
