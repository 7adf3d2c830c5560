"""A folder on this machine, asked for what `lemons.storage.mirror.Mirror` has to be asked for.

Names of files are as a library's tracks.csv has them: from the folder, with slashes; in a folder on this machine an
absolute path is a name, too.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lemons.files import ordinary_file, why_no_file

__all__ = ["Folder", "Status"]


class Status(NamedTuple):
    """When a file was written, in nanoseconds, and its size in bytes."""

    mtime_ns: int
    size: int


class Folder:
    """A folder and the files in it.

    Parameters
    ----------
    path : path-like
        the folder, which need not exist

    Attributes
    ----------
    path : Path
        where programs find its files, once they were fetched
    place : str
        what opens it on another machine: the path, or a URL
    shown : str
        how to name it in a sentence

    Examples
    --------
    >>> folder = Folder(getfixture("tmp_path"))
    >>> _ = (folder.path / "song.wav").write_bytes(b"la la")
    >>> folder.names(""), folder.status("song.wav").size, folder.status("ode.wav"), folder.why_none("ode.wav")
    ({'song.wav'}, 5, None, 'there is none')
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.place = self.shown = str(self.path)

    def place_of(self, name: str) -> str:
        """What opens a file or a folder of it on another machine."""
        return str(self.path / name)

    def show(self, name: str) -> str:
        """How to name a file in a sentence."""
        return str(self.path / name)

    def refresh(self, *names: str) -> None:
        """See what the folder holds now, and fetch some files that all else is read from."""

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors inside name files as `show` does, not by the paths that they were fetched to."""
        yield

    def names(self, folder: str) -> set[str]:
        """Names of the files in a folder of it; none where it cannot be listed, which may yet hold some."""
        try:
            with os.scandir(self.path / folder) as entries:
                return {entry.name for entry in entries if entry.is_file()}
        except (OSError, ValueError):  # ValueError: its name holds a NUL
            return set()

    def status(self, name: str) -> Status | None:
        """Time and size of a file, which is not fetched for that; None where there is none."""
        # not a Path, which takes longer than asking for the file does
        found = ordinary_file(os.path.join(self.path, name))
        return Status(found.st_mtime_ns, found.st_size) if found else None

    def why_none(self, name: str) -> str:
        """Why there is no such file; empty if there is one."""
        return why_no_file(self.path / name)

    def fetch(self, name: str) -> Path:
        """A file as it is in the folder now, or where one of this name would be."""
        return self.path / name

    def folders(self) -> set[str]:
        """Names of the folders in it."""
        try:
            return {entry.name for entry in os.scandir(self.path) if entry.is_dir()}
        except OSError:
            return set()

    def bring(self, folder: str, *, last: str) -> None:
        """Fetch the files of a folder of it, ``last`` after all others; nothing if that one was fetched before."""

    def bring_files(self, folder: str, *patterns: str) -> None:
        """Fetch those files of a folder of it, by name or as ``*.json``, of whose names there are none here.

        For files that never change: no other is fetched in place of one that is here.
        """

    def put(self, folder: str, files: Iterable[str], *, last: tuple[str, str] | None = None) -> None:
        """Put files of a folder of it where all can see them, in this order; then one of this name and text."""
