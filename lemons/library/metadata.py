"""What the Million Song Dataset says about its tracks, from the files that come with it.

A folder with these, by their own names, in whatever case:

``unique_tracks.txt`` or ``track_metadata.db``
    every track's id, its song's id, artist and title; the former as lines ``track<SEP>song<SEP>artist<SEP>title``, the
    latter as an SQLite table ``songs``, which has albums and years, too; those of the dataset's subset of 10,000 songs
    are called ``subset_unique_tracks.txt`` and ``subset_track_metadata.db``
``taste_profile_song_to_tracks.txt``, optional
    a song's id and its tracks' ids in a line, separated by tabs; a song may have several tracks, or none
``sid_mismatches.txt``, optional
    songs that were matched to a wrong track, as lines ``ERROR: <SONG TRACK> artist  -  title  !=  artist  -  title``
``sid_matches_manually_accepted.txt``, optional
    those of them that the dataset's authors accepted by hand
``*.cls``, optional
    genres by track, separated by a tab, as the tagtraum and MAGD annotations have them; the first by name is read
"""

import codecs
import os
import re
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from lemons.errors import DataError
from lemons.library.archives import is_shadow

__all__ = ["Metadata", "Track"]

LISTS = ("track_metadata.db", "unique_tracks.txt")
SUBSET = tuple(f"subset_{name}" for name in LISTS)
SQLITE = b"SQLite format 3\0"  # how its files begin
TRACK_ID = re.compile("TR[A-Z0-9]{16}")
PAIR = re.compile(r"<(SO[A-Z0-9]{16}) (TR[A-Z0-9]{16})>")


class Track(NamedTuple):
    """A track of the Million Song Dataset; texts, empty where they are not known."""

    track_id: str
    song_id: str
    artist: str
    title: str
    album: str = ""
    year: str = ""


class Metadata:
    """A folder of metadata; lists of a million tracks are read track by track.

    Parameters
    ----------
    folder : path-like
        see above

    Raises
    ------
    DataError
        if there is no such folder or no list of tracks in it
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        names = sorted(one.name for one in self.folder.iterdir() if one.is_file()) if self.folder.is_dir() else []
        self._files = {name.lower(): self.folder / name for name in names if not is_shadow(name)}
        lists = [self._files[name] for name in (*LISTS, *SUBSET) if name in self._files]
        if not lists:
            raise DataError(f"{self.folder} holds no {' or '.join(LISTS)}; get one of them, see docs/data.md")
        self.list = lists[0]
        accepted = self._pairs("sid_matches_manually_accepted.txt")
        self.mismatches = self._pairs("sid_mismatches.txt") - accepted  # (song, track) that do not belong together

    def tracks(self) -> Iterator[Track]:
        """All tracks, one after the other.

        Raises
        ------
        DataError
            if the list is damaged
        """
        if self.list.suffix.lower() == ".db":
            yield from self._database()
            return
        for number, line in enumerate(self._lines(self.list.name), start=1):
            if not line.strip():
                continue
            fields = line.split("<SEP>")
            if len(fields) != 4:
                raise DataError(
                    f"{self.list}, line {number}: {line[:60]!r} must be track<SEP>song<SEP>artist<SEP>title"
                )
            if number == 1 and not TRACK_ID.fullmatch(fields[0]):
                continue  # a line with names of columns, which some copies have
            yield Track(*fields)

    def tracks_of(self, songs: Collection[str]) -> dict[str, set[str]]:
        """The tracks of each song that is theirs by any list, mismatches left out; a song may have none."""
        found: dict[str, set[str]] = {song: set() for song in songs}
        for track in self.tracks():
            if track.song_id in found:
                found[track.song_id].add(track.track_id)
        for line in self._lines("taste_profile_song_to_tracks.txt"):
            song, *track_ids = line.split("\t")
            if song in found:
                found[song].update(one for one in track_ids if one)
        return {song: {one for one in ids if (song, one) not in self.mismatches} for song, ids in found.items()}

    def genres(self, track_ids: Collection[str]) -> dict[str, str]:
        """Genres of tracks, for those that have one."""
        files = sorted(name for name in self._files if name.endswith(".cls"))
        rows = (line.split("\t") for line in self._lines(files[0])) if files else []
        return {row[0]: row[1].lower() for row in rows if len(row) > 1 and row[0] in track_ids}

    def _database(self) -> Iterator[Track]:
        uri = f"{self.list.absolute().as_uri()}?mode=ro"
        try:
            _check_size(self.list)
            connection = sqlite3.connect(uri, uri=True)
            connection.text_factory = _decode
            try:
                query = "SELECT track_id, song_id, artist_name, title, release, year FROM songs"
                for *texts, year in connection.execute(query):
                    track_id, song_id, artist, title, album = (str(text or "") for text in texts)
                    yield Track(track_id, song_id, artist, title, album, str(year or ""))  # a year of 0 is not known
            finally:
                connection.close()
        except (OSError, sqlite3.Error) as error:
            raise DataError(f"{self.list} cannot be read as the table of songs ({error}); get it again") from error

    def _pairs(self, name: str) -> set[tuple[str, str]]:
        pairs = (PAIR.search(line) for line in self._lines(name))
        return {(pair[1], pair[2]) for pair in pairs if pair}

    def _lines(self, name: str) -> Iterator[str]:
        path = self._files.get(name.lower())
        if path is None:
            return
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file):
                    line = line if number else line.removeprefix(codecs.BOM_UTF8)
                    yield _decode(line).rstrip("\r\n")
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}); get it again") from error


def _check_size(path: Path) -> None:
    """Refuse a database that is not whole: SQLite itself notices only when it comes to a page that is not there."""
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        raise DataError(f"{path} is empty; get it again")
    if not header.startswith(SQLITE) or len(header) < 100:
        raise DataError(f"{path} cannot be read as the table of songs (it is cut, or no SQLite database); get it again")
    page, n_pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    announced, size = (page if page > 1 else 2**16) * n_pages, path.stat().st_size
    # the number of pages counts where the change counter (24) is the one of the version that wrote it (92)
    if header[24:28] == header[92:96] and size < announced:
        raise DataError(f"{path} is cut: of the {announced} bytes that it announces, {size} are there; get it again")


def _decode(text: bytes) -> str:
    """UTF-8, or else what older programs wrote: Windows-1252, which is Latin-1 but for a few signs."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", errors="replace")
