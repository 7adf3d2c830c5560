"""The linear model behind an explanation: masks in, weights out.

A mask is a row of zeros and ones, one per component; its answer is what the model said about that mix. The answers are
regressed on the masks with weights that fall with the distance from the full mix, after selecting features.
"""

import logging
from collections.abc import Callable

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge, lars_path
from sklearn.utils.validation import has_fit_parameter

from lemons.arguments import quoted
from lemons.errors import ParameterError

__all__ = ["FEATURE_SELECTIONS", "LimeBase", "check_regressor"]

logger = logging.getLogger(__name__)

FORWARD_SELECTION_MAX = 6  # more features than that are chosen by their weight: forward selection costs K fits each
FEATURE_SELECTIONS = ("auto", "forward_selection", "highest_weights", "lasso_path", "none")


class LimeBase(BaseEstimator):
    """Fits a weighted, sparse linear model to answers about masks.

    Parameters
    ----------
    kernel_fn : callable
        weight of a mask by its distance from the full mix, ``kernel_fn(distances) -> np.ndarray`` of the same shape
    verbose : bool
        log intercept, local prediction and score of every fit (level INFO)
    absolute_feature_sort : bool
        order features by absolute weight rather than by weight, the largest first
    random_state : int, np.random.RandomState or None
        handed to scikit-learn; no solver used here draws from it

    Examples
    --------
    >>> masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> answers = masks @ np.array([[3.0], [1.0]])
    >>> distances = 1 - masks.mean(axis=1)
    >>> base = LimeBase(lambda distances: np.exp(-distances))
    >>> base.feature_selection(masks, answers[:, 0], base.kernel_fn(distances), num_features=1, method="auto")
    array([0])
    >>> intercept, weights, score, prediction = base.explain_instance_with_data(masks, answers, distances, 0, 2)
    >>> [(component, round(weight, 2)) for component, weight in weights]
    [(0, 1.13), (1, 0.38)]
    """

    def __init__(
        self,
        kernel_fn: Callable[[np.ndarray], np.ndarray],
        verbose: bool = False,
        absolute_feature_sort: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.kernel_fn = kernel_fn
        self.verbose = verbose
        self.absolute_feature_sort = absolute_feature_sort
        self.random_state = random_state

    @staticmethod
    def generate_lars_path(weighted_data: np.ndarray, weighted_labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The path of the lasso: its alphas, and one column of coefficients for each of them."""
        alphas, _, coefs = lars_path(weighted_data, weighted_labels, method="lasso")
        return alphas, coefs

    def forward_selection(self, data, labels, weights, num_features: int) -> np.ndarray:
        """The features that raise R² most, one after the other, in the order of their choice."""
        chosen: list[int] = []
        for _ in range(min(num_features, data.shape[1])):

            def r2_with(feature: int) -> float:
                columns = data[:, [*chosen, feature]]
                fitted = self._ridge(alpha=0).fit(columns, labels, sample_weight=weights)
                return fitted.score(columns, labels, sample_weight=weights)

            chosen.append(max((f for f in range(data.shape[1]) if f not in chosen), key=r2_with))
        return np.array(chosen)

    def feature_selection(self, data, labels, weights, num_features: int, method: str) -> np.ndarray:
        """Features that the explanation may use.

        Parameters
        ----------
        data : np.ndarray [shape=(n_masks, n_components)]
            masks, the first of them the full mix
        labels : np.ndarray [shape=(n_masks,)]
            answers
        weights : np.ndarray [shape=(n_masks,)]
            weight of each mask in the fit
        num_features : int > 0
            how many features at most; ``'none'`` ignores it
        method : str
            ``'forward_selection'``; ``'highest_weights'`` of a least-squares fit on all features; ``'lasso_path'``, the
            last point of the lasso's path with few enough features; ``'none'`` for all of them; or ``'auto'``: forward
            selection for up to 6 features, highest weights for more

        Returns
        -------
        np.ndarray of int
        """
        if method not in FEATURE_SELECTIONS:
            raise ParameterError(f"feature_selection={method!r} is unknown; choose one of {FEATURE_SELECTIONS}")
        if num_features < 1:
            raise ParameterError(f"num_features={num_features} must be at least 1")
        if method == "auto":
            method = "forward_selection" if num_features <= FORWARD_SELECTION_MAX else "highest_weights"
        if method == "none":
            return np.arange(data.shape[1])
        if method == "forward_selection":
            return self.forward_selection(data, labels, weights, num_features)
        if method == "highest_weights":
            strengths = self._ridge(alpha=0).fit(data, labels, sample_weight=weights).coef_ * data[0]
            return np.argsort(-np.abs(strengths), kind="stable")[:num_features]
        roots = np.sqrt(weights)
        centred_data = (data - np.average(data, axis=0, weights=weights)) * roots[:, None]
        centred_labels = (labels - np.average(labels, weights=weights)) * roots
        _, coefs = self.generate_lars_path(centred_data, centred_labels)
        used = np.arange(data.shape[1])
        for step in range(coefs.shape[1] - 1, 0, -1):  # from the least sparse point; step 0 has no feature at all
            used = coefs[:, step].nonzero()[0]
            if len(used) <= num_features:
                break
        return used

    def explain_instance_with_data(
        self,
        neighborhood_data: np.ndarray,
        neighborhood_labels: np.ndarray,
        distances: np.ndarray,
        label: int,
        num_features: int,
        feature_selection: str = "auto",
        model_regressor=None,
        fit_intercept: bool = True,
    ) -> tuple[float, list[tuple[int, float]], float, np.ndarray]:
        """Explain one label by masks that were scored already.

        Parameters
        ----------
        neighborhood_data : np.ndarray [shape=(n_masks, n_components)]
            masks, the first of them the full mix
        neighborhood_labels : np.ndarray [shape=(n_masks, n_labels)]
            answers
        distances : np.ndarray [shape=(n_masks,)]
            distance of each mask from the full mix
        label : int
            column of ``neighborhood_labels`` that is explained
        num_features : int > 0
            how many components at most get a weight
        feature_selection : str
            see `feature_selection`
        model_regressor : scikit-learn regressor or None
            a linear model with ``coef_`` whose ``fit`` takes ``sample_weight``; None for ridge with alpha 1
        fit_intercept : bool
            whether ridge may have an intercept

        Returns
        -------
        intercept : float
        local_exp : list of (int, float)
            component and weight, the largest weight (or absolute weight) first
        score : float
            weighted R² on the masks that were fitted
        local_pred : np.ndarray [shape=(1,)]
            what the linear model says about the full mix
        """
        weights = self._proximity(distances)
        answers = neighborhood_labels[:, label]
        used = self.feature_selection(neighborhood_data, answers, weights, num_features, feature_selection)
        masks = neighborhood_data[:, used]
        model = self._ridge(alpha=1, fit_intercept=fit_intercept) if model_regressor is None else model_regressor
        model.fit(masks, answers, sample_weight=weights)
        if np.shape(getattr(model, "coef_", ())) != (masks.shape[1],):
            raise ParameterError(f"model_regressor={quoted(model)} is not linear: it has no coef_ for each component")
        score = model.score(masks, answers, sample_weight=weights)
        local_pred = model.predict(masks[:1])
        ranks = np.abs(model.coef_) if self.absolute_feature_sort else model.coef_
        order = np.argsort(-ranks, kind="stable")
        local_exp = [(int(used[i]), float(model.coef_[i])) for i in order]
        if self.verbose:
            text = "label %s: intercept %s, local prediction %s, right %s, score %s"
            logger.info(text, label, model.intercept_, local_pred, answers[0], score)
        return float(model.intercept_), local_exp, float(score), local_pred

    def _proximity(self, distances: np.ndarray) -> np.ndarray:
        weights = np.asarray(self.kernel_fn(distances))
        if weights.shape != distances.shape or weights.dtype.kind not in "fiu":
            raise ParameterError(f"kernel gives {quoted(weights)}, not one weight for each of {len(distances)} masks")
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise ParameterError("kernel gives weights that are negative, no numbers, or all 0; widen kernel_width")
        return weights

    def _ridge(self, *, alpha: float, fit_intercept: bool = True) -> Ridge:
        return Ridge(alpha=alpha, fit_intercept=fit_intercept, random_state=self.random_state)


def check_regressor(model) -> None:
    """Refuse a model that cannot be fitted to weighted masks; None stands for ridge."""
    if model is None:
        return
    wanted = "an object of scikit-learn with fit, predict and score, such as LinearRegression()"
    if isinstance(model, type) or not all(callable(getattr(model, name, None)) for name in ("fit", "predict", "score")):
        raise ParameterError(f"model_regressor={quoted(model)} must be {wanted}")
    if not has_fit_parameter(model, "sample_weight"):
        raise ParameterError(f"model_regressor={quoted(model)} takes no sample_weight; masks count by their closeness")
