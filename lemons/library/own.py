"""A library out of one's own music: a folder of audio and a listening history.

Every audio file that can be read becomes a track, also those that nobody played: a model learns from the difference.
Nothing is copied but what the catalogue keeps in its cache, and nothing leaves the machine.
"""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lemons.errors import DataError, ParameterError
from lemons.library.catalogue import Library
from lemons.library.histories import Play, read_history
from lemons.library.matching import AudioFile, Match, Matcher, guess_names, plain
from lemons.library.tables import check_folder, write_library
from lemons.library.tags import read_tags

MAKER = "lemons library own"
# what LEMONS reads, some of it by PyAV alone; what it cannot read is named
PLAIN = {".wav", ".w64", ".rf64", ".flac", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf", ".npy"}
SUFFIXES = PLAIN | {".ogg", ".oga", ".opus", ".mp3", ".mp2"}
SUFFIXES |= {".m4a", ".m4b", ".mp4", ".aac", ".wma", ".webm", ".weba", ".mka"}
NOBODY = "me"  # whose history it is, where neither the history nor the command says
UNMATCHED, AMBIGUOUS = "unmatched.csv", "ambiguous.csv"
COLUMNS = ("artist", "title", "album", "track", "recording_id")  # of a play in the reports

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """What came of it: tracks, for each listener those played, the plays that no file fits, and sentences."""

    n_tracks: int
    played: dict[str, int]
    unmatched: list[str]
    skipped: list[str]


def make_own_library(
    path: str | os.PathLike,
    *,
    audio: str | os.PathLike,
    listens: str | os.PathLike,
    user: str | None = None,
    bar: Callable[[str, str], Progress] | None = None,
) -> Summary:
    """Make a library of one's own music.

    Parameters
    ----------
    path : path-like
        the library's folder; its tables are written last, when all else is done
    audio : path-like
        folder of audio, in folders of any depth; it is referred to, not copied
    listens : path-like
        a listening history, see `lemons.library.histories`
    user : str, optional
        the listener, where the history is one person's; by default whom it names, or "me"
    bar : callable, optional
        ``bar(description, unit)`` gives a ``progress(done, total)`` for the long step

    Returns
    -------
    Summary
        plays that no file fits are also listed in unmatched.csv of the library, those that several fit in ambiguous.csv

    Raises
    ------
    ParameterError, DataError
        if an input is missing or malformed, no file can be read, or nothing that was played is among the files
    """
    path = Path(path)
    check_folder(path, MAKER)
    plays = _count(listens, user)
    files, genres, skipped = _find_audio(Path(audio), path)
    table = pd.DataFrame(files, columns=AudioFile._fields).set_index("track_id")
    table = table.assign(genre=genres, file=[_reference(Path(audio) / one, path) for one in table["path"]])
    no_listens = pd.DataFrame({"user": [], "track_id": [], "playcount": []})
    library = Library(path, table[["title", "artist", "genre", "file", "album", "recording_id"]], no_listens, skipped)
    library.check_audio((bar or (lambda *_: None))("audio", "track"))
    if library.tracks.empty:
        raise DataError(f"no file in {audio} can be read as audio; {library.skipped[0]}")

    matcher = Matcher(file for file in files if file.track_id in library.tracks.index)
    matches = {play: match for play in plays if (match := matcher.find(play))}
    found = pd.DataFrame(
        [(play.user, matches[play].track_id, count) for play, count in plays.items() if play in matches],
        columns=["user", "track_id", "playcount"],
    )
    if found.empty:
        example = _name_of(next(iter(plays)))
        raise DataError(f"no file in {audio} is any of the {len(plays)} tracks played in {listens}, such as {example}")
    found = found.groupby(["user", "track_id"], as_index=False)["playcount"].sum()
    # what a play could mean as well is the same music: never a track that was not played
    doubles = {one for match in matches.values() for one in match.others} - set(found["track_id"])
    if doubles:
        library.skipped.append(f"{len(doubles)} files skipped: the same track as another that was played")
    unmatched = {play: count for play, count in plays.items() if play not in matches}
    ambiguous = {play: count for play, count in plays.items() if play in matches and matches[play].others}
    write_library(
        path,
        library.tracks.drop(sorted(doubles)),
        found,
        note={"made_by": MAKER, "listens": Path(listens).name},
        reports={UNMATCHED: _report(unmatched, {}), AMBIGUOUS: _report(ambiguous, matches)},
    )
    if ambiguous:
        library.skipped.append(f"{len(ambiguous)} played tracks fit several files; see {path / AMBIGUOUS}")
    named = [f"{_name_of(play)} ({count}×)" for play, count in sorted(unmatched.items(), key=lambda one: -one[1])]
    n_tracks = len(library.tracks) - len(doubles)
    return Summary(n_tracks, found.groupby("user").size().to_dict(), named, library.skipped)


def _count(listens: str | os.PathLike, user: str | None) -> Counter[Play]:
    """How often each user played each track, as the history names it."""
    plays: Counter[Play] = Counter()
    for play in read_history(listens):
        if play.track or (play.artist and play.title):
            plays[play._replace(playcount=1)] += play.playcount
    plays = +plays  # a playcount of 0 is no play
    if not plays:
        raise DataError(f"{listens} names no track that was played; export it again")
    users = {play.user for play in plays}
    if user and len(users) > 1:
        raise ParameterError(f"user={user!r} cannot name {len(users)} listeners; leave it out, {listens} names them")
    named: Counter[Play] = Counter()
    for play, count in plays.items():
        named[play._replace(user=user or play.user or NOBODY)] += count
    return named


def _find_audio(folder: Path, out: Path) -> tuple[list[AudioFile], list[str], list[str]]:
    """The audio files of a folder in the order of their paths, their genres, and sentences on what is skipped."""
    if not folder.is_dir():
        raise DataError(f"no such folder of audio: {folder}; check --audio")
    files, genres, skipped = [], [], []
    for place, folders, names in os.walk(folder, followlinks=True):
        # hidden ones are not music, and neither is the cache of a library that is made in here
        folders[:] = sorted(
            one for one in folders if not one.startswith(".") and Path(place, one).resolve() != out.resolve()
        )
        for name in sorted(names):
            file = Path(place, name)
            if name.startswith(".") or file.suffix.lower() not in SUFFIXES:
                continue
            inside = file.relative_to(folder).as_posix()
            if not inside.isprintable():  # among them bytes that are no text
                skipped.append(f"file {inside!r} skipped: its name has signs that cannot be written; rename it")
                continue
            tags = read_tags(file)
            artist, title = guess_names(inside)
            names_ = (tags.title or title, tags.artist or artist)
            files.append(AudioFile(track_id_of(inside), inside, *names_, tags.album, tags.recording_id))
            genres.append(tags.genre.lower())
    if not files:
        raise DataError(f"{folder} holds no audio; {', '.join(sorted(SUFFIXES))} are looked for")
    return files, genres, skipped


def track_id_of(path: str) -> str:
    """The id of a file by its path in the folder of audio: the same on every machine, whatever the file holds.

    >>> track_id_of("Zoë/First Album/03 So What.flac")
    '03-so-what-e501c358'
    """
    path = unicodedata.normalize("NFC", path)  # which macOS and others write differently
    words = re.findall("[a-z0-9]+", plain(Path(path).stem))
    return "-".join(["-".join(words)[:40].strip("-") or "track", hashlib.sha256(path.encode()).hexdigest()[:8]])


def _reference(file: Path, library: Path) -> str:
    """How tracks.csv names a file: from the library's folder if it lies in there, else by its full path."""
    file, library = file.absolute(), library.absolute()
    return file.relative_to(library).as_posix() if file.is_relative_to(library) else str(file)


def _report(plays: dict[Play, int], matches: dict[Play, Match]) -> pd.DataFrame:
    rows = []
    for play, count in sorted(plays.items(), key=lambda one: (-one[1], one[0])):
        row = {"playcount": count, "user": play.user, "artist": play.artist, "title": play.title, "album": play.album}
        row |= {"track": play.track, "recording_id": " ".join(play.recording_ids)}
        if play in matches:
            row |= {"track_id": matches[play].track_id, "others": " ".join(matches[play].others)}
        rows.append(row)
    return pd.DataFrame(rows, columns=["playcount", "user", *COLUMNS, *(("track_id", "others") if matches else ())])


def _name_of(play: Play) -> str:
    return play.track or f"{play.artist} - {play.title}"
