"""The most relevant tracks of all for each listener: a product of heads and features, some hundred listeners a unit.

No table of all scores is ever made. Tracks come in blocks, and of each block only those are kept that are among a
listener's first so far.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lemons.fleet import Results, Unit
from lemons.fleet.tracks import opened_library
from lemons.hashing import fingerprint as fingerprint_of
from lemons.hashing import hash_text
from lemons.library import Library
from recsys.data.splits import load_or_draw_split
from recsys.fleet.embeddings import read_embeddings
from recsys.fleet.heads import read_heads

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["rank", "top_tracks", "top_units"]

KIND = "tops"
BLOCK = 2**14  # tracks: scores of 256 listeners take 17 MB

Ranked = tuple[np.ndarray, np.ndarray, np.ndarray]  # listeners, tracks, logits


def top_units(
    library: Library, results: Results, heads: Sequence[Unit], embeddings: Sequence[Unit], *, n: int
) -> list[Unit]:
    """Units that rank the tracks for the listeners of units of heads.

    Parameters
    ----------
    library : Library
        the music library, which all machines see at the same place
    results : Results
        where features and heads are
    heads : sequence of Unit
        from `recsys.fleet.heads.head_units`
    embeddings : sequence of Unit
        the units of the features that have a result
    n : int > 0
        tracks of each listener
    """
    keys, units = [unit.key for unit in embeddings], []
    for unit in heads:
        listeners = unit.arguments["listeners"]
        arguments: dict[str, Any] = {
            "library": library.files.place,
            "fingerprint": library.fingerprint,
            "place": results.place,
        }
        arguments |= {"heads": unit.key, "embeddings": keys, "n": n}
        played = library.listens[library.listens["user"].isin(listeners)]
        about = {"heads": unit.key, "embeddings": hash_text("".join(keys)), "n": n, "played": fingerprint_of(played)}
        units.append(Unit(KIND, unit.name, about, rank, arguments))
    return units


def rank(*, library: str, fingerprint: str, place: str, heads: str, embeddings: Sequence[str], n: int) -> "pa.Table":
    """The first ``n`` tracks of each listener: columns ``listener``, ``rank`` from 1, ``track_id`` and ``logit``.

    Tracks that a listener played, or that the head learned from or was chosen by, are none of them; see
    `recsys.recommend.recommend` for this pool, ``unheard``.
    """
    import pyarrow as pa

    results, opened = Results(place), opened_library(library, fingerprint)
    fitted, heard = read_heads(results, [heads]), read_embeddings(results, embeddings)
    row_of = {track_id: row for row, track_id in enumerate(heard.track_ids)}
    known = [
        np.array([row_of[one] for one in _known_to(opened, listener) if one in row_of], np.int64)
        for listener in fitted.listeners
    ]
    listeners, tracks, logits = top_tracks(fitted.weights, fitted.bias, heard.features, n=n, without=known)
    starts = np.searchsorted(listeners, np.arange(len(fitted.listeners)))
    return pa.table(
        {
            "listener": pa.array([fitted.listeners[i] for i in listeners], pa.string()).dictionary_encode(),
            "rank": pa.array(np.arange(len(listeners)) - starts[listeners] + 1, pa.int32()),
            "track_id": pa.array(heard.track_ids[tracks], pa.string()),
            "logit": pa.array(logits, pa.float32()),
        }
    )


def _known_to(library: Library, listener: str) -> set[str]:
    split = load_or_draw_split(library, listener)
    learned = split.loc[split["split"].isin(["train", "val"]), "track_id"]
    return {*library.played(listener).index, *learned}


def top_tracks(
    weights: np.ndarray,
    bias: np.ndarray,
    features: np.ndarray,
    *,
    n: int,
    without: Sequence[np.ndarray] | None = None,
    block: int = BLOCK,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The tracks with the highest logits for each listener.

    Parameters
    ----------
    weights, bias : np.ndarray [shape=(n_listeners, n_features) and (n_listeners,)]
        of the heads
    features : np.ndarray [shape=(n_tracks, n_features)]
        of the tracks, of any precision; the product is in float32
    n : int > 0
        tracks of each listener; fewer where there are fewer
    without : sequence of np.ndarray of int, optional
        tracks to leave out, for each listener
    block : int > 0
        tracks that are scored at once

    Returns
    -------
    listeners, tracks, logits : np.ndarray [shape=(n_listeners * n,)]
        rows of either, listener by listener, the highest logit first; on ties, in the order of the tracks

    Examples
    --------
    >>> top_tracks(np.array([[1.0], [-1.0]]), np.zeros(2), np.array([[0.0], [2.0], [1.0]]), n=2)[:2]
    (array([0, 0, 1, 1]), array([1, 2, 0, 2]))
    """
    heads = weights.T.astype(np.float32)  # (n_features, n_listeners)
    least = np.full(len(weights), -np.inf, np.float32)  # what a track must exceed to be among the first so far
    found: Ranked = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    for first in range(0, len(features), block):
        logits = (features[first : first + block].astype(np.float32) @ heads).T + bias[:, None].astype(np.float32)
        for listener, rows in enumerate(without or ()):
            inside = rows[(rows >= first) & (rows < first + block)]
            logits[listener, inside - first] = -np.inf
        if not first and logits.shape[1] > n:
            least = np.partition(logits, -n, axis=1)[:, -n]
            listeners, tracks = np.nonzero((logits >= least[:, None]) & (logits > -np.inf))
        else:
            listeners, tracks = np.nonzero(logits > least[:, None])  # an equal one comes after those that are there
        more = listeners, tracks + first, logits[listeners, tracks]
        joined = [np.concatenate(pair) for pair in zip(found, more, strict=True)]
        found, least = _first(n, joined[0], joined[1], joined[2], least)
    return found


def _first(
    n: int, listeners: np.ndarray, tracks: np.ndarray, logits: np.ndarray, least: np.ndarray
) -> tuple[Ranked, np.ndarray]:
    """The first ``n`` of each listener, and the last one's logit where there are so many."""
    order = np.lexsort((tracks, -logits, listeners))
    listeners, tracks, logits = listeners[order], tracks[order], logits[order]
    starts = np.searchsorted(listeners, np.arange(len(least)))
    place = np.arange(len(listeners)) - starts[listeners]
    last = place == n - 1
    least = least.copy()
    least[listeners[last]] = logits[last]
    kept = place < n
    return (listeners[kept], tracks[kept], logits[kept]), least
