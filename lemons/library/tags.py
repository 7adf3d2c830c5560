"""What an audio file says about itself: the tags of MP3, FLAC, Ogg, Opus, WAV, AIFF, MP4 and WMA files."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import mutagen

from lemons.errors import DataError
from lemons.library.plays import clean

__all__ = ["Tags", "read_tags"]

# one word of ours, then what Vorbis comments (and mutagen's easy interface), ID3 and WMA call it
NAMES = {
    "title": ("title", "TIT2", "Title"),
    "artist": ("artist", "TPE1", "Author"),
    "album": ("album", "TALB", "WM/AlbumTitle"),
    "genre": ("genre", "TCON", "WM/Genre"),
    # Picard's name of a recording's id, in the words of an older MusicBrainz
    "recording_id": ("musicbrainz_trackid", "UFID:http://musicbrainz.org", "MusicBrainz/Track Id"),
}


class Tags(NamedTuple):
    """Texts, empty where the file has no such tag."""

    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    recording_id: str = ""


def read_tags(path: str | os.PathLike) -> Tags:
    """The tags of an audio file; empty ones where it has none.

    Raises
    ------
    DataError
        if they are damaged, or the file cannot be read; the sound may be good all the same
    """
    try:
        file = mutagen.File(Path(path), easy=True)
        found = (file.tags if file is not None else None) or {}
        return Tags(**{word: _first(found, names) for word, names in NAMES.items()})
    except Exception as error:  # whatever stands in a damaged file: IndexError, KeyError, struct.error, ...
        raise DataError(f"the tags of {path} are damaged ({type(error).__name__}: {str(error)[:80]})") from error


def _first(tags: Any, names: tuple[str, ...]) -> str:
    for name in names:
        try:
            value = tags[name]
        except (KeyError, ValueError):  # Vorbis comments refuse some names with a ValueError
            continue
        value = getattr(value, "data", None) or getattr(value, "text", value)  # ID3's ids, ID3's texts, or a list
        if isinstance(value, list):
            value = value[0] if value else ""
        return clean(value.decode(errors="replace") if isinstance(value, bytes) else str(value))
    return ""
