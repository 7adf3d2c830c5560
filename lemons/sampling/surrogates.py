"""Simple models of a model's answers: ridge, least squares, lasso, and a decision tree.

Ridge is audioLIME's. The lasso leaves out components that matter little, as many as cross-validation finds best. A tree
has no weights, since what a component does depends on others: it says *if the drums sound and the voice does not*.

References: Hoerl & Kennard, "Ridge Regression", 1970; Tibshirani, "Regression Shrinkage and Selection via the Lasso",
1996; Breiman, Friedman, Olshen & Stone, "Classification and Regression Trees", 1984.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from sklearn.linear_model import LassoCV, LinearRegression, Ridge
from sklearn.tree import DecisionTreeRegressor

from lemons.arguments import as_array, one_of, quoted
from lemons.errors import DataError, ParameterError
from lemons.quality.fidelity import weighted_r2

__all__ = ["SURROGATES", "Surrogate", "fit_surrogate"]

MAX_DEPTH = 4  # of a tree: 16 cases are what a person reads
N_FOLDS = 5  # of the cross-validation of the lasso

# what scikit-learn calls each; ridge with the alpha of audioLIME
SURROGATES: Mapping[str, Callable] = {
    "ridge": lambda: Ridge(alpha=1.0),
    "least_squares": LinearRegression,
    "lasso": lambda: LassoCV(cv=N_FOLDS),
    "tree": lambda: DecisionTreeRegressor(max_depth=MAX_DEPTH, random_state=0),
}


@dataclass(frozen=True)
class Surrogate:
    """A simple model that was fitted to answers.

    Attributes
    ----------
    kind : str
        one of `SURROGATES`
    weights : np.ndarray [shape=(n_components,)] or None
        of a line; None for a tree
    intercept : float or None
        of a line: what it says about silence
    importances : np.ndarray [shape=(n_components,)]
        share of each component in what is explained, 0 to 1 and 1 in all: of a line by the size of its weights, of a
        tree by the variance that its splits take away
    fidelity : float
        weighted R² on the masks that were fitted; judge by `fidelity_on` other masks

    Examples
    --------
    >>> masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> line = fit_surrogate("least_squares", masks, masks @ [2.0, 1.0], np.ones(4))
    >>> line.weights.round(6).tolist(), line.predict(np.array([[1, 0]])).round(6).tolist()
    ([2.0, 1.0], [2.0])
    """

    kind: str
    weights: np.ndarray | None
    intercept: float | None
    importances: np.ndarray
    fidelity: float
    model: Ridge | LinearRegression | LassoCV | DecisionTreeRegressor = field(repr=False)

    def predict(self, masks: np.ndarray) -> np.ndarray:
        """What it says of masks (n_masks, n_components): (n_masks,)."""
        return self.model.predict(masks)

    def fidelity_on(self, masks: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> float:
        """Weighted R² on masks; see `lemons.quality.fidelity.weighted_r2`."""
        return weighted_r2(answers, self.predict(masks), weights)


def fit_surrogate(kind: str, masks: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> Surrogate:
    """Fit a simple model to answers.

    Parameters
    ----------
    kind : 'ridge', 'least_squares', 'lasso' or 'tree'
        which model
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones
    answers : np.ndarray [shape=(n_masks,)]
        of the model that is explained
    weights : np.ndarray [shape=(n_masks,)]
        how much each mask counts, such as ``importance * kernel_of_size(sizes, n_components)`` of a neighborhood

    Returns
    -------
    Surrogate

    Raises
    ------
    ParameterError
        if the kind is unknown or the shapes do not fit
    DataError
        if answers are not finite

    Examples
    --------
    >>> masks = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> fit_surrogate("least_squares", masks, np.array([1.0, 3.0, 1.0, 3.0]), np.ones(4)).weights.round(6).tolist()
    [0.0, 2.0]
    """
    kind = one_of("kind", kind, SURROGATES)
    masks, answers, weights = (np.asarray(as_array(one)) for one in (masks, answers, weights))
    if masks.ndim != 2 or not answers.shape == weights.shape == (len(masks),):
        found = f"masks={quoted(masks)}, answers={quoted(answers)}, weights={quoted(weights)}"
        raise ParameterError(f"{found} must be (n_masks, n_components), (n_masks,) and (n_masks,)")
    if kind == "lasso" and len(masks) < N_FOLDS:
        raise ParameterError(f"{len(masks)} masks are too few for the lasso's cross-validation; give {N_FOLDS} or more")
    if not (len(masks) and np.isfinite(answers).all()):
        raise DataError("answers must be numbers for one mask at least; they are NaN, infinite or none")
    model = SURROGATES[kind]().fit(masks, answers, sample_weight=weights)
    if isinstance(model, DecisionTreeRegressor):
        line, intercept, strengths = None, None, model.feature_importances_
    else:
        line, intercept, strengths = model.coef_, float(model.intercept_), np.abs(model.coef_)
    importances = strengths / strengths.sum() if strengths.any() else strengths
    fidelity = weighted_r2(answers, model.predict(masks), weights)
    return Surrogate(kind, line, intercept, importances, fidelity, model)
