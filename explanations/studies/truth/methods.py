"""The methods that are compared: what each says of the components, from the same answers.

All read the answers to the same mixes, so that no method has a better model or other sounds. Where nothing is named, a
method explains the logit, as LEMONS does; p stands for the probability.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from scipy.special import expit

from explanations.studies.truth.answers import Answers
from lemons.audiolime.neighborhood import draw_masks
from lemons.exact import Facts
from lemons.exact.lime import fit_lime, lime_of_moments
from lemons.exact.masks import mask_rows
from lemons.exact.shapley import shapley_of_moments
from lemons.sampling import estimate_shapley, kernel_shap

__all__ = ["CONTROLS", "METHODS", "SAMPLED", "best_counts", "weights_of"]

SIZES = (512, 2048, 8192)  # of LIME's neighborhoods; 2048 is the published one
N_BEST = 5  # largest subset of best-k
METHODS = (
    "facts",
    "exact LIME p",
    "exact LIME",
    "Shapley p",
    "Shapley",
    *(f"LIME {size}" for size in SIZES),
    "LIME 2048 p",
    "KernelSHAP 2048",
    "leave one out",
    "one at a time",
    "best k",
    "random",
    "negated",
)
CONTROLS = ("random", "negated")  # that must be wrong


def _lime(answers: Answers, seed: int, *, size: int, probability: bool = False) -> np.ndarray:
    masks = draw_masks(answers.n_components, size, random_state=seed)
    values = answers.of(masks)
    return fit_lime(masks, expit(values) if probability else values, alpha=1.0).weights


def _kernel_shap(answers: Answers, seed: int) -> np.ndarray:
    neighborhood = kernel_shap(answers.n_components, 2048 + 2, seed=seed)  # beside silence and the full mix
    return estimate_shapley(neighborhood, answers.of(neighborhood.masks)).weights


def _random(answers: Answers, seed: int) -> np.ndarray:
    return np.random.default_rng([seed, answers.n_components]).normal(size=answers.n_components)


# those that draw, by name: from answers and a seed to weights
SAMPLED: Mapping[str, Callable[[Answers, int], np.ndarray]] = {
    **{f"LIME {size}": partial(_lime, size=size) for size in SIZES},
    "LIME 2048 p": partial(_lime, size=2048, probability=True),
    "KernelSHAP 2048": _kernel_shap,
    "random": _random,
}


def weights_of(answers: Answers, facts: Facts, *, seed: int) -> dict[str, np.ndarray]:
    """What each method says: weights (K,) by the method's name, in the order of `METHODS`.

    Parameters
    ----------
    answers : Answers
    facts : Facts
        of these answers; their weights are the components' responsibilities
    seed : int >= 0
        of all that is drawn

    Returns
    -------
    dict of str to np.ndarray [shape=(K,)]
    """
    n = answers.n_components
    everything = 2**n - 1
    bits = 1 << np.arange(n)[::-1]
    exact = lime_of_moments(answers.of_logit, alpha=0.0).weights
    found = {
        "facts": np.array([part.responsibility for part in facts.parts]),
        "exact LIME p": lime_of_moments(answers.of_probability, alpha=0.0).weights,
        "exact LIME": exact,
        "Shapley p": shapley_of_moments(answers.of_probability),
        "Shapley": shapley_of_moments(answers.of_logit),
        **{name: draw(answers, seed) for name, draw in SAMPLED.items()},
        "leave one out": answers.logits[everything] - answers.logits[everything - bits],
        "one at a time": answers.logits[bits] - answers.logits[0],
        "best k": best_counts(answers, range(1, min(N_BEST, n - 1) + 1)),
        "negated": -exact,
    }
    return {name: found[name] for name in METHODS}


def best_counts(answers: Answers, sizes: Sequence[int]) -> np.ndarray:
    """How often each component (K,) is in the subset of k that keeps the answer highest, over some k."""
    n = answers.n_components
    counts = np.bitwise_count(np.arange(2**n, dtype=np.uint32))
    total = np.zeros(n)
    for size in sizes:
        numbers = np.flatnonzero(counts == size)
        winner = int(numbers[answers.logits[numbers].argmax()])
        total += mask_rows(winner, winner + 1, n)[0]
    return total
