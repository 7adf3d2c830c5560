"""Fidelity: how well a linear explanation predicts the model.

It is the weighted R² between what the linear model says of masks and what the model said. On the masks that were fitted
it flatters; on masks left out of the fit it does not, and that is the one to judge an explanation by.
"""

import numpy as np
from sklearn.linear_model import Ridge

__all__ = ["cross_predictions", "fresh_masks", "r2_of_sums", "weighted_r2"]


def r2_of_sums(missed: float, spread: float) -> float:
    """Share of a variance that predictions explain, from sums.

    Parameters
    ----------
    missed : float
        sum of the squared errors
    spread : float
        sum of the squared differences from the mean

    Returns
    -------
    float <= 1
        1 is perfect, 0 no better than the mean; answers that are all alike give 1 when they are met and 0 when not

    Examples
    --------
    >>> r2_of_sums(1.0, 4.0), r2_of_sums(0.0, 0.0), r2_of_sums(1.0, 0.0)
    (0.75, 1.0, 0.0)
    """
    return float(1 - missed / spread) if spread > 0 else float(missed <= 0)


def weighted_r2(answers: np.ndarray, predictions: np.ndarray, weights: np.ndarray) -> float:
    """Share of the answers' weighted variance that the predictions explain.

    Parameters
    ----------
    answers, predictions, weights : np.ndarray [shape=(n_masks,)]
        what the model said, what the linear model says, and how much each mask counts

    Returns
    -------
    float <= 1
        1 is perfect, 0 no better than the mean; answers that are all alike give 1 when they are met and 0 when not

    Examples
    --------
    >>> weighted_r2(np.array([0.0, 1.0]), np.array([0.0, 0.5]), np.ones(2))
    0.5
    """
    missed = float(weights @ (answers - predictions) ** 2)
    spread = float(weights @ (answers - np.average(answers, weights=weights)) ** 2)
    return r2_of_sums(missed, spread)


def fresh_masks(masks: np.ndarray, n_fresh: int, *, seed: int) -> np.ndarray:
    """Distinct masks that are not among those given.

    Parameters
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        masks that were drawn already
    n_fresh : int > 0
        how many are wanted
    seed : int >= 0
        where they come from

    Returns
    -------
    np.ndarray [shape=(at most n_fresh, n_components)]
        fewer when hardly any are left, none when ``masks`` holds all there are

    Examples
    --------
    >>> fresh_masks(np.array([[1, 1], [1, 0], [0, 0]]), 5, seed=0)
    array([[0, 1]])
    """
    rng = np.random.default_rng(seed)
    taken = {bytes(mask) for mask in masks.astype(np.uint8)}
    found: list[np.ndarray] = []
    # where masks are many, hardly any drawn is taken; where they are few, 8 draws for each find nearly all of them
    for mask in rng.integers(0, 2, (8 * n_fresh, masks.shape[1]), dtype=np.uint8):
        if bytes(mask) not in taken and len(found) < n_fresh:
            taken.add(bytes(mask))
            found.append(mask)
    return np.array(found, dtype=masks.dtype).reshape(-1, masks.shape[1])


def cross_predictions(masks: np.ndarray, answers: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What ridge (alpha 1) says of each mask when all its copies are left out of the fit.

    Parameters
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        at least two distinct ones
    answers, weights : np.ndarray [shape=(n_masks,)]
        what the model said, and how much each mask counts

    Returns
    -------
    np.ndarray [shape=(n_masks,)]

    Examples
    --------
    >>> masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0]])
    >>> cross_predictions(masks, masks @ [3.0, 1.0], np.ones(4)).round(2)
    array([2., 2., 2., 2.])
    """
    predictions = np.empty(len(masks))
    _, copies = np.unique(masks, axis=0, return_inverse=True)
    copies = copies.reshape(-1)
    for mask in np.unique(copies):
        held_out = copies == mask
        ridge = Ridge(alpha=1).fit(masks[~held_out], answers[~held_out], sample_weight=weights[~held_out])
        predictions[held_out] = ridge.predict(masks[held_out])
    return predictions
