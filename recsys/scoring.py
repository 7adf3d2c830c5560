"""The model's answer to whole tracks, and its memory of answers given."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.special import expit

from lemons.audio import to_float
from lemons.files import atomic_path
from lemons.library import Library
from recsys.checkpoints import load_checkpoint, model_hash
from recsys.model import FCN, HOP_LENGTH

RELEVANCE_FILE = "relevance.csv"


@torch.inference_mode()
def track_logits(
    model: FCN,
    audio: Iterable[np.ndarray],
    *,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    total: int = 0,
) -> np.ndarray:
    """Logits of whole tracks, in float32.

    Only tracks with equally many frames share a batch, so there is no padding that a convolution's edge or the pooling
    could hear: a track's answer is what it would be alone, up to the rounding of another summation. Snippets of 30 s
    are equally long but for a few frames; a track without its like is simply a batch of its own. On a CPU, one track is
    work enough (`FCN.trunk` cuts it into pieces that fit into the cache, and batches of such pieces were no faster), so
    there a batch is one track, and its answer does not depend on the others in a single bit.

    Parameters
    ----------
    model : FCN
        put into evaluation mode
    audio : iterable of np.ndarray [shape=(n_samples,), dtype=int16]
        the tracks, each of its own length
    batch_size : int > 0, optional
        most tracks in a batch; by default 1 on a CPU and 8 on a GPU, which reads 64 ahead for it
    progress : callable, optional
        ``progress(done, total)``, called after each track
    total : int
        how many tracks there are, for ``progress``

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=float32]
    """
    model.eval()
    device = model.fc.weight.device
    batch_size = batch_size or (1 if device.type == "cpu" else 8)
    logits: list[float] = []
    audio = iter(audio)
    # convolutions with TF32, a GPU's default, would round to three digits
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        while ahead := list(islice(audio, batch_size**2)):
            answers, alike = {}, defaultdict(list)
            for i, samples in enumerate(ahead):
                alike[len(samples) // HOP_LENGTH].append(i)
            for batch in (some[i : i + batch_size] for some in alike.values() for i in range(0, len(some), batch_size)):
                mels = [model.spec(torch.from_numpy(to_float(ahead[i])[None]).to(device)) for i in batch]
                answers |= zip(batch, model.head(model.pool(model.trunk(torch.cat(mels))))[:, 0].tolist(), strict=True)
                if progress:
                    for done in range(len(answers) - len(batch), len(answers)):
                        progress(len(logits) + done + 1, total)
            logits += [answers[i] for i in range(len(ahead))]
    return np.float32(logits)


def score_tracks(
    model: FCN, library: Library, track_ids: Iterable[str], *, progress: Callable[[int, int], None] | None = None
) -> pd.Series:
    """Logits of tracks of a library.

    Parameters
    ----------
    model : FCN
        the listener's model
    library : Library
        the music library
    track_ids : iterable of str
        which tracks
    progress : callable, optional
        ``progress(done, total)``, called after each track

    Returns
    -------
    pd.Series [index=track_id, name=logit, dtype=float32]
        the sigmoid of a logit is the track's relevance

    Raises
    ------
    ParameterError
        if the library lacks a track
    DataError
        if a track cannot be read
    """
    track_ids = list(track_ids)
    audio = (library.load_audio(track_id) for track_id in track_ids)
    logits = track_logits(model, audio, progress=progress, total=len(track_ids))
    return pd.Series(logits, index=pd.Index(track_ids, name="track_id", dtype=str), name="logit")


def remembered_scores(
    checkpoint_path: str | os.PathLike,
    library: Library,
    track_ids: Iterable[str],
    *,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
) -> pd.Series:
    """`score_tracks` with a memory: ``relevance.csv`` beside the model.

    A remembered score counts as long as the weights are the same and the track's file has not been written since.

    Parameters
    ----------
    checkpoint_path : path-like
        the model
    library, track_ids, progress
        see `score_tracks`; progress counts what is not remembered
    device : str
        where the model computes

    Returns
    -------
    pd.Series [index=track_id, name=logit, dtype=float32]
    """
    track_ids = list(track_ids)
    model, _ = load_checkpoint(checkpoint_path, device=device)
    memory_path = Path(checkpoint_path).parent / RELEVANCE_FILE
    weights = model_hash(model)[:16]
    stamps = {one: f"{weights}-{library.audio_path(one).stat().st_mtime_ns}" for one in track_ids}
    memory = _read_memory(memory_path)
    known = memory[[stamps.get(one, stamp) == stamp for one, stamp in memory["stamp"].items()]]
    if missing := [track_id for track_id in track_ids if track_id not in known.index]:
        logits = score_tracks(model, library, missing, progress=progress)
        new = pd.DataFrame({"logit": logits, "relevance": expit(logits), "stamp": [stamps[one] for one in missing]})
        known = pd.concat([known, new]).sort_index() if len(known) else new.sort_index()
        with atomic_path(memory_path) as temporary:
            known.to_csv(temporary)
    return known["logit"].reindex(track_ids).astype(np.float32)


def _read_memory(path: Path) -> pd.DataFrame:
    columns = ["logit", "relevance", "stamp"]
    try:
        memory = pd.read_csv(path, dtype={"track_id": str, "stamp": str}, keep_default_na=False)
        return memory.set_index("track_id")[columns].astype({"logit": np.float32})
    except (OSError, ValueError, KeyError):  # none yet, or damaged: what it held can be computed
        return pd.DataFrame(columns=columns, index=pd.Index([], name="track_id", dtype=str))
