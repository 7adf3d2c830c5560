"""The tracks that a listener's model is trained, validated and tested on.

Positives are the tracks that the listener played; as many negatives are drawn from those that they never played. Both
are split 80-10-10. A split is drawn once and written to ``<library>/splits/<user>.csv``; later calls read it, so that
models stay comparable and no test track gets into a later training.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from lemons.errors import DataError
from lemons.files import atomic_path, safe_name
from lemons.library import Library

__all__ = ["DATA_SEED", "PARTS", "check_enough", "draw_split", "load_or_draw_split", "split_path"]

PARTS = ("train", "val", "test")
DATA_SEED = 1057386  # the one that the published splits carry in their name
MIN_TRACKS = 20  # in the library
MIN_OF_A_CLASS = 3  # one for each part


def draw_split(playcounts: pd.Series, tracks: pd.Index, *, seed: int) -> pd.DataFrame:
    """Draw negatives and parts.

    Parameters
    ----------
    playcounts : pd.Series [index=track_id]
        how often each positive was played, > 0
    tracks : pd.Index of track_id
        all tracks to draw negatives from
    seed : int >= 0
        of negatives and parts

    Returns
    -------
    pd.DataFrame [columns=track_id, split, playcount, seed]
        ``split`` is train, val or test: of either class a tenth (at least one track) for val and for test each
    """
    rng = np.random.default_rng(seed)
    positives = np.sort(playcounts.index.to_numpy(dtype=str))  # the result does not depend on the order of the tables
    others = np.sort(tracks.difference(playcounts.index).to_numpy(dtype=str))
    negatives = rng.choice(others, min(len(positives), len(others)), replace=False)
    rows: list[tuple[str, str]] = []
    for class_ in (positives, negatives):
        n_held_out = max(1, round(0.1 * len(class_)))
        parts = np.repeat(PARTS, [len(class_) - 2 * n_held_out, n_held_out, n_held_out])
        rows += zip(rng.permutation(class_), parts, strict=True)
    split = pd.DataFrame(rows, columns=["track_id", "split"]).astype(str)
    split["playcount"] = split["track_id"].map(playcounts).fillna(0).astype(int)
    return split.assign(seed=seed)


def load_or_draw_split(
    library: Library, user: str, *, seed: int = DATA_SEED, folder: str | os.PathLike | None = None
) -> pd.DataFrame:
    """Read the split of a listener, or draw and write it if its file does not exist.

    Parameters
    ----------
    library : Library
        the music library
    user : str
        the listener
    seed : int >= 0
        for drawing; without effect if the file exists
    folder : path-like, optional
        where the splits are, ``<library>/splits`` by default; published ones (track_id,split,listened) are read too

    Returns
    -------
    pd.DataFrame [columns=track_id, split, playcount]
        ``split`` is train, val or test; a playcount of 0 is a negative

    Raises
    ------
    ParameterError
        if no listener of this name played a track of the library
    DataError
        if there are too few tracks, tracks of one class only, or the file is malformed or belongs to other listens
    """
    if folder and not Path(folder).is_dir():
        raise DataError(f"no such folder of splits: {folder}; check meta_path")
    path = split_path(library, user, folder)
    if path.is_file():
        return _read_split(path, library, user)
    played, n_tracks = library.played(user), len(library.rows)
    if n_tracks < MIN_TRACKS:
        raise DataError(
            f"the library at {library.files.shown} has {n_tracks} tracks; training needs at least {MIN_TRACKS}"
        )
    check_enough(library, user, what="training")
    split = draw_split(played, pd.Index(list(library.rows)), seed=seed)
    with atomic_path(path) as temporary:
        split.to_csv(temporary, index=False)
    return split[["track_id", "split", "playcount"]]


def split_path(library: Library, user: str, folder: str | os.PathLike | None = None) -> Path:
    """Where the split of a listener is, or will be; ``folder`` as for `load_or_draw_split`.

    That of a library in a bucket is fetched from there; where it has none, the one that is drawn stays here.
    """
    file = f"{safe_name(user)}.csv"
    return Path(folder) / file if folder else library.files.fetch(f"splits/{file}")


def check_enough(library: Library, user: str, *, what: str) -> None:
    """Raise DataError unless a listener has enough played and enough other tracks for every part.

    Parameters
    ----------
    library : Library
        the music library
    user : str
        the listener
    what : str
        what needs them, such as ``"training"``

    Raises
    ------
    ParameterError
        if no listener of this name played a track of the library
    DataError
        if there are too few
    """
    n_played, n_tracks = len(library.played(user)), len(library.rows)
    if min(n_played, n_tracks - n_played) < MIN_OF_A_CLASS:
        needed = f"{what} needs at least {MIN_OF_A_CLASS} that were and {MIN_OF_A_CLASS} that were not"
        raise DataError(f"{n_played} of {n_tracks} tracks in {library.files.shown} were played by {user}; {needed}")


def _read_split(path: Path, library: Library, user: str) -> pd.DataFrame:
    try:
        split = pd.read_csv(path, dtype=str, keep_default_na=False)
        published = "listened" in split.columns
        counts = split["listened" if published else "playcount"].astype(int)
        split = split[["track_id", "split"]].assign(playcount=counts)
    except (OSError, ValueError, KeyError) as error:
        columns = "track_id,split,playcount or track_id,split,listened"
        raise DataError(f"{path} cannot be read as a split ({error}); its columns must be {columns}") from error
    if unknown := sorted(set(split["split"]) - set(PARTS)):
        raise DataError(f"{path} names a part {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    if split["track_id"].duplicated().any():
        doubled = split.loc[split["track_id"].duplicated(), "track_id"].iloc[0]
        raise DataError(f"{path} lists {doubled} twice; a track belongs to one part")
    for part in PARTS:
        if len(classes := set(split.loc[split["split"] == part, "playcount"] > 0)) < 2:
            which = "no tracks" if not classes else "only played tracks" if True in classes else "no played track"
            raise DataError(f"the {part} part of {path} has {which}; it needs some that {user} played and some not")
    if not published:
        known = split[[track_id in library.rows for track_id in split["track_id"]]].sort_values("track_id")
        now = library.plays.get(user, {})
        other = known[(known["playcount"] > 0) != known["track_id"].isin(now)]
        if not other.empty:
            track_id, played = other[["track_id", "playcount"]].iloc[0]
            calls, does = ("played", "does not") if played else ("not played", "does")
            reason = f"it calls {track_id} {calls}, which listens.csv {does}"
            raise DataError(f"{path} was drawn from other listens ({reason}); delete it to draw a new split")
    return split
