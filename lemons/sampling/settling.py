"""Drawing masks until the order at the top is certain.

The neighborhood is doubled from look to look. Whoever looks often finds something by chance sooner or later, so the
accepted risk is shared between looks: look r may spend 1 / (r (r + 1)) of it, which sums to all of it.

Reference for weights by confidence: Covert & Lee, "Improving KernelSHAP", 2021, section 4.3, whose criterion is the
width of intervals; ours is whether the top may still change.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lemons.arguments import MAX_SEED, function, number, whole
from lemons.errors import ParameterError
from lemons.sampling.estimates import Estimate, Estimator, estimate_shapley
from lemons.sampling.neighborhood import Neighborhood, pooled
from lemons.sampling.samplers import Sampler, leverage

__all__ = ["Settled", "until_settled"]


class Settled(NamedTuple):
    """What `until_settled` found: the estimate, whether its top is settled, and the neighborhood that it is from.

    Examples
    --------
    >>> found = until_settled(lambda masks: masks @ [3.0, 2.0, 0.0, 0.0], 4, k=2)
    >>> found.settled, found.estimate.top(2), len(found.neighborhood)
    (True, (0, 1), 16)
    """

    estimate: Estimate
    settled: bool
    neighborhood: Neighborhood


def until_settled(
    answer: Callable[[np.ndarray], np.ndarray],
    n_components: int,
    *,
    k: int = 3,
    risk: float = 0.05,
    estimator: Estimator = estimate_shapley,
    sampler: Sampler = leverage,
    n_first: int = 256,
    n_most: int = 2**14,
    seed: int = 0,
) -> Settled:
    """Draw masks until the components of the k largest weights are certain, or too many are drawn.

    Parameters
    ----------
    answer : callable
        the model: ``answer(masks) -> answers``, masks (n_masks, n_components) of zeros and ones, answers (n_masks,). It
        is asked about each mask once
    n_components : int > 0
        length of a mask
    k : int > 0
        how many components are to be certain, at most ``n_components``
    risk : float > 0
        chance of stopping at a wrong top, for errors that are normally distributed
    estimator : callable
        `estimate_shapley` or `estimate_lime`
    sampler : callable
        one of `lemons.sampling.samplers`
    n_first, n_most : int > 1
        masks drawn before the first look, and the most in all
    seed : int >= 0
        of the drawing

    Returns
    -------
    Settled

    Raises
    ------
    ParameterError
        if an argument is of another kind or out of range

    Examples
    --------
    Of a line no mask tells more than another, and the first 256 of the 2^20 masks settle it:

    >>> weights = np.arange(20.0)
    >>> found = until_settled(lambda masks: masks @ weights, 20, k=3)
    >>> found.settled, found.estimate.top(3), found.estimate.n_masks
    (True, (19, 18, 17), 256)
    """
    answer = function("answer", answer)
    n_components = whole("n_components", n_components, least=1)
    k = whole("k", k, least=1, most=n_components, hint=", the components")
    risk = number("risk", risk, above=0, most=1)
    n_first = whole("n_first", n_first, least=2)
    n_most = whole("n_most", n_most, least=n_first)
    seed = whole("seed", seed, least=0, most=MAX_SEED)
    known: dict[bytes, float] = {}
    neighborhoods: list[Neighborhood] = []
    seeds = np.append(np.uint32(seed), np.random.SeedSequence(seed).generate_state(64)).tolist()
    n_masks, look = n_first, 1
    while True:
        neighborhoods.append(sampler(n_components, n_masks, seed=seeds[look - 1]))
        complete = not neighborhoods[-1].uncertainty.any()  # all masks there are: the earlier ones add nothing
        together = neighborhoods[-1] if complete else pooled(neighborhoods)
        estimate = estimator(together, _answers(answer, together.masks, known))
        settled = estimate.settled(k, risk=risk / (look * (look + 1)))
        n_masks, look = len(together), look + 1
        if settled or complete or 2 * n_masks > n_most:
            return Settled(estimate, settled, together)


def _answers(answer: Callable, masks: np.ndarray, known: dict[bytes, float]) -> np.ndarray:
    """The model's answers, asking for those that are not known."""
    names = [row.tobytes() for row in np.packbits(masks.astype(bool), axis=1)]
    new = {name: i for i, name in enumerate(names) if name not in known}
    if new:
        found = np.asarray(answer(masks[list(new.values())]), dtype=np.float64)
        if found.shape != (len(new),):
            raise ParameterError(f"answer gave shape {found.shape} for {len(new)} masks; it must be ({len(new)},)")
        known |= dict(zip(new, found.tolist(), strict=True))
    return np.array([known[name] for name in names])
