"""IDX files, plain or .gz: reads what its header announces and not a byte more; believes no header."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import numpy as np

from ..errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: the type code of unsigned bytes, the only one that MNIST uses
UNSIGNED_BYTE = 0x08
MAX_DIMENSIONS = 4
MAX_BYTES = 256 * 1024 * 1024


def read(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array in an IDX file of so many dimensions. Raises DataError naming the file and what is wrong."""
    try:
        with _open(path) as stream:
            shape = _header(stream, path, dimensions)
            size = math.prod(shape)
            # one byte more than announced, so that a file that is too long shows
            content = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {_reason(error)}") from None
    if len(content) != size:
        raise DataError(f"{path}: {_length(len(content), size)}, the header announces {_words(shape)}")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def write(path: Path, array: NDArray[np.uint8]) -> None:
    """Write unsigned bytes as a plain IDX file."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    path.write_bytes(header + np.ascontiguousarray(array, dtype=np.uint8).tobytes())


def shape_of(path: Path, dimensions: int) -> tuple[int, ...]:
    """The shape of a plain IDX file, its length checked without reading it. Raises DataError."""
    try:
        with path.open("rb") as stream:
            shape = _header(stream, path, dimensions)
        content = path.stat().st_size - 4 - 4 * dimensions
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {_reason(error)}") from None
    if content != math.prod(shape):
        raise DataError(f"{path}: {_length(content, math.prod(shape))}, the header announces {_words(shape)}")
    return shape


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _header(stream: IO[bytes], path: Path, dimensions: int) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise DataError(f"{path}: {len(magic)} bytes only, no IDX header")
    if magic[:3] != bytes((0, 0, UNSIGNED_BYTE)) or not 1 <= magic[3] <= MAX_DIMENSIONS:
        raise DataError(f"{path}: begins with {magic.hex()}, not an IDX file of bytes")
    if magic[3] != dimensions:
        raise DataError(f"{path}: {magic[3]} dimensions where {dimensions} belong")
    sizes = stream.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise DataError(f"{path}: truncated in its header")
    shape = struct.unpack(f">{dimensions}I", sizes)
    if math.prod(shape) > MAX_BYTES:
        raise DataError(f"{path}: the header announces {_words(shape)}, more than {MAX_BYTES} bytes")
    return shape


def _length(found: int, announced: int) -> str:
    if found > announced:
        return f"longer than the {announced} bytes that belong there"
    return f"truncated: {found} of {announced} bytes"


def _words(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
