"""What an audio file says about itself: the tags of MP3, FLAC, Ogg, Opus, WAV, AIFF and MP4 files."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import mutagen

# one word of ours, then what Vorbis comments (and mutagen's easy interface) and ID3 call it
NAMES = {
    "title": ("title", "TIT2"),
    "artist": ("artist", "TPE1"),
    "album": ("album", "TALB"),
    "genre": ("genre", "TCON"),
    # Picard's name of a recording's id, in the words of an older MusicBrainz
    "recording_id": ("musicbrainz_trackid", "UFID:http://musicbrainz.org"),
}


class Tags(NamedTuple):
    """Texts, empty where the file has no such tag."""

    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    recording_id: str = ""


def read_tags(path: str | os.PathLike) -> Tags:
    """The tags of an audio file; none where it has none or they are damaged: the sound may be good all the same."""
    try:
        file = mutagen.File(Path(path), easy=True)
    except (mutagen.MutagenError, OSError):
        return Tags()
    found = (file.tags if file is not None else None) or {}
    return Tags(**{word: _first(found, names) for word, names in NAMES.items()})


def _first(tags: Any, names: tuple[str, ...]) -> str:
    for name in names:
        try:
            value = tags[name]
        except (KeyError, ValueError):  # Vorbis comments refuse some names with a ValueError
            continue
        value = getattr(value, "data", None) or getattr(value, "text", value)  # ID3's ids, ID3's texts, or a list
        value = value[0] if isinstance(value, list) and value else value
        return (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()
    return ""
