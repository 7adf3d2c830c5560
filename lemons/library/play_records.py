"""Plays in JSON, by the names that programs give to things.

ListenBrainz, Last.fm (its own words, and those of sites that export it), Spotify (account data and extended history),
Maloja (of today, of its version 2, and its API) and Koito are recognised play by play, so that a file may be a list of
plays, pages of them, or one play a line.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from lemons.errors import DataError
from lemons.library.foreign import name_value
from lemons.library.plays import DAMAGED, MAX_PLAYCOUNT, MIN_PLAYED_MS, NO_MUSIC, TOO_SHORT, UNKNOWN, History, Play

__all__ = ["counts", "is_json", "read_records", "user_in", "whole"]

BLANK = re.compile(r"\s*")
BEGINNING = re.compile(r'\s*(?:\{\s*(?:["}]|$)|\[\s*(?:[\[{"\]]|-?\d|true|false|null|$))')  # [unknown] is an artist
WHOLE = re.compile(r"(\d+)(?:\.0*)?")  # spreadsheets write 3 as 3.0
NAMES_OF_USERS = ("user_name", "username", "user_id")


def is_json(text: str) -> bool:
    """Whether a text looks like JSON, whole or damaged.

    >>> is_json('{"listens": []}'), is_json("[unknown],First,So What")
    (True, False)
    """
    return bool(BEGINNING.match(text))


def read_records(text: str, name: str, history: History, *, user: str = "") -> None:
    """Add the plays of a JSON text to a history.

    Parameters
    ----------
    text : str
        one JSON value, or one a line; of the latter a damaged line costs itself only
    name : str
        how an error calls the file
    history : History
        what it is added to
    user : str, optional
        whose plays they are, where they don't say it themselves

    Raises
    ------
    DataError
        if it is JSON of another kind, such as a playlist
    ValueError, RecursionError
        if it is damaged, or nested beyond reason
    """
    are_known = []
    for value in _values(text, history):
        if sentence := name_value(value):
            raise DataError(f"{name} {sentence}")
        # Koito's word for the user, at the top only
        are_known.append(_add(value, user or _text(_dict(value).get("user")), history))
    _tell(are_known, history)


def user_in(text: str) -> str:
    """The user that a JSON text such as ListenBrainz's user.json names; empty where it names none.

    >>> user_in('{"user_id": 7, "username": "zoë"}')
    'zoë'
    """
    return _user_of(json.loads(text))


def _values(text: str, history: History) -> Iterator[Any]:
    """The values of a JSON text: one, or one a line."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > 1 and sum(_is_object(line) for _, line in lines[:3]) * 2 > len(lines[:3]):
        for number, line in lines:
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                history.leave_out(DAMAGED, f"line {number}")
        return
    decoder, place = json.JSONDecoder(), 0
    text = text.strip()
    while place < len(text):
        value, end = decoder.raw_decode(text, place)
        yield value
        blank = BLANK.match(text, end)
        place = blank.end() if blank else end


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _add(value: Any, user: str, history: History) -> bool:
    """Add the plays anywhere in a JSON value; whether there was anything that is known."""
    if isinstance(value, list):
        are_known = [_add(one, user, history) for one in value if one]  # an empty page is nothing unknown
        _tell(are_known, history)
        return any(are_known)
    if isinstance(value, dict):
        user = _user_of(value) or user
        for form, words in FORMS.items():
            found = words(value)
            if isinstance(found, Play):
                history.add(found._replace(user=user), form)
            elif found:
                history.note(form)
                history.leave_out(found)
            if found is not None:
                return True
        return any([_add(one, user, history) for one in value.values()])
    return False


def _tell(are_known: list[bool], history: History) -> None:
    """Count what stands beside plays and is none."""
    if any(are_known):
        for _ in range(are_known.count(False)):
            history.leave_out(UNKNOWN)


# Each of these gives a play, the reason why it is left out, "" for what is no play, or None for what it doesn't know.


def _listenbrainz(value: dict[str, Any]) -> Play | None:
    if "track_metadata" not in value:
        return None
    listen = _dict(value["track_metadata"])
    ids = (_dict(listen.get(place)).get("recording_mbid") for place in ("additional_info", "mbid_mapping"))
    artist, title, album = (_text(listen.get(name)) for name in ("artist_name", "track_name", "release_name"))
    return Play("", artist, title, album, tuple(filter(None, map(_text, ids))))


def _spotify_account(value: dict[str, Any]) -> Play | str | None:
    if "msPlayed" not in value:
        return None
    if "trackName" not in value or "podcastName" in value:
        return NO_MUSIC
    play = Play("", _text(value.get("artistName")), _text(value["trackName"]), _text(value.get("albumName")))
    return play if counts(value["msPlayed"]) else TOO_SHORT


def _spotify_extended(value: dict[str, Any]) -> Play | str | None:
    if "ms_played" not in value or "master_metadata_track_name" not in value:
        return None
    names = ("album_artist_name", "track_name", "album_album_name")
    artist, title, album = (_text(value.get(f"master_metadata_{name}")) for name in names)
    if not title:
        return NO_MUSIC
    return Play("", artist, title, album) if counts(value["ms_played"]) else TOO_SHORT


def _koito(value: dict[str, Any]) -> Play | None:
    track = _dict(value.get("track"))
    if "aliases" not in track:
        return None
    ids = tuple(filter(None, [_text(track.get("mbid"))]))
    return Play("", _artists(value.get("artists")), _alias(track), _alias(value.get("album")), ids)


def _maloja(value: dict[str, Any]) -> Play | None:
    track = _dict(value.get("track")) or value  # version 2 has no track around it
    if not isinstance(track.get("artists"), list) or "title" not in track or not ("time" in value or "track" in value):
        return None
    album = track.get("album") or value.get("album") or _dict(value.get("extra")).get("album_name")
    ids = tuple(filter(None, [_text(track.get("musicbrainz_id"))]))  # in answers of Koito, which are of this form, too
    return Play("", _artists(track["artists"]), _text(track["title"]), _text(album), ids)


def _lastfm(value: dict[str, Any]) -> Play | str | None:
    title = next((value[one] for one in ("name", "track", "title") if isinstance(value.get(one), str)), None)
    if title is None or not _text(value.get("artist")):
        return None
    if _dict(value.get("@attr")).get("nowplaying"):
        return ""
    count = whole(str(value.get("playcount", 1)))  # in a list of a user's top tracks
    ids = tuple(filter(None, [_text(value.get("mbid"))]))
    count = 1 if count is None else count
    return Play("", _text(value["artist"]), title, _text(value.get("album")), ids, playcount=count)


FORMS = {
    "listens of ListenBrainz": _listenbrainz,
    "Spotify's account data": _spotify_account,
    "Spotify's extended history": _spotify_extended,
    "an export of Koito": _koito,
    "an export of Maloja": _maloja,
    "scrobbles of Last.fm": _lastfm,
}


def counts(played_ms: Any) -> bool:
    """Whether a track sounded long enough to be played; one that does not say how long was.

    >>> counts(29_999), counts(30_000), counts("200000"), counts(None)
    (False, True, True, True)
    """
    if isinstance(played_ms, str):
        found = WHOLE.fullmatch(played_ms.strip())
        played_ms = float(found[1][:20]) if found else None
    return not isinstance(played_ms, int | float) or played_ms >= MIN_PLAYED_MS


def whole(text: str) -> int | None:
    """The playcount that a text says; None if it is none that a library can hold.

    >>> whole("3"), whole("3.0"), whole("1.5"), whole("9" * 5000)
    (3, 3, None, None)
    """
    found = WHOLE.fullmatch(text)
    if not found or len(found[1].lstrip("0")) > len(str(MAX_PLAYCOUNT)):
        return None
    return int(found[1].lstrip("0") or "0")


def _user_of(value: Any) -> str:
    found = [_dict(value).get(name) for name in NAMES_OF_USERS]
    found.append(_dict(_dict(value).get("@attr")).get("user"))
    return next((one for one in found if isinstance(one, str)), "")


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A text, or the name of what programs describe by several."""
    if isinstance(value, dict):
        value = next((value[one] for one in ("#text", "name", "albumtitle", "title") if value.get(one)), "")
    return value if isinstance(value, str) else ""


def _artists(value: Any) -> str:
    names = [_text(one) or _alias(one) for one in value] if isinstance(value, list) else [_text(value)]
    return ", ".join(filter(None, names))


def _alias(value: Any) -> str:
    """The name that Koito shows, among those by which it knows a thing."""
    aliases = _dict(value).get("aliases")
    aliases = [one for one in map(_dict, aliases if isinstance(aliases, list) else []) if _text(one.get("alias"))]
    best = next((one for one in aliases if one.get("is_primary")), aliases[0] if aliases else {})
    return _text(best.get("alias"))
