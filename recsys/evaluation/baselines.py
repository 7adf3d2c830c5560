"""Baselines: recommenders that a listener's model should beat.

* ``popularity``: how many other listeners played a track: those of the library and, if its tracks have a column
  ``n_other_listeners``, as `lemons.library.msd` writes it, those outside of it. The listener's own plays are not used,
  so that no label leaks into the scores.
* ``mel``: logistic regression on mean and standard deviation of the mel bands, which describe the timbre of a track
  without its order in time. Its regularization is chosen on the validation part, as the model's epoch is.
* ``loudness``, ``tempo``: in some collections one plain number separates the classes. A logistic regression on the
  number and its square, so that it can prefer medium values, too.

All are fitted on the training tracks of the listener's own split.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from lemons.library import Library
from recsys.metrics import average_precision, roc_auc

__all__ = ["BASELINES", "baseline_scores", "mel_scores", "one_feature_scores", "popularity"]

BASELINES = ("popularity", "mel", "loudness", "tempo")
STRENGTHS = 10.0 ** np.arange(-5, 2)  # scikit-learn's C, the strongest regularization first


def popularity(library: Library, user: str, track_ids: Sequence[str]) -> np.ndarray:
    """How many listeners other than ``user`` played each track.

    The column ``n_other_listeners``, the number of those who are no listeners of the library, is added if every track
    of the library has a value in it.

    Returns
    -------
    np.ndarray [shape=(n_tracks,), dtype=float64]
    """
    others = library.listens[library.listens["user"] != user]
    counted = others.groupby("track_id")["user"].nunique().reindex(track_ids, fill_value=0).to_numpy(dtype=float)
    elsewhere = _numbers(library, "n_other_listeners")
    return counted + elsewhere.reindex(track_ids).to_numpy() if np.isfinite(elsewhere).all() else counted


def mel_scores(
    train: ArrayLike, train_labels: ArrayLike, val: ArrayLike, val_labels: ArrayLike, test: ArrayLike
) -> np.ndarray:
    """Log-odds of the test tracks by logistic regression on standardized features.

    Parameters
    ----------
    train, val, test : array-like [shape=(n, n_features)]
        features of each track
    train_labels, val_labels : array-like [shape=(n,)]
        1 played, 0 not

    Returns
    -------
    np.ndarray [shape=(n_test,)]
        by the regularization with the highest mean of ROC-AUC and average precision on the validation tracks; on ties,
        the strongest
    """

    def val_score(model: Pipeline) -> float:
        logits = model.decision_function(val)
        return roc_auc(val_labels, logits) + average_precision(val_labels, logits)

    models = [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000)) for c in STRENGTHS]
    best = max((model.fit(train, train_labels) for model in models), key=val_score)  # the first of equal ones
    return best.decision_function(test)


def one_feature_scores(train: ArrayLike, train_labels: ArrayLike, test: ArrayLike) -> np.ndarray:
    """Log-odds of the test tracks by logistic regression on one number of each track and its square.

    Parameters
    ----------
    train, test : array-like [shape=(n,)]
        the number of each track
    train_labels : array-like [shape=(n,)]
        1 played, 0 not

    Examples
    --------
    >>> one_feature_scores([60, 90, 91, 120], [0, 1, 1, 0], [89, 130, 50]) > 0
    array([ True, False, False])
    """
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LogisticRegression())
    model.fit(np.reshape(train, (-1, 1)), np.asarray(train_labels))
    return model.decision_function(np.reshape(test, (-1, 1)))


def baseline_scores(library: Library, user: str, parts: dict[str, pd.DataFrame], mel: Sequence[str]) -> pd.DataFrame:
    """Scores of the test tracks by each baseline.

    Parameters
    ----------
    library : Library
        the music library
    user : str
        the listener
    parts : dict of str to pd.DataFrame [index=track_id, columns=label, loudness, *mel]
        the tracks of ``train``, ``val`` and ``test``
    mel : sequence of str
        names of the feature columns of `mel_scores`

    Returns
    -------
    pd.DataFrame [index=track_id, columns=`BASELINES`]
        without ``tempo`` if the tempo of some track is unknown
    """
    train, val, test = (parts[name] for name in ("train", "val", "test"))
    mel = list(mel)
    scores = pd.DataFrame(index=test.index)
    scores["popularity"] = popularity(library, user, test.index)
    scores["mel"] = mel_scores(train[mel], train["label"], val[mel], val["label"], test[mel])
    scores["loudness"] = one_feature_scores(train["loudness"], train["label"], test["loudness"])
    tempo = _numbers(library, "tempo")
    tempos = [tempo.reindex(part.index).to_numpy(dtype=float) for part in (train, test)]
    if np.isfinite(np.concatenate(tempos)).all():
        scores["tempo"] = one_feature_scores(tempos[0], train["label"], tempos[1])
    return scores


def _numbers(library: Library, column: str) -> pd.Series:
    """An optional column of tracks.csv; NaN where it has no number."""
    texts = library.tracks.get(column, pd.Series(np.nan, library.tracks.index))
    return pd.to_numeric(texts, errors="coerce").astype(float)
