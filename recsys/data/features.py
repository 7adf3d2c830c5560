"""Features of a track as a whole: its loudness, and mean and standard deviation over time of its mel bands.

Features are computed once for each track and cached in ``<library>/cache/features``, for all listeners.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pandas as pd
import torch

from lemons.arrays import find_array, keep_array
from lemons.audio import to_float
from lemons.errors import DataError
from lemons.library import Library
from lemons.progress import Progress
from recsys.model import MIN_SAMPLES, N_MELS, LogMel

MEL_FEATURES = tuple(f"{name}_{band:03}" for name in ("mean", "std") for band in range(N_MELS))
FEATURES = ("loudness", *MEL_FEATURES)
KIND = "features"  # the name of such arrays in the library's cache

__all__ = ["FEATURES", "MEL_FEATURES", "loudness", "mel_statistics", "track_features"]

logger = logging.getLogger(__name__)


def loudness(samples: np.ndarray) -> float:
    """Level of a track, in dB relative to full scale: the root mean square of its samples, -100 dB at least.

    Parameters
    ----------
    samples : np.ndarray [shape=(n_samples,), dtype=int16]

    Examples
    --------
    >>> round(loudness(np.int16([16384, -16384])), 2)
    -6.02
    """
    return float(10 * np.log10(max(np.mean(np.square(to_float(samples), dtype=np.float64)), 1e-10)))


@torch.inference_mode()
def mel_statistics(samples: np.ndarray) -> np.ndarray:
    """Loudness of a track, and mean and standard deviation of its mel bands.

    Parameters
    ----------
    samples : np.ndarray [shape=(n_samples,), dtype=int16]
        16 kHz, mono

    Returns
    -------
    np.ndarray [shape=(513,), dtype=float32]
        the `FEATURES`: loudness, then mean and standard deviation over time of 256 mel bands, all in dB
    """
    mel = _log_mel()(torch.from_numpy(to_float(samples)[None]))[0].numpy()  # (256, n_frames)
    return np.array([loudness(samples), *mel.mean(axis=1), *mel.std(axis=1)], np.float32)


def track_features(
    library: Library,
    track_ids: Iterable[str],
    *,
    num_workers: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Features of tracks of a library.

    Parameters
    ----------
    library : Library
        the music library
    track_ids : iterable of str
        which tracks
    num_workers : int >= 0
        threads that decode audio; 0: the calling thread. The result is the same
    progress : callable, optional
        ``progress(done, total)``, called after each track without cached features

    Returns
    -------
    pd.DataFrame [index=track_id, columns=`FEATURES`, dtype=float32]
        without the tracks that are not in the library, cannot be read or are too short for a model (0.5 s); a warning
        in the log names each
    """
    found: dict[str, np.ndarray] = {}
    missing: dict[str, dict[str, str | int]] = {}  # stamps, by track_id
    skipped: list[str] = []
    for track_id in track_ids:
        try:
            if track_id not in library.tracks.index:
                raise DataError("not in the library")
            stamp = library.stamp(track_id)
        except DataError as error:
            skipped.append(f"{track_id} ({error})")
            continue
        cached = find_array(library.cache_path(KIND, track_id), stamp)
        if cached is not None and cached.shape == (len(FEATURES),):  # another version of LEMONS may have others
            found[track_id] = cached
        else:
            missing[track_id] = stamp

    def compute(track_id: str) -> np.ndarray | str:
        try:
            samples = library.load_audio(track_id)
        except DataError as error:
            return str(error)
        if len(samples) < MIN_SAMPLES:
            return "too short"
        return keep_array(library.cache_path(KIND, track_id), missing[track_id], mel_statistics(samples))

    with ThreadPoolExecutor(max(1, num_workers)) as pool:
        # the built-in map() computes each track's features when the loop reaches it
        computed = pool.map(compute, missing) if num_workers else map(compute, missing)
        for done, (track_id, features) in enumerate(zip(missing, computed, strict=True), start=1):
            if isinstance(features, str):
                skipped.append(f"{track_id} ({features})")
            else:
                found[track_id] = features
            if progress:
                progress(done, len(missing))
    if skipped:
        logger.warning("%d of %d tracks skipped: %s", len(skipped), len(skipped) + len(found), ", ".join(skipped))
    table = pd.DataFrame.from_dict(found, orient="index", columns=list(FEATURES), dtype=np.float32)
    return table.rename_axis("track_id")


@cache
def _log_mel() -> LogMel:
    return LogMel()
