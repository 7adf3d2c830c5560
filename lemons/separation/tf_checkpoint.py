"""TensorFlow checkpoints, read without TensorFlow.

A checkpoint is a folder. The text file ``checkpoint`` names a prefix, such as ``model``. ``model.index`` is a table in
LevelDB's format: sorted keys that share prefixes, in blocks, which a block of their own lists, which a footer points
to. It maps each variable's name to a protocol buffer with its type, shape, shard, offset, size and checksum.
``model.data-00000-of-00001`` and further shards hold the values. Every checksum (CRC-32C, masked) is verified.

References
----------
- TensorFlow, ``tensorflow/core/protobuf/tensor_bundle.proto``
- LevelDB, ``doc/table_format.md``
"""

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from lemons.errors import DataError

__all__ = ["read_checkpoint"]

MAGIC = 0xDB4775248B80FB57  # the last 8 bytes of a table
FOOTER_LENGTH = 48  # bytes
MASK_DELTA = 0xA282EAD8  # added to a rotated checksum, so that checksums of checksums do not degenerate
TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", 19: "<f2"}  # TensorFlow's numbers


class _Damaged(Exception):
    """What is wrong with a file, said without its name."""


def read_checkpoint(folder: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read all variables of a TensorFlow checkpoint.

    Parameters
    ----------
    folder : path-like
        the folder with ``checkpoint``, ``<prefix>.index`` and ``<prefix>.data-00000-of-0000N``

    Returns
    -------
    dict of str to np.ndarray
        the variables by name, sorted; read-only, they are views of the mapped files

    Raises
    ------
    DataError
        if a file is missing, cut short, damaged, compressed, or not part of a TensorFlow checkpoint
    """
    folder = Path(folder)
    prefix = _prefix(folder)
    index = folder / f"{prefix}.index"
    table = _read(index)
    try:
        entries = {key.decode(): _message(value) for key, value in _entries(table)}
        n_shards = entries.pop("").get(1, 1)
    except _Damaged as damage:
        raise DataError(f"{index} {damage}; unpack the weights again") from damage
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{index} is not the index of a TensorFlow checkpoint; unpack the weights again") from error
    shards = [folder / f"{prefix}.data-{i:05}-of-{n_shards:05}" for i in range(n_shards)]
    maps = [_map(path) for path in shards]
    variables = {}
    for name, entry in entries.items():
        shard = entry.get(3, 0)
        try:
            variables[name] = _variable(entry, maps[shard])
        except _Damaged as damage:
            raise DataError(f"{shards[shard]}: variable {name!r} {damage}; unpack the weights again") from damage
        except (IndexError, KeyError, ValueError, TypeError) as error:
            raise DataError(
                f"{index} describes {name!r} in a way that cannot be read; unpack the weights again"
            ) from error
    return variables


def _prefix(folder: Path) -> str:
    """The names of the checkpoint's files without their endings; nothing where it was saved as a folder, ``model/``."""
    listing = folder / "checkpoint"
    found = re.search(r'^model_checkpoint_path: *"([^"]+)"', _read(listing).decode(errors="replace"), re.MULTILINE)
    if not found:
        raise DataError(f"{listing} names no model_checkpoint_path; unpack the weights again")
    return found[1].rpartition("/")[2]  # whatever folder it was written in


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); a TensorFlow checkpoint has this file") from error


def _map(path: Path) -> np.ndarray:
    """The bytes of a file, read when they are used; an empty file cannot be mapped."""
    try:
        return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); a TensorFlow checkpoint has this file") from error


def _variable(entry: dict, shard: np.ndarray) -> np.ndarray:
    """A variable that an entry of the index describes."""
    if entry.get(1) not in TYPES or 7 in entry:
        raise _Damaged(f"has a type ({entry.get(1)}) or slices that LEMONS does not read")
    dtype = np.dtype(TYPES[entry[1]])
    shape = [_message(size).get(1, 0) for size in _fields(entry.get(2, b""), 2)]
    offset, size = entry.get(4, 0), entry.get(5, 0)
    values = shard[offset : offset + size]
    if len(values) != size or size != dtype.itemsize * math.prod(shape):
        raise _Damaged(f"is cut short: {len(values)} bytes of a {dtype} array of shape {tuple(shape)}")
    if _checksum(values) != entry.get(6):
        raise _Damaged("is damaged (its checksum differs)")
    return values.view(dtype).reshape(shape)


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a table."""
    if len(table) < FOOTER_LENGTH or int.from_bytes(table[-8:], "little") != MAGIC:
        raise _Damaged("is cut short or not the index of a TensorFlow checkpoint")
    place = len(table) - FOOTER_LENGTH
    for _ in range(2):  # skip the handle (offset, size) of the meta index
        _, place = _varint(table, place)
    for _, handle in _block(table, place, table):
        yield from _block(handle, 0, table)


def _block(handle: bytes, place: int, table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of the block that a handle points to."""
    offset, place = _varint(handle, place)
    size, _ = _varint(handle, place)
    end = offset + size
    if end + 5 > len(table):
        raise _Damaged("is cut short")
    if table[end] != 0:
        raise _Damaged("is compressed, which TensorFlow never does")
    if _checksum(table[offset : end + 1]) != int.from_bytes(table[end + 1 : end + 5], "little"):
        raise _Damaged("is damaged (a checksum differs)")
    block = table[offset:end]
    n_restarts = int.from_bytes(block[-4:], "little")
    key, place = b"", 0
    while place < size - 4 - 4 * n_restarts:
        shared, place = _varint(block, place)
        own, place = _varint(block, place)
        length, place = _varint(block, place)
        key = key[:shared] + block[place : place + own]
        yield key, block[place + own : place + own + length]
        place += own + length


def _message(data: bytes) -> dict[int, Any]:
    """The fields of a protocol buffer by their numbers; of repeated ones the last."""
    return dict(_parts(data))


def _fields(data: bytes, number: int) -> list[Any]:
    """All values of a repeated field of a protocol buffer."""
    return [value for found, value in _parts(data) if found == number]


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and values of all fields: integers or bytes."""
    place = 0
    value: Any
    while place < len(data):
        tag, place = _varint(data, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(data, place)
        else:
            if kind == 2:
                size, place = _varint(data, place)
            else:
                size = {1: 8, 5: 4}[kind]
            value, place = data[place : place + size], place + size
            if len(value) < size:
                raise _Damaged("is cut short")
            if kind != 2:
                value = int.from_bytes(value, "little")
        yield tag >> 3, value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """An integer in groups of 7 bits, the lowest first, and the place behind it."""
    value = shift = 0
    while data[place] & 128:
        value |= (data[place] & 127) << shift
        place, shift = place + 1, shift + 7
    return value | data[place] << shift, place + 1


def _checksum(data: bytes | np.ndarray) -> int:
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF
