"""All measures of one explanation at once.

What each of them means, and where it comes from, is in docs/measures.md; `Measures` knows which direction is better.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import expit

from lemons.arguments import number, quoted, whole
from lemons.audiolime.neighborhood import EXHAUSTIVE_MAX_COMPONENTS, draw_masks
from lemons.errors import ParameterError
from lemons.quality.agreement import mean_jaccard, unique_components
from lemons.quality.answers import Answers, Source, as_weights, top_mask
from lemons.quality.complexity import complexity, sparseness
from lemons.quality.deletion import aopc, curve_area, deletion_curve, insertion_curve, random_curves
from lemons.quality.drop import average_drop, average_gain, average_increase, rest_faithfulness
from lemons.quality.fidelity import fresh_masks, weighted_r2
from lemons.quality.infidelity import infidelity
from lemons.quality.sensitivity import (
    FitFunction,
    lime_weights,
    max_sensitivity,
    neighborhood_weights,
    perturbed_weights,
    proximity,
)

__all__ = ["N_FRESH_MASKS", "Measures", "measure"]

N_FRESH_MASKS = 128  # held out
N_STEPS = 3  # of the short AOPC, and components that are played
HIGHER, LOWER, CONTROL = ({"better": direction} for direction in ("higher", "lower", "control"))


@dataclass(frozen=True)
class Measures:
    """What `measure` found; plain numbers, in the unit of the answer where nothing else is said.

    Each field's metadata says under ``"better"`` which direction is: ``"higher"``, ``"lower"``, or ``"control"`` for
    what a random order would reach.

    Attributes
    ----------
    fidelity, fidelity_held_out : float <= 1
        weighted R² on the masks given or drawn, and on fresh ones; equal where all masks there are were taken
    deletion, insertion, random_area : float
        areas under the curves of the explanation's order, and the mean area of random orders
    aopc, aopc_random : float
        over all steps; of the explanation's order, and the mean of random orders
    aopc_top, aopc_top_random : float
        over the first ``k`` steps
    infidelity, infidelity_scaled : float >= 0
        in squares of the unit; the latter with the weights scaled as suits them best
    sensitivity_to_masks, sensitivity_to_answers : float >= 0
        relative to the length of the weights
    complexity, sparseness : float
        entropy in nats, and Gini index; NaN when all weights are 0
    drop, increase, gain, rest_faithfulness : float
        of the top k components as probabilities; ``increase`` is 0 or 1
    jaccard : float in [0, 1]
        mean over pairs of seeds, of the top k components
    unique_components : int
        in the top k of any seed
    n_asked : int
        distinct masks that the model was asked about

    Examples
    --------
    >>> found = measure(lambda masks: masks @ [3, 2, 0], [3, 2, 0], k=1)
    >>> type(found).__name__, found.n_asked
    ('Measures', 8)
    """

    fidelity: float = field(metadata=HIGHER)
    fidelity_held_out: float = field(metadata=HIGHER)
    deletion: float = field(metadata=LOWER)
    insertion: float = field(metadata=HIGHER)
    random_area: float = field(metadata=CONTROL)
    aopc: float = field(metadata=HIGHER)
    aopc_random: float = field(metadata=CONTROL)
    aopc_top: float = field(metadata=HIGHER)
    aopc_top_random: float = field(metadata=CONTROL)
    infidelity: float = field(metadata=LOWER)
    infidelity_scaled: float = field(metadata=LOWER)
    sensitivity_to_masks: float = field(metadata=LOWER)
    sensitivity_to_answers: float = field(metadata=LOWER)
    complexity: float = field(metadata=LOWER)
    sparseness: float = field(metadata=HIGHER)
    drop: float = field(metadata=LOWER)
    increase: float = field(metadata=HIGHER)
    gain: float = field(metadata=HIGHER)
    rest_faithfulness: float = field(metadata=HIGHER)
    jaccard: float = field(metadata=HIGHER)
    unique_components: int = field(metadata=LOWER)
    n_asked: int = field(metadata=LOWER)


def measure(
    answers: Source,
    weights: np.ndarray,
    *,
    target: str = "logit",
    masks: np.ndarray | None = None,
    intercept: float | None = None,
    sounding: np.ndarray | None = None,
    repeats: np.ndarray | None = None,
    k: int = N_STEPS,
    n_masks: int = 2048,
    n_repeats: int = 5,
    n_rounds: int = 8,
    radius: float = 0.02,
    seed: int = 0,
    fit: FitFunction = lime_weights,
) -> Measures:
    """Measure an explanation against the model's answers.

    Silent components, which no mask can switch, are left out of every measure.

    Parameters
    ----------
    answers : callable or object with ``logits``
        see `lemons.quality.answers.Answers`
    weights : np.ndarray [shape=(n_components,)]
        of the explanation
    target : {"logit", "probability"}
        what the weights explain: the answers of a function are this already, the logits of an object become this
    masks : np.ndarray [shape=(n_masks, n_components)] or None
        those that the weights were fitted to; by default all there are when they are at most ``n_masks``, else a draw
    intercept : float or None
        the explanation's answer to silence; by default the one that suits ``masks`` best
    sounding : np.ndarray [n_components values, dtype=bool] or None
        which components are not silent; by default the ``sounding`` of ``answers``, or all
    repeats : np.ndarray [shape=(n_repeats, n_components)] or None
        weights of explanations with other seeds, for `sensitivity_to_masks`, Jaccard and U_n; by default those of
        ``fit`` on ``n_repeats`` neighborhoods. A method that draws nothing always gives the same: its weights, twice
    k : int > 0
        components that are played: the top
    n_masks, n_repeats : int > 1
        size and number of neighborhoods
    n_rounds : int > 0
        of random orders, for the control; see `lemons.quality.deletion.random_curves`
    radius : float >= 0
        the most that an answer is moved for `sensitivity_to_answers`, relative to the range of the answers to ``masks``
    seed : int >= 0
        first of all seeds
    fit : callable
        how the method makes weights of masks and answers; see `lemons.quality.sensitivity.neighborhood_weights`

    Returns
    -------
    Measures

    Raises
    ------
    ParameterError
        if an argument is of another kind or out of range, or all components are silent
    DataError
        if the model answers with values that are not numbers

    Examples
    --------
    >>> found = measure(lambda masks: masks @ np.array([2.0, -1.0, 0.0]), [2.0, -1.0, 0.0])
    >>> found.fidelity, found.infidelity, found.unique_components
    (1.0, 0.0, 1)
    """
    k, seed = whole("k", k, least=1), whole("seed", seed, least=0)
    n_repeats, radius = whole("n_repeats", n_repeats, least=2), number("radius", radius, least=0)
    weights = as_weights(weights)
    sounding = _sounding(answers if sounding is None else sounding, len(weights))
    answer = Answers(answers, int(sounding.sum()), target=target, sounding=sounding)
    weights = weights[sounding]
    near = _masks(masks, sounding, n_masks=n_masks, seed=seed)
    values, fresh = answer(near), fresh_masks(near, N_FRESH_MASKS, seed=seed)
    if repeats is None:
        seeds = range(seed, seed + n_repeats)
        others = neighborhood_weights(answer, len(weights), n_masks=n_masks, seeds=seeds, fit=fit)
    else:
        others = _repeats(repeats, sounding)
    moved = perturbed_weights(near, values, radius=radius * np.ptp(values), n_draws=n_repeats, seed=seed, fit=fit)
    return Measures(
        **_fidelities(answer, weights, intercept, near, fresh),
        **_curves(answer, weights, min(k, len(weights)), n_rounds=n_rounds, seed=seed),
        infidelity=infidelity(answer, weights, near),
        infidelity_scaled=infidelity(answer, weights, near, scaled=True),
        sensitivity_to_masks=max_sensitivity(weights, others),
        sensitivity_to_answers=max_sensitivity(fit(near, values), moved),
        complexity=complexity(weights),
        sparseness=sparseness(weights),
        **_clips(answer, top_mask(weights, k)),
        jaccard=mean_jaccard(others, k),
        unique_components=unique_components(others, k, positive=True),
        n_asked=answer.n_asked,
    )


def _sounding(source: Any, n_components: int) -> np.ndarray:
    """Which components sound, of an array that says so, or of answers that may."""
    found = source if isinstance(source, list | tuple | np.ndarray) else getattr(source, "sounding", None)
    sounding = np.ones(n_components, bool) if found is None else np.asarray(found, dtype=bool).ravel()
    if len(sounding) != n_components:
        raise ParameterError(
            f"sounding={quoted(found)} must say of each of {n_components} components whether it sounds"
        )
    if not sounding.any():
        raise ParameterError(f"all {n_components} components are silent; nothing about them can be measured")
    return sounding


def _repeats(repeats: np.ndarray, sounding: np.ndarray) -> np.ndarray:
    """Weights of the sounding components."""
    found = as_weights(repeats, n_dims=2)
    if found.shape[1] != len(sounding):
        raise ParameterError(f"repeats of shape {found.shape} must have shape (n_repeats, {len(sounding)})")
    return found[:, sounding]


def _masks(masks: np.ndarray | None, sounding: np.ndarray, *, n_masks: int, seed: int) -> np.ndarray:
    """Masks of the sounding components."""
    n_masks, n = whole("n_masks", n_masks, least=2), int(sounding.sum())
    if masks is None:
        few = n <= EXHAUSTIVE_MAX_COMPONENTS and 2**n <= n_masks
        return draw_masks(n, "exhaustive" if few else n_masks, random_state=seed)
    found = np.asarray(masks)
    if found.ndim != 2 or found.shape[1] != len(sounding) or len(found) < 2 or not ((found == 0) | (found == 1)).all():
        wanted = f"at least two rows of zeros and ones, (n_masks, {len(sounding)})"
        raise ParameterError(f"masks={quoted(masks)} must be {wanted}")
    return found[:, sounding].astype(np.int64)


def _fidelities(
    answer: Answers, weights: np.ndarray, intercept: float | None, near: np.ndarray, fresh: np.ndarray
) -> dict[str, float]:
    values, close = answer(near), proximity(near)
    if intercept is None:
        intercept = float(np.average(values - near @ weights, weights=close))
    fidelity = weighted_r2(values, intercept + near @ weights, close)
    if not len(fresh):  # all masks there are
        return {"fidelity": fidelity, "fidelity_held_out": fidelity}
    return {
        "fidelity": fidelity,
        "fidelity_held_out": weighted_r2(answer(fresh), intercept + fresh @ weights, proximity(fresh)),
    }


def _curves(answer: Answers, weights: np.ndarray, k: int, *, n_rounds: int, seed: int) -> dict[str, float]:
    deleted = deletion_curve(answer, weights)
    random = random_curves(answer, len(weights), n_rounds=n_rounds, seed=seed)
    return {
        "deletion": curve_area(deleted),
        "insertion": curve_area(insertion_curve(answer, weights)),
        "random_area": curve_area(random.mean(axis=0)),
        "aopc": aopc(deleted),
        "aopc_random": aopc(random.mean(axis=0)),
        "aopc_top": aopc(deleted, k),
        "aopc_top_random": aopc(random.mean(axis=0), k),
    }


def _clips(answer: Answers, top: np.ndarray) -> dict[str, float]:
    """Measures of what is played, and of the rest."""
    found = answer(np.stack([np.ones_like(top), top, 1 - top]))
    full, kept, rest = (found if answer.target == "probability" else expit(found)).tolist()
    return {
        "drop": average_drop(full, kept),
        "increase": average_increase(full, kept),
        "gain": average_gain(full, kept),
        "rest_faithfulness": rest_faithfulness(full, rest),
    }
