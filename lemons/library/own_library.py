"""A library of the user's own music: a folder of audio and a listening history.

Every audio file that can be read becomes a track, also those without plays: a model learns from the difference.
No audio is copied except into the catalogue's cache, and no data leaves the machine.
"""

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lemons.extras import require

require("a library of one's own", "pandas", "mutagen", extra="recommender")

import pandas as pd

from lemons.errors import DataError, ParameterError
from lemons.library.folders import find_audio
from lemons.library.histories import History, Play, read_history
from lemons.library.library import Library
from lemons.library.matching import AudioFile, Match, Matcher, guess_names, plain
from lemons.library.plays import FORMATS
from lemons.library.tables import check_folder, write_library
from lemons.library.tags import Tags, read_tags
from lemons.progress import Progress

__all__ = ["UNMATCHED", "Summary", "make_own_library", "track_id_of"]

MAKER = "lemons library own"
DEFAULT_USER = "me"  # whose history it is, where neither the history nor the command says
UNMATCHED, AMBIGUOUS = "unmatched.csv", "ambiguous.csv"
COLUMNS = ("artist", "title", "album", "track", "recording_id")  # of a play in the reports


@dataclass(frozen=True)
class Summary:
    """Result of making a library.

    Attributes
    ----------
    read_as : str
        what the history was taken for, such as its columns
    n_tracks : int
        tracks of the library
    played : dict of str to int
        how many of them each listener played
    unmatched : list of str
        the plays that no file fits
    skipped : list of str
        a sentence for everything that was left out, and why
    """

    read_as: str
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
    """Make a library of the user's own music.

    Parameters
    ----------
    path : path-like
        the library's folder; its tables are written last, when all else is done
    audio : path-like
        folder of audio, in folders of any depth; it is referred to, not copied
    listens : path-like
        a listening history, a file or a folder, see `lemons.library.histories`
    user : str, optional
        the listener, where the history is one person's; by default whom it names, or "me"
    bar : callable, optional
        ``bar(description, unit)`` gives a ``progress(done, total)`` for the long step

    Returns
    -------
    Summary
        plays that no file fits, or paths that several fit, are also listed in unmatched.csv of the library, names that
        several fit in ambiguous.csv

    Raises
    ------
    ParameterError, DataError
        if an input is missing or malformed, no file can be read, or nothing that was played is among the files
    """
    path = Path(path)
    check_folder(path, MAKER)
    history = read_history(listens)
    read_as = "; ".join(history.read_as)
    plays = _count(history, listens, user)
    files, genres, skipped, damaged_tags = _read_audio(Path(audio), path)
    skipped = history.sentences + skipped
    table = pd.DataFrame(files, columns=AudioFile._fields).set_index("track_id")
    table = table.assign(genre=genres, file=[_reference(Path(audio) / one, path) for one in table["path"]])
    no_listens = pd.DataFrame({"user": [], "track_id": [], "playcount": []})
    tracks = table[["title", "artist", "genre", "file", "album", "recording_id"]]
    library = Library.of_tables(path, tracks, no_listens, skipped)
    library.check_audio((bar or (lambda *_: None))("audio", "track"))
    if library.tracks.empty:
        raise DataError(f"no file in {audio} can be read as audio; {library.skipped[-1]}")
    # damaged tags of a file whose sound is unreadable, too, are not reported
    library.skipped += [sentence for track_id, sentence in damaged_tags.items() if track_id in library.tracks.index]

    present = [file for file in files if file.track_id in library.tracks.index]
    matcher = Matcher(present, folder=str(Path(audio).absolute()))
    tried = {play: matcher.find(play) for play in plays}
    matches = {play: match for play, match in tried.items() if match and match.track_id}
    found = pd.DataFrame(
        [(play.user, matches[play].track_id, count) for play, count in plays.items() if play in matches],
        columns=["user", "track_id", "playcount"],
    )
    if found.empty:
        example = f"{_name_of(next(iter(plays)))} (read as {read_as})"
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
        reports={UNMATCHED: _report(unmatched, tried), AMBIGUOUS: _report(ambiguous, tried)},
    )
    if ambiguous:
        library.skipped.append(f"{len(ambiguous)} played tracks fit several files; see {path / AMBIGUOUS}")
    path_of = {file.track_id: file.path for file in present}
    named = [_sentence(play, count, tried[play], path_of) for play, count in _by_count(unmatched)]
    n_tracks = len(library.tracks) - len(doubles)
    return Summary(read_as, n_tracks, found.groupby("user").size().to_dict(), named, library.skipped)


def _count(history: History, listens: str | os.PathLike, user: str | None) -> Counter[Play]:
    """How often each user played each track, as the history names it."""
    plays: Counter[Play] = Counter()
    for play in history.plays:
        plays[play._replace(playcount=1)] += play.playcount
    plays = +plays  # a playcount of 0 is no play
    if not plays:
        why = "".join(f"; {sentence}" for sentence in history.sentences)
        raise DataError(f"{listens} names no track that was played; it must be {FORMATS}{why}")
    users = {play.user for play in plays}
    if user and len(users) > 1:
        raise ParameterError(f"user={user!r} cannot name {len(users)} listeners; leave it out, {listens} names them")
    named: Counter[Play] = Counter()
    for play, count in plays.items():
        named[play._replace(user=user or play.user or DEFAULT_USER)] += count
    return named


def _read_audio(folder: Path, out: Path) -> tuple[list[AudioFile], list[str], list[str], dict[str, str]]:
    """The audio files of a folder, their genres, sentences on what is skipped, and by track on damaged tags."""
    found, skipped = find_audio(folder, out)
    files, genres, damaged = {}, [], {}
    for path, links in found:
        track_id = track_id_of(path)
        if track_id in files:
            skipped.append(f"file {path!r} skipped: another one has its name in letters composed otherwise; rename it")
            continue
        try:
            tags = read_tags(folder / path)
        except DataError as error:
            tags = Tags()
            damaged[track_id] = f"{error}; artist and title are taken from the file's name"
        artist, title = guess_names(path)
        names = (tags.title or title, tags.artist or artist)
        files[track_id] = AudioFile(track_id, path, *names, tags.album, tags.recording_id, links)
        genres.append(tags.genre.lower())
    return list(files.values()), genres, skipped, damaged


def track_id_of(path: str) -> str:
    """The id of a file by its path in the folder of audio: the same on every machine, whatever the file holds.

    >>> track_id_of("Zoë/First Album/03 So What.flac")
    '03-so-what-e501c358'
    """
    path = unicodedata.normalize("NFC", path)  # which macOS and others write differently
    words = re.findall("[a-z0-9]+", plain(Path(path).stem))
    return "-".join(["-".join(words)[:40].strip("-") or "track", hashlib.sha256(path.encode()).hexdigest()[:8]])


def _reference(file: Path, library: Path) -> str:
    """How tracks.csv names a file: relative to the library's folder if it is inside it, else by its full path."""
    file, library = file.absolute(), library.absolute()
    return file.relative_to(library).as_posix() if file.is_relative_to(library) else str(file)


def _by_count(plays: dict[Play, int]) -> list[tuple[Play, int]]:
    return sorted(plays.items(), key=lambda one: (-one[1], one[0]))


def _report(plays: dict[Play, int], matches: dict[Play, Match | None]) -> pd.DataFrame:
    rows = []
    for play, count in _by_count(plays):
        track_id, others = matches[play] or ("", ())
        row = {"playcount": count, "user": play.user, "artist": play.artist, "title": play.title, "album": play.album}
        row |= {"track": play.track, "recording_id": " ".join(play.recording_ids)}
        rows.append(row | {"track_id": track_id, "others": " ".join(others)})
    return pd.DataFrame(rows, columns=["playcount", "user", *COLUMNS, "track_id", "others"])


def _sentence(play: Play, count: int, match: Match | None, path_of: dict[str, str]) -> str:
    fitting = [path_of[one] for one in match.others] if match else []
    several = f": {len(fitting)} files fit, such as {fitting[0]} and {fitting[1]}" if fitting else ""
    return f"{_name_of(play)} ({count}×){several}"


def _name_of(play: Play) -> str:
    return play.track or f"{play.artist} - {play.title}"
