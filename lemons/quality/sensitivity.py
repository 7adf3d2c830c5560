"""Max-sensitivity: how far the weights move when chance, or a little noise, has another say in them.

Yeh et al. move the input within a ball and take the largest change of the explanation. A track has no such ball that a
listener would call the same track; what may move without a change of the question is

* the neighborhood: masks drawn with another seed (`neighborhood_weights`), and
* the answers: each distinct mask's by at most ``radius``, as rounding or another device might (`perturbed_weights`).

`max_sensitivity` is the largest change over either.

References
----------
Yeh, Hsieh, Suggala, Inouye & Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019 (arXiv
1901.09392); relative to the explanation's own length, as Captum has it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.linear_model import Ridge

from lemons.arguments import number, whole
from lemons.audiolime.lime_audio import exponential_kernel
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import ParameterError
from lemons.quality.answers import Source, as_answers, as_weights

__all__ = ["FitFunction", "lime_weights", "max_sensitivity", "neighborhood_weights", "perturbed_weights", "proximity"]

KERNEL_WIDTH = 0.25  # of the cosine distance, audioLIME's default

FitFunction = Callable[[np.ndarray, np.ndarray], np.ndarray]


def proximity(masks: np.ndarray) -> np.ndarray:
    """How much each mask counts for audioLIME: its kernel of the cosine distance to the full mix.

    Parameters
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones

    Returns
    -------
    np.ndarray [shape=(n_masks,)]
        above 0, 1 for the full mix

    Examples
    --------
    >>> proximity(np.array([[1, 1, 1, 1], [0, 1, 0, 0]])).round(3)
    array([1.   , 0.135])
    """
    return exponential_kernel(1 - np.sqrt(np.mean(masks, axis=1)), KERNEL_WIDTH)


def lime_weights(masks: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The weights of audioLIME's linear model: ridge with alpha 1, masks weighted by their `proximity`.

    Parameters
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones
    values : np.ndarray [shape=(n_masks,)]
        the model's answers

    Returns
    -------
    np.ndarray [shape=(n_components,)]

    Examples
    --------
    >>> masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> lime_weights(masks, masks @ [3.0, 1.0]).round(2)
    array([0.74, 0.07])
    """
    return Ridge(alpha=1).fit(masks, values, sample_weight=proximity(masks)).coef_


def max_sensitivity(weights: np.ndarray, others: np.ndarray) -> float:
    """The largest change of an explanation, relative to its length.

    max over others w' of ‖w' - w‖ / ‖w‖, Euclidean norms; ‖w‖ counts as 1 when it is 0. At least 0; lower is better.
    Source: Yeh et al. 2019.

    Parameters
    ----------
    weights : np.ndarray [shape=(n_components,)]
        of the explanation
    others : np.ndarray [shape=(n_others, n_components)]
        of the explanations that it might have been

    Returns
    -------
    float >= 0

    Raises
    ------
    ParameterError
        if the numbers of components differ; see also `lemons.quality.answers.as_weights`

    Examples
    --------
    >>> max_sensitivity([3, 4], [[3, 4], [3, 2]])
    0.4
    """
    weights, others = as_weights(weights), as_weights(others, n_dims=2)
    if others.shape[1] != len(weights):
        raise ParameterError(f"weights of {len(weights)} and of {others.shape[1]} components do not compare")
    length = float(np.linalg.norm(weights))
    return float(np.linalg.norm(others - weights, axis=1).max() / (length or 1.0))


def neighborhood_weights(
    answers: Source,
    n_components: int,
    *,
    n_masks: int = 2048,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    fit: FitFunction = lime_weights,
) -> np.ndarray:
    """Explanations from neighborhoods that are drawn, as audioLIME draws them, with different seeds.

    Parameters
    ----------
    answers : callable or object with ``logits``
        see `lemons.quality.answers.Answers`
    n_components : int > 0
        K
    n_masks : int > 1
        size of each neighborhood
    seeds : sequence of int >= 0
        one for each
    fit : callable
        ``fit(masks, values) -> weights``, masks (n_masks, n_components), values (n_masks,), weights (n_components,)

    Returns
    -------
    np.ndarray [shape=(n_seeds, n_components)]

    Raises
    ------
    ParameterError, DataError
        if a number is out of range; see also `lemons.quality.answers`

    Examples
    --------
    >>> found = neighborhood_weights(lambda masks: masks @ [3.0, 1.0], 2, n_masks=64, seeds=(0, 1))
    >>> found.shape, found.argmax(axis=1).tolist()
    ((2, 2), [0, 0])
    """
    answer = as_answers(answers, n_components)
    drawn = [draw_masks(n_components, n_masks, random_state=seed) for seed in seeds]
    return as_weights([fit(masks, answer(masks)) for masks in drawn], n_dims=2)


def perturbed_weights(
    masks: np.ndarray,
    values: np.ndarray,
    *,
    radius: float,
    n_draws: int = 5,
    seed: int = 0,
    fit: FitFunction = lime_weights,
) -> np.ndarray:
    """Explanations of answers that are moved by chance, each within a radius.

    The answer to a mask moves by an equally distributed number from -radius to radius, to all copies of it by the same.

    Parameters
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones
    values : np.ndarray [shape=(n_masks,)]
        the model's answers
    radius : float >= 0
        the most that an answer moves, in its unit
    n_draws : int > 0
        how many explanations
    seed : int >= 0
        where the moves come from
    fit : callable
        see `neighborhood_weights`

    Returns
    -------
    np.ndarray [shape=(n_draws, n_components)]

    Raises
    ------
    ParameterError
        if a number is out of range

    Examples
    --------
    >>> masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> found = perturbed_weights(masks, masks @ [3.0, 1.0], radius=0.1, n_draws=3)
    >>> found.shape, bool(np.ptp(found, axis=0).max() < 0.2)
    ((3, 2), True)
    """
    radius = number("radius", radius, least=0)
    n_draws, seed = whole("n_draws", n_draws, least=1), whole("seed", seed, least=0)
    distinct, copies = np.unique(masks, axis=0, return_inverse=True)
    moves = np.random.default_rng(seed).uniform(-radius, radius, (n_draws, len(distinct)))
    return as_weights([fit(masks, values + move[copies.reshape(-1)]) for move in moves], n_dims=2)
