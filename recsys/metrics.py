"""How well scores tell played tracks from the others.

Conventions: ``labels`` are 1 for played and 0 for not; ``scores`` are higher for the more relevant, logits or
probabilities alike, since only their order counts. Both measures lie in [0, 1]; by chance, ROC-AUC is 0.5 and average
precision is the share of positives.
"""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, roc_auc_score

from lemons.errors import DataError, ParameterError


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: how often a positive is above a negative, ties counting half.

    Raises
    ------
    ParameterError
        if there are not as many labels as scores
    DataError
        if only one class is present, or a score is not a number

    Examples
    --------
    >>> roc_auc([1, 1, 0, 0], [0.9, 0.2, 0.3, 0.1])
    0.75
    """
    return float(roc_auc_score(*check_scores(labels, scores)))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Average precision: the mean, over the positives, of the precision down to each of them.

    Raises
    ------
    ParameterError
        if there are not as many labels as scores
    DataError
        if only one class is present, or a score is not a number

    Examples
    --------
    >>> round(average_precision([1, 1, 0, 0], [0.9, 0.2, 0.3, 0.1]), 3)
    0.833
    """
    return float(average_precision_score(*check_scores(labels, scores)))


def log_loss(labels: ArrayLike, logits: ArrayLike) -> float:
    """Mean binary cross-entropy of logits, in nats.

    Examples
    --------
    >>> round(log_loss([1, 0], [0, 0]), 4)
    0.6931
    """
    labels, logits = check_scores(labels, logits)
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))


def check_scores(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores as float arrays [shape=(n,)], if they can be measured; else the errors above."""
    labels, scores = np.asarray(labels, dtype=float), np.asarray(scores, dtype=float)
    if labels.shape != scores.shape or labels.ndim != 1:
        raise ParameterError(f"labels of shape {labels.shape} and scores of shape {scores.shape} must be alike and 1-D")
    if not np.isfinite(scores).all():
        n_bad = np.sum(~np.isfinite(scores))
        raise DataError(f"{n_bad} of {len(scores)} scores are not numbers; train the model again")
    if len(np.unique(labels)) < 2:
        which = "only played" if labels.any() else "no played"
        raise DataError(f"there are {which} tracks among the {len(labels)}; both classes are needed to tell them apart")
    return labels, scores
