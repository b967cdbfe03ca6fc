"""IDX files and the folders that hold four of them: what is damaged is named, never believed."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from grader.data import cache_folder, files, idx
from grader.data.mnist import MnistProvider, locate
from grader.errors import DataError


def numbered(*shape: int) -> NDArray[np.uint8]:
    return (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)


def small_set(folder: Path, packed: bool = False) -> Path:
    """Four files with 30 and 20 images."""
    folder.mkdir(parents=True, exist_ok=True)
    for split, count in (("train", 30), ("t10k", 20)):
        idx.write(folder / files.images_name(split), numbered(count, 28, 28))
        idx.write(folder / files.labels_name(split), numbered(count) % 10)
    if packed:
        for name in files.NAMES:
            (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
            (folder / name).unlink()
    return folder


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A round trip keeps shape and bytes, plain and gzipped."""
    array = numbered(3, 4, 5)
    idx.write(tmp_path / "a", array)
    (tmp_path / "b.gz").write_bytes(gzip.compress((tmp_path / "a").read_bytes()))
    assert np.array_equal(idx.read(tmp_path / "a", 3), array)
    assert np.array_equal(idx.read(tmp_path / "b.gz", 3), array)
    assert idx.shape_of(tmp_path / "a", 3) == (3, 4, 5)


HEADER = struct.pack(">BBBBI", 0, 0, 8, 1, 5)


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "0 bytes only"),
        (b"\x00\x00\x08", "3 bytes only"),
        (b"\x00\x00\x0d\x01" + HEADER[4:] + b"12345", "begins with 00000d01"),
        (b"\x00\x00\x08\x00" + HEADER[4:] + b"12345", "not an IDX file"),
        (b"PK\x03\x04" + bytes(9), "begins with 504b0304"),
        (b"\x00\x00\x08\x03" + bytes(12), "3 dimensions where 1 belong"),
        (HEADER[:6], "truncated in its header"),
        (HEADER + b"1234", "truncated: 4 of 5 bytes"),
        (HEADER + b"123456", "longer than the 5 bytes"),
        (struct.pack(">BBBBI", 0, 0, 8, 1, 2**32 - 1) + b"1", "announces 4294967295, more than"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(content: bytes, wrong: str, tmp_path: Path) -> None:
    """Each kind of damage raises an error with the path and what is wrong, plain and gzipped."""
    plain, packed = tmp_path / "some-file", tmp_path / "some-file.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    for path in (plain, packed):
        with pytest.raises(DataError) as caught:
            idx.read(path, 1)
        assert str(caught.value).startswith(f"{path}: ")
        assert wrong in str(caught.value)


def test_the_length_is_checked_without_reading(tmp_path: Path) -> None:
    """`shape_of` finds a file that was cut short by its size alone."""
    path = tmp_path / "cut"
    path.write_bytes(HEADER + b"123")
    with pytest.raises(DataError, match="truncated: 3 of 5 bytes"):
        idx.shape_of(path, 1)


def test_a_broken_gzip_is_named(tmp_path: Path) -> None:
    """A download that stopped half-way, or bytes that changed, do not pass as data."""
    whole = gzip.compress(HEADER + b"12345")
    for number, content in enumerate((whole[:-9], b"not gzip", whole[:12] + b"\xff\xff\xff" + whole[15:])):
        path = tmp_path / f"{number}.gz"
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be read"):
            idx.read(path, 1)


@given(st.binary(max_size=64))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    """Whatever the bytes are: an array of the announced shape, or a DataError."""
    path = cache_folder() / "fuzz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    for dimensions in (1, 3):
        try:
            assert idx.read(path, dimensions).ndim == dimensions
        except DataError as error:
            assert str(path) in str(error)


def test_labels_that_do_not_fit_are_named(tmp_path: Path) -> None:
    """Too few labels, a label above nine, images of another size."""
    folder = small_set(tmp_path / "set")
    idx.write(folder / files.labels_name("train"), numbered(29) % 10)
    with pytest.raises(DataError, match="29 labels for 30 images"):
        files.read_split(folder, "train")
    idx.write(folder / files.labels_name("train"), np.full(30, 10, dtype=np.uint8))
    with pytest.raises(DataError, match="a label 10 where 0 to 9 belong"):
        files.read_split(folder, "train")
    idx.write(folder / files.images_name("t10k"), numbered(20, 28, 27))
    with pytest.raises(DataError, match=r"images of \(28, 27\)"):
        files.read_split(folder, "t10k")


@pytest.mark.parametrize("layout", ["", "mnist", "MNIST/raw"])
def test_three_layouts_are_known(layout: str, tmp_path: Path) -> None:
    """ROOT, ROOT/mnist, and torchvision's own ROOT/MNIST/raw."""
    small_set(tmp_path / layout)
    assert locate(tmp_path) == tmp_path / layout
    dataset = MnistProvider().open(tmp_path)
    assert dataset is not None and dataset.folder == tmp_path / layout


def test_gzipped_files_are_unpacked_once(tmp_path: Path) -> None:
    """The folder for the jail holds plain files in the cache; a replaced file is unpacked anew."""
    root = small_set(tmp_path / "root", packed=True)
    first, second = MnistProvider().open(root), MnistProvider().open(root)
    assert first is not None and first == second
    assert first.folder.parent == cache_folder()
    assert sorted(path.name for path in first.folder.iterdir()) == sorted(files.NAMES)
    assert np.array_equal(files.read_split(first.folder, "t10k")[0], numbered(20, 28, 28))
    small_set(root, packed=False)
    third = MnistProvider().open(root)
    assert third is not None and third.folder == root


def test_a_damaged_copy_in_the_cache_is_made_again(tmp_path: Path) -> None:
    """A cache that was cut short heals itself."""
    root = small_set(tmp_path / "root", packed=True)
    folder = files.unpacked(root, tmp_path / "cache")
    (folder / files.images_name("train")).write_bytes(HEADER)
    assert files.unpacked(root, tmp_path / "cache") == folder
    assert len(files.read_split(folder, "train")[0]) == 30


def test_another_user_may_read_what_is_kept(tmp_path: Path) -> None:
    """A jail runs as somebody else: folders are 0755, files 0644."""
    folder = files.unpacked(small_set(tmp_path / "root", packed=True), tmp_path / "cache")
    assert folder.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [folder.name]


def test_a_named_folder_must_be_whole(tmp_path: Path) -> None:
    """--data-root without data, with a file missing, with one cut short: an error, never another data set."""
    with pytest.raises(DataError, match="no MNIST") as caught:
        MnistProvider().open(tmp_path)
    assert str(tmp_path / "MNIST/raw") in str(caught.value)
    small_set(tmp_path / "mnist", packed=True)
    labels = tmp_path / "mnist" / f"{files.labels_name('t10k')}.gz"
    content = labels.read_bytes()
    labels.unlink()
    with pytest.raises(DataError, match="no t10k-labels-idx1-ubyte, neither plain"):
        MnistProvider().open(tmp_path)
    labels.write_bytes(content[:-10])
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz: cannot be read"):
        MnistProvider().open(tmp_path)


def test_the_environment_names_a_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$GRADE_DATA counts where no --data-root is given."""
    monkeypatch.setenv("GRADE_DATA", str(small_set(tmp_path / "data")))
    dataset = MnistProvider().open(None)
    assert dataset is not None and dataset.folder == tmp_path / "data"
    monkeypatch.setenv("GRADE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="nowhere: no MNIST"):
        MnistProvider().open(None)


@pytest.fixture
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "fresh"))
    return cache_folder()


def test_a_download_is_kept(fresh_cache: Path) -> None:
    """What torchvision fetched lies in the cache afterwards as four plain files, and is fetched once."""
    calls: list[Path] = []

    def download(destination: Path) -> bool:
        calls.append(small_set(destination / "MNIST" / "raw", packed=True))
        return True

    provider = MnistProvider(download=download)
    first, second = provider.open(None), provider.open(None)
    assert first is not None and first == second and len(calls) == 1
    assert sorted(path.name for path in first.folder.iterdir()) == sorted(files.NAMES)


def test_without_a_network_there_is_no_mnist(fresh_cache: Path) -> None:
    """A failed download gives None, leaves nothing half-made, and is not tried again at once."""
    calls: list[Path] = []

    def download(destination: Path) -> bool:
        calls.append(destination)
        return False

    provider = MnistProvider(download=download)
    assert provider.open(None) is None
    assert provider.open(None) is None
    assert len(calls) == 1
    assert not any(path.is_dir() for path in fresh_cache.iterdir())


@pytest.mark.mnist
def test_the_real_mnist(mnist_root: Path) -> None:
    """60,000 and 10,000 images; the first training label is a five."""
    dataset = MnistProvider().open(mnist_root)
    assert dataset is not None
    images, labels = files.read_split(dataset.folder, "train")
    assert images.shape == (60_000, 28, 28)
    assert labels[:4].tolist() == [5, 0, 4, 1]
    assert len(files.read_split(dataset.folder, "t10k")[1]) == 10_000
