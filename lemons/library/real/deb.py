"""Debian packages unpacked without dpkg and without being root.

A ``.deb`` is an `ar` archive of three members: ``debian-binary``, ``control.tar.*`` and ``data.tar.*``, the last of
which holds the files.

References
----------
deb(5), ar(5)
"""

import io
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from lemons.errors import DataError
from lemons.files import atomic_folder
from lemons.library.archives import DAMAGE

__all__ = ["unpack_deb"]

MAGIC = b"!<arch>\n"
HEADER = 60  # bytes before each member
NAME, SIZE, END = slice(0, 16), slice(48, 58), slice(58, 60)  # of a header
ENDINGS = ("", ".gz", ".bz2", ".xz")  # of data.tar, as Python unpacks them


def unpack_deb(path: str | os.PathLike, folder: str | os.PathLike, *, wanted: Callable[[str], bool]) -> None:
    """Unpack some files of a package.

    Parameters
    ----------
    path : path-like
        the ``.deb`` file
    folder : path-like
        stands for the root of the file system; it has all of the wanted files or is not made
    wanted : callable
        ``wanted(path)`` says whether a file, such as ``usr/share/doc/bash/copyright``, is unpacked; links never are

    Raises
    ------
    DataError
        if the file is no Debian package, is damaged, or is packed in a way that Python's standard library cannot read
    """
    try:
        with (
            open(path, "rb") as file,
            tarfile.open(fileobj=_find_data(file, path), mode="r|*") as archive,  # as a stream
            atomic_folder(folder) as temporary,
        ):
            for member in archive:
                name = "/".join(PurePosixPath(member.name).parts)  # without the "." that names begin with
                if member.isfile() and wanted(name) and (content := archive.extractfile(member)):
                    _copy(content, temporary, name, path)
    except FileNotFoundError as error:
        raise DataError(f"no such package: {path}; check the path") from error
    except DAMAGE as error:
        raise DataError(f"{path} is damaged or no Debian package ({error}); download it again") from error


def _find_data(file: BinaryIO, path: str | os.PathLike) -> "_Section":
    """The member with the files."""
    if file.read(len(MAGIC)) != MAGIC:
        raise DataError(f"{path} is no Debian package: it does not begin as one; download it again")
    size = os.fstat(file.fileno()).st_size
    while header := file.read(HEADER):
        if len(header) < HEADER or header[END] != b"`\n":
            raise DataError(f"{path} is damaged: a header is broken at byte {file.tell()}; download it again")
        name, length = header[NAME].decode("ascii", "replace").strip().rstrip("/"), int(header[SIZE])
        if file.tell() + length > size:
            raise DataError(f"{path} is damaged: it ends within {name}; download it again")
        if name.startswith("data.tar"):
            if name.removeprefix("data.tar") not in ENDINGS:
                hint = f"unpack it with `dpkg-deb -x {path} FOLDER` and give --root FOLDER"
                raise DataError(f"{path} is packed as {name}, which Python cannot read; {hint}")
            return _Section(file, length)
        file.seek(length + length % 2, io.SEEK_CUR)  # members begin at even places
    raise DataError(f"{path} is damaged: it has no member data.tar; download it again")


def _copy(content: IO[bytes], folder: Path, name: str, path: str | os.PathLike) -> None:
    """Write a file of a package where its name says, which is inside the folder."""
    if name.startswith("/") or ".." in name.split("/"):
        raise DataError(f"{path} holds {name!r}, a file outside of its place; it is not unpacked")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as copy:
        shutil.copyfileobj(content, copy)


class _Section(io.RawIOBase):
    """The next bytes of a file, and no more of it."""

    def __init__(self, file: BinaryIO, length: int):
        self._file, self._left = file, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        content = self._file.read(min(len(buffer), self._left))
        buffer[: len(content)] = content
        self._left -= len(content)
        return len(content)
