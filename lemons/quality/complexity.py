"""Complexity and sparseness: over how many components an explanation spreads its weights.

Neither asks the model: a short explanation may be wrong. They depend on the number of components, so compare tracks
that are cut alike.

References
----------
Bhatt, Weller & Moura, "Evaluating and Aggregating Feature-based Model Explanations", IJCAI 2020 (arXiv 2005.00631);
Chalasani, Chen, Chowdhury, Wu & Jha, "Concise Explanations of Neural Networks using Adversarial Training", ICML 2020
(arXiv 1810.06583).
"""

import math

import numpy as np
from scipy.special import entr

from lemons.quality.answers import as_weights

__all__ = ["complexity", "sparseness"]


def complexity(weights: np.ndarray) -> float:
    """Entropy of the shares of the absolute weights.

    -Σ p_i · ln p_i, where p_i = abs(w_i) / Σ abs(w_j). From 0, all weight on one component, to ln K, equal weights, in
    nats; lower is better. Source: Bhatt et al. 2020.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_components,)]

    Returns
    -------
    float
        NaN when all weights are 0

    Raises
    ------
    ParameterError
        see `lemons.quality.answers.as_weights`

    Examples
    --------
    >>> complexity(np.array([0.0, -3.0])), round(complexity(np.array([1.0, -1.0])), 4)
    (0.0, 0.6931)
    """
    sizes = _sizes(weights)
    return float(entr(sizes).sum()) if sizes.any() else math.nan


def sparseness(weights: np.ndarray) -> float:
    """Gini index of the absolute weights.

    1 - 2 · Σ over k = 1, ..., K of p_(k) · (K - k + 1/2) / K, where p_(1) <= ... <= p_(K) are the sorted shares of the
    absolute weights. From 0, equal weights, to 1 - 1 / K, all weight on one component; higher is better. Source:
    Chalasani et al. 2020.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_components,)]

    Returns
    -------
    float
        NaN when all weights are 0

    Raises
    ------
    ParameterError
        see `lemons.quality.answers.as_weights`

    Examples
    --------
    >>> sparseness(np.array([0.0, -3.0])), sparseness(np.array([1.0, -1.0]))
    (0.5, 0.0)
    """
    sizes = np.sort(_sizes(weights))
    n = len(sizes)
    ranks = np.arange(1, n + 1)
    return float(1 - 2 * sizes @ ((n - ranks + 0.5) / n)) if sizes.any() else math.nan


def _sizes(weights: np.ndarray) -> np.ndarray:
    """Shares of the absolute weights; zeros when all are."""
    sizes = np.abs(as_weights(weights))
    largest = sizes.max()
    if largest > 0:
        sizes = sizes / largest  # first, so that no sum of huge or of tiny weights passes the range of floats
        sizes = sizes / sizes.sum()
    return sizes
