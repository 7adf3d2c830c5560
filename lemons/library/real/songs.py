"""The songs of a package: what they are called, whose they are, and where their sound is."""

import configparser
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen

from lemons.errors import DataError
from lemons.library.matching import plain
from lemons.library.plays import clean
from lemons.library.real.licences import find_licence
from lemons.library.real.sources import Source

__all__ = ["Song", "find_songs", "slug"]

NO_ALBUM = {"", "non", "none"}  # what Muldjord's tags say


@dataclass(frozen=True)
class Song:
    """A song, whole, as its package has it.

    Attributes
    ----------
    song_id : str
        such as ``wesnoth-main-menu``
    title, artist, author, album, genre : str
        the author holds the copyright; it is the artist where nothing else is known
    licence, package : str
        SPDX's identifier, or where the text of the licence is; the Debian package
    files : dict of str to Path
        by stem; of a song without stems the one file ``mix``
    """

    song_id: str
    title: str
    artist: str
    author: str
    album: str
    genre: str
    licence: str
    package: str
    files: dict[str, Path]


def find_songs(source: Source) -> tuple[list[Song], list[str]]:
    """The songs of a package in the order of their paths, and a sentence for each that has no artist or no stems."""
    songs, sentences = [], []
    text = source.read_copyright().decode(errors="replace")
    for place in sorted(source.root.glob(source.package.songs)):
        if source.package.stems and not place.is_dir():  # such as library.ini, beside the songs
            continue
        try:
            songs.append(_song(place, source, text))
        except DataError as error:
            sentences.append(f"song {place.relative_to(source.root).as_posix()} skipped: {error}")
    return songs, sentences


def slug(text: str) -> str:
    """A text as a part of an id.

    >>> slug("Aleksi Aubry-Carlson"), slug("March Thee to Dis")
    ('aleksi-aubry-carlson', 'march-thee-to-dis')
    """
    return "-".join(re.findall("[a-z0-9]+", plain(text))) or "untitled"


def _song(place: Path, source: Source, copyright_text: str) -> Song:
    package = source.package
    files = {stem: place / name for stem, name in package.stems.items()} or {"mix": place}
    if missing := [file.name for file in files.values() if not file.is_file()]:
        raise DataError(f"it has no {' and no '.join(missing)}")
    tags = _tags(next(iter(files.values())))
    artist = tags.get("artist") or package.artist
    if not artist:
        raise DataError("neither its tags nor its package name an artist")
    album = tags.get("album", "")
    return Song(
        f"{package.key}-{slug(place.stem)}",
        title=_title(place) if package.stems else tags.get("title") or place.stem.replace("_", " "),
        artist=artist,
        author=package.author or artist,
        album=package.album if album.lower() in NO_ALBUM else album,
        genre=package.genre,
        licence=find_licence(tags.get("license", ""), copyright_text) or f"see licences/{source.name}.txt",
        package=source.name,
        files=files,
    )


def _tags(file: Path) -> dict[str, str]:
    """The first value of each of an Ogg file's tags."""
    try:
        tags: Any = getattr(mutagen.File(file), "tags", None) or {}
        return {name.lower(): clean(values[0]) for name, values in tags.items() if values}
    except Exception as error:  # whatever stands in a damaged file: IndexError, KeyError, struct.error, ...
        raise DataError(f"{file.name} is damaged ({type(error).__name__}: {str(error)[:80]})") from error


def _title(folder: Path) -> str:
    """What a song of Frets on Fire calls itself: its song.ini, or its folder's name."""
    about = configparser.RawConfigParser()
    try:
        about.read(folder / "song.ini", encoding="utf-8")
        return clean(about.get("song", "name", fallback="")) or folder.name
    except (configparser.Error, UnicodeDecodeError):
        return folder.name
