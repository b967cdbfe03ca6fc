"""Zips as students make them, and as nobody should: programs come out, or one clear line."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader import archives
from grader.archives import Bounds, opened, root_of, unpack
from grader.errors import UsageError

LOOP = "print('loop')\n"


def made(folder: Path, members: dict[str, str | bytes], **changes: int) -> Path:
    """A zip of these members; `changes` are set on each of them."""
    path = folder / "made.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = changes.get("compress_type", zipfile.ZIP_DEFLATED)
            info.external_attr = changes.get("external_attr", 0)
            archive.writestr(info, content)
    return path


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refused(path: Path, folder: Path) -> str:
    """The reason, which names the zip; nothing may have been written outside of the folder."""
    with pytest.raises(UsageError) as caught:
        unpack(path, folder / "into")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_pipe_and_a_link_are_no_zips(tmp_path: Path) -> None:
    """A pipe keeps nobody waiting; what a student's link leads to is not unpacked, what whoever grades names is."""
    path = made(tmp_path, {"submission.py": LOOP})
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "link.zip").symlink_to(path)
    assert "not a regular file" in refused(tmp_path / "pipe.zip", tmp_path)
    assert "a link" in refused(tmp_path / "link.zip", tmp_path)
    with opened(tmp_path / "link.zip") as folder:
        assert files(folder) == ["submission.py"]


def test_programs_come_out_and_clutter_stays_behind(tmp_path: Path) -> None:
    """Of a whole project only what can be graded is unpacked."""
    names = ["hw/submission.py", "hw/utils/a.py", "hw/data/train.gz", "__MACOSX/hw/._submission.py"]
    names += ["hw/.venv/lib/x.py", "hw/__pycache__/a.py", "hw/loop.ipynb", "hw/README.md"]
    unpack(made(tmp_path, dict.fromkeys(names, LOOP)), tmp_path / "into")
    assert files(tmp_path / "into") == ["hw/loop.ipynb", "hw/submission.py", "hw/utils/a.py"]
    assert (tmp_path / "into" / "hw" / "submission.py").read_text() == LOOP
    assert root_of(tmp_path / "into").name == "hw"


@pytest.mark.parametrize("name", ["../out.py", "a/../../out.py", "/tmp/out.py", "..\\out.py", "C:\\out.py", "../x.txt"])
def test_a_name_that_leaves_the_folder_spoils_the_zip(tmp_path: Path, name: str) -> None:
    """Nothing of it is unpacked, the good files neither."""
    reason = refused(made(tmp_path, {"submission.py": LOOP, name: LOOP}), tmp_path)
    assert "leads out of the folder" in reason
    assert files(tmp_path) == ["made.zip"]


def test_a_link_spoils_the_zip(tmp_path: Path) -> None:
    """It could lead to a file of the instructor's."""
    path = made(tmp_path, {"submission.py": "/etc/passwd"}, external_attr=(stat.S_IFLNK | 0o777) << 16)
    assert "is a link" in refused(path, tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A thousand to one, and lies about its size: reading stops at the bound."""
    path = made(tmp_path, {"submission.py": b"#" * (archives.ONE.member + 10)})
    assert path.stat().st_size < 100_000
    assert "unpacks to too much" in refused(path, tmp_path)


def test_many_small_files_are_a_bomb_too(tmp_path: Path) -> None:
    """The sum is bounded as each file is."""
    path = made(tmp_path, {f"{number}.py": b"#" * 1000 for number in range(20)})
    with pytest.raises(UsageError, match="unpacks to too much; at most 5,000 bytes"):
        unpack(path, tmp_path / "into", Bounds(10**6, 100, 2000, 5000, (".py",)))


def test_more_members_than_anybody_hands_in_are_not_listed(tmp_path: Path) -> None:
    """The number stands at the end of the file, and is looked at before the table is read."""
    path = made(tmp_path, {f"{number}.txt": b"" for number in range(50)})
    with pytest.raises(UsageError, match="50 files; at most 10"):
        unpack(path, tmp_path / "into", Bounds(10**6, 10, 2000, 5000, (".py",)))


def test_a_password_is_named(tmp_path: Path) -> None:
    """The flag of an encrypted member is enough; nothing is decrypted."""
    path = made(tmp_path, {"submission.py": LOOP})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "password" in refused(path, tmp_path)


def test_names_are_read_as_utf_8_whether_the_zip_says_so_or_not(tmp_path: Path) -> None:
    """A tool that does not set the flag still wrote UTF-8."""
    path = made(tmp_path, {"soluci\u00f3n.py": LOOP})
    content = bytearray(path.read_bytes())
    content[7] &= ~8
    content[content.index(b"PK\x01\x02") + 9] &= ~8
    path.write_bytes(content)
    unpack(path, tmp_path / "into")
    assert files(tmp_path / "into") == ["soluci\u00f3n.py"]


def test_names_of_another_encoding_are_kept_as_well_as_they_can_be(tmp_path: Path) -> None:
    """Latin-1 without a flag is read as zip's own code page; with the flag it is an error of the zip."""
    path = made(tmp_path, {"soluci\u00f3n.py": LOOP})
    content = path.read_bytes().replace("\u00f3".encode(), b"\xf3x")
    path.write_bytes(content)
    assert "not a zip that can be read" in refused(path, tmp_path)
    plain = bytearray(content)
    plain[7] &= ~8
    plain[plain.index(b"PK\x01\x02") + 9] &= ~8
    path.write_bytes(plain)
    unpack(path, tmp_path / "into")
    assert [name.endswith("xn.py") for name in files(tmp_path / "into")] == [True]


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    """Which of them was meant cannot be known."""
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("submission.py", LOOP)
        archive.writestr("submission.py", "other")
    assert "two files are called submission.py" in refused(tmp_path / "twice.zip", tmp_path)


def test_an_unusual_method_is_refused(tmp_path: Path) -> None:
    """LZMA's tables alone may ask for gigabytes."""
    path = made(tmp_path, {"submission.py": LOOP}, compress_type=zipfile.ZIP_LZMA)
    assert "use deflate" in refused(path, tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_told(tmp_path: Path, content: bytes) -> None:
    """An empty file, half a one, and one that only ends like a zip."""
    path = tmp_path / "broken.zip"
    path.write_bytes(content)
    refused(path, tmp_path)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_zip_never_writes_outside_nor_breaks_us(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever bytes are changed: either files in the folder, or one clear line."""
    folder = tmp_path_factory.mktemp("damaged")
    path = made(folder, {"a/submission.py": LOOP * 20, "b.py": LOOP})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        unpack(path, folder / "into")
    except UsageError as error:
        assert "\n" not in str(error).replace(str(folder), "")
    assert [name for name in files(folder) if not name.startswith("into/")] == ["made.zip"]


def test_a_zip_is_open_as_a_folder_and_gone_afterwards(tmp_path: Path) -> None:
    """Anything that is no zip is itself."""
    with opened(made(tmp_path, {"hw/submission.py": LOOP})) as folder:
        assert files(folder) == ["submission.py"]
    assert not folder.exists()
    with opened(tmp_path / "a.py") as path:
        assert path == tmp_path / "a.py"


def test_a_member_without_a_name_spoils_the_zip(tmp_path: Path) -> None:
    """Found by fuzzing: a name may be empty, or end before it has begun."""
    path = tmp_path / "nameless.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.py", b"x = 1")
    path.write_bytes(path.read_bytes().replace(b"a.py", b"\0.py"))
    (tmp_path / "into").mkdir()
    with pytest.raises(UsageError, match="without a name"):
        unpack(path, tmp_path / "into")
