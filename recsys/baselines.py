"""What one plain number says about a listener's taste: the bar that a model must clear.

A collection may give its classes away by loudness or tempo. A logistic regression on the number and its square, so
that "the medium ones" can be a taste too, is fitted on the training tracks and judged on the test tracks.
"""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from lemons.audio import to_float
from recsys.metrics import roc_auc


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


def one_feature_auc(
    train_values: ArrayLike, train_labels: ArrayLike, test_values: ArrayLike, test_labels: ArrayLike
) -> float:
    """ROC-AUC on the test tracks of what is learned from one number per training track.

    Parameters
    ----------
    train_values, test_values : array-like [shape=(n,)]
        the number for each track
    train_labels, test_labels : array-like [shape=(n,)]
        1 played, 0 not

    Examples
    --------
    >>> one_feature_auc([60, 90, 91, 120], [0, 1, 1, 0], [89, 130, 50], [1, 0, 0])
    1.0
    """
    model = make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), LogisticRegression())
    model.fit(np.reshape(train_values, (-1, 1)), np.asarray(train_labels))
    return roc_auc(test_labels, model.decision_function(np.reshape(test_values, (-1, 1))))
