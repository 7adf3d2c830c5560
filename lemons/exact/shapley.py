"""Shapley values and interactions from the sums of `lemons.exact.moments`, exact.

phi_i   = sum over S without i     of  |S|! (K-|S|-1)! / K!      · [v(S+i) - v(S)]
phi_ij  = sum over S without i, j  of  |S|! (K-|S|-2)! / (K-1)!  · [v(S+i+j) - v(S+i) - v(S+j) + v(S)]

Both weights depend on the size of S alone, 1 / (K · C(K-1, |S|)) and 1 / ((K-1) · C(K-2, |S|)).

References: Shapley, "A Value for n-Person Games", 1953; Grabisch & Roubens, "An axiomatic approach to the concept of
interaction among players in cooperative games", 1999.
"""

import numpy as np
from scipy.special import comb

from lemons.exact.moments import Moments

__all__ = ["gains_of_moments", "interactions_of_moments", "pair_gains_of_moments", "shapley_of_moments"]


def gains_of_moments(moments: Moments) -> np.ndarray:
    """Sums of v(S+i) - v(S) over the sets S of each size without i: (K, K), by size and component."""
    return moments.single[1:] - (moments.total[:, None] - moments.single)[:-1]


def pair_gains_of_moments(moments: Moments) -> np.ndarray:
    """Sums of v(S+i+j) - v(S+i) - v(S+j) + v(S) over the sets S of each size without i and j: (K - 1, K, K)."""
    both = moments.pair
    first, second = moments.single[:, :, None] - both, moments.single[:, None, :] - both
    neither = moments.total[:, None, None] - first - second - both
    return both[2:] - first[1:-1] - second[1:-1] + neither[:-2]


def shapley_of_moments(moments: Moments) -> np.ndarray:
    """Shapley values (K,)."""
    n = moments.n_components
    weights = 1 / (n * comb(n - 1, np.arange(n)))  # by |S|
    return weights @ gains_of_moments(moments)


def interactions_of_moments(moments: Moments) -> np.ndarray:
    """Pairwise Shapley interactions (K, K), with zeros on the diagonal."""
    n = moments.n_components
    if n < 2:
        return np.zeros((n, n))
    weights = 1 / ((n - 1) * comb(n - 2, np.arange(n - 1)))  # by |S|
    values = np.tensordot(weights, pair_gains_of_moments(moments), axes=1)
    np.fill_diagonal(values, 0)
    return (values + values.T) / 2  # the halves differ by rounding
