"""A head for a trunk that is trained: logistic regression on the pooled features of whole tracks.

While the trunk stays as it is, a listener's loss is convex in the head's 129 numbers: it has one minimum, which
Newton's method finds in some steps, without a random number. The features are those that a track is scored by, not
those of crops, and are computed once for each track, whoever listens (`recsys.pooled`). So a new listener is fitted in
seconds.

The loss is the binary cross-entropy over the training tracks, with an L2 penalty on the weights of standardized
features. Its strength is chosen on the validation tracks, as an epoch is in training.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from lemons.library import Library
from lemons.progress import Progress
from recsys.data.crops import check_classes
from recsys.model import FCN
from recsys.pooled import head_logits, library_features
from recsys.training.trainer import Training, is_better, validation_scores

__all__ = ["STRENGTHS", "fit_head", "minimum"]

STRENGTHS = 10.0 ** np.arange(-5, 2)  # scikit-learn's C, the strongest penalty first


def fit_head(
    model: FCN,
    library: Library,
    split: pd.DataFrame,
    *,
    log: Callable[[str, float, int], None] | None = None,
    progress: Progress | None = None,
) -> Training:
    """Fit a model's head to a listener's tracks; the trunk stays as it is.

    Parameters
    ----------
    model : FCN
        with one head, which is replaced
    library : Library
        the music library
    split : pd.DataFrame [columns=track_id, split, playcount]
        the listener's, see `recsys.data.splits.load_or_draw_split`
    log : callable, optional
        ``log(name, value, step)``, called with the measures of each strength
    progress : callable, optional
        ``progress(done, total)``, called after each track whose features are not kept

    Returns
    -------
    Training
        with the strengths of the penalty in place of epochs; ``C`` is scikit-learn's, the inverse of the strength

    Raises
    ------
    DataError
        if the readable tracks for training or validation lack one class
    """
    started, training, best_head = time.perf_counter(), Training(), None
    tracks = split[split["split"].isin(["train", "val"]) & split["track_id"].isin(library.tracks.index)]
    tracks = tracks.set_index("track_id")
    features = library_features(model, library, tracks.index, keep=True, progress=progress)
    labels = (tracks.loc[features.index, "playcount"] > 0).to_numpy(np.float32)
    of_part = {part: (tracks.loc[features.index, "split"] == part).to_numpy() for part in ("train", "val")}
    for part, rows in of_part.items():
        check_classes(labels[rows].tolist(), part, library)
    train, val = (features.to_numpy()[rows] for rows in of_part.values())
    for step, strength in enumerate(STRENGTHS, start=1):
        head = minimum(train, labels[of_part["train"]], C=float(strength))
        _set_head(model, *head)
        scores: dict[str, Any] = {"epoch": step, "C": float(strength)}
        scores |= validation_scores(labels[of_part["val"]], head_logits(model, val))
        training.history.append(scores)
        for name in ("loss", "roc_auc", "average_precision"):
            if log:
                log(f"val.{name}", scores[name], step)
        if is_better(scores, training.best):
            training.best, best_head = scores, head
    assert best_head is not None  # the first strength is better than none
    _set_head(model, *best_head)
    training.seconds = training.train_s = time.perf_counter() - started
    return training


def minimum(features: np.ndarray, labels: np.ndarray, *, C: float) -> tuple[np.ndarray, float]:
    """Weights (n_features,) and bias at which ``C * cross-entropy + |weights * scale|² / 2`` is least.

    Parameters
    ----------
    features : np.ndarray [shape=(n_tracks, n_features)]
        of which ``scale`` is the standard deviation
    labels : np.ndarray [shape=(n_tracks,)]
        1 played, 0 not
    C : float > 0
        the name is scikit-learn's; the cross-entropy is the sum over the tracks
    """
    scaler = StandardScaler().fit(features.astype(np.float64))
    regression = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=100)
    regression.fit(scaler.transform(features.astype(np.float64)), labels)
    weights = regression.coef_[0] / scaler.scale_
    return weights, float(regression.intercept_[0] - weights @ scaler.mean_)


@torch.no_grad()
def _set_head(model: FCN, weights: np.ndarray, bias: float) -> None:
    model.fc.weight.copy_(torch.from_numpy(weights)[None])
    model.fc.bias.fill_(bias)
