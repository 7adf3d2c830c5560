"""Ways to draw masks: each takes the number of components and of masks, and gives a `Neighborhood`.

All but audioLIME's draw a mask with its complement, and begin with the full mix and silence. A pair shows a component
on in one mask and off in the other, so that whatever pairs of components do together cancels. They differ in how many
masks of each size m of K they draw, and whether a mask may be drawn again:

============ ===================================== ============ ===========================================
sampler      chance of a size                      replacement  source
============ ===================================== ============ ===========================================
bernoulli    C(K, m): any mask is as likely        with         audioLIME, arXiv 2008.00582; no pairs
paired       C(K, m)                               with         Covert & Lee 2021, section 4.2
distinct     C(K, m)                               without      as `lemons.exact` for many components
kernel_shap  1 / (m (K - m)), the Shapley kernel's with         Lundberg & Lee 2017; pairs: Covert & Lee 2021
leverage     all sizes alike                       without      Musco & Witter 2025
============ ===================================== ============ ===========================================

The leverage of a mask in the regression that gives Shapley values is 1 / C(K, m). Without replacement, sizes of which
there are few masks are drawn whole, and the others share what is left; how many masks of each size are drawn is fixed
up to one by systematic sampling, so that chance has less to say.

References: Covert & Lee, "Improving KernelSHAP: Practical Shapley Value Estimation via Linear Regression", AISTATS 2021
(arXiv 2012.01536); Lundberg & Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017 (arXiv
1705.07874); Musco & Witter, "Provably Accurate Shapley Value Estimation via Leverage Score Sampling", ICLR 2025 (arXiv
2410.01917); Madow & Madow, "On the theory of systematic sampling", 1944.
"""

import itertools
import math
from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import comb

from lemons.arguments import MAX_SEED, whole
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import ParameterError
from lemons.sampling.neighborhood import Neighborhood

__all__ = ["SAMPLERS", "Sampler", "bernoulli", "distinct", "kernel_shap", "leverage", "paired"]

Sampler = Callable[..., Neighborhood]  # of n_components, n_masks and the keyword seed

MAX_VALUES = 2**27  # zeros and ones of all masks, and as many random numbers
MAX_COMPONENTS = 1000  # 2^1000 masks can still be counted in floating point


def bernoulli(n_components: int, n_masks: int, *, seed: int = 0) -> Neighborhood:
    """The neighborhood of audioLIME: the full mix, then each component on or off with equal chances.

    Parameters
    ----------
    n_components : int > 0
        length of a mask
    n_masks : int > 1
        how many to draw; the samplers of pairs round an odd number down
    seed : int >= 0
        of the drawing

    Returns
    -------
    Neighborhood
        the masks of `lemons.audiolime.neighborhood.draw_masks`

    Raises
    ------
    ParameterError
        if a number is out of range

    Examples
    --------
    >>> neighborhood = bernoulli(3, 5, seed=0)
    >>> neighborhood.masks[0].tolist(), float(neighborhood.importance.sum())
    ([1, 1, 1], 8.0)
    """
    n_components, n_masks, seed = _checked(n_components, n_masks, seed)
    masks = draw_masks(n_components, n_masks, random_state=seed)
    importance = np.full(n_masks, 2.0**n_components / n_masks)
    return Neighborhood(masks, importance, np.arange(n_masks), np.ones(n_masks))


def paired(n_components: int, n_masks: int, *, seed: int = 0) -> Neighborhood:
    """Pairs of a mask and its complement, all pairs being as likely, with replacement; see `bernoulli`.

    Examples
    --------
    >>> masks = paired(4, 6, seed=0).masks
    >>> (masks[:3] + masks[3:]).tolist()
    [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]
    """
    return _with_replacement(_binomial, n_components, n_masks, seed)


def distinct(n_components: int, n_masks: int, *, seed: int = 0) -> Neighborhood:
    """Pairs of a mask and its complement, all pairs being as likely, without replacement; see `bernoulli`.

    There are no more than 2^K masks: where more are asked for, these are what is given.

    Examples
    --------
    >>> distinct(3, 100).n_distinct
    8
    """
    return _without_replacement(_binomial, n_components, n_masks, seed)


def kernel_shap(n_components: int, n_masks: int, *, seed: int = 0) -> Neighborhood:
    """Pairs whose sizes have the Shapley kernel's share of all masks, with replacement; see `bernoulli`.

    Examples
    --------
    >>> len(kernel_shap(25, 512, seed=0))
    512
    """
    return _with_replacement(lambda n, sizes: 1 / (sizes * (n - sizes)), n_components, n_masks, seed)


def leverage(n_components: int, n_masks: int, *, seed: int = 0) -> Neighborhood:
    """Pairs by their leverage in the Shapley regression, without replacement; see `bernoulli` and `distinct`.

    Examples
    --------
    >>> neighborhood = leverage(25, 512, seed=0)
    >>> len(neighborhood), neighborhood.n_distinct
    (512, 512)
    """
    return _without_replacement(lambda n, sizes: np.ones(len(sizes)), n_components, n_masks, seed)


SAMPLERS: Mapping[str, Sampler] = {
    "bernoulli": bernoulli,
    "paired": paired,
    "distinct": distinct,
    "kernel_shap": kernel_shap,
    "leverage": leverage,
}


def _binomial(n_components: int, sizes: np.ndarray) -> np.ndarray:
    return comb(n_components, sizes)


def _checked(n_components: int, n_masks: int, seed: int) -> tuple[int, int, int]:
    n_components = whole("n_components", n_components, least=1, most=MAX_COMPONENTS)
    n_masks = whole("n_masks", n_masks, least=2)
    if n_masks * n_components > MAX_VALUES:
        most = MAX_VALUES // n_components
        raise ParameterError(f"n_masks={n_masks} must be at most {most} for {n_components} components")
    return n_components, n_masks, whole("seed", seed, least=0, most=MAX_SEED)


def _with_replacement(chances_of: Callable, n_components: int, n_masks: int, seed: int) -> Neighborhood:
    n, n_masks, seed = _checked(n_components, n_masks, seed)
    rng, sizes, n_pairs = np.random.default_rng(seed), np.arange(1, n), n_masks // 2 - 1
    if not len(sizes) or not n_pairs:
        return _of_pairs(np.zeros((0, n), np.int8), np.zeros(0), np.zeros(0))
    chances = chances_of(n, sizes)
    chances = chances / chances.sum()
    drawn = rng.choice(sizes, n_pairs, p=chances)
    expected = 2 * n_pairs * chances / comb(n, sizes)  # how often each mask of a size is drawn; symmetric in the size
    return _of_pairs(_subsets(n, drawn, rng), 1 / expected[drawn - 1], np.ones(n_pairs))


def _without_replacement(chances_of: Callable, n_components: int, n_masks: int, seed: int) -> Neighborhood:
    n, n_masks, seed = _checked(n_components, n_masks, seed)
    rng, sizes, n_pairs = np.random.default_rng(seed), np.arange(1, n // 2 + 1), n_masks // 2 - 1
    halves = np.where(2 * sizes == n, 0.5, 1.0)  # of the masks of half the components, half are the others' complements
    n_all = comb(n, sizes) * halves
    expected = _capped(chances_of(n, sizes) * halves, n_all, n_pairs)
    counts = _rounded(expected, n_all, rng)
    masks = [_distinct_subsets(n, size, count, rng) for size, count in zip(sizes.tolist(), counts, strict=True)]
    share = np.repeat(expected / n_all, counts)
    found = np.concatenate(masks) if masks else np.zeros((0, n), np.int8)
    return _of_pairs(found, 1 / share, 1 - share)


def _of_pairs(masks: np.ndarray, importance: np.ndarray, uncertainty: np.ndarray) -> Neighborhood:
    """The full mix and some masks, then the complements of all; the first pair is certain."""
    masks = np.concatenate([np.ones((1, masks.shape[1]), np.int8), masks])
    importance, uncertainty = np.append(1.0, importance), np.append(0.0, uncertainty)
    return Neighborhood(
        np.concatenate([masks, 1 - masks]),
        np.tile(importance, 2),
        np.tile(np.arange(len(masks)), 2),
        np.tile(uncertainty, 2),
    )


def _capped(chances: np.ndarray, most: np.ndarray, total: int) -> np.ndarray:
    """Shares of a total in proportion to chances, none above its maximum."""
    if total >= most.sum():
        return most
    full = np.zeros(len(most), dtype=bool)
    while True:
        scale = (total - most[full].sum()) / chances[~full].sum()
        over = ~full & (scale * chances >= most)
        if not over.any():
            return np.where(full, most, scale * chances)
        full |= over


def _rounded(expected: np.ndarray, most: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whole numbers next to the expected ones, which they are in the mean, with the same sum."""
    full = expected >= most
    edges = np.cumsum(np.where(full, 0.0, expected)).round(9)  # rounding must not shift the last one below its integer
    steps = np.diff(np.floor(np.append(0.0, edges) + rng.random()))
    return np.where(full, most, steps).astype(np.int64)


def _subsets(n: int, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask of each of these sizes, all masks of a size being as likely."""
    order = rng.random((len(sizes), n)).argsort(axis=1)
    return (order.argsort(axis=1) < sizes[:, None]).astype(np.int8)


def _distinct_subsets(n: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Different masks of one size, none the complement of another."""
    if 2 * size == n:  # of each pair the one that has the first component
        rest = _different(n - 1, size - 1, count, rng)
        return np.column_stack([np.ones((len(rest), 1), np.int8), rest])
    return _different(n, size, count, rng)


def _different(n: int, size: int, count: int, rng: np.random.Generator) -> np.ndarray:
    if 2 * count > math.comb(n, size):  # of so many, drawing again what was drawn before would take for ever
        every = np.array(list(itertools.combinations(range(n), size)), dtype=np.int64)
        masks = np.zeros((len(every), n), np.int8)
        np.put_along_axis(masks, every, 1, axis=1)
        return masks[rng.permutation(len(masks))[:count]]
    found = np.zeros((0, n), np.int8)
    while len(found) < count:
        found = np.concatenate([found, _subsets(n, np.full(count, size), rng)])
        _, first = np.unique(np.packbits(found, axis=1), axis=0, return_index=True)
        found = found[np.sort(first)]
    return found[:count]
