"""What a run has written is counted whatever it does to hide it, and what a killed grader left is removed."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from grader.sandbox import box as boxes
from grader.sandbox.box import make_box, remove_stale
from grader.sandbox.storage import Census, Stored, in_room, on_disk, unnamed

ROOT = Path(__file__).parents[1]
MB = 1 << 20


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that nobody else uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_files_and_folders_are_counted_with_the_room_that_they_take(tmp_path: Path) -> None:
    """Blocks count, not lengths: a file that is nearly all holes is small."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "weights.pt").write_bytes(bytes(MB))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    found = on_disk([tmp_path], 100)
    assert found.files == 4
    assert MB <= found.bytes < 2 * MB


def test_a_second_name_costs_no_room(tmp_path: Path) -> None:
    """A file with two names is two entries and counted once."""
    (tmp_path / "one").write_bytes(bytes(MB))
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    found = on_disk([tmp_path], 100)
    assert found.files == 2
    assert found.bytes < 2 * MB


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link to a large folder is one entry."""
    (tmp_path / "link").symlink_to("/usr")
    assert on_disk([tmp_path], 100).files == 1


def test_counting_ends_soon_after_the_limit(tmp_path: Path) -> None:
    """Nobody counts to the end of what has no end."""
    for number in range(50):
        (tmp_path / str(number)).touch()
    assert on_disk([tmp_path], 10).files == 11


def test_folders_deeper_than_a_path_can_say_are_counted(tmp_path: Path) -> None:
    """What is hidden where no path leads is found."""
    box = make_box(None)
    here = os.open(box.work, os.O_RDONLY)
    for _ in range(2100):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("end", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    assert box.stored([], 5000).files == 2101
    box.remove()


def test_deeper_than_anybody_needs_counts_as_too_many(tmp_path: Path) -> None:
    """Looking does not go on for ever: from some depth on a folder is over its limit."""
    (tmp_path / "d").mkdir()
    census = Census(7)
    handle = os.open(tmp_path, os.O_RDONLY)
    census._from_there_on(handle, "d", 40)
    os.close(handle)
    assert census.files > 7


@pytest.mark.skipif(os.geteuid() == 0, reason="no folder is closed to root")
def test_a_folder_that_is_closed_counts_as_too_many(tmp_path: Path) -> None:
    """Files cannot be hidden behind a mode."""
    (tmp_path / "closed").mkdir(mode=0)
    assert on_disk([tmp_path], 10).files == 11


def test_deleted_files_and_nameless_memory_are_seen_once(tmp_path: Path) -> None:
    """However many processes hold them open; what has a name is not among them."""
    named = (tmp_path / "named").open("wb")
    deleted = (tmp_path / "deleted").open("wb")
    with named, deleted:
        for file in (named, deleted):
            file.write(bytes(MB))
            file.flush()
        (tmp_path / "deleted").unlink()
        memory = os.memfd_create("memory")
        os.write(memory, bytes(2 * MB))
        again = os.dup(memory)
        before = unnamed([os.getpid()])
        os.close(again)
        os.close(memory)
        after = unnamed([os.getpid()])
    assert (before.files - after.files, before.bytes - after.bytes) == (1, 2 * MB)
    assert after.bytes >= MB


def test_sockets_count_as_what_may_wait_in_them() -> None:
    """A thousand pairs hold hundreds of megabytes of the kernel's memory."""
    before = unnamed([os.getpid()])
    ends = socket.socketpair()
    after = unnamed([os.getpid()])
    for end in ends:
        end.close()
    assert after.bytes - before.bytes == 2 * 212_992


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files to somebody else")
def test_folders_of_shared_memory_are_looked_into(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a throw-away identity has made there counts at any depth, and is removed."""
    monkeypatch.setattr(boxes, "SHARED_MEMORY", tmp_path / "shm")
    inner = tmp_path / "shm" / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "large").write_bytes(bytes(MB))
    for path in (tmp_path / "shm" / "a", inner, inner / "large"):
        os.chown(path, 61_234, 61_234)
    of_a_run = make_box(61_234)
    found = of_a_run.stored([], 100)
    assert (found.files, found.bytes >= MB) == (3, True)
    of_a_run.remove()
    assert list((tmp_path / "shm").iterdir()) == []


def test_who_lives_where_we_do_has_no_room() -> None:
    """Before a worker has moved in, nothing is counted: least of all the machine's own folders."""
    assert in_room([os.getpid(), 2**30], ["/tmp", "/"]) == Stored()


def test_what_a_killed_grader_left_is_removed(temporary: Path) -> None:
    """Its folder is ours, nobody holds its lock, and it is not brand new."""
    lines = "import sys, time, tempfile; tempfile.tempdir = sys.argv[1]\nfrom grader.sandbox.box import make_box\n"
    wait = "box = make_box(None); (box.work / 'left').write_text('x'); print(box.root, flush=True); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", lines + wait, str(temporary)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as grader:
        assert grader.stdout is not None
        left = Path(grader.stdout.readline().strip())
        os.utime(left, (time.time() - 1000,) * 2)
        remove_stale()
        assert left.exists()
        grader.send_signal(signal.SIGKILL)
    remove_stale()
    assert not left.exists()


def test_folders_that_are_not_ours_to_remove_stay(temporary: Path) -> None:
    """Young ones, locked ones, links and other names are left alone."""
    old = (time.time() - 1000,) * 2
    young, locked, other = (temporary / f"gradeloop-{name}" for name in ("box-young", "box-locked", "else"))
    for folder in (young, locked, other):
        folder.mkdir()
    for folder in (locked, other):
        os.utime(folder, old)
    (temporary / "gradeloop-box-link").symlink_to(other)
    handle = os.open(locked, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    remove_stale()
    os.close(handle)
    assert {entry.name for entry in temporary.iterdir()} == {
        "gradeloop-box-young", "gradeloop-box-locked", "gradeloop-else", "gradeloop-box-link"
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to somebody else")
def test_shared_memory_of_a_throwaway_identity_is_counted_and_removed() -> None:
    """Its number is nobody else's, so that its files are known."""
    owner = 1_610_630_001
    box = make_box(owner)
    folder = Path("/dev/shm/gradeloop-test-folder")
    folder.mkdir()
    (folder / "inside").touch()
    file = Path("/dev/shm/gradeloop-test-file")
    file.write_bytes(bytes(MB))
    for place in (folder, file):
        os.chown(place, owner, owner)
    before = box.stored([], 100)
    box.remove()
    assert before.bytes >= MB
    assert not folder.exists()
    assert not file.exists()
