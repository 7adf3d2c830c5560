"""How well scores separate played tracks from the others.

Conventions: ``labels`` are 1 for played and 0 for not; ``scores`` are higher for the more relevant, logits or
probabilities alike, since only their order counts. Both measures are in [0, 1] and are scikit-learn's to rounding; for
random scores, ROC-AUC is 0.5 and average precision is the share of positives.

Both follow from the numbers of played and of other tracks at each distinct score (`count_levels`), the *levels* of a
ranking. In this form they are also computed for many resamples of a ranking at once, see `recsys.ranking`.
"""

import numpy as np
from numpy.typing import ArrayLike

from lemons.errors import DataError, ParameterError

__all__ = ["average_precision", "check_scores", "count_levels", "log_loss", "roc_auc"]


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
    return float(roc_auc_of_levels(*count_levels(labels, scores)))


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
    return float(average_precision_of_levels(*count_levels(labels, scores)))


def log_loss(labels: ArrayLike, logits: ArrayLike) -> float:
    """Mean binary cross-entropy of logits, in nats.

    Examples
    --------
    >>> round(log_loss([1, 0], [0, 0]), 4)
    0.6931
    """
    labels, logits = check_scores(labels, logits)
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))


def count_levels(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Count the played and the other tracks at each distinct score.

    Parameters
    ----------
    labels : array-like [shape=(n,)]
        1 played, 0 not
    scores : array-like [shape=(n,)]
        higher for the more relevant
    weights : array-like of int [shape=(..., n)], optional
        how often each track occurs; once by default

    Returns
    -------
    relevant, others : np.ndarray [shape=(..., n_levels), dtype=float64]
        whole numbers, the best score first

    Raises
    ------
    ParameterError
        if the shapes don't fit
    DataError
        if only one class is present, or a score is not a number

    Examples
    --------
    >>> count_levels([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1])
    (array([1., 1., 0.]), array([0., 1., 1.]))
    """
    labels, scores = check_scores(labels, scores)
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape[-1:] != labels.shape:
        raise ParameterError(f"weights of shape {weights.shape} must have one column for each of {len(labels)} tracks")
    order = np.argsort(-scores)  # of equal scores any: what is counted does not depend on it
    labels, scores, weights = labels[order], scores[order], weights[..., order]
    starts = np.flatnonzero(np.append(True, scores[1:] != scores[:-1]))  # of the levels
    relevant, others = (np.add.reduceat(weights * of_class, starts, axis=-1) for of_class in (labels, 1 - labels))
    return relevant, others


def roc_auc_of_levels(relevant: np.ndarray, others: np.ndarray) -> np.ndarray:
    """ROC-AUC [shape=(...)] from the numbers of `count_levels`."""
    pairs = others * (relevant.cumsum(-1) - relevant / 2)  # in order, ties counting half
    return pairs.sum(-1) / (relevant.sum(-1) * others.sum(-1))


def average_precision_of_levels(relevant: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Average precision [shape=(...)] from the numbers of `count_levels`; a level is one step of the curve."""
    last = (relevant + others).cumsum(-1)  # rank of the last track of a level
    return (relevant * relevant.cumsum(-1) / np.maximum(last, 1)).sum(-1) / relevant.sum(-1)


def check_scores(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores as float arrays [shape=(n,)]; ParameterError or DataError if they cannot be measured."""
    labels, scores = np.asarray(labels, dtype=float), np.asarray(scores, dtype=float)
    if labels.shape != scores.shape or labels.ndim != 1:
        raise ParameterError(f"labels of shape {labels.shape} and scores of shape {scores.shape} must be alike and 1-D")
    if not np.isfinite(scores).all():
        n_bad = np.sum(~np.isfinite(scores))
        raise DataError(f"{n_bad} of {len(scores)} scores are not numbers; train the model again")
    if len(np.unique(labels)) < 2:
        which = "only played" if labels.any() else "no played"
        raise DataError(f"there are {which} tracks among the {len(labels)}; both classes are needed")
    return labels, scores
