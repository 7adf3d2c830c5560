"""A head for a trunk that is trained: logistic regression on the pooled features of whole tracks.

While the trunk stays as it is, a listener's loss is convex in the head's 129 numbers: it has one minimum, which
Newton's method finds in some steps, without a random number. The features are those that a track is scored by, not
those of crops, and are computed once for each track, whoever listens (`recsys.pooled`). So a new listener is fitted in
seconds.

The loss is the binary cross-entropy over the training tracks, with an L2 penalty on the weights of standardized
features. Its strength is that of the least cross-entropy on the validation tracks: ROC-AUC and average precision ask
for the order of the tracks alone, and by a penalty that is far too strong the order may be right, and every relevance
0.5.

Silence and faint noise can join the training tracks as not played, in the same share as they join the batches of a
training (`recsys.data.crops.Crops`), for the same reason.
"""

import copy
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from lemons.audio import SAMPLE_RATE
from lemons.library import Library
from lemons.progress import Progress
from recsys.data.crops import check_classes, quiet_snippet
from recsys.network import Network
from recsys.pooled import head_logits, library_features, pooled_features
from recsys.training.trainer import Training, validation_scores

__all__ = ["STRENGTHS", "QuietFeatures", "fit_head", "head_features", "least_scale", "minimum", "set_head", "with_head"]

STRENGTHS = 10.0 ** np.arange(-5, 2)  # scikit-learn's C, the strongest penalty first
OF_ITSELF, OF_ALL = 1e-3, 1e-5  # of the largest value of a feature, and of all: float32 sums are some 1e-6 off
QUIET_SAMPLES = 5 * SAMPLE_RATE  # of a quiet snippet: long enough that the padding at its ends hardly counts


def head_features(
    model: Network, library: Library, split: pd.DataFrame, *, progress: Progress | None = None
) -> pd.DataFrame:
    """Pooled features of the training and validation tracks of a split, or of several that are joined.

    They are kept in the library's cache, see `recsys.pooled.library_features`.
    """
    wanted = split.loc[split["split"].isin(["train", "val"]), "track_id"].drop_duplicates()
    return library_features(model, library, wanted[wanted.isin(library.tracks.index)], keep=True, progress=progress)


class QuietFeatures:
    """A trunk's features of silence and faint noise: of one sequence, which is heard once for all heads of the trunk.

    Parameters
    ----------
    model : Network
        whose trunk
    quiet : float >= 0
        snippets for each training track
    seed : int >= 0
        of the noise
    """

    def __init__(self, model: Network, *, quiet: float, seed: int):
        self.quiet = quiet
        self._model, self._rng = model, np.random.default_rng([seed, 1])
        self._found = np.zeros((0, model.fc.in_features), np.float32)

    def beside(self, n_tracks: int) -> np.ndarray:
        """The first of the sequence, (round(quiet * n_tracks), n_features); they join those of training tracks."""
        n = round(self.quiet * n_tracks)
        more = [quiet_snippet(self._rng, QUIET_SAMPLES) for _ in range(n - len(self._found))]
        self._found = np.concatenate([self._found, pooled_features(self._model, more)])
        return self._found[:n]


def fit_head(
    model: Network,
    library: Library,
    split: pd.DataFrame,
    features: pd.DataFrame,
    *,
    quiet: QuietFeatures | None = None,
    log: Callable[[str, float, int], None] | None = None,
) -> Training:
    """Fit a model's head to a listener's tracks; the trunk stays as it is.

    Parameters
    ----------
    model : Network
        with one head, which is replaced
    library : Library
        the music library
    split : pd.DataFrame [columns=track_id, split, playcount]
        the listener's, see `recsys.data.splits.load_or_draw_split`
    features : pd.DataFrame [index=track_id, n_features columns]
        from `head_features`, of these tracks and maybe others
    quiet : QuietFeatures, optional
        of the same trunk: silence and faint noise, which join the training tracks as not played
    log : callable, optional
        ``log(name, value, step)``, called with the measures of each strength

    Returns
    -------
    Training
        with the strengths of the penalty in place of epochs; ``C`` is scikit-learn's, the inverse of the strength

    Raises
    ------
    DataError
        if the readable tracks for training or validation lack one class
    """
    started, training, heads = time.perf_counter(), Training(), []
    (train, labels), (val, val_labels) = (_of_part(features, split, part, library) for part in ("train", "val"))
    if quiet is not None:
        silence = quiet.beside(len(train))
        train, labels = np.concatenate([train, silence]), np.concatenate([labels, np.zeros(len(silence), np.float32)])
    for step, strength in enumerate(STRENGTHS, start=1):
        heads.append(minimum(train, labels, C=float(strength)))
        set_head(model, *heads[-1])
        scores: dict[str, Any] = {"epoch": step, "C": float(strength)}
        scores |= validation_scores(val_labels, head_logits(model, val))
        training.history.append(scores)
        for name in ("loss", "roc_auc", "average_precision"):
            if log:
                log(f"val.{name}", scores[name], step)
    training.best = min(training.history, key=lambda scores: scores["loss"])
    set_head(model, *heads[training.history.index(training.best)])
    training.seconds = training.train_s = time.perf_counter() - started
    return training


def _of_part(features: pd.DataFrame, split: pd.DataFrame, part: str, library: Library) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the tracks of a part that could be read."""
    tracks = split[split["split"] == part].set_index("track_id")
    tracks = tracks[tracks.index.isin(features.index)]
    labels = (tracks["playcount"] > 0).to_numpy(np.float32)
    check_classes(labels.tolist(), part, library)
    return features.loc[tracks.index].to_numpy(), labels


def minimum(features: np.ndarray, labels: np.ndarray, *, C: float) -> tuple[np.ndarray, float]:
    """Weights (n_features,) and bias at which ``C * cross-entropy + |weights * scale|² / 2`` is least.

    Parameters
    ----------
    features : np.ndarray [shape=(n_tracks, n_features)]
        of which ``scale`` is the standard deviation, but no less than `least_scale`
    labels : np.ndarray [shape=(n_tracks,)]
        1 played, 0 not
    C : float > 0
        the name is scikit-learn's; the cross-entropy is the sum over the tracks
    """
    scaler = StandardScaler().fit(features.astype(np.float64))
    scaler.scale_ = np.maximum(scaler.scale_, least_scale(np.abs(features).max(axis=0)))
    regression = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-10, max_iter=100)
    regression.fit(scaler.transform(features.astype(np.float64)), labels)
    weights = regression.coef_[0] / scaler.scale_
    return weights, float(regression.intercept_[0] - weights @ scaler.mean_)


def least_scale(largest: np.ndarray) -> np.ndarray:
    """What features must vary by to be told from rounding, which would get weights of any size otherwise.

    A channel that hardly ever answers is next to nothing, and what is left of it, rounding; many of musicnn's do so.

    Parameters
    ----------
    largest : np.ndarray [shape=(..., n_features)]
        absolute values

    Returns
    -------
    np.ndarray [shape=(..., n_features)]
    """
    return np.maximum(OF_ITSELF * largest, OF_ALL * largest.max(axis=-1, keepdims=True))


@torch.no_grad()
def set_head(model: Network, weights: np.ndarray, bias: float) -> None:
    """Give a model with one head these weights (n_features,) and bias."""
    model.fc.weight.copy_(torch.from_numpy(weights)[None])
    model.fc.bias.fill_(bias)


def with_head(trunk: Network, weights: np.ndarray, bias: float) -> Network:
    """A listener's network: a copy of a model with one head, which has these weights (n_features,) and bias instead."""
    model = copy.deepcopy(trunk)
    set_head(model, weights, bias)
    return model
