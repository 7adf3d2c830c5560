"""How good a listener's model is on the tracks that it has never met, beside what loudness or tempo alone achieve."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lemons.files import atomic_path
from lemons.library import Library
from recsys.baselines import loudness, one_feature_auc
from recsys.dataset import TrackSet, load_tracks
from recsys.metrics import average_precision, log_loss, roc_auc
from recsys.scoring import remembered_scores
from recsys.splits import get_split

EVALUATION_FILE = "evaluation.json"
MEASURES = ("roc_auc", "average_precision", "loudness_roc_auc", "tempo_roc_auc")


def evaluate(
    checkpoint_path: str | os.PathLike,
    library: Library,
    user: str,
    *,
    splits_path: str | os.PathLike | None = None,
    device: str = "cpu",
    num_workers: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a model on a listener's test tracks, and write the result beside the model, as JSON and CSV.

    Parameters
    ----------
    checkpoint_path : path-like
        the model
    library : Library
        the music library
    user : str
        the listener
    splits_path : path-like, optional
        where the splits are, ``<library>/splits`` by default
    device : str
        where the model computes
    num_workers : int >= 0
        threads that decode audio
    progress : callable, optional
        ``progress(done, total)``, called after each track that has no score yet

    Returns
    -------
    dict
        ``user``, ``n_tracks`` and ``n_played`` of the test, ``roc_auc``, ``average_precision``, ``loss``, and the
        ROC-AUC of ``loudness_roc_auc`` and ``tempo_roc_auc`` (None where the library has no column ``tempo``)

    Raises
    ------
    ParameterError, DataError
        if the listener is unknown, or the model, the split or the tracks cannot be read
    """
    split = get_split(library, user, folder=splits_path)
    train, test = (load_tracks(library, split, part, num_workers=num_workers) for part in ("train", "test"))
    logits = remembered_scores(checkpoint_path, library, test.track_ids, device=device, progress=progress)
    results = {
        "user": user,
        "n_tracks": len(test.labels),
        "n_played": int(test.labels.sum()),
        "roc_auc": roc_auc(test.labels, logits),
        "average_precision": average_precision(test.labels, logits),
        "loss": log_loss(test.labels, logits),
        "loudness_roc_auc": one_feature_auc(
            [loudness(y) for y in train.audio], train.labels, [loudness(y) for y in test.audio], test.labels
        ),
        "tempo_roc_auc": _tempo_auc(library, train, test),
    }
    folder = Path(checkpoint_path).parent
    with atomic_path(folder / EVALUATION_FILE) as temporary:
        temporary.write_text(json.dumps(results, indent=1) + "\n")
    with atomic_path((folder / EVALUATION_FILE).with_suffix(".csv")) as temporary:
        pd.DataFrame([results]).to_csv(temporary, index=False)
    return results


def _tempo_auc(library: Library, train: TrackSet, test: TrackSet) -> float | None:
    tempo = pd.to_numeric(library.tracks.get("tempo", pd.Series(dtype=float)), errors="coerce")
    values = [tempo.reindex(tracks.track_ids).to_numpy(dtype=float) for tracks in (train, test)]
    if not np.isfinite(np.concatenate(values)).all():
        return None
    return one_feature_auc(values[0], train.labels, values[1], test.labels)


def summarize(results: list[dict[str, Any]]) -> pd.DataFrame:
    """A table with a row for each listener, then ``mean`` and ``std``: the standard deviation over the listeners.

    Examples
    --------
    >>> results = [dict.fromkeys(MEASURES, value) | {"user": user} for user, value in (("marko", 0.7), ("nina", 0.9))]
    >>> summarize(results)["roc_auc"].round(2).to_dict()
    {'marko': 0.7, 'nina': 0.9, 'mean': 0.8, 'std': 0.1}
    """
    table = pd.DataFrame(results).set_index("user")[list(MEASURES)].astype(float)
    return pd.concat([table, pd.DataFrame({"mean": table.mean(), "std": table.std(ddof=0)}).T]).rename_axis("user")
