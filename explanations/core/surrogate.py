"""The linear model of an explanation: LIME over all masks there are, or over masks drawn as audioLIME draws them.

Silent components weigh exactly 0 and are in no mask: regressed like the others, they would get a weight by chance and
might be the top component, which nobody can hear.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.metrics import pairwise_distances

from explanations.core.fidelity import cross_predictions, fresh_masks, weighted_r2
from explanations.core.mask_scores import ExactAnswers, HeardAnswers, spread
from lemons.audiolime import LimeAudioExplainer
from lemons.audiolime.neighborhood import draw_masks
from lemons.exact.lime import NORMAL_QUANTILE, kernel_of_size
from lemons.exact.masks import sample_pairs
from lemons.progress import Progress

N_FRESH_MASKS = 128  # held out of the fit


@dataclass(frozen=True)
class Fit:
    """A linear model of a model's answers; see `explanations.core.explanation` for what its fields are.

    Attributes
    ----------
    weights : np.ndarray [shape=(n_components,)]
    margins : list of float or None
        one for each component
    """

    weights: np.ndarray
    margins: list
    intercept: float
    fidelity: float
    fidelity_held_out: float
    held_out: str
    neighborhood: str
    n_masks: int
    seed: int


def fit_exact(answers: ExactAnswers, *, target: str) -> Fit:
    """LIME over all masks; where they are too many to enumerate, over very many drawn without replacement.

    Parameters
    ----------
    answers : ExactAnswers
        to all masks
    target : {"probability", "logit"}
        which answer is explained

    Returns
    -------
    Fit
    """
    table = answers.table
    lime = table.lime(target=target)
    held_out, fidelity_held_out = "nothing", lime.fidelity
    if not lime.exact:
        fitted = sample_pairs(table.n_sounding, lime.n_masks, seed=0)  # the same as table.lime drew
        masks = spread(fresh_masks(fitted, N_FRESH_MASKS, seed=0), table.sounding.ravel(), table.n_components)
        predictions = lime.intercept + masks @ lime.weights
        proximity = kernel_of_size(masks.sum(axis=1), table.n_sounding)
        held_out = "fresh masks"
        fidelity_held_out = weighted_r2(_values(answers.logits(masks), target), predictions, proximity)
    return Fit(
        lime.weights,
        (NORMAL_QUANTILE * lime.standard_errors).tolist(),
        lime.intercept,
        lime.fidelity,
        fidelity_held_out,
        held_out,
        neighborhood="all" if lime.exact else "drawn",
        n_masks=lime.n_masks,
        seed=0,
    )


def fit_drawn(answers: HeardAnswers, *, n_masks: int, seed: int, target: str, progress: Progress | None = None) -> Fit:
    """LIME as audioLIME does it, over masks drawn with equal chances.

    Parameters
    ----------
    answers : HeardAnswers
        hears what it has not yet
    n_masks, seed, target, progress
        see `explanations.core.explain`

    Returns
    -------
    Fit
    """
    drawn = draw_masks(len(answers.audible), n_masks, random_state=seed)
    fresh = fresh_masks(drawn, N_FRESH_MASKS, seed=seed)
    masks = np.concatenate([drawn, fresh])
    logits = answers.logits(spread(masks, answers.audible, answers.n_components), progress=progress)
    values = _values(logits, target)
    base = LimeAudioExplainer().base
    distances = pairwise_distances(masks, masks[:1], metric="cosine").ravel()
    proximity = base.kernel_fn(distances)
    intercept, local_exp, fidelity, _ = base.explain_instance_with_data(
        drawn, values[:n_masks, None], distances[:n_masks], 0, masks.shape[1], feature_selection="none"
    )
    weights = np.array([weight for _, weight in sorted(local_exp)])
    if len(fresh):
        predictions = intercept + fresh @ weights
        held_out, fidelity_held_out = "fresh masks", weighted_r2(values[n_masks:], predictions, proximity[n_masks:])
    else:  # all masks there are were drawn
        predictions = cross_predictions(drawn, values, proximity)
        held_out, fidelity_held_out = "cross-prediction", weighted_r2(values, predictions, proximity)
    return Fit(
        spread(weights[None], answers.audible, answers.n_components)[0],
        [None] * answers.n_components,  # one neighborhood does not tell
        intercept,
        fidelity,
        fidelity_held_out,
        held_out,
        neighborhood="drawn",
        n_masks=n_masks,
        seed=seed,
    )


def _values(logits: np.ndarray, target: str) -> np.ndarray:
    """The answers that are explained."""
    return logits if target == "logit" else expit(logits)
