"""Infidelity: by how much the weights of what was switched off miss what the answer lost.

Reference: Yeh, Hsieh, Suggala, Inouye & Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019
(arXiv 1901.09392); the scale is that of the code published with it, as in Captum.
"""

import numpy as np

from lemons.errors import ParameterError
from lemons.quality.answers import Source, as_answers, as_weights

__all__ = ["infidelity"]


def infidelity(answers: Source, weights: np.ndarray, masks: np.ndarray, *, scaled: bool = False) -> float:
    """Mean squared difference between the weights that went and the answer that was lost.

    mean over masks z of (β · (1 - z)·w - (v(1) - v(z)))². The perturbation is that of switching off what z leaves out.
    At least 0, in squares of the answer's unit; lower is better, and 0 means that the weights add up to every loss.
    β is 1, or with ``scaled`` the factor that makes the mean least, so that explanations of different scales compare:
    β = Σ (1 - z)·w (v(1) - v(z)) / Σ ((1 - z)·w)².

    Parameters
    ----------
    answers : callable or object with ``logits``
        see `lemons.quality.answers.Answers`
    weights : np.ndarray [shape=(n_components,)]
        of the explanation
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones; each row counts the same. The full mix adds nothing
    scaled : bool
        whether the weights are scaled as suits them best

    Returns
    -------
    float >= 0

    Raises
    ------
    ParameterError, DataError
        if there are no masks; see also `lemons.quality.answers`

    Examples
    --------
    >>> masks = np.array([[1, 0], [0, 1]])
    >>> infidelity(lambda masks: masks @ np.array([1.0, 4.0]), np.array([1.0, 2.0]), masks)
    2.0
    """
    weights, masks = as_weights(weights), np.asarray(masks)
    if not len(masks):
        raise ParameterError("masks hold no mask; infidelity is a mean over at least one")
    answer = as_answers(answers, len(weights))
    lost = answer(np.ones((1, len(weights)), dtype=np.int64)) - answer(masks)
    expected = (1 - masks.astype(np.float64)) @ weights
    if scaled:
        square = float(expected @ expected)
        expected = expected * (float(expected @ lost) / square if square > 0 else 0.0)
    return float(((expected - lost) ** 2).mean())
