"""Masks around a sound: drawing them, and asking the model about each distinct one once."""

import itertools
from collections.abc import Callable

import numpy as np
from sklearn.utils import check_random_state

from lemons.audiolime.factorization_base import Factorization
from lemons.errors import DataError, ParameterError

EXHAUSTIVE_MAX_COMPONENTS = 20  # a million mixes; one more component doubles them

Progress = Callable[[int, int], None]


def draw_masks(
    n_components: int,
    num_samples: int | str,
    *,
    random_state: int | np.random.RandomState,
    random_seed: int | None = None,
) -> np.ndarray:
    """Masks of a neighborhood, the full mix first.

    Parameters
    ----------
    n_components : int > 0
        length of a mask
    num_samples : int > 0 or 'exhaustive'
        how many masks to draw, every component on or off with equal chance; or every mask there is
    random_state : int or np.random.RandomState
        where they come from
    random_seed : int or None
        audioLIME draws a seed, of which it makes no use, before the masks; giving one leaves that draw out

    Returns
    -------
    np.ndarray [shape=(n_masks, n_components), dtype=int64]

    Examples
    --------
    >>> draw_masks(2, "exhaustive", random_state=0).tolist()
    [[1, 1], [1, 0], [0, 1], [0, 0]]
    """
    rng = check_random_state(random_state)
    if random_seed is None:
        rng.randint(0, high=1000)
    if num_samples == "exhaustive":
        if n_components > EXHAUSTIVE_MAX_COMPONENTS:
            found = f"num_samples='exhaustive' would score 2^{n_components} mixes"
            raise ParameterError(f"{found}; use at most {EXHAUSTIVE_MAX_COMPONENTS} components, or draw masks")
        return np.array(list(itertools.product([1, 0], repeat=n_components)))
    if not (isinstance(num_samples, int) and num_samples >= 1):
        raise ParameterError(f"num_samples={num_samples!r} must be a positive integer or 'exhaustive'")
    masks = rng.randint(0, 2, num_samples * n_components).reshape(num_samples, n_components)
    masks[0] = 1
    return masks


def score_masks(
    factorization: Factorization,
    predict_fn: Callable[[np.ndarray], np.ndarray],
    masks: np.ndarray,
    *,
    batch_size: int,
    progress: Progress | None = None,
) -> np.ndarray:
    """The model's answers about masks, each distinct one asked once, in the order of their first appearance.

    Parameters and errors are those of `LimeAudioExplainer.explain_instance`.

    Returns
    -------
    np.ndarray [shape=(n_masks, n_labels)]
    """
    if batch_size < 1:
        raise ParameterError(f"batch_size={batch_size} must be a positive integer")
    _, first, copies = np.unique(masks, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)  # of np.unique's sorted masks, so that the full mix comes first
    answers = []
    for start in range(0, len(order), batch_size):
        batch = masks[first[order[start : start + batch_size]]]
        inputs = np.array([factorization.compose_model_input(np.flatnonzero(mask)) for mask in batch])
        found = np.asarray(predict_fn(inputs))
        if found.ndim != 2 or len(found) != len(batch):
            raise ParameterError(f"predict_fn answered with shape {found.shape}, not ({len(batch)}, n_labels)")
        if not np.isfinite(found).all():
            raise DataError("the model answers with values that are not numbers (NaN or infinite); train it again")
        answers.append(found)
        if progress is not None:
            progress(start + len(batch), len(order))
    return np.concatenate(answers)[np.argsort(order)[copies.reshape(-1)]]
