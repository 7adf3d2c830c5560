"""Listening histories: what people can export of what they played.

Read are

* tables with a first line ``user,track,playcount``, where ``track`` is a file, a MusicBrainz id, ``artist - title``, or
  a title beside a column ``artist``; ``album`` and ``recording_mbid`` help where they are there;
* exports of ListenBrainz: the zip as it comes, its ``.jsonl`` files, or the older ``.json``;
* scrobbles of Last.fm, as the programs that fetch them write them: a table with or without a first line (artist, album,
  track, date), or JSON.

The three are told apart by their contents. A listen that lacks a title is left out.
"""

import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lemons.errors import DataError
from lemons.library.catalogue import MAX_PLAYCOUNT

DELIMITERS = ",;\t"
HEADLESS = ("artist", "album", "track", "date")  # the columns of a Last.fm table without a first line
OTHER_NAMES = {  # of columns, in tables that name an artist
    "artist name": "artist", "artist_name": "artist", "album name": "album", "release_name": "album",
    "track name": "track", "track_name": "track", "title": "track", "song": "track", "name": "track",
}  # fmt: skip
COUNT_NAMES = ("plays", "play count", "play_count")  # of the column playcount
MBID_COLUMNS = ("recording_mbid", "track_mbid", "mbid")
EXAMPLE = "user,track,playcount"
DATE = re.compile(r"^$|\d")  # tells a scrobble from a first line that names other columns
LISTENS = re.compile(r"(?<![^/])listens/[^.]*\.jsonl$")  # in the archive, or in a folder that was packed again
BLANK = re.compile(r"\s*")
WHOLE = re.compile(r"(\d+)(?:\.0*)?")  # spreadsheets write 3 as 3.0


class Play(NamedTuple):
    """A track that somebody played, once or several times; empty where a history does not say.

    ``track`` is what a table calls it where it has no artist: a file, an id or ``artist - title``.
    """

    user: str = ""
    artist: str = ""
    title: str = ""
    album: str = ""
    recording_ids: tuple[str, ...] = ()
    track: str = ""
    playcount: int = 1


def read_history(path: str | os.PathLike) -> Iterator[Play]:
    """Every play of a listening history, in the order of the file.

    Parameters
    ----------
    path : path-like
        one of the formats above

    Yields
    ------
    Play
        its user is empty where the file does not say whose history it is

    Raises
    ------
    DataError
        if there is no such file, it is damaged, or none of the formats
    """
    path = Path(path)
    try:
        if zipfile.is_zipfile(path):
            yield from _read_archive(path)
        else:
            yield from _read_text(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, EOFError, ValueError, RecursionError, zipfile.BadZipFile, csv.Error) as error:
        formats = "a table user,track,playcount, or an export of ListenBrainz or Last.fm"
        raise DataError(f"{path} cannot be read ({error}); it must be {formats}") from error


def _read_archive(path: Path) -> Iterator[Play]:
    """The export of ListenBrainz: user.json, and listens by month in listens/<year>/<month>.jsonl."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(filter(LISTENS.search, archive.namelist()))
        if not names:
            raise DataError(f"{path} holds no listens/*.jsonl; choose the export of ListenBrainz, or unpack it")
        about = LISTENS.sub("", names[0]) + "user.json"
        user = _user_of(json.loads(archive.read(about))) if about in archive.namelist() else ""
        for name in names:
            yield from _plays_in(_values(archive.read(name).decode()), user)


def _read_text(text: str, name: str) -> Iterator[Play]:
    if text.lstrip()[:1] in ("[", "{"):
        yield from _plays_in(_values(text))
    else:
        yield from _read_table(text, name)


def _values(text: str) -> list[Any]:
    """The values of a JSON text: one, or one a line."""
    decoder, values, place = json.JSONDecoder(), [], 0
    text = text.strip()
    while place < len(text):
        value, end = decoder.raw_decode(text, place)
        values.append(value)
        place = end + len(BLANK.match(text, end)[0])
    return values


def _plays_in(value: Any, user: str = "") -> Iterator[Play]:
    """The plays anywhere in a JSON value, by the names that ListenBrainz and Last.fm give to things."""
    if isinstance(value, list):
        for one in value:
            yield from _plays_in(one, user)
    elif isinstance(value, dict):
        user = _user_of(value) or user
        play = _play_of(value, user)
        if play:
            yield play
        else:
            for one in value.values():
                yield from _plays_in(one, user)


def _play_of(value: dict[str, Any], user: str) -> Play | None:
    if "track_metadata" in value:  # ListenBrainz
        listen = _dict(value["track_metadata"])
        ids = (_dict(listen.get(place)).get("recording_mbid") for place in ("additional_info", "mbid_mapping"))
        names = (_text(listen.get(name)) for name in ("artist_name", "track_name", "release_name"))
        return Play(user, *names, tuple(one.lower() for one in map(_text, ids) if one))
    if isinstance(value.get("name"), str) and value.get("artist"):  # Last.fm's own words
        if _dict(value.get("@attr")).get("nowplaying"):
            return None
        names = (_text(value["artist"]), value["name"], _text(value.get("album")))
        count = _whole(str(value.get("playcount", 1)))  # where it is a list of somebody's top tracks
        ids = tuple(one.lower() for one in [_text(value.get("mbid"))] if one)
        return Play(user, *names, ids, playcount=1 if count is None else count)
    if isinstance(value.get("track"), str) and isinstance(value.get("artist"), str):  # and those of its statistics
        return Play(user, value["artist"], value["track"], _text(value.get("album")))
    return None


def _user_of(value: Any) -> str:
    found = [_dict(value).get(name) for name in ("user_name", "username", "user_id")]
    found.append(_dict(_dict(value).get("@attr")).get("user"))
    return next((one for one in found if isinstance(one, str)), "")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A text, or the name of what Last.fm describes by several."""
    value = _dict(value).get("#text") or _dict(value).get("name") or value
    return value if isinstance(value, str) else ""


def _read_table(text: str, name: str) -> Iterator[Play]:
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = _columns(next(csv.reader([first], delimiter=delimiter), []))
    user = ""
    if "track" in header:
        next(rows)
        if header[-1].startswith("date#"):  # as lastfmstats.com says whose scrobbles they are
            user = first.strip().rpartition("#")[2]
    elif len(header) == len(HEADLESS) and DATE.search(header[-1]):
        header = list(HEADLESS)
    else:
        raise DataError(f"{name} begins with {first[:60]!r}; a table's first line must name track, such as {EXAMPLE}")
    for row in rows:
        cells = {column: cell.strip() for column, cell in zip(header, row, strict=False)}
        if not cells.get("track"):
            continue
        count = _whole(cells.get("playcount", "1"))
        if count is None:
            needed = f"must be a whole number from 0 to {MAX_PLAYCOUNT}"
            raise DataError(f"{name}, line {rows.line_num}: playcount={cells['playcount']!r} {needed}")
        ids = tuple(cells[column].lower() for column in MBID_COLUMNS if cells.get(column))
        play = Play(cells.get("user") or user, album=cells.get("album", ""), recording_ids=ids, playcount=count)
        if "artist" in header:
            yield play._replace(artist=cells.get("artist", ""), title=cells["track"])
        else:
            yield play._replace(track=cells["track"])


def _whole(text: str) -> int | None:
    """The playcount that a text says; None if it is none that a library can hold."""
    found = WHOLE.fullmatch(text)
    return int(found[1]) if found and int(found[1]) <= MAX_PLAYCOUNT else None


def _columns(cells: list[str]) -> list[str]:
    """The columns that a first line names, by the names used here."""
    header = [cell.strip().lower() for cell in cells]
    if "playcount" not in header:
        header = ["playcount" if cell in COUNT_NAMES else cell for cell in header]
    if "track" in header:
        return header
    named = [OTHER_NAMES.get(cell, cell) for cell in header]
    return named if {"artist", "track"} <= set(named) else header
