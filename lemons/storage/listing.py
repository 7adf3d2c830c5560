"""Which files a folder in a bucket holds, with time and size of each: a database, so that many take little memory."""

import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Lock

from lemons.files import atomic_path
from lemons.storage.folder import Status

__all__ = ["Listing"]

SCHEMA = """
CREATE TABLE files (folder TEXT, name TEXT, mtime_ns INTEGER, size INTEGER, PRIMARY KEY (folder, name)) WITHOUT ROWID
"""


class Listing:
    """Files by their paths in a folder.

    Parameters
    ----------
    connection : sqlite3.Connection
        to a database of this kind; closed with this object

    Examples
    --------
    >>> listing = Listing.of([("audio/ode.flac", Status(1, 5)), ("tracks.csv", Status(2, 9))])
    >>> len(listing), listing.find("tracks.csv"), listing.names("audio"), listing.has_folder("audio")
    (2, Status(mtime_ns=2, size=9), {'ode.flac'}, True)
    """

    def __init__(self, connection: sqlite3.Connection):
        self._connection, self._lock = connection, Lock()
        weakref.finalize(self, connection.close)

    @classmethod
    def of(cls, files: Iterable[tuple[str, Status]]) -> "Listing":
        """A listing of these files, in memory as far as it fits."""
        connection = sqlite3.connect("", check_same_thread=False)
        connection.execute(SCHEMA)
        rows = ((*os.path.split(path), *status) for path, status in files)
        connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
        connection.commit()
        return cls(connection)

    @classmethod
    def kept(cls, file: Path) -> "Listing":
        """The listing that `keep` wrote; sqlite3.Error if there is none or it is damaged."""
        # immutable, since it is never written to, but replaced
        url = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
        listing = cls(sqlite3.connect(url, uri=True, check_same_thread=False))
        len(listing)
        return listing

    def keep(self, file: Path) -> None:
        """Write a copy, whole or not at all; DataError if it cannot be written."""
        with atomic_path(file) as temporary, closing(sqlite3.connect(temporary)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # a copy that is not whole is deleted
            with self._lock:
                self._connection.backup(copy)

    def __len__(self) -> int:
        """How many files there are."""
        return self._ask("SELECT count(*) FROM files")[0][0]

    def __iter__(self) -> Iterator[str]:
        """The paths of all files."""
        return (f"{folder}/{name}" if folder else name for folder, name in self._ask("SELECT folder, name FROM files"))

    def find(self, path: str) -> Status | None:
        """Time and size of a file; None of one that is not listed."""
        found = self._ask("SELECT mtime_ns, size FROM files WHERE folder = ? AND name = ?", *os.path.split(path))
        return Status(*found[0]) if found else None

    def names(self, folder: str) -> set[str]:
        """Names of the files of a folder, without those of folders in it."""
        return {name for (name,) in self._ask("SELECT name FROM files WHERE folder = ?", folder)}

    def has_folder(self, path: str) -> bool:
        """Whether there are files under a path."""
        inside = "folder = ? OR (folder > ? AND folder < ?)"  # 0 is the sign after the slash
        return bool(self._ask(f"SELECT 1 FROM files WHERE {inside} LIMIT 1", path, f"{path}/", f"{path}0"))

    def _ask(self, query: str, *values: str) -> list[tuple]:
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except UnicodeEncodeError:  # of a name that an operating system gave, which no bucket has
            return []
