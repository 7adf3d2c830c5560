"""Logits of whole tracks, kept in ``relevance.npy`` beside the model.

A record of that file is of one track: two hashes, of its id and of what the logit was made of (the weights, and the
file as `lemons.library.Library.stamp` tells it from others), the logit, and a checksum of these. A million of them are
read in a second, and a damaged one costs its own track.
"""

import hashlib
import logging
import os
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lemons.arrays import read_array
from lemons.errors import DataError
from lemons.files import atomic_path
from lemons.hashing import model_hash
from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import load_checkpoint
from recsys.network import Network
from recsys.pooled import SKIPPED, head_logits, library_features, pooled_features

__all__ = ["RELEVANCE_FILE", "SKIPPED", "cached_scores", "keep_scores", "score_tracks", "track_logits"]

RELEVANCE_FILE = "relevance.npy"
RECORD = np.dtype([("track", "<u8"), ("origin", "<u8"), ("logit", "<f4"), ("check", "<u4")])
CHECKED = RECORD.itemsize - 4  # bytes of a record before its checksum

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
    """`score_tracks`, of which what was scored before is read from ``relevance.npy`` beside the model.

    A kept score is used if weights and file of the track are the same, and the checksum of its record is right. If
    scores cannot be kept, the log has a warning. Of a model whose trunk is shared, the features of tracks are kept,
    too: one forward pass scores a track for all listeners.

    Parameters
    ----------
    checkpoint_path : path-like
        the model
    library, track_ids, progress
        see `score_tracks`; progress counts the tracks without a kept score
    device : str
        where the model computes: ``"cpu"``, ``"cuda:0"`` ...

    Returns
    -------
    pd.Series [index=track_id, name=logit, dtype=float32]
        of the tracks that can be read, in the order of ``track_ids``; see `score_tracks` for the others
    """
    track_ids = list(track_ids)
    model, about = load_checkpoint(checkpoint_path, device=device)
    file = Path(checkpoint_path).parent / RELEVANCE_FILE
    asked = _records(model_hash(model)[:16], library, track_ids)
    kept, damaged = _read(file)
    known = _fill_in(asked, kept)
    skipped: dict[str, str] = {}
    if missing := [track_id for track_id, is_known in zip(track_ids, known, strict=True) if not is_known]:
        found = score_tracks(model, library, missing, keep="trunk" in about, progress=progress)
        skipped = found.attrs.get(SKIPPED, {})
        asked["logit"][~known] = found.reindex(missing)
    if damaged or set(missing) - set(skipped):
        _write(file, np.concatenate([asked, kept]))
    logits = pd.Series(asked["logit"], index=pd.Index(track_ids, name="track_id", dtype=str), name="logit")
    logits = logits.drop(list(skipped))
    logits.attrs[SKIPPED] = skipped
    return logits


def keep_scores(
    checkpoint_path: str | os.PathLike, library: Library, track_ids: Sequence[str], logits: np.ndarray
) -> None:
    """Keep scores that were computed elsewhere, for `cached_scores`.

    Parameters
    ----------
    checkpoint_path, library, track_ids
        see `cached_scores`
    logits : np.ndarray [shape=(n_tracks,)]
        of the model, for the tracks as their files are now
    """
    file = Path(checkpoint_path).parent / RELEVANCE_FILE
    records = _records(model_hash(load_checkpoint(checkpoint_path)[0])[:16], library, track_ids)
    records["logit"] = logits
    _write(file, np.concatenate([records, _read(file)[0]]))


def _records(weights: str, library: Library, track_ids: Sequence[str]) -> np.ndarray:
    """A record for each track, whose logit is not known; of one without a file, the origin is 0."""
    records = np.zeros(len(track_ids), RECORD)
    records["track"] = [_hash(track_id) for track_id in track_ids]
    stamps = library.stamps(track_ids)
    records["origin"] = [0 if stamp is None else _hash(f"{weights} {stamp}") for stamp in stamps]
    records["logit"] = np.nan
    return records


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:8], "little")


def _fill_in(asked: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Give records the logits that were kept of them; where there were any."""
    if not len(kept):
        return np.zeros(len(asked), bool)
    found = kept[np.searchsorted(kept["track"], asked["track"]).clip(max=len(kept) - 1)]
    known = (found["track"] == asked["track"]) & (found["origin"] == asked["origin"])
    asked["logit"][known] = found["logit"][known]
    return known


def _read(file: Path) -> tuple[np.ndarray, bool]:
    """The undamaged records by track, and whether there are others, which the log says; they can be made again."""
    nothing = np.zeros(0, RECORD)
    if not file.exists():
        return nothing, False
    try:
        records = read_array(file)
        if records.dtype != RECORD or records.ndim != 1:
            raise DataError(f"{file} holds something else")
        whole = records[(_checks(records) == records["check"]) & np.isfinite(records["logit"])]
    except DataError:
        records, whole = np.zeros(1, RECORD), nothing
    if len(whole) < len(records):
        logger.warning("%s is damaged; the tracks whose scores it lost are scored again", file)
    return whole[np.argsort(whole["track"], kind="stable")], len(whole) < len(records)


def _write(file: Path, records: np.ndarray) -> None:
    """Keep the finite ones; of a track the first."""
    records = records[np.isfinite(records["logit"]) & (records["origin"] > 0)]
    records = records[np.unique(records["track"], return_index=True)[1]]  # sorted, too
    records["check"] = _checks(records)
    try:
        with atomic_path(file) as temporary:
            np.save(temporary, records)
    except DataError as error:
        logger.warning("%s; until then the tracks are scored again each time", error)


def _checks(records: np.ndarray) -> np.ndarray:
    """CRC-32 of each record."""
    content, size = memoryview(records.tobytes()), RECORD.itemsize
    return np.array([zlib.crc32(content[at : at + CHECKED]) for at in range(0, len(content), size)], np.uint32)
