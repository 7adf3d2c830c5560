"""What a trunk says of whole tracks: pooled features, 128 of an FCN, of which a listener's head makes a logit.

Listeners who share a trunk share them, and one forward pass scores a track for all. The features of such a trunk are
kept in ``<library>/cache/trunk-<hash>``, a small array for each track; the folder can be deleted.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from lemons.arrays import find_array, keep_array
from lemons.audio import SAMPLE_RATE, to_float
from lemons.errors import DataError, NotHereError
from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import trunk_hash
from recsys.model import HOP_LENGTH, MIN_SAMPLES
from recsys.network import Network

__all__ = ["NOT_HERE", "SKIPPED", "head_logits", "library_features", "pooled_features"]

SKIPPED = "skipped"  # the key in a table's `attrs` of why tracks are missing, by track_id
NOT_HERE = "not here"  # and of those among them that may be read elsewhere or later

logger = logging.getLogger(__name__)


@torch.inference_mode()
def pooled_features(
    model: Network,
    audio: Iterable[np.ndarray],
    *,
    batch_size: int | None = None,
    progress: Progress | None = None,
    total: int = 0,
) -> np.ndarray:
    """Pooled features of whole tracks (n_tracks, n_features), in float32; see `recsys.relevance.track_logits`."""
    model.eval()
    device = model.fc.weight.device
    batch_size = batch_size or (1 if device.type == "cpu" else 8)
    features: list[np.ndarray] = []
    audio = iter(audio)
    # convolutions with TF32, a GPU's default, would round to three digits
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        while ahead := list(islice(audio, batch_size**2)):
            found: dict[int, np.ndarray] = {}
            alike: dict[int, list[int]] = defaultdict(list)  # indices of tracks, by their number of frames
            for i, samples in enumerate(ahead):
                alike[len(samples) // HOP_LENGTH].append(i)
            for batch in (some[i : i + batch_size] for some in alike.values() for i in range(0, len(some), batch_size)):
                waveforms = [torch.from_numpy(to_float(ahead[i])).to(device) for i in batch]
                found |= zip(batch, model.pooled(waveforms).cpu().numpy(), strict=True)
                if progress:
                    for done in range(len(found) - len(batch), len(found)):
                        progress(len(features) + done + 1, total)
            features += [found[i] for i in range(len(ahead))]
    return np.array(features, np.float32).reshape(-1, model.fc.in_features)


@torch.inference_mode()
def head_logits(model: Network, features: np.ndarray) -> np.ndarray:
    """Logits (n_tracks,), or (n_tracks, n_listeners) of several heads, of pooled features (n_tracks, n_features).

    Each track is a batch of its own, so that its logit does not depend on the others in a single bit.
    """
    model.eval()
    # a copy in rows, aligned as PyTorch does: a product of numbers that lie elsewhere in memory may round otherwise
    rows = torch.tensor(np.ascontiguousarray(features)).to(model.fc.weight)
    n_listeners = model.fc.out_features
    logits = np.array([model.head(row)[0].tolist() for row in rows[:, None]], np.float32).reshape(-1, n_listeners)
    return logits[:, 0] if n_listeners == 1 else logits


def library_features(
    model: Network,
    library: Library,
    track_ids: Iterable[str],
    *,
    keep: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Pooled features of tracks of a library.

    Parameters
    ----------
    model : Network
        whose trunk
    library : Library
        the music library
    track_ids : iterable of str
        which tracks
    keep : bool
        whether to keep them in the library's cache, and to read what is kept there: for a trunk that listeners share
    progress : callable, optional
        ``progress(done, total)``, called after each track

    Returns
    -------
    pd.DataFrame [index=track_id, n_features columns, dtype=float32]
        Tracks that cannot be read, or are shorter than 0.5 s, are missing: a warning in the log names them, and
        ``attrs["skipped"]`` has the reason for each, ``attrs["not here"]`` names those that this machine cannot read,
        or not now: a decoder is not installed, a disk does not answer, memory is short

    Raises
    ------
    ParameterError
        if a track is not in the library
    """
    track_ids, trunk = list(track_ids), trunk_hash(model) if keep else ""
    found = _find_kept(library, trunk, track_ids) if keep else {}
    to_hear = [track_id for track_id in track_ids if track_id not in found]
    skipped: dict[str, str] = {}
    not_here: list[str] = []

    def audio() -> Iterator[np.ndarray]:
        for track_id in to_hear:
            try:
                samples = library.load_audio(track_id)
                if len(samples) < MIN_SAMPLES:
                    raise DataError(f"it is shorter than {MIN_SAMPLES / SAMPLE_RATE:g} s")
            except (DataError, MemoryError) as error:
                skipped[track_id] = str(error) or "there is not enough memory for it"
                if isinstance(error, NotHereError | MemoryError):
                    not_here.append(track_id)
                continue
            yield samples

    def show(done: int, total: int) -> None:
        if progress:
            progress(done + len(skipped), total)

    computed = pooled_features(model, audio(), progress=show, total=len(to_hear))
    heard = [track_id for track_id in to_hear if track_id not in skipped]
    for track_id, features in zip(heard, computed, strict=True):
        found[track_id] = _keep(library, trunk, track_id, features) if keep else features
    if skipped:
        named = ", ".join(f"{track_id} ({why})" for track_id, why in skipped.items())
        logger.warning("%d of %d tracks skipped: %s", len(skipped), len(track_ids), named)
    scored = [track_id for track_id in track_ids if track_id not in skipped]
    rows = np.array([found[track_id] for track_id in scored], np.float32).reshape(-1, model.fc.in_features)
    table = pd.DataFrame(rows, index=pd.Index(scored, name="track_id", dtype=str))
    table.attrs |= {SKIPPED: skipped, NOT_HERE: not_here}
    return table


def _find_kept(library: Library, trunk: str, track_ids: Iterable[str]) -> dict[str, np.ndarray]:
    found = {}
    for track_id in track_ids:
        with suppress(DataError):  # a track without a file has no stamp, and is skipped when it is to be read
            features = find_array(_path(library, trunk, track_id), _about(library, trunk, track_id))
            if features is not None:
                found[track_id] = features
    return found


def _keep(library: Library, trunk: str, track_id: str, features: np.ndarray) -> np.ndarray:
    return keep_array(_path(library, trunk, track_id), _about(library, trunk, track_id), features)


def _path(library: Library, trunk: str, track_id: str) -> Path:
    return library.cache_path(f"trunk-{trunk[:16]}", track_id)


def _about(library: Library, trunk: str, track_id: str) -> dict[str, Any]:
    return {**library.stamp(track_id), "trunk": trunk}
