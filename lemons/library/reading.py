"""Reading the catalogue of a library: what is left out of it is named, and why."""

import os
from pathlib import Path
from typing import Any

from lemons.errors import DataError
from lemons.files import why_no_file
from lemons.library.library import Library
from lemons.library.plays import MAX_PLAYCOUNT
from lemons.library.tables import LISTEN_COLUMNS, TRACK_COLUMNS, read_table

__all__ = ["open_library"]

MAX_SHOWN = 200  # letters of an id or a path in a sentence


def open_library(path: str | os.PathLike) -> Library:
    r"""Read the catalogue of a library.

    Parameters
    ----------
    path : path-like
        the library's folder

    Returns
    -------
    Library
        tracks without an id or whose file is missing or no ordinary file, and listens to unknown tracks, are left out
        and named in ``skipped``

    Raises
    ------
    DataError
        if there is no library, a column is missing, a value is malformed, no track is left, or no listener played any

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "song.wav").write_bytes(b"read when it is needed")
    ...     _ = Path(folder, "tracks.csv").write_text("track_id,title,artist,genre,file\nS1,Ode,Zoe,pop,song.wav")
    ...     _ = Path(folder, "listens.csv").write_text("user,track_id,playcount\nmarko,S1,3")
    ...     library = open_library(folder)
    >>> library.rows["S1"]["title"], library.users, library.plays
    ('Ode', ['marko'], {('marko', 'S1'): 3})
    """
    path = Path(path)
    if not (path / "tracks.csv").is_file() or not (path / "listens.csv").is_file():
        hint = "make one with `lemons library demo`, `real`, `own` or `msd`, or set library_path in config.py"
        raise DataError(f"no music library at {path} (tracks.csv and listens.csv); {hint}")
    tracks = read_table(path / "tracks.csv", TRACK_COLUMNS)
    listens = read_table(path / "listens.csv", LISTEN_COLUMNS)
    rows = _by_id(tracks, path / "tracks.csv")
    plays = _add_up(listens, path / "listens.csv")

    absent = {track_id: why for track_id, row in rows.items() if (why := _why_left_out(path, track_id, row["file"]))}
    skipped = [f"track {_shown(track_id)} skipped: {why}" for track_id, why in absent.items()]
    if unknown := sorted({track_id for _, track_id in plays} - set(rows)):
        skipped.append(f"listens of {len(unknown)} tracks skipped: not in tracks.csv, such as {unknown[0]}")
    present = {track_id: row for track_id, row in rows.items() if track_id not in absent}
    if not present:
        raise DataError(f"the library at {path} has no track whose file exists; check the column `file` of tracks.csv")
    plays = {key: playcount for key, playcount in plays.items() if key[1] in present}
    if not plays:
        raise DataError(f"{path / 'listens.csv'} names no listener who played a track that is here; add some lines")
    return Library(path, present, plays, skipped)


def _by_id(tracks: list[dict[str, str]], path: Path) -> dict[str, dict[str, Any]]:
    """The rows of tracks.csv by their ids."""
    rows: dict[str, dict[str, Any]] = {}
    for row in tracks:
        if row["track_id"] in rows:
            raise DataError(f"{path} lists {row['track_id']} twice; keep one line of each track_id")
        rows[row["track_id"]] = {name: cell for name, cell in row.items() if name != "track_id"}
    return rows


def _add_up(listens: list[dict[str, str]], path: Path) -> dict[tuple[str, str], int]:
    """Playcounts above 0 by user and track; several lines of a track add up."""
    plays: dict[tuple[str, str], int] = {}
    for line, row in enumerate(listens, start=2):  # the first line names the columns
        playcount = _number(row["playcount"])
        if not (0 <= playcount <= MAX_PLAYCOUNT and playcount % 1 == 0):
            needed = f"must be a whole number from 0 to {MAX_PLAYCOUNT}"
            raise DataError(f"{path}, line {line}: playcount={row['playcount']!r} {needed}")
        key = row["user"], row["track_id"]
        plays[key] = plays.get(key, 0) + int(playcount)
    return {key: playcount for key, playcount in plays.items() if playcount}


def _number(text: str) -> float:
    """A number such as 3, 3.0 or 1e3; NaN for all else, also for what only Python takes for one, such as 1_000."""
    try:
        return float(text) if text.isascii() and "_" not in text else float("nan")
    except ValueError:
        return float("nan")


def _why_left_out(path: Path, track_id: str, file: str) -> str:
    """Why a track of tracks.csv cannot be one; empty if it can."""
    if not track_id or "\0" in track_id:
        return "its track_id is empty or holds a NUL; give it another one"
    if not file:
        return "tracks.csv names no file"
    why = why_no_file(path / file)
    return f"no such file: {_shown(str(path / file))} ({why})" if why else ""


def _shown(text: str) -> str:
    """An id or a path as a sentence can hold it: not too long, and without what no eye can see."""
    text = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
    return text if text and text.isprintable() else repr(text)
