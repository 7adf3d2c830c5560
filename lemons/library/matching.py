"""Which audio file is meant by a line of a listening history.

Histories and files spell the same track in many ways: case, accents, punctuation, "feat." and remasters. Texts are
compared without these. A play is looked for, in this order, by

1. the file's path or name, where the history gives one, see `lemons.library.paths`,
2. the MusicBrainz id of the recording,
3. artist and title of the tags,
4. artist and title of the file's name (``Artist - Title``, ``01 Artist - Title``, ``Artist/Album/01 Title``),
5. title and the first of several artists.

The first way that finds something decides. Where it finds several files, the one whose title is spelled most alike is
taken, then the one of the same album, then the first by path. A path that fits several files means none of them, unless
the play's other names decide.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from lemons.library.paths import PathIndex
from lemons.library.plays import Play

__all__ = ["AudioFile", "Match", "Matcher", "guess_names", "plain"]

# letters that have no accent to drop, and yet are written without
PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "&": " and "})
GUEST = re.compile(r"\s[(\[]?(?:feat|ft|featuring)\b.*", re.DOTALL)
EDITION = (
    r"(?:\d{4} )?(?:digital(?:ly)? )?remaster(?:ed)?(?: \d{4})?(?: version)?|(?:mono|stereo|album|single|original)"
    r"(?: version| mix)?|(?:super )?deluxe(?: edition)?|(?:\d+\w* )?anniversary edition|bonus track|explicit|clean"
)
EDITION_SUFFIX = re.compile(rf"\s*(?:[(\[]\s*(?:{EDITION})\s*[)\]]|\s-\s(?:{EDITION}))\s*$")
MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRACK_NUMBER = re.compile(r"^(?:\d{1,2}[-.])?\d{1,3}[\s._-]+(?=\S)")
SEVERAL_ARTISTS = re.compile(r"\s*(?:[,;/&+]|\band\b|\bx\b|\bvs\b\.?|\bwith\b)\s*")


class AudioFile(NamedTuple):
    """An audio file: its id in the library, its path in the folder with slashes, and what its tags or its name say.

    ``links`` are the other paths that lead to it.
    """

    track_id: str
    path: str
    title: str = ""
    artist: str = ""
    album: str = ""
    recording_id: str = ""
    links: tuple[str, ...] = ()


class Match(NamedTuple):
    """The file that a play means, by its track_id, and those of the others that it could mean as well.

    The former is empty where a play gives a path that fits all the others alike.
    """

    track_id: str
    others: tuple[str, ...]


def plain(text: str) -> str:
    """A text without case, accents, punctuation, guests and editions; what has nothing else stays as it is.

    >>> plain("Señorita (feat. Zoë) [2011 Remaster]"), plain("SENORITA"), plain("Live - Remastered 2009")
    ('senorita', 'senorita', 'live')
    >>> plain("Simon & Garfunkel"), plain("Don’t Stop"), plain("???")
    ('simon and garfunkel', 'dont stop', '???')
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(one for one in folded if not unicodedata.combining(one)).translate(PLAIN)
    shortened = GUEST.sub("", EDITION_SUFFIX.sub("", folded))
    shortened = EDITION_SUFFIX.sub("", shortened)  # which may stand before a guest
    for candidate in (shortened, folded):
        words = re.sub(r"[\W_]+", " ", re.sub(r"['’`´]", "", candidate)).strip()
        if words:
            return words
    return folded.strip()


def guess_names(path: str, *, numbered: bool = True) -> tuple[str, str]:
    """Artist and title according to a file's path; empty where it has none. A number in front is that of the track.

    >>> guess_names("03 Zoë - So What.mp3"), guess_names("Zoë/First Album/03 So What.flac"), guess_names("So What.ogg")
    (('Zoë', 'So What'), ('Zoë', 'So What'), ('', 'So What'))
    """
    place = PurePosixPath(path)
    stem = place.stem.replace("_", " ")
    stem = TRACK_NUMBER.sub("", stem) if numbered else stem
    artist, dash, title = stem.partition(" - ")
    if dash:
        return artist.strip(), title.strip()
    folders = place.parts[:-1]
    return (folders[-2] if len(folders) > 1 else folders[-1] if folders else ""), stem.strip()


class Matcher:
    """Finds the file of a play.

    Parameters
    ----------
    files : iterable of AudioFile
        all audio files
    folder : str, optional
        the absolute path of the folder with the audio
    """

    def __init__(self, files: Iterable[AudioFile], *, folder: str = ""):
        self._files = sorted(files, key=lambda file: file.path)
        self._paths = PathIndex(([file.path, *file.links] for file in self._files), folder=folder)
        self._ways = [
            (self._index(lambda file: [file.recording_id.lower()]), _recording_ids),
            (self._index(lambda file: [_names(file.artist, file.title)]), _artist_and_title),
            (self._index(_names_of_path), _artist_and_title),
            (self._index(_first_artist), lambda play: _first_artist(_named(play))),
        ]

    def find(self, play: Play) -> Match | None:
        """The file that a play means, or None."""
        fitting = [self._files[at] for at in self._paths.find(play.track)] if play.track else []
        if len(fitting) == 1:
            return Match(fitting[0].track_id, ())
        for index, keys_of in self._ways:
            files = [file for key in keys_of(play) if key and all(key) for file in index.get(key, ())]
            files = [file for file in files if not fitting or file in fitting]
            if files:
                named = _named(play)
                best = min(files, key=lambda file: (file.title.casefold() != named.title.casefold(),
                                                    plain(file.album) != plain(play.album)))  # fmt: skip
                return Match(best.track_id, tuple(dict.fromkeys(file.track_id for file in files if file != best)))
        return Match("", tuple(file.track_id for file in fitting)) if fitting else None

    def _index(self, keys_of: Callable) -> dict[object, list[AudioFile]]:
        index = defaultdict(list)
        for file in self._files:
            for key in keys_of(file):
                index[key].append(file)
        return index


def _named(play: Play) -> Play:
    """A play with artist and title, where its table calls it ``artist - title``."""
    artist, dash, title = play.track.partition(" - ")
    return play._replace(artist=artist.strip(), title=title.strip()) if dash and not play.title else play


def _names(artist: str, title: str) -> tuple[str, str]:
    return plain(artist), plain(title)


def _names_of_path(file: AudioFile) -> set[tuple[str, str]]:
    # "99 Luftballons" and "50 Cent - In da Club" have no number of a track in front
    return {_names(*guess_names(file.path, numbered=numbered)) for numbered in (True, False)}


def _recording_ids(play: Play) -> tuple[str, ...]:
    return play.recording_ids or tuple(one for one in [play.track.lower()] if MBID.fullmatch(one))


def _artist_and_title(play: Play) -> list[tuple[str, str]]:
    named = _named(play)
    return [_names(named.artist, named.title)]


def _first_artist(named: AudioFile | Play) -> list[tuple[str, str]]:
    artist = SEVERAL_ARTISTS.split(named.artist.casefold())[0]
    return [(plain(artist), plain(named.title))]
