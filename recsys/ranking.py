"""How good a ranking of tracks is, and how sure one can be of it.

Conventions: a track is relevant when the listener played it, however often: tracks are chosen and models trained by
that alone, and playcounts are so skewed that a graded gain would measure a handful of favourites. Scores are higher for
the more relevant. All measures are in [0, 1].

* ``roc_auc``, ``average_precision``: see `recsys.metrics`.
* ``ndcg@k``: discounted cumulative gain of the first k, gain 1, discount log2(1 + rank), over that of the best order
  (Järvelin and Kekäläinen 2002); scikit-learn's ``ndcg_score``.
* ``recall@k``, ``precision@k``: relevant tracks among the first k, over all relevant ones, over k (over all tracks
  where there are fewer than k).
* ``hit_rate@k``: 1 if any of the first k is relevant; its mean over listeners is the rate.
* ``mrr``: 1 / rank of the first relevant track; its mean over listeners is the mean reciprocal rank.

Tracks with equal scores have no order: each measure is its expectation over all their orders (McSherry and Najork
2008), except average precision, which treats them as one step of the curve, as scikit-learn does. So no measure depends
on the order of the rows.

Uncertainty: `resamples` draws test tracks with replacement, the relevant ones among the relevant and the others among
the others (a stratified bootstrap), and `interval` takes percentiles of a measure over the draws (Efron and Tibshirani
1993). The interval says how much another choice of test tracks would change the figure, with the model as it is. A
perfect ranking has an interval of width 0: its tracks hold no evidence of a fault.
"""

import numpy as np
from numpy.typing import ArrayLike

from recsys.metrics import average_precision_of_levels, count_levels, roc_auc_of_levels

__all__ = ["CONFIDENCE", "MEASURES", "N_RESAMPLES", "interval", "measure", "resamples"]

CUTOFFS = (5, 10, 20)
AT_CUTOFFS = ("ndcg", "recall", "precision", "hit_rate")
MEASURES = ("roc_auc", "average_precision", *(f"{name}@{k}" for name in AT_CUTOFFS for k in CUTOFFS), "mrr")
N_RESAMPLES = 1000
CONFIDENCE = 0.95


def measure(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> dict[str, np.ndarray]:
    """All measures of a ranking, or of many resamples of it at once.

    Parameters
    ----------
    labels : array-like [shape=(n,)]
        1 played, 0 not
    scores : array-like [shape=(n,)]
        higher for the more relevant
    weights : array-like of int [shape=(..., n)], optional
        how often each track occurs, as drawn by `resamples`; once by default

    Returns
    -------
    dict of str to np.ndarray [shape=(...)]
        the value of each of `MEASURES`

    Raises
    ------
    ParameterError
        if the shapes don't fit
    DataError
        if only one class is present, or a score is not a number

    Examples
    --------
    >>> values = measure([1, 0, 1, 0, 0, 0], [0.9, 0.8, 0.7, 0.1, 0.0, 0.0])
    >>> float(values["roc_auc"]), float(values["recall@5"]), float(values["precision@5"]), float(values["mrr"])
    (0.875, 1.0, 0.4, 1.0)
    """
    relevant, others = count_levels(labels, scores, weights)
    at_level = relevant + others
    last = at_level.cumsum(-1)  # rank of the last track of a level
    before = last - at_level
    n_relevant, n = relevant.sum(-1), at_level.sum(-1)
    share = relevant / np.maximum(at_level, 1)  # probability that a track of a level is relevant
    values = {
        "roc_auc": roc_auc_of_levels(relevant, others),
        "average_precision": average_precision_of_levels(relevant, others),
    }
    gain = np.concatenate([[0], np.cumsum(1 / np.log2(np.arange(2, 2 + max(CUTOFFS))))])  # of the first 0, 1, 2 ...
    first_hit, values["mrr"] = _first_relevant(relevant, at_level, before)
    for k in CUTOFFS:
        top, above = (np.minimum(rank, k).astype(int) for rank in (last, before))
        hits = (share * (top - above)).sum(-1)
        values[f"ndcg@{k}"] = (share * (gain[top] - gain[above])).sum(-1) / gain[np.minimum(n_relevant, k).astype(int)]
        values[f"recall@{k}"] = hits / n_relevant
        values[f"precision@{k}"] = hits / np.minimum(n, k)
        values[f"hit_rate@{k}"] = first_hit[k]
    return {name: values[name] for name in MEASURES}


def _first_relevant(
    relevant: np.ndarray, at_level: np.ndarray, before: np.ndarray
) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """Probability that the first relevant track is among the first k, for each k, and its expected 1 / rank."""
    first = (relevant > 0).argmax(-1)[..., None]
    n_relevant, n, above = (np.take_along_axis(x, first, -1)[..., 0] for x in (relevant, at_level, before))
    none_yet = np.ones(n.shape)  # probability that it is not among the first tracks of its level
    within, reciprocal = {k: np.zeros(n.shape) for k in CUTOFFS}, np.zeros(n.shape)
    for place in range(1, int(n.max()) + 1):
        now = none_yet * n_relevant / np.maximum(n - place + 1, 1)
        none_yet = none_yet - now
        reciprocal += now / (above + place)
        for k in CUTOFFS:
            within[k] += now * (above + place <= k)
    return within, reciprocal


def resamples(labels: ArrayLike, *, seed: int | list[int], n_resamples: int = N_RESAMPLES) -> np.ndarray:
    """How often each track occurs in each resample; as many of either class as there are.

    Parameters
    ----------
    labels : array-like [shape=(n,)]
        1 played, 0 not
    seed : int >= 0 or list of them
        the same seed, the same resamples: rankings of the same tracks can be compared resample by resample
    n_resamples : int > 0

    Returns
    -------
    np.ndarray [shape=(n_resamples, n), dtype=int64]

    Examples
    --------
    >>> resamples([1, 0, 0], seed=0, n_resamples=2).sum(axis=1)
    array([3, 3])
    """
    labels = np.asarray(labels).astype(bool)
    rng = np.random.default_rng(seed)
    counts = np.zeros((n_resamples, len(labels)), dtype=np.int64)
    for of_class in (labels, ~labels):
        n = int(of_class.sum())
        counts[:, of_class] = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    return counts


def interval(values: np.ndarray, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The percentile interval of a measure's resampled values.

    Examples
    --------
    >>> interval(np.arange(101), confidence=0.9)
    (5.0, 95.0)
    """
    low, high = np.percentile(values, [50 - 50 * confidence, 50 + 50 * confidence])
    return float(low), float(high)
