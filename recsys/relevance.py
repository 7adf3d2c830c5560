"""Logits of whole tracks, and their cache ``relevance.csv`` beside the model."""

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from lemons.errors import DataError
from lemons.files import atomic_path
from lemons.hashing import model_hash
from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import load_checkpoint
from recsys.network import Network
from recsys.pooled import SKIPPED, head_logits, library_features, pooled_features

__all__ = ["RELEVANCE_FILE", "SKIPPED", "cached_scores", "score_tracks", "track_logits"]

RELEVANCE_FILE = "relevance.csv"
COLUMNS = ["logit", "relevance", "stamp", "check"]

logger = logging.getLogger(__name__)


def track_logits(
    model: Network,
    audio: Iterable[np.ndarray],
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
    total: int = 0,
) -> np.ndarray:
    """Logits of whole tracks, in float32.

    Only tracks with equally many frames share a batch, so there is no padding that could change a convolution's edge or
    the pooling: a track's logit is that of the track alone, up to the rounding of another order of summation. Snippets
    of 30 s have equal lengths but for a few frames; a track of another length is a batch of its own. On a CPU a batch
    is one track, and its logit does not depend on the others in a single bit: `recsys.model.FCN.trunk` cuts a track
    into pieces that fit into the processor's cache, and batches of such pieces were no faster.

    Parameters
    ----------
    model : Network
        put into evaluation mode
    audio : iterable of np.ndarray [shape=(n_samples,), dtype=int16]
        the tracks, each of its own length
    batch_size : int > 0, optional
        largest number of tracks in a batch; by default 1 on a CPU and 8 on a GPU, for which 64 tracks are read ahead
    progress : callable, optional
        ``progress(done, total)``, called after each track
    total : int
        number of tracks, for ``progress``

    Returns
    -------
    np.ndarray [shape=(n_tracks,) or (n_tracks, n_listeners), dtype=float32]
        a column for each head where there are several
    """
    features = pooled_features(model, audio, batch_size=batch_size, progress=progress, total=total)
    return head_logits(model, features)


def score_tracks(
    model: Network, library: Library, track_ids: Iterable[str], *, keep: bool = False, progress: Progress | None = None
) -> pd.Series:
    """Logits of tracks of a library.

    Parameters
    ----------
    model : Network
        the listener's model
    library : Library
        the music library
    track_ids : iterable of str
        which tracks
    keep, progress
        see `recsys.pooled.library_features`

    Returns
    -------
    pd.Series [index=track_id, name=logit, dtype=float32]
        the sigmoid of a logit is the track's relevance. Tracks that cannot be read, or are shorter than 0.5 s, are
        missing: a warning in the log names them, and ``attrs["skipped"]`` has the reason for each

    Raises
    ------
    ParameterError
        if a track is not in the library
    """
    features = library_features(model, library, track_ids, keep=keep, progress=progress)
    scores = pd.Series(head_logits(model, features.to_numpy()), index=features.index, name="logit")
    scores.attrs[SKIPPED] = features.attrs[SKIPPED]
    return scores


def cached_scores(
    checkpoint_path: str | os.PathLike,
    library: Library,
    track_ids: Iterable[str],
    *,
    device: str = "cpu",
    progress: Progress | None = None,
) -> pd.Series:
    """`score_tracks` with a cache: ``relevance.csv`` beside the model.

    A cached score is used if weights and file of the track are the same, and the checksum of its row is right. If the
    cache cannot be written, the log has a warning. Of a model whose trunk is shared, the features of tracks are kept,
    too: one forward pass scores a track for all listeners.

    Parameters
    ----------
    checkpoint_path : path-like
        the model
    library, track_ids, progress
        see `score_tracks`; progress counts the tracks without a cached score
    device : str
        where the model computes: ``"cpu"``, ``"cuda:0"`` ...

    Returns
    -------
    pd.Series [index=track_id, name=logit, dtype=float32]
        of the tracks that can be read, in the order of ``track_ids``; see `score_tracks` for the others
    """
    track_ids = list(track_ids)
    model, about = load_checkpoint(checkpoint_path, device=device)
    cache_path = Path(checkpoint_path).parent / RELEVANCE_FILE
    weights = model_hash(model)[:16]
    stamps = {one: _stamp(weights, library, one) for one in track_ids}
    cache, damaged = _read_cache(cache_path)
    known = cache[[stamps.get(one, stamp) == stamp for one, stamp in cache["stamp"].items()]]
    skipped: dict[str, str] = {}
    if missing := [track_id for track_id in track_ids if track_id not in known.index]:
        logits = score_tracks(model, library, missing, keep="trunk" in about, progress=progress)
        skipped = logits.attrs.get(SKIPPED, {})
        known = pd.concat([known, _as_rows(logits, stamps)]).sort_index()
    if damaged or set(missing) - set(skipped):
        try:
            with atomic_path(cache_path) as temporary:
                known[np.isfinite(known["logit"].astype(float))].to_csv(temporary)
        except DataError as error:
            logger.warning("%s; until then the tracks are scored again each time", error)
    scores = known["logit"].astype(np.float32).reindex([one for one in track_ids if one not in skipped])
    scores.attrs[SKIPPED] = skipped
    return scores


def _stamp(weights: str, library: Library, track_id: str) -> str:
    """Identifies what a score depends on; empty for a track without a file, whose scores are not cached."""
    try:
        sound = json.dumps(library.stamp(track_id), sort_keys=True)
    except DataError:
        return ""
    return f"{weights}-{hashlib.sha256(sound.encode()).hexdigest()[:16]}"


def _as_rows(logits: pd.Series, stamps: dict[str, str]) -> pd.DataFrame:
    """Scores as rows of the cache: strings from which the numbers are read bit for bit, and a checksum of each row."""
    rows = {
        track_id: [str(np.float32(logit)), f"{expit(logit):.9g}", stamps[track_id]]
        for track_id, logit in logits.items()
    }
    rows = {track_id: [*row, _check(track_id, *row)] for track_id, row in rows.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS, dtype=str)
    return table.rename_axis("track_id")


def _check(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]


def _read_cache(path: Path) -> tuple[pd.DataFrame, bool]:
    """The undamaged rows, and whether there are others, with a warning in the log; their scores can be computed."""
    nothing = pd.DataFrame(columns=COLUMNS, index=pd.Index([], name="track_id", dtype=str), dtype=str)
    if not path.exists():
        return nothing, False
    try:
        cache = pd.read_csv(path, dtype=str, keep_default_na=False)
        if "track_id" in cache and "check" not in cache:  # of an earlier version of LEMONS
            return nothing, False
        whole = [_check(*row[:-1]) == row[-1] for row in cache[["track_id", *COLUMNS]].itertuples(index=False)]
        rows = cache[whole].set_index("track_id")[COLUMNS]
        rows = rows[~rows.index.duplicated()]
        n_damaged = len(cache) - len(rows)
    except (OSError, ValueError, KeyError):
        rows, n_damaged = nothing, 1
    if n_damaged:
        logger.warning("%s is damaged; the tracks whose scores it lost are scored again", path)
    return rows, n_damaged > 0
