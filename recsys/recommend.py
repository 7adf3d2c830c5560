"""Recommendations: tracks in the order of their relevance for a listener.

The relevance of a track for a listener is the sigmoid of the model's logit for the whole track, in [0, 1].
"""

import os

import numpy as np
import pandas as pd
from scipy.special import expit

from lemons.errors import DataError, ParameterError
from lemons.library import Library
from lemons.progress import Progress
from recsys.data.splits import load_or_draw_split
from recsys.model_runs import check_split
from recsys.relevance import SKIPPED, cached_scores

__all__ = ["POOLS", "recommend", "relevance_of_others"]

POOLS = ("test", "unheard")


def recommend(
    checkpoint_path: str | os.PathLike,
    library: Library,
    user: str,
    *,
    n: int = 10,
    pool: str = "test",
    splits_path: str | os.PathLike | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """The most relevant tracks for a listener.

    Parameters
    ----------
    checkpoint_path : path-like
        the listener's model; scores are kept beside it in ``relevance.npy``
    library : Library
        the music library
    user : str
        the listener
    n : int > 0
        how many tracks; fewer if the pool has fewer
    pool : {"test", "unheard"}
        test: the tracks held out from training, half of them played, which show how good the model is; unheard: all
        tracks that the listener never played and that are not in training or validation, which are new to the listener
    splits_path : path-like, optional
        where the splits are, ``<library>/splits`` by default
    progress : callable, optional
        ``progress(done, total)``, called after each track without a kept score

    Returns
    -------
    pd.DataFrame [columns=rank, track_id, title, artist, genre, relevance, logit, playcount]
        the most relevant first, ranks from 1; on ties, in the order of their ids. Tracks that cannot be read are
        missing: a warning in the log names them, and ``attrs["skipped"]`` has the reason for each, by track_id.
        ``attrs["pool"]`` is the pool

    Raises
    ------
    ParameterError
        if the listener is unknown, or ``n`` or ``pool`` is not one of the above
    DataError
        if the model or the split cannot be read, the model is of another split, or no track is left or can be read
    """
    if n < 1:
        raise ParameterError(f"n={n} must be at least 1")
    logits = _pool_logits(checkpoint_path, library, user, pool=pool, splits_path=splits_path, progress=progress)
    skipped = logits.attrs.get(SKIPPED, {})
    played = library.played(user)
    top = logits.sort_values(ascending=False, kind="stable").head(n)
    found = library.some_tracks(top.index)[["title", "artist", "genre"]].assign(
        relevance=expit(top), logit=top, playcount=played.reindex(top.index, fill_value=0)
    )
    found = found.rename_axis("track_id").reset_index()
    found.insert(0, "rank", range(1, len(found) + 1))
    found.attrs |= {SKIPPED: skipped, "pool": pool}
    return found


def relevance_of_others(
    checkpoint_path: str | os.PathLike,
    library: Library,
    user: str,
    track_id: str,
    *,
    pool: str = "test",
    splits_path: str | os.PathLike | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """The relevance of all tracks beside which a track is recommended.

    Parameters
    ----------
    track_id : str
        the track that is left out; it need not be in the pool, nor in the library
    checkpoint_path, library, user, pool, splits_path, progress
        see `recommend`

    Returns
    -------
    np.ndarray [shape=(n_others,)]
        in [0, 1], the largest first

    Raises
    ------
    ParameterError, DataError
        see `recommend`
    """
    logits = _pool_logits(checkpoint_path, library, user, pool=pool, splits_path=splits_path, progress=progress)
    return np.sort(expit(logits.drop(track_id, errors="ignore").to_numpy()))[::-1]


def _pool_logits(checkpoint_path, library: Library, user: str, *, pool: str, splits_path, progress) -> pd.Series:
    """The logits of all tracks of a pool that can be scored, by track_id in ascending order."""
    if pool not in POOLS:
        raise ParameterError(f"pool={pool!r} is unknown; choose one of {', '.join(POOLS)}")
    played = library.played(user)
    split = load_or_draw_split(library, user, folder=splits_path)
    check_split(checkpoint_path, user, split)
    held_out = split["split"] == "test"
    if pool == "test":
        tracks = sorted(one for one in split.loc[held_out, "track_id"] if one in library.rows)
    else:
        known = {*played.index, *split.loc[~held_out, "track_id"]}
        tracks = sorted(one for one in library.rows if one not in known)
    if not tracks:
        raise DataError(f"the pool {pool!r} of {user} holds no track of {library.files.shown}; choose another pool")
    logits = cached_scores(checkpoint_path, library, tracks, progress=progress)
    if logits.empty:
        skipped = logits.attrs.get(SKIPPED, {})
        first, why = next(iter(skipped.items()))
        raise DataError(f"none of the {len(tracks)} tracks can be read; {first}: {why}")
    return logits
