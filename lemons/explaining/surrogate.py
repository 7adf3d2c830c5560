"""The linear model of an explanation: LIME over all masks there are, or over masks that were drawn.

Silent components weigh exactly 0 and are in no mask: regressed like the others, they would get a weight by chance and
might be the top component, which is silence.
"""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.special import expit
from sklearn.metrics import pairwise_distances

from lemons.audiolime import LimeAudioExplainer
from lemons.audiolime.neighborhood import draw_masks
from lemons.exact.lime import NORMAL_QUANTILE, lime_of_moments
from lemons.exact.masks import spread
from lemons.exact.moments import moments_of_few
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments
from lemons.explaining.component import Pair
from lemons.explaining.question import N_FRESH_MASKS, Question
from lemons.progress import Progress
from lemons.quality.fidelity import cross_predictions, fresh_masks, weighted_r2
from lemons.sampling import SAMPLERS, estimate_lime, until_settled
from lemons.sampling.kernels import kernel_of_size

if TYPE_CHECKING:
    from lemons.explaining.passes import ExactScores

__all__ = ["Fit", "Scores", "fit_all", "fit_drawn", "fit_exact", "fit_sampled", "strongest_pair"]

logger = logging.getLogger(__name__)

N_FIRST_MASKS = 256  # before it is first asked whether the top is settled


class Scores(Protocol):
    """A model's answers to mixes that it is asked about; see `lemons.explaining.mask_scores.SampledScores`."""

    @property
    def sounding(self) -> np.ndarray: ...  # noqa: D102

    def logits(self, masks: np.ndarray, *, progress: Progress | None = None) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True)
class Fit:
    """A linear model of a model's answers; see `lemons.explaining.explanation` for what its fields are.

    Attributes
    ----------
    weights : np.ndarray [shape=(n_components,)]
    margins : np.ndarray [shape=(n_components,)] or None
        half-widths of the weights' 95 % confidence intervals; None where one sample does not say
    """

    weights: np.ndarray
    margins: np.ndarray | None
    intercept: float
    fidelity: float
    fidelity_held_out: float
    held_out: str
    pair: Pair | None
    neighborhood: str
    n_masks: int
    seed: int


def fit_exact(question: Question, scores: "ExactScores") -> Fit:
    """LIME over all masks; where they are too many to enumerate, over very many drawn without replacement.

    Parameters
    ----------
    question : Question
        what is explained
    scores : ExactScores
        of all masks

    Returns
    -------
    Fit
    """
    table, target = scores.table, question.target
    lime = table.lime(target=target) if table.enumerable else table.lime_sampled(target=target)
    held_out, fidelity_held_out = "none", lime.fidelity
    if lime.masks is not None:
        sounding = table.sounding.ravel()
        masks = spread(fresh_masks(lime.masks[:, sounding], N_FRESH_MASKS, seed=0), sounding)
        predictions = lime.intercept + masks @ lime.weights
        proximity = kernel_of_size(masks.sum(axis=1), table.n_sounding)
        held_out = "fresh_masks"
        fidelity_held_out = weighted_r2(_answers(scores.logits(masks), target), predictions, proximity)
    return Fit(
        lime.weights,
        None if lime.standard_errors is None else NORMAL_QUANTILE * lime.standard_errors,
        lime.intercept,
        lime.fidelity,
        fidelity_held_out,
        held_out,
        # on the logit, since the sigmoid alone makes interactions of answers near 0 and 1
        strongest_pair(table.interactions(target="logit"), table.shapley(target="logit")) if lime.exact else None,
        neighborhood="all" if lime.exact else "drawn",
        n_masks=lime.n_masks,
        seed=0,
    )


def fit_all(question: Question, answers: np.ndarray, sounding: np.ndarray) -> Fit:
    """LIME over the answers to all masks, each of which the model scored.

    Parameters
    ----------
    question : Question
        what is explained
    answers : np.ndarray [shape=(2**n_sounding,)]
        logits or scores, in the order of `lemons.exact.masks.mask_rows`
    sounding : np.ndarray [shape=(n_components,), dtype=bool]
        which components the masks are of

    Returns
    -------
    Fit
    """
    lime = lime_of_moments(moments_of_few(_answers(answers, question.target)), alpha=0.0)
    moments = moments_of_few(answers)  # of the logit, as in `fit_exact`
    interactions, shapley = (
        spread(values[None], sounding)[0] for values in (interactions_of_moments(moments), shapley_of_moments(moments))
    )
    return Fit(
        spread(lime.weights[None], sounding)[0],
        np.zeros(len(sounding)),
        lime.intercept,
        lime.fidelity,
        lime.fidelity,
        "none",
        strongest_pair(interactions, shapley),
        neighborhood="all",
        n_masks=lime.n_masks,
        seed=0,
    )


def fit_sampled(question: Question, scores: Scores, *, progress: Progress | None = None) -> Fit:
    """LIME as audioLIME does it, over masks drawn with equal chances.

    Parameters
    ----------
    question : Question
        what is explained, with the size and the seed of the neighborhood
    scores : Scores
        scores the masks that it does not know yet
    progress : callable or None
        see `lemons.explaining.explain.answer`

    Returns
    -------
    Fit
    """
    n_masks, seed = question.n_masks, question.seed
    drawn = draw_masks(int(scores.sounding.sum()), n_masks, random_state=seed)
    fresh = fresh_masks(drawn, N_FRESH_MASKS, seed=seed)
    masks = np.concatenate([drawn, fresh])
    answers = _answers(scores.logits(spread(masks, scores.sounding), progress=progress), question.target)
    base = LimeAudioExplainer().base
    distances = pairwise_distances(masks, masks[:1], metric="cosine").ravel()
    proximity = base.kernel_fn(distances)
    intercept, local_exp, fidelity, _ = base.explain_instance_with_data(
        drawn, answers[:n_masks, None], distances[:n_masks], 0, masks.shape[1], feature_selection="none"
    )
    weights = np.array([weight for _, weight in sorted(local_exp)])
    if len(fresh):
        predictions = intercept + fresh @ weights
        held_out, fidelity_held_out = "fresh_masks", weighted_r2(answers[n_masks:], predictions, proximity[n_masks:])
    else:  # all masks there are were drawn
        predictions = cross_predictions(drawn, answers, proximity)
        held_out, fidelity_held_out = "leave_one_out", weighted_r2(answers, predictions, proximity)
    return Fit(
        spread(weights[None], scores.sounding)[0],
        None,
        intercept,
        fidelity,
        fidelity_held_out,
        held_out,
        None,
        neighborhood="drawn",
        n_masks=n_masks,
        seed=seed,
    )


def fit_drawn(question: Question, scores: Scores, *, progress: Progress | None = None) -> Fit:
    """LIME's weights over all masks, estimated with intervals from those that one of `lemons.sampling` draws.

    Parameters
    ----------
    question : Question
        what is explained, with sampler, size and seed of the neighborhood, and the top that is to be settled, if any
    scores : Scores
        scores the masks that it does not know yet
    progress : callable or None
        see `lemons.explaining.explain.answer`; where a top is to be settled, for each look from the beginning

    Returns
    -------
    Fit

    Raises
    ------
    ParameterError
        if the masks are too few for intervals
    """
    n_components, n_masks, seed = int(scores.sounding.sum()), question.n_masks, question.seed
    sampler = SAMPLERS[question.sampler]

    def answer(masks: np.ndarray) -> np.ndarray:
        return _answers(scores.logits(spread(masks, scores.sounding), progress=progress), question.target)

    if question.settle_top:
        k, first = min(question.settle_top, n_components), min(N_FIRST_MASKS, n_masks)
        drawing: dict[str, Any] = {"sampler": sampler, "n_first": first, "n_most": n_masks, "seed": seed}
        estimate, settled, neighborhood = until_settled(answer, n_components, k=k, estimator=estimate_lime, **drawing)
        if not settled:
            logger.warning("the top %d is not settled after %d masks; give more num_samples", k, len(neighborhood))
    else:
        neighborhood = sampler(n_components, n_masks, seed=seed)
        estimate = estimate_lime(neighborhood, answer(neighborhood.masks))
    fresh = fresh_masks(neighborhood.masks, N_FRESH_MASKS, seed=seed)
    predictions, proximity = estimate.intercept + fresh @ estimate.weights, kernel_of_size(fresh.sum(1), n_components)
    margins = np.ptp(estimate.confidence_intervals, axis=1) / 2
    return Fit(
        spread(estimate.weights[None], scores.sounding)[0],
        spread(margins[None], scores.sounding)[0],
        estimate.intercept,
        estimate.fidelity,
        weighted_r2(answer(fresh), predictions, proximity),
        "fresh_masks",
        None,
        neighborhood="drawn",
        n_masks=len(neighborhood),
        seed=seed,
    )


def strongest_pair(interactions: np.ndarray, shapley: np.ndarray) -> Pair | None:
    """The pair that interacts most; None where none does.

    Parameters
    ----------
    interactions : np.ndarray [shape=(n_components, n_components)]
        symmetric
    shapley : np.ndarray [shape=(n_components,)]
    """
    interactions = np.triu(interactions, 1)
    largest = np.abs(shapley).max(initial=0.0)
    first, second = divmod(int(np.abs(interactions).argmax()), len(shapley))
    interaction = float(interactions[first, second])
    return Pair(first, second, interaction, float(abs(interaction) / largest)) if interaction and largest else None


def _answers(logits: np.ndarray, target: str) -> np.ndarray:
    """The answers that are explained."""
    return expit(logits) if target == "probability" else logits
