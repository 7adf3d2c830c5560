"""How much a mask counts in a regression, by the number of its components.

References: Ribeiro, Singh & Guestrin, "'Why Should I Trust You?'", 2016, with the width of audioLIME (arXiv
2008.00582); Lundberg & Lee, "A Unified Approach to Interpreting Model Predictions", 2017, theorem 2.
"""

import numpy as np
from scipy.special import comb

from lemons.audiolime.lime_audio import exponential_kernel

__all__ = ["kernel_of_size", "shapley_kernel"]

KERNEL_WIDTH = 0.25  # of the cosine distance, audioLIME's default


def kernel_of_size(sizes: np.ndarray, n_components: int) -> np.ndarray:
    """LIME's: audioLIME's kernel of the cosine distance to the full mix, 1 - sqrt(m / K) for m of K components."""
    return exponential_kernel(1 - np.sqrt(np.asarray(sizes) / max(n_components, 1)), KERNEL_WIDTH)


def shapley_kernel(sizes: np.ndarray, n_components: int) -> np.ndarray:
    """KernelSHAP's: (K - 1) / (C(K, m) m (K - m)), whose regression gives Shapley values.

    The kernel is infinite for silence and the full mix, which the regression meets exactly; here it is 0 for them.

    >>> shapley_kernel(np.arange(4), 3)
    array([0.        , 0.33333333, 0.33333333, 0.        ])
    """
    sizes = np.asarray(sizes)
    inside = (sizes > 0) & (sizes < n_components)
    pairs = np.where(inside, sizes * (n_components - sizes), 1)
    return np.where(inside, (n_components - 1) / (comb(n_components, sizes) * pairs), 0.0)
