"""The measures of `lemons.quality` of each method's weights on one track.

Those that explain the logit are measured, all against the logit and with the same masks; what explains a probability
has another unit. The masks are those that `lemons.quality.measure` takes: all, or the 2048 to which LIME 2048 is
fitted, and 128 fresh ones.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import expit

from explanations.studies.truth.answers import Answers
from explanations.studies.truth.methods import METHODS, SAMPLED
from lemons.audiolime.neighborhood import draw_masks
from lemons.quality import Answers as Asked
from lemons.quality import (
    aopc,
    average_drop,
    average_gain,
    average_increase,
    complexity,
    curve_area,
    deletion_curve,
    fresh_masks,
    infidelity,
    insertion_curve,
    max_sensitivity,
    mean_jaccard,
    rest_faithfulness,
    sparseness,
    unique_components,
    weighted_r2,
)
from lemons.quality.answers import top_mask
from lemons.quality.measures import N_FRESH_MASKS, N_STEPS
from lemons.quality.sensitivity import proximity

__all__ = ["MEASURED", "qualities_of"]

MEASURED = tuple(name for name in METHODS if not name.endswith(" p"))
N_MASKS = 2048
N_REPEATS = 3  # other seeds of a method that draws


def qualities_of(answers: Answers, weights: Mapping[str, np.ndarray], *, seed: int) -> dict[str, dict[str, float]]:
    """The measures of one track, by method and by the name that they have in `lemons.quality.Measures`.

    Parameters
    ----------
    answers : Answers
    weights : mapping of str to np.ndarray [shape=(K,)]
        by method; see `explanations.studies.truth.methods.weights_of`
    seed : int >= 0
        of the masks, and the first of those with which methods that draw are repeated

    Returns
    -------
    dict of str to dict of str to float
        a measure that is not defined, as the complexity of weights that are all 0, is left out
    """
    n = answers.n_components
    asked = Asked(answers.of, n)
    near = draw_masks(n, "exhaustive" if 2**n <= N_MASKS else N_MASKS, random_state=seed)
    fresh = fresh_masks(near, N_FRESH_MASKS, seed=seed)
    found = {}
    for name in MEASURED:
        its = weights[name]
        draw = SAMPLED.get(name, lambda answers, seed, its=its: its)
        repeats = np.stack([draw(answers, seed + i) for i in range(1, N_REPEATS + 1)])
        values = _lines(asked, its, near, fresh) | _curves(asked, its) | _clips(asked, its) | _repeated(its, repeats)
        values |= {"complexity": complexity(its), "sparseness": sparseness(its)}
        found[name] = {measure: float(value) for measure, value in values.items() if np.isfinite(value)}
    return found


def _lines(asked: Asked, weights: np.ndarray, near: np.ndarray, fresh: np.ndarray) -> dict[str, float]:
    """How well the weights add up to the answers, beside the intercept that suits them best."""
    intercept = np.average(asked(near) - near @ weights, weights=proximity(near))

    def r2(masks: np.ndarray) -> float:
        return weighted_r2(asked(masks), intercept + masks @ weights, proximity(masks))

    fidelity = r2(near)
    return {
        "fidelity": fidelity,
        "fidelity_held_out": r2(fresh) if len(fresh) else fidelity,
        "infidelity": infidelity(asked, weights, near),
        "infidelity_scaled": infidelity(asked, weights, near, scaled=True),
    }


def _curves(asked: Asked, weights: np.ndarray) -> dict[str, float]:
    deleted = deletion_curve(asked, weights)
    return {
        "deletion": curve_area(deleted),
        "insertion": curve_area(insertion_curve(asked, weights)),
        "aopc": aopc(deleted),
        "aopc_top": aopc(deleted, min(N_STEPS, len(weights))),
    }


def _clips(asked: Asked, weights: np.ndarray) -> dict[str, float]:
    """What is played, and the rest, as probabilities."""
    top = top_mask(weights, N_STEPS)
    full, kept, rest = expit(asked(np.stack([np.ones_like(top), top, 1 - top])))
    return {
        "drop": average_drop(full, kept),
        "increase": average_increase(full, kept),
        "gain": average_gain(full, kept),
        "rest_faithfulness": rest_faithfulness(full, rest),
    }


def _repeated(weights: np.ndarray, repeats: np.ndarray) -> dict[str, float]:
    return {
        "sensitivity_to_masks": max_sensitivity(weights, repeats),
        "jaccard": mean_jaccard(repeats, N_STEPS),
        "unique_components": unique_components(repeats, N_STEPS, positive=True),
    }
