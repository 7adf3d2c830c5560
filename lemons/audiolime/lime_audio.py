"""Explaining a model's answer about a sound by the components that the sound is made of."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import pairwise_distances

from lemons.arguments import function, items, number, one_of, quoted, switch, whole
from lemons.arguments import random_state as check_state
from lemons.audiolime.audio_explanation import AudioExplanation
from lemons.audiolime.factorization_base import Factorization
from lemons.audiolime.lime_base import FEATURE_SELECTIONS, LimeBase, check_regressor
from lemons.audiolime.neighborhood import draw_masks, score_masks
from lemons.errors import ParameterError
from lemons.progress import Progress

__all__ = ["AudioExplanation", "LimeAudioExplainer", "exponential_kernel"]


def exponential_kernel(d: np.ndarray, kernel_width: float) -> np.ndarray:
    """Weight 1 at distance 0, falling like a bell: the square root of exp(-d² / kernel_width²).

    >>> exponential_kernel(np.array([0.0, 0.25]), kernel_width=0.25).round(3)
    array([1.   , 0.607])
    """
    return np.sqrt(np.exp(-(d**2) / kernel_width**2))


class LimeAudioExplainer(BaseEstimator):
    """Explains predictions about audio.

    Parameters are read, set and copied as scikit-learn does it (`get_params`, `set_params`, `sklearn.base.clone`).

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

    Raises
    ------
    ParameterError
        if an argument is of the wrong kind or out of range

    Examples
    --------
    >>> LimeAudioExplainer(kernel_width=0.5, random_state=3)
    LimeAudioExplainer(kernel_width=0.5, random_state=3)
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
        self.kernel_width = kernel_width
        self.kernel = kernel
        self.verbose = verbose
        self.feature_selection = feature_selection
        self.absolute_feature_sort = absolute_feature_sort
        self.random_state = random_state
        _ = self.base  # refuses wrong arguments at once

    @property
    def base(self) -> LimeBase:
        """The linear model that these parameters make."""
        kernel = function("kernel", exponential_kernel if self.kernel is None else self.kernel)
        kernel_fn = partial(kernel, kernel_width=number("kernel_width", self.kernel_width, above=0))
        one_of("feature_selection", self.feature_selection, FEATURE_SELECTIONS)
        by_size = switch("absolute_feature_sort", self.absolute_feature_sort)
        return LimeBase(kernel_fn, switch("verbose", self.verbose), by_size, random_state=self._state())

    def _state(self) -> int | np.random.RandomState:
        return 0 if self.random_state is None else check_state("random_state", self.random_state)

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

        Examples
        --------
        Why label 1 of a binary model, whose answers are probabilities of the two labels:

        >>> from lemons.audiolime import TimeOnlyFactorization
        >>> def predict_fn(waveforms):  # a model that hears nothing but the end
        ...     p = waveforms[:, -1]
        ...     return np.column_stack([1 - p, p])
        >>> explained = TimeOnlyFactorization(np.full(8, 0.5), target_sr=1, temporal_segmentation_params=4)
        >>> explanation = LimeAudioExplainer(random_state=0).explain_instance(explained, predict_fn, labels=[1])
        >>> explanation.get_sorted_components(1, num_components=1)
        array([0. , 0. , 0. , 0. , 0. , 0. , 0.5, 0.5])
        """
        base, explained = self.base, _question(labels, top_labels, num_reg_targets)
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
        masks = draw_masks(n_components, num_samples, random_state=self._state(), random_seed=random_seed)
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
            ) = base.explain_instance_with_data(
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
