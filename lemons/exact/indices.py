"""Interaction indices up to pairs from the sums of `lemons.exact.moments`, exact, under the names that shapiq gives.

All are of the game v(S) - v(silence). An index says something of the empty set, of each component, and of each pair:

========= ============================================================================================================
SV, BV    Shapley (1953) and Banzhaf (1965) values: of components
SII, BII  the interaction indices of Grabisch & Roubens (1999); of components they are SV and BV
k-SII     SII made efficient: what pairs have is taken from their components (Bordt & von Luxburg 2023)
STII      Shapley-Taylor (Sundararajan, Dhamdhere & Agarwal 2020): components alone, pairs on average
FSII      the sum of components and pairs nearest to v under the Shapley kernel, met by silence and full mix
FBII      the one nearest to v, all masks counting alike (both Tsai, Yeh & Ravikumar, JMLR 2023)
========= ============================================================================================================

All of them are averages over sets that hold each component with the same chance p, for some distribution of p. So a
component that changes nothing, such as a silent one, may be left out: the others' values are the same without it.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import comb

from lemons.exact.moments import Moments
from lemons.exact.shapley import gains_of_moments, pair_gains_of_moments

__all__ = ["INDICES", "Index", "index_of_moments"]


class Index(NamedTuple):
    """Values of the empty set, of the components (K,), and of the pairs (K, K); those are zeros for order 1."""

    empty: float
    single: np.ndarray
    pair: np.ndarray


def index_of_moments(moments: Moments, name: str, order: int) -> Index:
    """An interaction index.

    Parameters
    ----------
    moments : Moments
        of the answers to all masks of K components
    name : str
        one of `INDICES`
    order : 1 or 2
        components alone, or also pairs; for SV and BV it makes no difference

    Returns
    -------
    Index
    """
    return INDICES[name](moments, order)


def _base(moments: Moments, order: int, share: Callable[[np.ndarray, int], np.ndarray]) -> Index:
    """SII and BII: means of gains over sets S, which have the weight ``share(|S|, K less the size of the gain)``."""
    n = moments.n_components
    empty = share(np.arange(n + 1), n) @ moments.total - moments.total[0]
    single = share(np.arange(n), n - 1) @ gains_of_moments(moments)
    pair = np.zeros((n, n))
    if order == 2 and n > 1:
        pair = _pairs(share(np.arange(n - 1), n - 2), moments)
    return Index(float(empty), single, pair)


def _pairs(weights: np.ndarray, moments: Moments) -> np.ndarray:
    values = np.tensordot(weights, pair_gains_of_moments(moments), axes=1)
    np.fill_diagonal(values, 0)
    return (values + values.T) / 2  # the halves differ by rounding


def _shapley(moments: Moments, order: int) -> Index:
    return _base(moments, order, lambda sizes, rest: 1 / ((rest + 1) * comb(rest, sizes)))


def _banzhaf(moments: Moments, order: int) -> Index:
    return _base(moments, order, lambda sizes, rest: np.full(len(sizes), 0.5**rest))


def _efficient(moments: Moments, order: int) -> Index:
    _, single, pair = _shapley(moments, order)
    return Index(0.0, single - pair.sum(axis=1) / 2, pair)


def _taylor(moments: Moments, order: int) -> Index:
    if order == 1:
        return _efficient(moments, 1)
    n, sizes = moments.n_components, np.arange(moments.n_components - 1)
    pair = _pairs(2 / (n * comb(n - 1, sizes)), moments) if n > 1 else np.zeros((n, n))
    return Index(0.0, gains_of_moments(moments)[0], pair)


def _faithful(moments: Moments, order: int, kernel: np.ndarray, *, efficient: bool) -> Index:
    """Least squares over all masks, weighted by size; an efficient one meets silence and the full mix."""
    n = moments.n_components
    pairs = np.argwhere(np.triu(np.ones((n, n)), 1)) if order == 2 else np.zeros((0, 2), dtype=int)
    sets = np.zeros((1 + n + len(pairs), n))  # the empty set, components, pairs
    sets[1 : n + 1] = np.eye(n)
    np.put_along_axis(sets[n + 1 :], pairs, 1.0, axis=1)
    union = sets.sum(axis=1)[:, None] + sets.sum(axis=1) - sets @ sets.T
    on = np.array([kernel @ comb(n - size, np.arange(n + 1) - size) for size in range(5)])  # masks with so many given
    total, single, pair = kernel @ moments.total, kernel @ moments.single, np.tensordot(kernel, moments.pair, axes=1)
    silence, full = moments.total[0], moments.total[n]
    answers = np.concatenate([[total], single, pair[tuple(pairs.T)]])
    gram = on[union.astype(int)]
    answers = answers - silence * gram[0]
    if efficient:  # the empty set is 0 and all sum to the full mix: Lagrange's multipliers
        limits = np.zeros((2, len(sets)))
        limits[0, 0], limits[1] = 1, 1
        gram = np.block([[gram, limits.T], [limits, np.zeros((2, 2))]])
        answers = np.concatenate([answers, [0.0, full - silence]])
    found = np.linalg.lstsq(gram, answers, rcond=None)[0][: len(sets)]
    values = np.zeros((n, n))
    values[tuple(pairs.T)] = found[n + 1 :]
    return Index(float(found[0]), found[1 : n + 1], values + values.T)


def _faithful_shapley(moments: Moments, order: int) -> Index:
    n = moments.n_components
    kernel = np.zeros(n + 1)
    kernel[1:n] = 1 / ((n - 1) * comb(n - 2, np.arange(n - 1))) if n > 1 else 0
    return _faithful(moments, order, kernel, efficient=True)._replace(empty=0.0)  # 0 up to rounding


def _faithful_banzhaf(moments: Moments, order: int) -> Index:
    n = moments.n_components
    return _faithful(moments, order, np.full(n + 1, 0.5**n), efficient=False)


INDICES: Mapping[str, Callable[[Moments, int], Index]] = {
    "SV": lambda moments, order: _efficient(moments, 1),
    "BV": lambda moments, order: _banzhaf(moments, 1),
    "SII": _shapley,
    "BII": _banzhaf,
    "k-SII": _efficient,
    "STII": _taylor,
    "FSII": _faithful_shapley,
    "FBII": _faithful_banzhaf,
}
