"""How well weights and sets name a known cause, and how sure a mean over tracks is.

Ties are broken at random: measures are expectations over that, so that a method that says the same of all components
is worth a guess.
"""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from lemons.exact.minimal import MinimalSets

__all__ = ["CONFIDENCE", "N_RESAMPLES", "auc", "mean_with_interval", "set_scores", "top_share"]

N_RESAMPLES = 2000
CONFIDENCE = 0.95


def auc(weights: np.ndarray, planted: Collection[int]) -> float:
    """The chance that a planted component weighs more than another, ties counting half.

    Parameters
    ----------
    weights : np.ndarray [shape=(K,)]
    planted : collection of int
        some but not all components

    Returns
    -------
    float
        from 0 to 1; ½ for a guess

    Examples
    --------
    >>> auc(np.array([0.5, 0.1, 0.1, -1.0]), {0, 1})
    0.875
    """
    true = np.isin(np.arange(len(weights)), list(planted))
    n_true, n_other = true.sum(), (~true).sum()
    return float((rankdata(weights)[true].sum() - n_true * (n_true + 1) / 2) / (n_true * n_other))


def top_share(weights: np.ndarray, planted: Collection[int], k: int) -> float:
    """How many of the k largest positive weights are planted ones, divided by k or by all planted ones if fewer.

    Parameters
    ----------
    weights : np.ndarray [shape=(K,)]
    planted : collection of int
        at least one component
    k : int > 0

    Returns
    -------
    float
        from 0 to 1; what is not positive speaks for nothing, and is not counted

    Examples
    --------
    >>> top_share(np.array([0.5, 0.1, 0.1, -1.0]), {0, 1}, 2)  # one of the two that tie
    0.75
    """
    true = np.isin(np.arange(len(weights)), list(planted))
    found, left = 0.0, k
    for value in np.unique(weights[weights > 0])[::-1]:
        tied = weights == value
        share = min(1.0, left / tied.sum())
        found += share * (tied & true).sum()
        left -= min(left, int(tied.sum()))
        if not left:
            break
    return float(found / min(k, true.sum()))


def set_scores(found: MinimalSets, planted: Collection[int]) -> dict[str, float]:
    """How well the smallest sets of a kind are the planted one: means over those that are listed.

    Parameters
    ----------
    found : MinimalSets
    planted : collection of int
        at least one component

    Returns
    -------
    dict of str to float
        ``exact``: 1 where the smallest set is one, and the planted one; ``precision`` and ``recall`` of its components
        (0 where there is no set, or the empty one); ``size`` of the smallest, -1 where there is none
    """
    planted, sets = set(planted), [set(one) for one in found.smallest if one]
    hits = [len(one & planted) for one in sets]
    return {
        "exact": float(found.n_smallest == 1 and sets == [planted]),
        "precision": float(np.mean([hit / len(one) for hit, one in zip(hits, sets, strict=True)] or [0])),
        "recall": float(np.mean([hit / len(planted) for hit in hits] or [0])),
        "size": -1 if found.size is None else found.size,
    }


def mean_with_interval(values: Sequence[float], *, seeds: Sequence[int] | None = None, seed: int = 0) -> dict[str, Any]:
    """The mean over tracks and its bootstrap interval of 95 %: percentiles over resampled tracks (Efron, 1979).

    Where tracks were explained with models of several training seeds, models are resampled first, and then the tracks
    of each (Davison & Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8): the interval is for a
    model trained again, and holds what differs between trainings beside what differs between tracks.

    Parameters
    ----------
    values : sequence of float
        one for each track; at least one
    seeds : sequence of int or None
        of the model that each track was explained with; None where there is no such thing
    seed : int >= 0
        of the resampling

    Returns
    -------
    dict of str to plain values
        ``mean``, ``low``, ``high`` and ``n``; with ``seeds`` also ``by_seed``, the mean of each
    """
    tracks, rng = np.asarray(values, dtype=np.float64), np.random.default_rng(seed)
    models = np.zeros(len(tracks), int) if seeds is None else np.asarray(seeds)
    groups = [tracks[models == one] for one in np.unique(models)]
    totals, counts = np.zeros(N_RESAMPLES), np.zeros(N_RESAMPLES)
    for _ in groups:
        chosen = rng.integers(len(groups), size=N_RESAMPLES)
        for i, group in enumerate(groups):
            rows = np.flatnonzero(chosen == i)
            totals[rows] += group[rng.integers(len(group), size=(len(rows), len(group)))].sum(axis=1)
            counts[rows] += len(group)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(totals / counts, [tail, 1 - tail])
    found = {"mean": float(tracks.mean()), "low": float(low), "high": float(high), "n": len(tracks)}
    return found if seeds is None else found | {"by_seed": [float(group.mean()) for group in groups]}
