"""Explaining a model's answer about a sound by the components that the sound is made of."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from sklearn.metrics import pairwise_distances

from lemons.arguments import function, items, number, one_of, quoted, switch, whole
from lemons.arguments import random_state as check_state
from lemons.audiolime.factorization_base import Factorization
from lemons.audiolime.lime_base import FEATURE_SELECTIONS, LimeBase, check_regressor
from lemons.audiolime.neighborhood import draw_masks, score_masks
from lemons.errors import ParameterError
from lemons.progress import Progress

__all__ = ["AudioExplanation", "LimeAudioExplainer", "exponential_kernel"]


def exponential_kernel(d: np.ndarray, kernel_width: float) -> np.ndarray:
    """Weight 1 at distance 0, falling like a bell: the square root of exp(-d² / kernel_width²)."""
    return np.sqrt(np.exp(-(d**2) / kernel_width**2))


class AudioExplanation:
    """Weights of a factorization's components, by label.

    Attributes
    ----------
    factorization : Factorization
        whose components are weighed
    neighborhood_data : np.ndarray [shape=(num_samples, n_components)]
        masks, the first of them the full mix
    neighborhood_labels : np.ndarray [shape=(num_samples, n_labels)]
        the model's answers
    intercept, local_exp, score, local_pred : dict by label
        see `lemons.audiolime.lime_base.LimeBase.explain_instance_with_data`
    """

    def __init__(self, factorization: Factorization, neighborhood_data: np.ndarray, neighborhood_labels: np.ndarray):
        self.factorization = factorization
        self.neighborhood_data = neighborhood_data
        self.neighborhood_labels = neighborhood_labels
        self.intercept: dict[int, float] = {}
        self.local_exp: dict[int, list[tuple[int, float]]] = {}
        self.score: dict[int, float] = {}
        self.local_pred: dict[int, np.ndarray] = {}
        self.top_labels: list[int]

    def get_sorted_components(
        self,
        label: int,
        positive_components: bool = True,
        negative_components: bool = True,
        num_components: int | str = "all",
        min_abs_weight: float = 0.0,
        return_indeces: bool = False,
    ):
        """The sound of the components that mattered, in the order of their weights.

        Parameters
        ----------
        label : int
            which label's weights
        positive_components, negative_components : bool
            which signs to take; when only one is wanted, components of weight 0 are left out too
        num_components : int or 'all'
            how many at most
        min_abs_weight : float
            leave out weights smaller than that
        return_indeces : bool
            also return the components' numbers

        Returns
        -------
        components
            what the factorization's `retrieve_components` gives for the components chosen
        indices : np.ndarray of int
            only with ``return_indeces``

        Raises
        ------
        ParameterError
            if the label was not explained, both signs are refused, or ``num_components`` is not a count
        """
        local_exp = self.weights_of(label)
        positive_components = switch("positive_components", positive_components)
        negative_components = switch("negative_components", negative_components)
        min_abs_weight = number("min_abs_weight", min_abs_weight, least=0)
        if not (positive_components or negative_components):
            raise ParameterError("positive_components, negative_components or both must be True")
        if not (isinstance(num_components, str) and num_components == "all"):
            num_components = whole("num_components", num_components, least=0, hint=", or 'all'")
        chosen = [
            component
            for component, weight in local_exp
            if (negative_components or weight > 0)
            and (positive_components or weight < 0)
            and abs(weight) >= min_abs_weight
        ]
        first = len(chosen) if isinstance(num_components, str) else num_components
        indices = np.array(chosen[:first], dtype=np.int64)
        components = self.factorization.retrieve_components(indices)
        return (components, indices) if switch("return_indeces", return_indeces) else components

    def weights_of(self, label: int) -> list[tuple[int, float]]:
        """Components and weights of a label, the largest first; ParameterError if it was not explained."""
        if whole("label", label, least=0) not in self.local_exp:
            raise ParameterError(f"label={label} was not explained; choose one of {sorted(self.local_exp)}")
        return self.local_exp[int(label)]


class LimeAudioExplainer:
    """Explains predictions about audio.

    Parameters
    ----------
    kernel_width : float > 0
        how far from the full mix a mask still counts
    kernel : callable or None
        ``kernel(distances, kernel_width=...) -> weights``; None for `exponential_kernel`
    verbose : bool
        log each fit (level INFO)
    feature_selection : str
        see `lemons.audiolime.lime_base.LimeBase.feature_selection`
    absolute_feature_sort : bool
        order components by absolute weight
    random_state : int, np.random.RandomState or None
        where masks come from. An integer gives the same masks at every call; a RandomState advances from call to call;
        None counts as 0.
    """

    def __init__(
        self,
        kernel_width: float = 0.25,
        kernel: Callable[..., np.ndarray] | None = None,
        verbose: bool = False,
        feature_selection: str = "auto",
        absolute_feature_sort: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ):
        kernel = function("kernel", exponential_kernel if kernel is None else kernel)
        kernel_fn = partial(kernel, kernel_width=number("kernel_width", kernel_width, above=0))
        self.random_state = 0 if random_state is None else check_state("random_state", random_state)
        self.feature_selection = one_of("feature_selection", feature_selection, FEATURE_SELECTIONS)
        verbose, by_size = switch("verbose", verbose), switch("absolute_feature_sort", absolute_feature_sort)
        self.base = LimeBase(kernel_fn, verbose, by_size, random_state=self.random_state)

    def explain_instance(
        self,
        factorization: Factorization,
        predict_fn: Callable[[np.ndarray], np.ndarray],
        labels: Iterable[int] | None = None,
        top_labels: int | None = None,
        num_reg_targets: int | None = None,
        num_features: int = 100000,
        num_samples: int | str = 1000,
        batch_size: int = 10,
        distance_metric: str = "cosine",
        model_regressor=None,
        random_seed: int | None = None,
        fit_intercept: bool = True,
        progress: Progress | None = None,
    ) -> AudioExplanation:
        """Explain what a model says about a sound.

        Parameters
        ----------
        factorization : Factorization
            the sound and its components
        predict_fn : callable
            the model, ``predict_fn(inputs) -> answers``: at most ``batch_size`` composed inputs stacked to an array,
            answers of shape (len(inputs), n_labels)
        labels : iterable of int or None
            labels to explain (classification)
        top_labels : int or None
            explain that many labels with the highest answers for the full mix instead
        num_reg_targets : int or None
            explain that many targets of a regression instead
        num_features : int > 0
            how many components at most get a weight
        num_samples : int > 1 or 'exhaustive'
            size of the neighborhood: masks drawn, the full mix first; or every mask there is, once
        batch_size : int > 0
            mixes per call of ``predict_fn``
        distance_metric : str
            of `sklearn.metrics.pairwise_distances`
        model_regressor : scikit-learn regressor or None
            None for ridge with alpha 1
        random_seed : int or None
            as in audioLIME, giving one only leaves out a number drawn before the masks
        fit_intercept : bool
            whether ridge may have an intercept
        progress : callable or None
            ``progress(done, total)``, called after each batch with numbers of distinct masks; may raise to cancel

        Returns
        -------
        AudioExplanation
            the score of a mask is in as many rows of ``neighborhood_labels`` as the mask was drawn

        Raises
        ------
        ParameterError
            if it is not clear what to explain, or a number is out of range
        DataError
            if ``predict_fn`` answers with values that are not numbers
        """
        explained = _question(labels, top_labels, num_reg_targets)
        num_features = whole("num_features", num_features, least=1)
        fit_intercept = switch("fit_intercept", fit_intercept)
        if random_seed is not None:
            whole("random_seed", random_seed, least=0)
        if progress is not None:
            function("progress", progress)
        check_regressor(model_regressor)
        for method in ("get_number_components", "compose_model_input", "retrieve_components"):
            if not hasattr(factorization, method):
                raise ParameterError(f"factorization={quoted(factorization)} has no {method}; give a Factorization")
        n_components = factorization.get_number_components()
        masks = draw_masks(n_components, num_samples, random_state=self.random_state, random_seed=random_seed)
        distances = _distances(masks, distance_metric)
        answers = score_masks(factorization, predict_fn, masks, batch_size=batch_size, progress=progress)
        explanation = AudioExplanation(factorization, masks, answers)
        if top_labels is not None and num_reg_targets is None:
            explained = explanation.top_labels = [int(label) for label in np.argsort(answers[0])[::-1][:top_labels]]
        for label in explained:
            if not 0 <= label < answers.shape[1]:
                raise ParameterError(f"label={label} must be one of the {answers.shape[1]} that predict_fn answers")
            (
                explanation.intercept[label],
                explanation.local_exp[label],
                explanation.score[label],
                explanation.local_pred[label],
            ) = self.base.explain_instance_with_data(
                masks,
                answers,
                distances,
                label,
                num_features,
                feature_selection=self.feature_selection,
                model_regressor=model_regressor,
                fit_intercept=fit_intercept,
            )
        return explanation


def _question(labels, top_labels, num_reg_targets) -> Iterable[int]:
    """The labels to explain; those of ``top_labels`` follow from the answers."""
    given = {"labels": labels, "top_labels": top_labels, "num_reg_targets": num_reg_targets}
    asked = [name for name, value in given.items() if value is not None]
    if "num_reg_targets" in asked and len(asked) > 1:
        raise ParameterError(f"{' and '.join(asked)} exclude each other: classification or regression, not both")
    if num_reg_targets is not None:
        return range(whole("num_reg_targets", num_reg_targets, least=1))
    if top_labels is not None:
        return range(whole("top_labels", top_labels, least=1))
    if labels is not None:
        labels = [whole("a label", one, least=0) for one in items("labels", labels, hint="a list such as [1]")]
    if not labels:
        raise ParameterError("nothing to explain: set labels, top_labels or num_reg_targets")
    return labels


def _distances(masks: np.ndarray, metric: str | Callable) -> np.ndarray:
    """Of all masks from the first, the full mix."""
    if not isinstance(metric, str):
        function("distance_metric", metric)
    try:
        distances = pairwise_distances(masks, masks[:1], metric=metric).ravel()
    except (ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0][:100]
        raise ParameterError(f"distance_metric={quoted(metric)} cannot be taken ({reason}); take 'cosine'") from error
    if not np.isfinite(distances).all():
        raise ParameterError(f"distance_metric={quoted(metric)} is no number for some masks; take 'cosine'")
    return distances
