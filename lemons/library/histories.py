"""Listening histories, as music services and players export them.

Read are, by what they hold and not by their names,

* tables with a first line such as ``user,track,playcount``, where ``track`` is a file, a MusicBrainz id, ``artist -
  title``, or a title beside a column ``artist``; ``album`` and ``recording_mbid`` help where they are there;
* tables of Last.fm, Libre.fm, Universal Scrobbler, Spinitron and portable players, with a line of names or without, and
  with other lines before that line;
* JSON of ListenBrainz, Last.fm, Spotify, Maloja and Koito;
* the folders and zips that ListenBrainz and Spotify send, and those that hold one file of the above.

What cannot be read of one is counted by the reason, see `lemons.library.plays.History`.
"""

import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from lemons.errors import DataError
from lemons.library.foreign import name_archive, name_bytes, name_text
from lemons.library.play_records import is_json, read_records, user_in
from lemons.library.play_tables import read_table
from lemons.library.plays import FORMATS, History, Play
from lemons.library.texts import decode

__all__ = ["History", "Play", "read_history"]

MAX_BYTES = 2**29  # of all files of a history, unpacked; decades of listening are a fifth of it
ENCODED = "encoded in "
USER = "user.json"
LISTENS = re.compile(r"(?<![^/])listens/[^.]*\.jsonl$")  # of ListenBrainz, also in a folder that was packed again
EXTENDED = re.compile(r"(?<![^/])(?:streaming_history_audio|endsong)_[^/]*\.json$", re.IGNORECASE)  # both of Spotify
ACCOUNT = re.compile(r"(?<![^/])streaminghistory_?(?:music_?)?\d+\.json$", re.IGNORECASE)
OTHERS = re.compile(r"\.(?:csv|tsv|txt|jsonl?|log)$", re.IGNORECASE)
HIDDEN = re.compile(r"(?:^|/)(?:\.(?!\.?/)|__MACOSX/)")  # what systems leave beside files


class _Files(NamedTuple):
    """The files of a folder or a zip: their names with slashes, and how to read one, of so many bytes at most."""

    names: list[str]
    read: Callable[[str, int], bytes]


def read_history(path: str | os.PathLike) -> History:
    """Every play of a listening history, in the order of its files.

    Parameters
    ----------
    path : path-like
        one of the formats above

    Returns
    -------
    History
        a play's user is empty where the files do not say whose history it is

    Raises
    ------
    DataError
        if there is no such file, it is damaged, none of the formats, or holds nothing at all that is a play
    """
    path, history = Path(path), History()
    try:
        if path.is_dir():
            _read_files(_in_folder(path), path, history)
        elif path.exists() and not path.is_file():
            raise DataError(f"{path} is no file; choose {FORMATS}")
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                _read_files(_in_archive(archive), path, history)
        else:
            with path.open("rb") as file:
                _read_bytes(_bounded(file.read(MAX_BYTES + 1), MAX_BYTES), str(path), history)
    # RuntimeError: a password, or nested beyond reason; NotImplementedError: a way of packing that zipfile lacks
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise DataError(f"{path} cannot be read ({error}); it must be {FORMATS}") from error
    if not history.plays and not history.left_out and all(one.startswith(ENCODED) for one in history.read_as):
        raise DataError(f"{path} names no track that was played in a way that is known; it must be {FORMATS}")
    return history


def _in_folder(folder: Path) -> _Files:
    # the folder's own name may say what is in it: listens of ListenBrainz
    root = folder.absolute().parent
    found = (Path(place, name) for place, _, names in os.walk(folder.absolute()) for name in names)
    names = [file.relative_to(root).as_posix() for file in found if file.is_file()]
    if (folder / ".." / USER).is_file():
        names.append(USER)

    def read(name: str, limit: int) -> bytes:
        with (root / name).open("rb") as file:
            return _bounded(file.read(limit + 1), limit)

    return _Files(names, read)


def _in_archive(archive: zipfile.ZipFile) -> _Files:
    def read(name: str, limit: int) -> bytes:
        with archive.open(name) as file:  # whatever size the zip says
            return _bounded(file.read(limit + 1), limit)

    return _Files([one for one in archive.namelist() if ".." not in one.split("/")], read)


def _bounded(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB")
    return data


def _read_files(files: _Files, path: Path, history: History) -> None:
    """Read the files of an export, and no other file of its folder or zip."""
    names = sorted((one for one in files.names if not HIDDEN.search(one)), key=_in_order)
    if sentence := name_archive(files.names):
        raise DataError(f"{path} {sentence}")
    chosen, user, limit = _choose(names), "", MAX_BYTES
    if not chosen:
        raise DataError(
            f"{path} holds no listens/*.jsonl of ListenBrainz, no streaming history of Spotify, and not one table or "
            "JSON file by itself; choose the file of the history"
        )
    about = LISTENS.sub("", chosen[0]) + USER
    if LISTENS.search(chosen[0]) and about in names:
        user = user_in(decode(files.read(about, limit), f"{path}/{about}")[0])
    for name in chosen:
        data = files.read(name, limit)
        limit -= len(data)
        _read_bytes(data, f"{path}/{name}", history, user=user)


def _choose(names: Iterable[str]) -> list[str]:
    """Which files of an export are its plays; of Spotify's two histories the extended one, which holds the other."""
    for pattern in (LISTENS, EXTENDED, ACCOUNT):
        if found := [name for name in names if pattern.search(name)]:
            return found
    others = [name for name in names if OTHERS.search(name)]
    return others if len(others) == 1 or all(name.endswith(".jsonl") for name in others) else []


def _in_order(name: str) -> list[tuple[int, str]]:
    """A key that puts listens/2023/10.jsonl behind listens/2023/9.jsonl."""
    return [(int(one[:9]), "") if one.isdecimal() else (-1, one) for one in re.split(r"(\d+)", name)]


def _read_bytes(data: bytes, name: str, history: History, *, user: str = "") -> None:
    if sentence := name_bytes(data):
        raise DataError(f"{name} {sentence}")
    text, encoding = decode(data, name)
    if encoding != "UTF-8":
        history.note(f"{ENCODED}{encoding}")
    if is_json(text):
        read_records(text, name, history, user=user)
    elif sentence := name_text(text):
        raise DataError(f"{name} {sentence}")
    else:
        read_table(text, name, history)
