"""The tables of a library as an SQLite database, so that a large library opens without being read.

That of small tables is made each time, in memory. That of large ones is kept in ``cache/catalogue.sqlite``, beside a
note of the tables that it was made of and of what its bytes add up to: whatever does not fit is made again, and both
can be deleted. Whether the tracks' files exist is not kept.
"""

import json
import logging
import math
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from lemons.checksums import read_own_json, write_json
from lemons.errors import DataError
from lemons.files import atomic_path
from lemons.hashing import hash_files
from lemons.library.plays import MAX_PLAYCOUNT
from lemons.library.tables import LISTEN_COLUMNS, TRACK_COLUMNS, iter_table

__all__ = ["open_database"]

KEPT_FROM = 10**6  # bytes of both tables; smaller ones are read in some tenths of a second
VERSION = 1  # of what is below; raising it makes kept databases again
CHUNK = 2**20  # bytes of a file that are in memory at once
WORKING = 64_000  # KiB that SQLite may take while it sorts

# `place` is a track's row in tracks.csv, `line` where a listener's play of it is first named in listens.csv
SCHEMA = """
CREATE TABLE tracks (place INTEGER PRIMARY KEY, track_id TEXT UNIQUE, cells TEXT);
CREATE TABLE files (folder TEXT, name TEXT, place INTEGER, PRIMARY KEY (folder, name, place)) WITHOUT ROWID;
CREATE TABLE refused (place INTEGER PRIMARY KEY, why TEXT);
CREATE TABLE listeners (number INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE plays (listener INTEGER, line INTEGER, place INTEGER, playcount INTEGER, PRIMARY KEY (listener, line))
    WITHOUT ROWID;
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT);
CREATE TEMP TABLE lines (line INTEGER PRIMARY KEY, listener INTEGER, track_id TEXT, playcount INTEGER);
"""
ADD_UP = """
CREATE TEMP TABLE found AS SELECT lines.*, place FROM lines LEFT JOIN tracks USING (track_id);
INSERT INTO plays SELECT listener, min(line), place, sum(playcount) FROM found
    WHERE place NOT NULL GROUP BY listener, place HAVING sum(playcount) > 0;
"""
UNKNOWN = "SELECT track_id FROM found WHERE place IS NULL GROUP BY track_id HAVING sum(playcount) > 0"

logger = logging.getLogger(__name__)


def open_database(path: Path) -> sqlite3.Connection:
    """The database of the tables in a library's folder; any thread may use it, one at a time.

    Raises
    ------
    DataError
        if a table is malformed
    """
    tables = path / "tracks.csv", path / "listens.csv"
    if sum(table.stat().st_size for table in tables) < KEPT_FROM:
        return _made(path)
    file, about = path / "cache" / "catalogue.sqlite", {"tables": hash_files(*tables), "version": VERSION}
    if not _is_whole(file, about):
        made = _made(path)
        unchanged = hash_files(*tables) == about["tables"]  # while they were read
        if not unchanged or not _keep(made, file, about):
            return made
        made.close()
    # immutable, since it is never written to, but replaced: SQLite then makes no locks beside it
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)


def _made(path: Path) -> sqlite3.Connection:
    """A database of its own, which SQLite puts into a temporary file where it outgrows the memory; deleted with it."""
    connection = sqlite3.connect("", check_same_thread=False)
    try:
        connection.execute(f"PRAGMA cache_size = -{WORKING}")
        _fill(connection, path)
        connection.execute("PRAGMA cache_size = -2000")  # SQLite's own
    except BaseException:
        connection.close()
        raise
    return connection


def _fill(connection: sqlite3.Connection, path: Path) -> None:
    """Read the tables, row by row."""
    connection.executescript(SCHEMA)
    columns, rows = iter_table(path / "tracks.csv", TRACK_COLUMNS)
    tracks = _tracks(connection, path / "tracks.csv", columns, rows)
    connection.executemany("INSERT INTO tracks VALUES (?, ?, ?)", tracks)
    numbers: dict[str, int] = {}
    connection.executemany("INSERT INTO lines VALUES (?, ?, ?, ?)", _listens(path / "listens.csv", numbers))
    connection.executemany("INSERT INTO listeners (name, number) VALUES (?, ?)", numbers.items())
    connection.executescript(ADD_UP)
    ((n_unknown, example),) = connection.execute(f"SELECT count(*), min(track_id) FROM ({UNKNOWN})")
    columns.remove("track_id")
    about = {"columns": columns, "unknown": n_unknown, "example": example}
    connection.executemany("INSERT INTO about VALUES (?, ?)", ((name, json.dumps(one)) for name, one in about.items()))
    connection.executescript("DROP TABLE lines; DROP TABLE found;")
    connection.commit()


def _tracks(
    connection: sqlite3.Connection, path: Path, columns: list[str], rows: Iterable[list[str]]
) -> Iterator[tuple[int, str, str]]:
    """The rows of tracks.csv, whose files are entered meanwhile."""
    id_at, file_at = columns.index("track_id"), columns.index("file")
    for place, row in enumerate(rows):
        track_id, file = row[id_at], row[file_at]
        if connection.execute("SELECT 1 FROM tracks WHERE track_id = ?", (track_id,)).fetchone():
            raise DataError(f"{path} lists {track_id} twice; keep one line of each track_id")
        if why := _why_refused(track_id, file):
            connection.execute("INSERT INTO refused VALUES (?, ?)", (place, why))
        else:
            connection.execute("INSERT INTO files VALUES (?, ?, ?)", (*os.path.split(file), place))
        del row[id_at]
        yield place, track_id, json.dumps(row, ensure_ascii=False)


def _why_refused(track_id: str, file: str) -> str:
    if not track_id or "\0" in track_id:
        return "its track_id is empty or holds a NUL; give it another one"
    return "" if file else "tracks.csv names no file"


def _listens(path: Path, numbers: dict[str, int]) -> Iterator[tuple[int, int, str, int]]:
    """The rows of listens.csv, numbered as its lines are; its listeners get numbers."""
    columns, rows = iter_table(path, LISTEN_COLUMNS)
    user_at, id_at, playcount_at = (columns.index(name) for name in LISTEN_COLUMNS)
    for line, row in enumerate(rows, start=2):  # the first line names the columns
        playcount = _playcount(row[playcount_at])
        if playcount is None:
            needed = f"must be a whole number from 0 to {MAX_PLAYCOUNT}"
            raise DataError(f"{path}, line {line}: playcount={row[playcount_at]!r} {needed}")
        yield line, numbers.setdefault(row[user_at], len(numbers)), row[id_at], playcount


@lru_cache(1024)  # most are among a few
def _playcount(text: str) -> int | None:
    """A number such as 3, 3.0 or 1e3; None for all else, also for what only Python takes for one, such as 1_000."""
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return None
    return int(number) if 0 <= number <= MAX_PLAYCOUNT and number % 1 == 0 else None


def _is_whole(file: Path, about: dict[str, Any]) -> bool:
    """Whether a database of these tables was kept, and is what was written."""
    note = file.with_suffix(".json")
    if not file.is_file() or not note.is_file():
        return False
    try:
        noted = read_own_json(note)
        if noted.get("about") != about:
            return False
        if noted.get("crc32") == _crc32(file):
            return True
    except (OSError, DataError):
        pass
    logger.warning("%s is damaged; it is made again", file)
    return False


def _keep(database: sqlite3.Connection, file: Path, about: dict[str, Any]) -> bool:
    """Whether a copy could be kept; if not, the log says so."""
    try:
        with atomic_path(file) as temporary:
            _copy(database, temporary)
        write_json(file.with_suffix(".json"), {"about": about, "crc32": _crc32(file)})  # last: it vouches for the file
    except (OSError, DataError) as error:
        logger.warning("%s; until then the library's tables are read each time", error)
        return False
    return True


def _copy(database: sqlite3.Connection, file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # a copy that is not whole is deleted
            database.backup(copy)
    except sqlite3.Error as error:
        raise OSError(str(error)) from error


def _crc32(file: Path) -> int:
    found = 0
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            found = zlib.crc32(chunk, found)
    return found
