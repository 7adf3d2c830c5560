"""Deletion and insertion: how the answer moves as components go, or come, in the order of their weights.

A good order takes the answer down fast when the first components go, and up fast when they come. How fast is fast
depends on the model, so each area has a control: the areas of random orders. Read backwards, a deletion curve is the
insertion curve of the reverse order, and has the same area; so the control of both is one.

References
----------
Petsiuk, Das & Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018 (arXiv
1806.07421), for the curves and their areas; Samek, Binder, Montavon, Lapuschkin & Müller, "Evaluating the Visualization
of What a Deep Neural Network Has Learned", IEEE TNNLS 28, 2017 (arXiv 1509.06321), for AOPC and the random control.
"""

import numpy as np

from lemons.arguments import whole
from lemons.errors import ParameterError
from lemons.quality.answers import Source, as_answers, as_weights, ranking

__all__ = ["aopc", "curve_area", "deletion_curve", "insertion_curve", "random_curves"]


def deletion_curve(answers: Source, weights: np.ndarray) -> np.ndarray:
    """Answers to the full mix without its first k components, k = 0, ..., K, by descending weight.

    Parameters
    ----------
    answers : callable or object with ``logits``
        see `lemons.quality.answers.Answers`
    weights : np.ndarray [shape=(n_components,)]
        of the explanation, with their signs

    Returns
    -------
    np.ndarray [shape=(n_components + 1,)]
        the full mix first, silence last

    Raises
    ------
    ParameterError, DataError
        see `lemons.quality.answers`

    Examples
    --------
    >>> deletion_curve(lambda masks: masks @ np.array([1.0, 4.0]), np.array([1.0, 4.0]))
    array([5., 1., 0.])
    """
    weights = as_weights(weights)
    return as_answers(answers, len(weights))(_deletion_masks(ranking(weights)))


def insertion_curve(answers: Source, weights: np.ndarray) -> np.ndarray:
    """Answers to the first k components alone, k = 0, ..., K, by descending weight.

    Parameters
    ----------
    answers, weights
        see `deletion_curve`

    Returns
    -------
    np.ndarray [shape=(n_components + 1,)]
        silence first, the full mix last

    Raises
    ------
    ParameterError, DataError
        see `lemons.quality.answers`

    Examples
    --------
    >>> insertion_curve(lambda masks: masks @ np.array([1.0, 4.0]), np.array([1.0, 4.0]))
    array([0., 4., 5.])
    """
    weights = as_weights(weights)
    return as_answers(answers, len(weights))(1 - _deletion_masks(ranking(weights)))


def curve_area(curve: np.ndarray) -> float:
    """Area under a curve over the share of components that went or came, by trapezoids.

    (1 / K) · Σ over k = 1, ..., K of (c(k - 1) + c(k)) / 2. Between the least and the largest answer; of a deletion
    curve lower is better, of an insertion curve higher. Source: Petsiuk et al. 2018.

    Parameters
    ----------
    curve : np.ndarray [shape=(..., n_components + 1)]

    Returns
    -------
    float, or np.ndarray [shape=(...,)] for several curves

    Raises
    ------
    ParameterError
        if the curve has fewer than two values

    Examples
    --------
    >>> curve_area(np.array([5.0, 1.0, 0.0]))
    1.75
    """
    curve = _check(curve)
    area = ((curve[..., :-1] + curve[..., 1:]) / 2).mean(axis=-1)
    return float(area) if area.ndim == 0 else area


def aopc(curve: np.ndarray, n_steps: int | None = None) -> float:
    """Area over the perturbation curve: the mean loss of answer over the first steps of deletion.

    1 / (L + 1) · Σ over k = 0, ..., L of (c(0) - c(k)). Higher is better; any sign, at most the range of the answers;
    about 0 for an order that means nothing to a model to which few components matter. Source: Samek et al. 2017.
    The sum over k = 1, ..., L divided by L, which is found elsewhere, is (L + 1) / L times as large.

    Parameters
    ----------
    curve : np.ndarray [shape=(..., n_components + 1)]
        from `deletion_curve`
    n_steps : int or None
        L, from 1 to n_components; all of them by default

    Returns
    -------
    float, or np.ndarray [shape=(...,)] for several curves

    Raises
    ------
    ParameterError
        if the curve has fewer than two values, or ``n_steps`` is out of range

    Examples
    --------
    >>> aopc(np.array([5.0, 1.0, 0.0])), aopc(np.array([5.0, 1.0, 0.0]), 1)
    (3.0, 2.0)
    """
    curve = _check(curve)
    most = curve.shape[-1] - 1
    n_steps = most if n_steps is None else whole("n_steps", n_steps, least=1, most=most)
    lost = (curve[..., :1] - curve[..., : n_steps + 1]).mean(axis=-1)
    return float(lost) if lost.ndim == 0 else lost


def random_curves(answers: Source, n_components: int, *, n_rounds: int = 8, seed: int = 0) -> np.ndarray:
    """Deletion curves of random orders: the control of an explanation's own.

    Each round is one random order and its cyclic shifts, so that each component has each place once. All orders are
    still equally likely, but of a model that adds up nothing is left to chance: the mean curve is a straight line. The
    areas are the control of insertion, too.

    Parameters
    ----------
    answers : callable or object with ``logits``
        see `lemons.quality.answers.Answers`
    n_components : int > 0
        K
    n_rounds : int > 0
        each of n_components orders and at most n_components ** 2 masks
    seed : int >= 0
        where they come from

    Returns
    -------
    np.ndarray [shape=(n_rounds * n_components, n_components + 1)]

    Raises
    ------
    ParameterError, DataError
        if a number is out of range; see also `lemons.quality.answers`

    Examples
    --------
    >>> random_curves(lambda masks: masks @ [1, 4], 2).mean(axis=0)
    array([5. , 2.5, 0. ])
    """
    n_components = whole("n_components", n_components, least=1)
    n_rounds, seed = whole("n_rounds", n_rounds, least=1), whole("seed", seed, least=0)
    rng = np.random.default_rng(seed)
    first = [rng.permutation(n_components) for _ in range(n_rounds)]
    orders = [np.roll(order, shift) for order in first for shift in range(n_components)]
    found = as_answers(answers, n_components)(np.concatenate([_deletion_masks(order) for order in orders]))
    return found.reshape(len(orders), n_components + 1)


def _deletion_masks(order: np.ndarray) -> np.ndarray:
    """Masks (n_components + 1, n_components): in row k the first k of the order are off."""
    steps = np.arange(len(order) + 1)
    return (np.argsort(order)[None] >= steps[:, None]).astype(np.int64)


def _check(curve: np.ndarray) -> np.ndarray:
    curve = np.asarray(curve, dtype=np.float64)
    if curve.ndim < 1 or curve.shape[-1] < 2:
        raise ParameterError(f"curve of shape {curve.shape} must hold at least two answers, the full mix and silence")
    return curve
