"""Agreement: whether explanations of one track, by other seeds or other methods, name the same components.

A top is the set of the k largest positive weights, as they are played, or of the k largest absolute ones, as published.
It has fewer components where fewer are positive, or not 0.

References
----------
Mishra, Benetos, Sturm & Dixon, "Reliable Local Explanations for Machine Listening", IJCNN 2020 (arXiv 2005.07788), for
U_n; Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11, 1912.
"""

import itertools

import numpy as np

from lemons.arguments import whole
from lemons.errors import ParameterError
from lemons.quality.answers import as_weights, ranking

__all__ = ["mean_jaccard", "top_components", "top_jaccard", "unique_components"]


def top_components(weights: np.ndarray, k: int, *, positive: bool = True) -> frozenset[int]:
    """Numbers of the k components of largest weight; on ties the first.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_components,)]
    k : int > 0
        how many; fewer when fewer are positive, or not 0
    positive : bool
        whether the largest positive weights are the top; else the largest absolute ones

    Returns
    -------
    frozenset of int

    Raises
    ------
    ParameterError
        if ``k`` is below 1; see also `lemons.quality.answers.as_weights`

    Examples
    --------
    >>> sorted(top_components([3, -5, 1], 2)), sorted(top_components([3, -5, 1], 2, positive=False))
    ([0, 2], [0, 1])
    """
    weights, k = as_weights(weights), whole("k", k, least=1)
    strengths = weights if positive else np.abs(weights)
    return frozenset(int(i) for i in ranking(strengths)[:k] if strengths[i] > 0)


def top_jaccard(first: np.ndarray, second: np.ndarray, k: int, *, positive: bool = True) -> float:
    """How alike the tops of two explanations are.

    Components of both tops / components of either. From 0 to 1; higher is better. 1 when both are empty. Source:
    Jaccard 1912.

    Parameters
    ----------
    first, second : np.ndarray [shape=(n_components,)]
        weights
    k, positive
        see `top_components`

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        see `top_components`; also if the two have not the same number of components

    Examples
    --------
    >>> top_jaccard([3, 2, 1], [3, 1, 2], 2)
    0.3333333333333333
    """
    first, second = as_weights(first), as_weights(second)
    if len(first) != len(second):
        raise ParameterError(f"weights of {len(first)} and of {len(second)} components do not compare")
    tops = [top_components(weights, k, positive=positive) for weights in (first, second)]
    either = tops[0] | tops[1]
    return len(tops[0] & tops[1]) / len(either) if either else 1.0


def mean_jaccard(weights: np.ndarray, k: int, *, positive: bool = True) -> float:
    """Stability of the top over seeds: the mean of `top_jaccard` over all pairs of explanations.

    From 0 to 1; higher is better, and 1 means that every explanation names the same.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_explanations, n_components)]
        of at least two explanations of the same track
    k, positive
        see `top_components`

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        see `top_components`; also if there is but one explanation

    Examples
    --------
    >>> mean_jaccard([[3, 2, 1], [3, 1, 2], [3, 2, 1]], 2)
    0.5555555555555555
    """
    weights = as_weights(weights, n_dims=2)
    if len(weights) < 2:
        raise ParameterError("weights of 1 explanation have no pair to compare; explain with at least 2 seeds")
    pairs = itertools.combinations(weights, 2)
    return float(np.mean([top_jaccard(first, second, k, positive=positive) for first, second in pairs]))


def unique_components(weights: np.ndarray, k: int, *, positive: bool) -> int:
    """U_n: how many components are in the top k of any explanation.

    Size of the union of the tops. From the size of the largest top, k when so many weights count, to the number of
    components; lower is better. Source: Mishra et al. 2020.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_explanations, n_components)]
        of explanations of the same track
    k, positive
        see `top_components`

    Returns
    -------
    int

    Raises
    ------
    ParameterError
        see `top_components`

    Examples
    --------
    >>> weights = np.array([[0.3, -0.5, 0.1], [0.2, -0.5, 0.3]])
    >>> unique_components(weights, 1, positive=False), unique_components(weights, 1, positive=True)
    (1, 2)
    """
    weights = as_weights(weights, n_dims=2)
    return len(frozenset().union(*(top_components(one, k, positive=positive) for one in weights)))
