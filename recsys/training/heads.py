"""Heads for many listeners at once: what `recsys.training.head` does for one, in batches.

A listener's loss has one minimum, so whoever finds it finds the same head. Newton's method finds it here for some
dozens of listeners side by side: their Hessians (129 x 129) are made and solved in one call of NumPy each. Listeners
with about as many tracks share a batch, in which rows that do not count make up for the tracks that are fewer. The
penalties follow each other from the strongest on, each beginning where the one before ended; a step that would raise a
listener's loss is halved.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from recsys.training.head import STRENGTHS, least_scale

__all__ = ["Head", "Taste", "fit_heads", "minima"]

BATCH_ROWS = 2**14  # tracks of the listeners of a batch, with those that do not count: 17 MB in float64, three times
MAX_STEPS = 100  # of Newton's method; three to eight are usual
MAX_HALVES = 30
EXCESS = 1e-12  # Newton's decrement below which a step is the last: the loss was within half of it, and is closer now


class Taste(NamedTuple):
    """A listener's tracks: rows of a table of features, and labels, 1 played and 0 not; both classes in either part."""

    train: np.ndarray
    train_labels: np.ndarray
    val: np.ndarray
    val_labels: np.ndarray


class Head(NamedTuple):
    """A listener's head: a track's logit is ``features @ weights + bias``.

    ``C`` is scikit-learn's, the inverse of the penalty's strength.
    """

    weights: np.ndarray
    bias: float
    C: float
    val_loss: float


def fit_heads(features: np.ndarray, tastes: Sequence[Taste]) -> list[Head]:
    """Fit a head for each listener; the strength of its penalty is that of the least loss on the validation tracks.

    Parameters
    ----------
    features : np.ndarray [shape=(n_tracks, n_features)]
        of any precision; computed with in float64
    tastes : sequence of Taste
        of each listener

    Returns
    -------
    list of Head
        in the order of the listeners

    Examples
    --------
    >>> bands = np.array([[0.0], [1.0], [2.0], [3.0], [0.5], [2.5]])
    >>> taste = Taste(np.arange(4), np.array([0, 0, 1, 1]), np.array([4, 5]), np.array([0, 1]))
    >>> (head,) = fit_heads(bands, [taste])
    >>> bands @ head.weights + head.bias > 0
    array([False, False,  True,  True, False,  True])
    """
    heads: dict[int, Head] = {}
    for batch in _batches([len(taste.train) for taste in tastes]):
        heads |= zip(batch, _fit_batch(features, [tastes[i] for i in batch]), strict=True)
    return [heads[i] for i in range(len(tastes))]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of listeners, the ones with the fewest tracks first, so that a batch has about `BATCH_ROWS` rows."""
    batch: list[int] = []
    for i in np.argsort(lengths, kind="stable").tolist():
        if batch and (len(batch) + 1) * lengths[i] > BATCH_ROWS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _fit_batch(features: np.ndarray, tastes: list[Taste]) -> list[Head]:
    x, labels, known = _side_by_side(features, [(taste.train, taste.train_labels) for taste in tastes])
    val, val_labels, val_known = _side_by_side(features, [(taste.val, taste.val_labels) for taste in tastes])
    mean, scale = _standardize(x, known)
    weights, bias = np.zeros((len(STRENGTHS), *mean.shape)), np.zeros((len(STRENGTHS), len(tastes)))
    losses, found = [], None
    for i, strength in enumerate(STRENGTHS):
        found = minima(x, labels, known, C=float(strength), start=found)
        weights[i] = found[:, :-1] / scale
        bias[i] = found[:, -1] - (weights[i] * mean).sum(axis=1)
        logits = (val[..., :-1] @ weights[i][..., None])[..., 0] + bias[i][:, None]
        losses.append((_cross_entropy(logits, val_labels) * val_known).sum(axis=1) / val_known.sum(axis=1))
    best = np.argmin(losses, axis=0)  # the strongest penalty on ties
    return [
        Head(weights[i, listener], float(bias[i, listener]), float(STRENGTHS[i]), float(losses[i][listener]))
        for listener, i in enumerate(best)
    ]


def _side_by_side(
    features: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with a column of ones (n_listeners, n_rows, n_features + 1), labels and which rows count."""
    shape = len(parts), max(len(rows) for rows, _ in parts)
    x = np.zeros((*shape, features.shape[1] + 1))
    labels, known = np.zeros(shape), np.zeros(shape, bool)
    for i, (rows, of_rows) in enumerate(parts):
        x[i, : len(rows), :-1], x[i, : len(rows), -1] = features[rows], 1
        labels[i, : len(rows)], known[i, : len(rows)] = of_rows, True
    return x, labels, known


def _standardize(x: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Standardize features in place; their means and scales (n_listeners, n_features), as `recsys.training.head` does:
    a feature that is constant but for rounding keeps its scale, one that hardly varies is not blown up.
    """
    n, bands, eps = known.sum(axis=1)[:, None], x[..., :-1], np.finfo(np.float64).eps
    mean, least = bands.sum(axis=1) / n, least_scale(np.abs(bands).max(axis=1))
    bands -= mean[:, None]
    bands *= known[..., None]
    variance = np.square(bands).sum(axis=1) / n
    constant = variance <= n * eps * variance + np.square(n * mean * eps)
    scale = np.maximum(np.where(constant, 1.0, np.sqrt(variance)), least)
    bands /= scale[:, None]
    return mean, scale


def minima(
    x: np.ndarray, labels: np.ndarray, known: np.ndarray, *, C: float, start: np.ndarray | None = None
) -> np.ndarray:
    """The weights at which ``C * cross-entropy + |weights without the last|² / 2`` is least, for each listener.

    Parameters
    ----------
    x : np.ndarray [shape=(n_listeners, n_rows, n_features), dtype=float64]
        the last feature, whose weight is the bias, being one
    labels, known : np.ndarray [shape=(n_listeners, n_rows)]
        1 played, 0 not; and which rows count. The others are zeros
    C : float > 0
        the cross-entropy is the sum over the rows
    start : np.ndarray [shape=(n_listeners, n_features)], optional
        where to begin

    Returns
    -------
    np.ndarray [shape=(n_listeners, n_features)]
    """
    penalty = np.ones(x.shape[2])
    penalty[-1] = 0
    weights = np.zeros((len(x), x.shape[2])) if start is None else start
    logits, loss = _loss(x, labels, known, weights, C)
    for _ in range(MAX_STEPS):
        relevance = expit(logits)
        gradient = C * (((relevance - labels) * known)[:, None] @ x)[:, 0] + penalty * weights
        rows = x * np.sqrt(C * relevance * (1 - relevance) * known)[..., None]
        step = np.linalg.solve(rows.mT @ rows + np.diag(penalty), gradient[..., None])[..., 0]
        decrement = (gradient * step).sum(axis=1)
        size = np.ones(len(x))
        for _ in range(MAX_HALVES):
            tried = weights - size[:, None] * step
            logits, tried_loss = _loss(x, labels, known, tried, C)
            # near the minimum a loss may rise by its rounding
            worse = (tried_loss > loss) & (decrement > EXCESS)
            if not worse.any():
                break
            size[worse] /= 2
        weights, loss = tried, tried_loss
        if (decrement <= EXCESS).all():
            break
    return weights


def _loss(x, labels, known, weights, C) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n_listeners, n_rows) and what is to be least (n_listeners,)."""
    logits = (x @ weights[..., None])[..., 0]
    cross_entropy = (_cross_entropy(logits, labels) * known).sum(axis=1)
    return logits, C * cross_entropy + np.square(weights[:, :-1]).sum(axis=1) / 2


def _cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, logits) - labels * logits
