"""Reading texts that are plain, gzipped, or in a zip or tar archive, with what macOS puts beside files.

A format is recognised by a file's first bytes, and only where these are ambiguous by its ending: browsers unpack and
rename.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from lemons.errors import DataError

__all__ = ["DAMAGE", "is_shadow", "open_text"]

BUFFER = 2**16  # bytes that are unpacked at a time
MAGIC = {b"PK": "zip", b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ": "xz"}
ENDINGS = {".zip": "zip", ".gz": "gz", ".tgz": "gz", ".bz2": "bz2", ".tbz2": "bz2", ".xz": "xz", ".txz": "xz"}
# what the readers of archives raise at damage, passwords and methods that they do not know
DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, RuntimeError, ValueError)
TAR_MARK = slice(257, 262)  # where a tar archive says "ustar"


def is_shadow(path: str) -> bool:
    """Whether a file holds what macOS or another system notes about files, rather than the user's data.

    >>> [is_shadow(one) for one in ("__MACOSX/data/a.txt", "data/._a.txt", "data/.DS_Store", "data/a.txt")]
    [True, True, True, False]
    """
    parts = PurePosixPath(path).parts
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


@contextmanager
def open_text(path: Path, name: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a text, wherever it is.

    Parameters
    ----------
    path : Path
        the text, or an archive that holds it
    name : str
        its name in archives; of one that holds no such file, the first text is taken

    Yields
    ------
    stream, file : file objects
        the text's bytes, and the file on disk, whose position says how much has been read

    Raises
    ------
    DataError
        if an archive holds no such text; damage raises one of ``DAMAGE``, here and while the stream is read
    """
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        start = file.read(TAR_MARK.stop)
        file.seek(0)
        kinds = (kind for magic, kind in MAGIC.items() if start.startswith(magic))
        kind = next(kinds, ENDINGS.get(path.suffix.lower(), ""))
        if kind == "zip":
            archive = stack.enter_context(zipfile.ZipFile(file))
            packed: Any = archive.open(_choose(archive.namelist(), name, path))  # typed as IO, but a raw stream
            yield stack.enter_context(io.BufferedReader(packed, BUFFER)), file
            return
        stream = stack.enter_context(_unpacked(file, kind))
        if stream.peek(TAR_MARK.stop)[TAR_MARK] != b"ustar" and path.suffix.lower() != ".tar":
            yield stream, file
            return
        with tarfile.open(fileobj=stream, mode="r|") as members:
            chosen = _choose([member.name for member in members if member.isfile()], name, path)
        file.seek(0)  # such a stream goes forward only, so it is opened again
        members = stack.enter_context(tarfile.open(fileobj=stack.enter_context(_unpacked(file, kind)), mode="r|"))
        for member in members:
            if member.name == chosen and (text := members.extractfile(member)):
                yield text, file
                return


def _unpacked(file: io.BufferedReader, kind: str) -> io.BufferedReader:
    """A compressed file's bytes, or those of one that is not; left open when the reader is closed."""
    openers: dict[str, Callable[[IO[bytes]], Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    return io.BufferedReader(openers[kind](file), BUFFER) if kind else io.BufferedReader(_Shared(file), BUFFER)


class _Shared(io.RawIOBase):
    """A file that stays open when what reads it is closed."""

    def __init__(self, file: io.BufferedReader):
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._file.readinto(buffer)


def _choose(names: list[str], name: str, path: Path) -> str:
    texts = [one for one in names if _is_text(one, name)] or [one for one in names if _is_text(one, ".txt")]
    if not texts:
        raise DataError(f"{path} holds no {name}; choose another archive")
    return texts[0]


def _is_text(path: str, ending: str) -> bool:
    return not is_shadow(path) and path.lower().endswith(ending)
