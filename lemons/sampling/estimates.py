"""LIME's weights and Shapley values from a neighborhood, with a confidence interval for each.

Both are weighted least squares over all masks, of which the neighborhood's estimate is the same with each mask's weight
times its importance. LIME fits a line with an intercept and its own kernel. Shapley values are the line through the
answers to silence and the full mix that fits all others best under the Shapley kernel; with x = z - |z| / K and the
answers less silence's and less their share |z| / K of the whole difference, that is least squares without a constraint.

Errors are those of survey regression: residuals are added within a draw, since those of a pair may cancel, which is the
point of drawing pairs; masks that were certain to be drawn contribute none.

References: Lundberg & Lee, "A Unified Approach to Interpreting Model Predictions", 2017, theorem 2; Musco & Witter,
"Provably Accurate Shapley Value Estimation via Leverage Score Sampling", 2025, lemma 3.1; Fuller, "Regression analysis
for sample survey", 1975; White, "A heteroskedasticity-consistent covariance matrix estimator", 1980.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from lemons.arguments import as_array, number, quoted, whole
from lemons.errors import DataError, ParameterError
from lemons.quality.fidelity import weighted_r2
from lemons.sampling.kernels import kernel_of_size, shapley_kernel
from lemons.sampling.neighborhood import Neighborhood

__all__ = ["ESTIMATORS", "Estimate", "Estimator", "estimate_lime", "estimate_shapley"]


@dataclass(frozen=True)
class Estimate:
    """Weights as estimates of those over all masks.

    Attributes
    ----------
    weights : np.ndarray [shape=(n_components,)]
    intercept : float
        what the line says about silence
    covariance : np.ndarray [shape=(n_components, n_components)]
        of the weights' errors; zeros where all masks were drawn without replacement
    fidelity : float
        weighted R² on the masks that were fitted
    n_masks : int
        how many different ones those were
    freedom : int
        degrees of freedom of the errors: draws less what was fitted to them

    Examples
    --------
    >>> from lemons.sampling import leverage
    >>> neighborhood = leverage(3, 8)
    >>> estimate = estimate_shapley(neighborhood, neighborhood.masks @ [2.0, 0.0, 1.0])
    >>> estimate.top(2), estimate.standard_errors.tolist()
    ((0, 2), [0.0, 0.0, 0.0])
    """

    weights: np.ndarray
    intercept: float
    covariance: np.ndarray = field(repr=False)
    fidelity: float
    n_masks: int
    freedom: int

    @property
    def standard_errors(self) -> np.ndarray:
        """Of the weights, (n_components,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def confidence_intervals(self) -> np.ndarray:
        """Where the weights over all masks are, each with a confidence of 95 %: (n_components, 2)."""
        margin = self._quantile(0.025) * self.standard_errors
        return np.stack([self.weights - margin, self.weights + margin], axis=1)

    def top(self, k: int) -> tuple[int, ...]:
        """The k components of the largest weights, the largest first."""
        k = whole("k", k, least=1, most=len(self.weights), hint=", the components")
        return tuple(np.argsort(-self.weights, kind="stable")[:k].tolist())

    def settled(self, k: int, *, risk: float = 0.05) -> bool:
        """Whether the components of the k largest weights are those over all masks, up to a risk.

        Every component of the top is compared with every other, by the standard error of their difference; the risk is
        shared between all comparisons (Bonferroni).

        Parameters
        ----------
        k : int > 0
            how many components
        risk : float > 0
            chance of error that is accepted, at most 1
        """
        risk = number("risk", risk, above=0, most=1)
        top = np.array(self.top(k))
        others = np.setdiff1d(np.arange(len(self.weights)), top)
        variance = np.diag(self.covariance)
        of_difference = variance[top][:, None] + variance[others] - 2 * self.covariance[np.ix_(top, others)]
        lead = self.weights[top][:, None] - self.weights[others]
        margin = self._quantile(min(risk / max(lead.size, 1), 0.5)) * np.sqrt(np.maximum(of_difference, 0))
        return bool((lead >= margin).all())

    def _quantile(self, risk: float) -> float:
        """How many standard errors are surpassed with this chance, on one side (Student)."""
        return float(-stdtrit(max(self.freedom, 1), risk))


Estimator = Callable[[Neighborhood, np.ndarray], Estimate]


def estimate_lime(neighborhood: Neighborhood, answers: np.ndarray) -> Estimate:
    """LIME's weights without a ridge, as `lemons.exact.ScoreTable.lime` has them over all masks.

    Parameters
    ----------
    neighborhood : Neighborhood
    answers : np.ndarray [shape=(n_masks,)]
        of the model, to the masks of the neighborhood

    Returns
    -------
    Estimate

    Raises
    ------
    ParameterError
        if the answers have another shape, or the masks are too few for weights with errors
    DataError
        if answers are not finite

    Examples
    --------
    >>> from lemons.sampling import distinct
    >>> neighborhood = distinct(10, 100, seed=0)
    >>> answers = 1 + neighborhood.masks @ np.arange(10.0)
    >>> np.abs(estimate_lime(neighborhood, answers).weights).round(6).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]
    """
    answers = _checked(neighborhood, answers)
    masks, n = neighborhood.masks.astype(np.float64), neighborhood.n_components
    weights = neighborhood.importance * kernel_of_size(masks.sum(axis=1), n)
    design = np.column_stack([masks, np.ones(len(masks))])
    coefficients, covariance, freedom = _fit(neighborhood, design, answers, weights, rank=n + 1)
    fidelity = weighted_r2(answers, design @ coefficients, weights)
    line, intercept = coefficients[:n], float(coefficients[n])
    return Estimate(line, intercept, covariance[:n, :n], fidelity, neighborhood.n_distinct, freedom)


def estimate_shapley(neighborhood: Neighborhood, answers: np.ndarray) -> Estimate:
    """Shapley values; they sum to the full mix's answer less that of silence.

    Parameters
    ----------
    neighborhood : Neighborhood
        with the full mix and silence in it, as all samplers but audioLIME's draw it
    answers : np.ndarray [shape=(n_masks,)]
        of the model, to the masks of the neighborhood

    Returns
    -------
    Estimate

    Raises
    ------
    ParameterError
        if the full mix or silence is missing; see `estimate_lime` for the rest

    Examples
    --------
    Two components that count only together share what they add:

    >>> from lemons.sampling import leverage
    >>> neighborhood = leverage(3, 8)
    >>> answers = neighborhood.masks[:, 0] * neighborhood.masks[:, 1]
    >>> np.abs(estimate_shapley(neighborhood, answers).weights).round(6).tolist()
    [0.5, 0.5, 0.0]
    """
    answers = _checked(neighborhood, answers)
    masks, n = neighborhood.masks.astype(np.float64), neighborhood.n_components
    sizes = masks.sum(axis=1)
    if not ((sizes == 0).any() and (sizes == n).any()):
        raise ParameterError("the neighborhood lacks the full mix or silence, which Shapley values need; draw pairs")
    silence = float(answers[sizes == 0][0])
    gain = float(answers[sizes == n][0]) - silence
    weights = neighborhood.importance * shapley_kernel(sizes, n)
    design = masks - sizes[:, None] / n
    values = answers - silence - gain * sizes / n
    coefficients, covariance, freedom = _fit(neighborhood, design, values, weights, rank=n - 1)
    found = coefficients + gain / n
    fidelity = weighted_r2(answers, silence + masks @ found, weights) if weights.any() else 1.0
    return Estimate(found, silence, covariance, fidelity, neighborhood.n_distinct, freedom)


ESTIMATORS: Mapping[str, Estimator] = {"lime": estimate_lime, "shapley": estimate_shapley}


def _checked(neighborhood: Neighborhood, answers: np.ndarray) -> np.ndarray:
    found = np.asarray(as_array(answers))
    if found.shape != (len(neighborhood),) or found.dtype.kind not in "fiub":
        raise ParameterError(f"answers={quoted(answers)} must be a number for each of {len(neighborhood)} masks")
    if not np.isfinite(found).all():
        raise DataError("the model answers with values that are not numbers (NaN or infinite); train it again")
    return found.astype(np.float64)


def _fit(
    neighborhood: Neighborhood, design: np.ndarray, answers: np.ndarray, weights: np.ndarray, *, rank: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Weighted least squares, the shortest solution; the covariance of its error and the degrees of freedom of that."""
    weights = weights / max(weights.max(), np.finfo(float).tiny)
    roots = np.sqrt(weights)[:, None]
    coefficients, _, found, _ = np.linalg.lstsq(design * roots, answers * roots[:, 0], rcond=None)
    uncertain = (weights > 0) & (neighborhood.uncertainty > 0)
    n_draws = len(np.unique(neighborhood.draws[uncertain]))
    if found < rank or 0 < n_draws <= rank:
        few = f"{len(neighborhood)} masks are too few for the weights of {neighborhood.n_components} components"
        raise ParameterError(f"{few} and their errors; draw at least {2 * rank + 4}")
    if not n_draws:
        return coefficients, np.zeros((design.shape[1], design.shape[1])), 0
    residuals = weights * (answers - design @ coefficients) * np.sqrt(neighborhood.uncertainty)
    scores = np.zeros((neighborhood.draws.max() + 1, design.shape[1]))
    np.add.at(scores, neighborhood.draws, design * residuals[:, None])
    # Shapley's design has no part along the ones: rounding must not make one
    bread = np.linalg.pinv(design.T @ (design * weights[:, None]), rcond=1e-12, hermitian=True)
    covariance = bread @ (scores.T @ scores) @ bread * (n_draws / (n_draws - rank))
    return coefficients, covariance, n_draws - rank
