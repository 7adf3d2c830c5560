"""LIME's weighted linear model: over all masks, over given ones, or over a drawn neighborhood.

The model minimises the sum over masks z of pi(z) · (v(z) - b - w·z)² plus alpha · |w|², where pi is audioLIME's kernel
of the cosine distance to the full mix, 1 - sqrt(m / K) for m of K components. Masks drawn with equal chances, as
audioLIME does, approach the sum over all masks, each once, as their number grows: that limit is what ``exact`` weights
are.

Reference for standard errors: White, "A heteroskedasticity-consistent covariance matrix estimator", 1980.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import comb

from lemons.errors import ParameterError
from lemons.exact.moments import Moments
from lemons.quality.fidelity import r2_of_sums
from lemons.sampling.kernels import kernel_of_size

__all__ = ["NORMAL_QUANTILE", "Lime", "fit_lime", "lime_of_moments"]

NORMAL_QUANTILE = 1.959964  # 95 % of a normal distribution lie within so many standard errors


@dataclass(frozen=True)
class Lime:
    """A linear model of the answers to masks.

    Attributes
    ----------
    weights : np.ndarray [shape=(n_components,)]
    intercept : float
    fidelity : float
        weighted R² over the masks that were fitted
    n_masks : int
        how many those were
    exact : bool
        whether they were all masks there are
    standard_errors : np.ndarray [shape=(n_components,)] or None
        of the weights as estimates of the exact ones, for a drawn neighborhood; zeros for all masks, None for masks
        given by the user
    masks : np.ndarray [shape=(n_masks, n_components)] or None
        those that were fitted; None for all

    Examples
    --------
    >>> found = Lime(np.array([0.5, 0.0]), 0.1, 0.9, 2048, False, np.array([0.1, 0.1]))
    >>> found.confidence_intervals.round(2)
    array([[ 0.3,  0.7],
           [-0.2,  0.2]])
    """

    weights: np.ndarray
    intercept: float
    fidelity: float
    n_masks: int
    exact: bool
    standard_errors: np.ndarray | None
    masks: np.ndarray | None = field(default=None, repr=False)

    @property
    def confidence_intervals(self) -> np.ndarray | None:
        """Where the exact weights are, with a confidence of 95 %: (n_components, 2), or None where nothing is known."""
        if self.standard_errors is None:
            return None
        margin = NORMAL_QUANTILE * self.standard_errors
        return np.stack([self.weights - margin, self.weights + margin], axis=1)


def lime_of_moments(moments: Moments, *, alpha: float) -> Lime:
    """The fit over all masks, from sums by size."""
    n = moments.n_components
    sizes = np.arange(n + 1)
    kernel = kernel_of_size(sizes, n)
    mass = kernel @ comb(n, sizes)
    on = kernel[1:] @ comb(n - 1, sizes[:-1])  # mass of the masks that have a certain component
    both = kernel[2:] @ comb(n - 2, sizes[:-2]) if n > 1 else 0.0
    gram = np.full((n, n), both)
    np.fill_diagonal(gram, on)
    return _solve(
        mass,
        np.full(n, on),
        gram,
        kernel @ moments.total,
        kernel @ moments.single,
        kernel @ moments.square,
        alpha=alpha,
        n_masks=2**n,
        exact=True,
        standard_errors=np.zeros(n),
    )


def fit_lime(masks: np.ndarray, answers: np.ndarray, *, alpha: float, paired: bool = False) -> Lime:
    """The fit over some masks.

    Parameters
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones
    answers : np.ndarray [shape=(n_masks,)]
        float64
    alpha : float >= 0
        strength of the ridge
    paired : bool
        whether these are masks of `sample_pairs`, which gives standard errors

    Returns
    -------
    Lime
    """
    if not len(masks):
        raise ParameterError("masks of shape (0, n_components) must hold at least one mask")
    z = np.asarray(masks, dtype=np.float64)
    kernel = kernel_of_size(z.sum(axis=1), z.shape[1])
    weighted = z * kernel[:, None]
    sums = kernel.sum(), weighted.sum(axis=0), weighted.T @ z
    of_answers = kernel @ answers, weighted.T @ answers, kernel @ answers**2
    lime = _solve(*sums, *of_answers, alpha=alpha, n_masks=len(z), exact=False, standard_errors=None)
    lime = replace(lime, masks=masks)
    if not paired:
        return lime
    # the two masks of a pair are one draw: residuals may cancel within it, which is the point of drawing pairs
    design = np.column_stack([np.ones(len(z)), z])
    scores = design * (kernel * (answers - lime.intercept - z @ lime.weights))[:, None]
    scores = scores[: len(z) // 2] + scores[len(z) // 2 :]
    penalty = alpha * np.diag(np.append(0.0, np.ones(z.shape[1])))
    try:
        bread = np.linalg.inv(design.T @ (design * kernel[:, None]) + penalty)
    except np.linalg.LinAlgError as error:
        few = f"n_masks={len(z)} are too few to fit the weights of {z.shape[1]} components"
        raise ParameterError(f"{few}; draw more, or take all masks there are") from error
    errors = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))[1:]
    return replace(lime, standard_errors=errors)


def _solve(mass, sums, gram, answer, answers, square, *, alpha, n_masks, exact, standard_errors) -> Lime:
    """Ridge with an unpenalised intercept, from weighted sums of 1, z, zzᵀ, v, vz and v²."""
    if alpha < 0:
        raise ParameterError(f"alpha={alpha} must not be negative")
    covariance = gram - np.outer(sums, sums) / mass
    cross = answers - sums * answer / mass
    variance = square - answer**2 / mass
    penalised = covariance + alpha * np.eye(len(sums))
    weights = np.linalg.lstsq(penalised, cross, rcond=None)[0]
    residual = variance - 2 * weights @ cross + weights @ covariance @ weights
    fidelity = r2_of_sums(residual, variance)
    intercept = (answer - sums @ weights) / mass
    return Lime(weights, float(intercept), float(fidelity), n_masks, exact, standard_errors)
