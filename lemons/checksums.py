"""Files that LEMONS wrote itself: damage is noticed when they are read.

A JSON file of ours is one object whose ``checksum`` is the SHA-256 of all its other fields; an npz file of ours has an
array of that name with the SHA-256 of all the others. Both are of the *values*, so that a file which was indented or
compressed in another way is the same, and any other change is a `DamagedError`. JSON of other programs is read by
`read_json`, which checks what can be known without a checksum: that it is an ordinary file of acceptable size, UTF-8,
and one object.
"""

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lemons.errors import DamagedError, DataError
from lemons.files import atomic_path

__all__ = [
    "CHECKSUM",
    "arrays_checksum",
    "check_json",
    "check_unpacked_size",
    "json_checksum",
    "parse_json",
    "quarantine",
    "read_json",
    "read_npz",
    "read_own_json",
    "read_whole",
    "to_json",
    "write_json",
    "write_npz",
]

CHECKSUM = "checksum"
MAX_BYTES = 2**28  # of a file that is read as a whole, and of what it unpacks to: ours stay below a tenth of this
MAX_INTEGER = 2**64  # ours and sacred's are below; a float takes no integer of 400 digits


def read_whole(path: str | os.PathLike, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Read an ordinary file; folders, pipes and devices are refused without waiting for them.

    Parameters
    ----------
    path : path-like
        a file, or a link to one
    max_bytes : int
        the largest size that is read

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        if there is no such file, it cannot be read, is no ordinary file, or larger than ``max_bytes``
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # before opening it, since opening alone makes some devices act
            raise DataError(f"{path} is no ordinary file; remove it")
        with open(path, "rb", opener=_open_at_once) as file:
            content = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise DataError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if len(content) > max_bytes:
        raise DataError(f"{path} has more than {max_bytes} bytes, too many for what it should be; remove it")
    return content


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # it may have become a pipe meanwhile


def read_json(path: str | os.PathLike, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Read one JSON object of any program.

    Parameters
    ----------
    path : path-like
        the file
    max_bytes : int
        the largest size that is read

    Returns
    -------
    dict

    Raises
    ------
    DataError
        if there is no such file, it cannot be read, or is no ordinary file
    DamagedError
        if it is no JSON object in UTF-8, or holds an integer of more than 64 bits; NaN and Infinity are let through, as
        Python's programs write them
    """
    return parse_json(read_whole(path, max_bytes=max_bytes), path)


def parse_json(text: bytes | str, path: str | os.PathLike) -> dict[str, Any]:
    """The object in a text, with the checks of `read_json`; ``path`` is where it comes from, for the sentence."""
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        content = json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} is damaged or no JSON ({error})") from error
    if not isinstance(content, dict):
        raise DamagedError(f"{path} holds a {type(content).__name__}, not a JSON object")
    return content


def _integer(digits: str) -> int:
    number = int(digits)
    if abs(number) >= MAX_INTEGER:
        raise ValueError(f"the integer {digits[:20]}... has more than 64 bits")
    return number


def to_json(fields: Mapping[str, Any]) -> str:
    """The text of a JSON file of ours: the fields and their checksum.

    Raises
    ------
    ValueError, TypeError
        if a value is not finite, or of no type that JSON has

    Examples
    --------
    >>> print(to_json({"user": "marko"}), end="")
    {
     "user": "marko",
     "checksum": "9bf4582e6cbb4c7b5a6f479358173cfa0a23bf70d28071420446a340f130e874"
    }
    """
    plain: dict[str, Any] = json.loads(json.dumps(fields))  # as they are read back: numbers as names become text
    return json.dumps(plain | {CHECKSUM: json_checksum(plain)}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_checksum(fields: Mapping[str, Any]) -> str:
    """SHA-256 of plain values, in hexadecimal digits; their order in objects and their spelling don't matter."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write_json(path: str | os.PathLike, fields: Mapping[str, Any]) -> None:
    """Write a JSON file of ours, whole or not at all; DataError if it cannot be written, else as `to_json`."""
    text = to_json(fields)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_own_json(path: str | os.PathLike) -> dict[str, Any]:
    """Read what `write_json` wrote: the fields, without their checksum.

    Raises
    ------
    DataError
        if there is no such file, it cannot be read, or is no ordinary file
    DamagedError
        if it is not what was written

    Examples
    --------
    >>> path = getfixture("tmp_path") / "marko.json"
    >>> write_json(path, {"user": "marko"})
    >>> read_own_json(path)
    {'user': 'marko'}
    >>> _ = path.write_text(path.read_text().replace("marko", "mirko"))
    >>> read_own_json(path)
    Traceback (most recent call last):
    lemons.errors.DamagedError: ...marko.json is damaged: its content does not fit its checksum
    """
    return check_json(read_json(path), path)


def check_json(fields: dict[str, Any], path: str | os.PathLike) -> dict[str, Any]:
    """The fields of a file of ours that was read, without their checksum; DamagedError if it does not fit them."""
    rest = {name: value for name, value in fields.items() if name != CHECKSUM}
    if CHECKSUM not in fields:
        raise DamagedError(f"{path} is damaged or of another LEMONS: it has no checksum")
    try:
        whole = fields[CHECKSUM] == json_checksum(rest)
    except (ValueError, RecursionError) as error:  # NaN, or nested as deep as no file of ours
        raise DamagedError(f"{path} is damaged ({error})") from error
    if not whole:
        raise DamagedError(f"{path} is damaged: its content does not fit its checksum")
    return rest


def arrays_checksum(arrays: Mapping[str, Any]) -> str:
    """SHA-256 of arrays, their names, types and shapes, in hexadecimal digits; their order does not matter.

    >>> arrays_checksum({"gains": np.ones(2)}) == arrays_checksum({"gains": np.ones((2, 1))})
    False
    """
    digest = hashlib.sha256()
    for name, array in sorted((name, np.asarray(array)) for name, array in arrays.items()):
        digest.update(repr((name, array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def write_npz(path: str | os.PathLike, arrays: Mapping[str, Any]) -> None:
    """Write arrays with their checksum, compressed; whole or not at all; DataError if they cannot be written."""
    content: dict[str, Any] = {**arrays, CHECKSUM: np.array(arrays_checksum(arrays))}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **content)


def read_npz(path: str | os.PathLike, *, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """Read what `write_npz` wrote: the arrays, without their checksum.

    Parameters
    ----------
    path : path-like
        the file
    max_bytes : int
        the largest size that is read, packed or unpacked

    Raises
    ------
    DataError
        if there is no such file, it cannot be read, or is no ordinary file
    DamagedError
        if it is not what was written
    """
    content = io.BytesIO(read_whole(path, max_bytes=max_bytes))
    try:
        with zipfile.ZipFile(content) as archive:
            check_unpacked_size(archive, max_bytes=max_bytes)
        with np.load(content, allow_pickle=False) as arrays:
            found = dict(arrays)
        whole = str(found.pop(CHECKSUM)) == arrays_checksum(found)
    except Exception as error:  # by turns zlib's, zipfile's, tokenize's, a MemoryError for a wrong shape ...
        raise DamagedError(f"{path} is damaged or no npz of LEMONS ({error})") from error
    if not whole:
        raise DamagedError(f"{path} is damaged: its arrays do not fit their checksum")
    return found


def check_unpacked_size(archive: zipfile.ZipFile, *, max_bytes: int = MAX_BYTES) -> None:
    """Refuse, with a ValueError, an archive that unpacks to more: a few kilobytes can become gigabytes."""
    size = sum(part.file_size for part in archive.infolist())
    if size > max_bytes:
        raise ValueError(f"it unpacks to {size} bytes")


def quarantine(path: str | os.PathLike) -> Path | None:
    """Put a damaged file aside under another name; None where that fails, as in a folder that cannot be written to.

    The new name has ``.damaged`` at its end, which no reader looks for; an older one of that name is replaced.
    """
    path = Path(path)
    aside = path.with_name(f"{path.name}.damaged")
    try:
        os.replace(path, aside)
    except OSError:
        return None
    return aside
