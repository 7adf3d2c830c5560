"""Plays: the tracks that a listening history names, and the history as a whole."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from lemons.characters import BYTE_ORDER_MARK, UNWRITABLE

__all__ = [
    "DAMAGED",
    "FORMATS",
    "MAX_PLAYCOUNT",
    "MIN_PLAYED_MS",
    "NO_MUSIC",
    "TOO_SHORT",
    "UNKNOWN",
    "History",
    "Play",
    "clean",
]

FORMATS = (  # that are read, as a part of a sentence
    "a table with a first line such as user,track,playcount or artist,title, or an export of ListenBrainz, Last.fm, "
    "Libre.fm, Spotify, Maloja, Koito, Universal Scrobbler, Rockbox or Spinitron"
)
MAX_PLAYCOUNT = 999_999_999  # of one line; more than a life of listening, and sums of them fit into 64 bits
MIN_PLAYED_MS = 30_000  # Spotify and Last.fm alike count what sounded for half a minute
MAX_SIGNS = 2000  # of a name; what is longer is a damaged file, not a title
UNCLEAN = re.compile(f"[{UNWRITABLE}{BYTE_ORDER_MARK}]+")  # no name has them

TOO_SHORT = f"plays of under {MIN_PLAYED_MS // 1000} s"
NO_MUSIC = "podcasts, audiobooks and videos"
NAMELESS = "plays without artist or title"
OVERLONG = f"plays with a name of over {MAX_SIGNS} signs"
DAMAGED = "damaged lines"
UNKNOWN = "records of an unknown kind"


class Play(NamedTuple):
    """A track that a user played, once or several times; fields are empty where a history does not say.

    ``track`` is what a table calls it where it has no artist: a file, an id or ``artist - title``.
    """

    user: str = ""
    artist: str = ""
    title: str = ""
    album: str = ""
    recording_ids: tuple[str, ...] = ()
    track: str = ""
    playcount: int = 1


@dataclass
class History:
    """What a listening history holds.

    Attributes
    ----------
    plays : list of Play
        in the order of the file
    read_as : list of str
        what the files were taken for: the columns of a table in their order, or whose export it is
    left_out : Counter of str
        how many lines or plays were left out, by the reason
    examples : dict of str to str
        the first of each, where a history has numbers of lines
    """

    plays: list[Play] = field(default_factory=list)
    read_as: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, play: Play, read_as: str, *, example: str = "") -> None:
        """Keep a play, its names without signs that cannot be written; one that names no track is left out."""
        user, artist, title, album, track = map(clean, (play.user, play.artist, play.title, play.album, play.track))
        if max(map(len, (user, artist, title, album, track, *play.recording_ids))) > MAX_SIGNS:
            self.leave_out(OVERLONG, example)
        elif not (track or (artist and title)):
            self.leave_out(NAMELESS, example)
        else:
            self.note(read_as)
            ids = tuple(filter(None, (clean(one).lower() for one in play.recording_ids)))
            self.plays.append(Play(user, artist, title, album, ids, track, play.playcount))

    def note(self, read_as: str) -> None:
        """Note what a file, or a part of it, was taken for."""
        if read_as not in self.read_as:
            self.read_as.append(read_as)

    def leave_out(self, reason: str, example: str = "") -> None:
        """Count a line or a play that is not kept."""
        self.left_out[reason] += 1
        self.examples.setdefault(reason, example)

    @property
    def sentences(self) -> list[str]:
        """What was left out, a sentence for each reason."""
        such_as = {reason: f", such as {example}" for reason, example in self.examples.items() if example}
        return [f"{count} {reason} left out{such_as.get(reason, '')}" for reason, count in self.left_out.items()]


def clean(text: str) -> str:
    r"""A name without signs that cannot be written.

    >>> clean(" So\tWhat\r\n"), clean("So What\x00"), clean("\ud83d")
    ('So What', 'So What', '')
    """
    return UNCLEAN.sub(" ", text).strip()
