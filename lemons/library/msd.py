"""A library out of the Million Song Dataset: the data of the LEMONS paper.

Playcounts come from the Echo Nest Taste Profile (`triplets`), titles from the dataset's own lists (`metadata`), sound
from a folder of snippets (`snippets`), which users have to find for themselves. A song of the Taste Profile has one
or several tracks in the dataset; the library holds the first of them, by id, that has readable audio.

With published splits the library holds their tracks and keeps their labels, whatever the triplets say. Without them it
holds what the listeners played, and as many tracks that none of them played, for their models to learn the difference.

The column ``n_other_listeners`` of its tracks counts the users of the Taste Profile who played the track's song, the
library's own listeners left out.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemons.extras import require

require("a library of the Million Song Dataset", "pandas", extra="recommender")

import pandas as pd

from lemons.errors import DataError, ParameterError
from lemons.library.library import Library
from lemons.library.metadata import Metadata, Track
from lemons.library.snippets import find_snippets
from lemons.library.tables import check_folder, read_table, write_library
from lemons.library.triplets import USER_ID, read_plays
from lemons.listeners import LISTENERS
from lemons.progress import Progress

__all__ = ["Summary", "choose_users", "make_msd_library"]

MAKER = "lemons library msd"
SEED = 1057386  # of the draw of tracks that no listener played
PARTS = ("train", "val", "test")
MISSING = "missing.csv"


@dataclass(frozen=True)
class Summary:
    """Result of making a library: by listener the tracks with sound and the tracks played, and what was left out."""

    n_tracks: int
    heard: dict[str, tuple[int, int]]
    skipped: list[str]


def choose_users(names: Sequence[str] | None) -> dict[str, str]:
    """Taste Profile ids by listener: of the seven personas, or of those that are named.

    Parameters
    ----------
    names : sequence of str, optional
        personas' names, ids, or ``name=id``

    Raises
    ------
    ParameterError
        if one is none of these, or two have the same name

    Examples
    --------
    >>> choose_users(["paige", "Zoë=b80344d063b5ccb3212f76538f3d9e43d87dca9e"])["Zoë"]
    'b80344d063b5ccb3212f76538f3d9e43d87dca9e'
    """
    personas = {listener.name: listener.user_id for listener in LISTENERS}
    if not names:
        return personas
    users: dict[str, str] = {}
    for one in names:
        name, _, user_id = one.rpartition("=")
        user_id = personas.get(user_id, user_id) if not name else user_id
        name = name or one
        if not USER_ID.fullmatch(user_id):
            raise ParameterError(
                f"user={one!r} must be a persona's name, 40 hexadecimal digits, or a name, = and these digits"
            )
        if name in users:
            raise ParameterError(f"user={one!r} has the name of another; give each a name of their own")
        users[name] = user_id
    return users


def make_msd_library(
    path: str | os.PathLike,
    *,
    triplets: str | os.PathLike,
    metadata: str | os.PathLike,
    snippets: str | os.PathLike,
    users: Sequence[str] | None = None,
    splits: str | os.PathLike | None = None,
    n_others: int | None = None,
    seed: int = SEED,
    bar: Callable[[str, str], Progress] | None = None,
) -> Summary:
    """Make a library of the Million Song Dataset.

    Parameters
    ----------
    path : path-like
        the library's folder; its tables are written last, when all else is done
    triplets : path-like
        the Taste Profile's train_triplets.txt, see `lemons.library.triplets`
    metadata : path-like
        folder with unique_tracks.txt and its like, see `lemons.library.metadata`
    snippets : path-like
        folder of audio by track ids, see `lemons.library.snippets`; it is referred to, not copied
    users : sequence of str, optional
        see `choose_users`; the seven personas by default
    splits : path-like, optional
        folder of published splits, ``<name>.csv`` with track_id,split,listened for each listener
    n_others : int >= 0, optional
        how many tracks that no listener played; by default as many as they played; of no effect with ``splits``
    seed : int >= 0
        of the draw of tracks that no listener played
    bar : callable, optional
        ``bar(description, unit)`` gives a ``progress(done, total)`` for one of the long steps

    Returns
    -------
    Summary
        what is missing is also listed in missing.csv of the library

    Raises
    ------
    ParameterError, DataError
        if an input is missing or malformed, no listener played anything, or no track has readable audio
    """
    progress = bar or (lambda description, unit: lambda done, total: None)
    check_folder(path, MAKER)
    ids = choose_users(users)
    if n_others is not None and n_others < 0:
        raise ParameterError(f"n_others={n_others} must not be negative")
    labels = {name: _read_published(Path(splits) / f"{name}.csv") for name in ids} if splits else {}
    lists = Metadata(metadata)
    files = find_snippets(snippets)
    plays, others = read_plays(triplets, set(ids.values()), progress=progress("triplets", "MB"))
    plays = {name: plays[user_id] for name, user_id in ids.items()}
    skipped = [f"{name}: no plays in {triplets}" for name in ids if not plays[name]]
    if len(skipped) == len(ids):
        raise DataError(f"{triplets} has no plays of {', '.join(ids)}; check --user and the file")

    if splits:
        chosen, listens, sentences = _follow(labels, plays, lists)
        missing: list[dict[str, str]] = []
    else:
        chosen, listens, missing, sentences = _choose(plays, lists, files, n_others=n_others, seed=seed)
    skipped += sentences
    tracks = _describe(chosen, lists)
    absent = [one for one in tracks.index if one not in files]
    missing += [_missing(tracks.loc[one], "no snippet") for one in absent]
    tracks = tracks.drop(absent)
    tracks["n_other_listeners"] = [others.get(song, 0) for song in tracks["song_id"]]
    tracks["file"] = [str(files[one]) for one in tracks.index]
    library = Library.of_tables(Path(path), tracks, listens[listens["track_id"].isin(tracks.index)])
    library.check_audio(progress("audio", "track"))
    damaged = tracks.index.difference(library.tracks.index)
    missing += [_missing(tracks.loc[one], "damaged") for one in damaged]
    if library.tracks.empty or library.listens.empty:
        raise DataError(f"no track that a listener played has readable audio in {snippets}; check its files' names")
    if missing:
        skipped.append(f"{len(missing)} tracks have no sound and are listed in {Path(path) / MISSING}")

    columns = ["song_id", "track_id", "title", "artist", "reason"]
    note = {"made_by": MAKER, "users": ids, "published_splits": bool(splits), "seed": seed}
    write_library(
        path,
        library.tracks,
        library.listens,
        note=note,
        splits={name: _as_split(table, listens, name) for name, table in labels.items()},
        reports={MISSING: pd.DataFrame(missing, columns=columns)},
    )
    n_played = listens.groupby("user").size() if splits else {name: len(songs) for name, songs in plays.items()}
    n_heard = library.listens.groupby("user").size()
    heard = {name: (int(n_heard.get(name, 0)), int(n_played.get(name, 0))) for name in ids}
    return Summary(len(library.tracks), heard, skipped + library.skipped)


def _choose(
    plays: dict[str, dict[str, int]], lists: Metadata, files: dict[str, Path], *, n_others: int | None, seed: int
) -> tuple[set[str], pd.DataFrame, list[dict[str, str]], list[str]]:
    """The tracks that were played, the listens to them, songs without a track, and sentences; others are added."""
    songs = {song for played in plays.values() for song in played}
    tracks_of = lists.tracks_of(songs)
    # the first with audio; where none has, the first of all, which is then listed as missing
    track_of = {song: min(ids, key=lambda one: (one not in files, one)) for song, ids in tracks_of.items() if ids}
    listens = pd.DataFrame(
        [(name, track_of[song], n) for name, played in plays.items() for song, n in played.items() if song in track_of],
        columns=["user", "track_id", "playcount"],
    )
    listens = listens.groupby(["user", "track_id"], as_index=False)["playcount"].sum()  # and sorted: always the same
    unknown = sorted(songs - set(track_of))
    missing = [dict.fromkeys(("track_id", "title", "artist"), "") | {"song_id": song, "reason": "no track"}
               for song in unknown]  # fmt: skip
    chosen = set(track_of.values())
    known = set().union(*tracks_of.values()) | {track for _, track in lists.mismatches}
    others = np.array(sorted(set(files) - known), dtype=str)
    wanted = len(chosen & set(files)) if n_others is None else n_others
    sentences = []
    if wanted > len(others):
        sentences.append(f"only {len(others)} of {wanted} tracks that no listener played have audio")
    chosen |= set(np.random.default_rng(seed).permutation(others)[:wanted].tolist())
    return chosen, listens, missing, sentences


def _follow(
    labels: dict[str, pd.DataFrame], plays: dict[str, dict[str, int]], lists: Metadata
) -> tuple[set[str], pd.DataFrame, list[str]]:
    """The tracks of published splits, the listens as these have them, and sentences on what the triplets lack."""
    chosen = {one for table in labels.values() for one in table["track_id"]}
    song_of = {track.track_id: track.song_id for track in lists.tracks() if track.track_id in chosen}
    rows, sentences = [], []
    for name, table in labels.items():
        listened = table.loc[table["listened"], "track_id"]
        counts = [plays[name].get(song_of.get(one, ""), 0) for one in listened]
        rows += [(name, one, max(1, count)) for one, count in zip(listened, counts, strict=True)]
        if unheard := counts.count(0):
            sentences.append(f"{name}: {unheard} tracks that the split calls played have no playcount; 1 is taken")
    return chosen, pd.DataFrame(sorted(rows), columns=["user", "track_id", "playcount"]), sentences


def _describe(chosen: set[str], lists: Metadata) -> pd.DataFrame:
    """Titles and artists of tracks, in the order of their ids; one that no list has keeps its id for a title."""
    known = {track.track_id: track for track in lists.tracks() if track.track_id in chosen}
    genres = lists.genres(chosen)
    rows = [known.get(one, Track(one, "", "", one)) for one in sorted(chosen)]
    tracks = pd.DataFrame(rows, columns=Track._fields).set_index("track_id")
    return tracks.assign(genre=[genres.get(one, "") for one in tracks.index])


def _missing(track: pd.Series, reason: str) -> dict[str, str]:
    return {name: track[name] for name in ("song_id", "title", "artist")} | {"track_id": track.name, "reason": reason}


def _as_split(table: pd.DataFrame, listens: pd.DataFrame, name: str) -> pd.DataFrame:
    counts = listens[listens["user"] == name].set_index("track_id")["playcount"]
    playcounts = table["track_id"].map(counts).fillna(0).astype(int)
    return table[["track_id", "split"]].assign(playcount=playcounts)


def _read_published(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"no published split {path}; name the listener as its file, or leave out --splits")
    columns = ("track_id", "split", "listened")
    table = pd.DataFrame(read_table(path, columns), columns=columns)
    bad = table[~(table["split"].isin(PARTS) & table["listened"].isin(["0", "1"]))]
    if not bad.empty:
        raise DataError(f"{path}, line {bad.index[0] + 2}: split must be train, val or test, listened 0 or 1")
    return table.assign(listened=table["listened"] == "1")
