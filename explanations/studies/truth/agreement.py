"""Which measure deserves trust: how measures that know no cause agree with the truth, which does.

Three questions, each answered by Spearman's rank correlation of a measure with a score of truth, turned so that 1 means
that the measure says what is true, and -1 that it says the opposite:

* *pairs*: over all pairs of a track and a method. What differs between tracks counts as well.
* *methods*: over the methods of one track; the mean over tracks. Does it tell which of them to believe? *Candid* leaves
  the controls out, which any measure should find.
* *tracks*: over the tracks of one method, exact LIME. Does it tell which explanation to believe?

Where all scores, or all values, are the same, there is no order to be found, and the track or the question is left out.

Reference: Spearman, "The proof and measurement of association between two things", 1904.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from scipy.stats import rankdata

from explanations.studies.truth.measures import CONFIDENCE, N_RESAMPLES, mean_with_interval
from explanations.studies.truth.methods import CONTROLS
from explanations.studies.truth.quality import MEASURED
from lemons.quality import Measures

__all__ = ["DIRECTIONS", "QUESTIONS", "TRUTHS", "agreement", "correlations"]

INTERACTION = "interaction"  # the strongest, relative to the largest Shapley value: one number for a track
DIRECTIONS = {one.name: one.metadata["better"] for one in fields(Measures)} | {INTERACTION: "lower"}
TRUTHS = ("auc", "top1")
QUESTIONS = ("pairs", "methods", "methods, candid", "tracks")
ASKED = "exact LIME"  # whose tracks are compared


def agreement(tracks: Sequence[dict[str, Any]], kind: str) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """How well each measure orders what is true.

    Parameters
    ----------
    tracks : sequence of dict
        each with ``kinds``, as `explanations.studies.truth.judge.judge` finds them
    kind : str
        of components

    Returns
    -------
    dict
        by measure, question and score of truth (``auc``, ``top1``) the correlation as ``mean``, with its bootstrap
        interval over tracks, ``low`` and ``high``, and ``n``, the tracks that have an order
    """
    judged = [track["kinds"][kind] for track in tracks]
    names = {name for one in judged for name in one["quality"][ASKED]}
    scores = {
        truth: np.array([[one["methods"][name][truth] for name in MEASURED] for one in judged]) for truth in TRUTHS
    }
    candid = [i for i, name in enumerate(MEASURED) if name not in CONTROLS]
    found = {}
    for measure in [name for name in DIRECTIONS if name in names | {INTERACTION}]:
        values = _values(judged, measure) * (1 if DIRECTIONS[measure] == "higher" else -1)
        found[measure] = {
            question: {truth: cell for truth in TRUTHS if (cell := answer(values, scores[truth]))}
            for question, answer in {
                "pairs": _over_pairs,
                "methods": _over_methods,
                "methods, candid": lambda x, y: _over_methods(x[:, candid], y[:, candid]),
                "tracks": lambda x, y: _over_pairs(*(z[:, [MEASURED.index(ASKED)]] for z in (x, y))),
            }.items()
        }
    return found


def correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row, without what is NaN in ``x``; NaN where all values of either are alike.

    >>> correlations(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 4.0, 9.0]]))
    array([1.])
    """
    ranks = [rankdata(np.where(np.isnan(x), np.nan, z), axis=1, nan_policy="omit") for z in (x, y)]
    a, b = (np.nan_to_num(its - np.nanmean(its, axis=1, keepdims=True)) for its in ranks)
    length = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide((a * b).sum(axis=1), length, out=np.full(len(x), np.nan), where=length > 0)


def _values(judged: Sequence[dict[str, Any]], measure: str) -> np.ndarray:
    """(n_tracks, n_methods), NaN where a measure is not defined."""
    if measure == INTERACTION:
        return np.repeat([[one["gate"]["ratio"]] for one in judged], len(MEASURED), axis=1)
    return np.array([[one["quality"][name].get(measure, np.nan) for name in MEASURED] for one in judged])


def _over_methods(x: np.ndarray, y: np.ndarray) -> dict[str, float] | None:
    """The mean over tracks of the correlation within each."""
    found = correlations(x, y)
    ordered = found[~np.isnan(found)]
    return mean_with_interval(ordered) if len(ordered) else None


def _over_pairs(x: np.ndarray, y: np.ndarray) -> dict[str, float] | None:
    """The correlation over all pairs; ranks are those of all of them, in each resample as well."""
    known = ~np.isnan(x)
    if np.isnan(correlations(x[known][None], y[known][None])).all():
        return None
    a, b = (np.zeros(x.shape) for _ in range(2))
    a[known], b[known] = rankdata(x[known]), rankdata(y[known])
    sums = np.stack([part.sum(axis=1) for part in (known, a, b, a * a, b * b, a * b)], axis=1)  # of each track
    n = len(x)
    times = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES)
    drawn = _from_sums(times @ sums)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn[~np.isnan(drawn)], [tail, 1 - tail])
    return {"mean": float(_from_sums(sums.sum(axis=0))), "low": float(low), "high": float(high), "n": n}


def _from_sums(sums: np.ndarray) -> np.ndarray:
    """Pearson's correlation from n and the sums of x, y, x², y² and xy, on the last axis."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    spread = np.sqrt(np.maximum(n * xx - x * x, 0) * np.maximum(n * yy - y * y, 0))
    return np.divide(n * xy - x * y, spread, out=np.full_like(spread, np.nan), where=spread > 0)
