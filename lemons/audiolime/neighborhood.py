"""Masks around a sound: drawing them, and scoring each distinct one once."""

import itertools
from collections.abc import Callable

import numpy as np
from sklearn.utils import check_random_state

from lemons.arguments import as_array, function, quoted, whole
from lemons.arguments import random_state as check_state
from lemons.audiolime.factorization_base import Factorization
from lemons.errors import DataError, ParameterError
from lemons.progress import Progress

__all__ = ["draw_masks", "score_masks"]

EXHAUSTIVE_MAX_COMPONENTS = 20  # a million mixes; one more component doubles them
MAX_VALUES = 2**27  # zeros and ones of all masks: 1 GB
MAX_ANSWER = 1e15  # squares of larger ones, summed over masks, pass the range of float32


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
    num_samples : int > 1 or 'exhaustive'
        how many masks to draw, every component on or off with equal probability; or every mask
    random_state : int or np.random.RandomState
        where they come from
    random_seed : int or None
        audioLIME draws a seed before the masks and never uses it; giving one skips that draw

    Returns
    -------
    np.ndarray [shape=(n_masks, n_components), dtype=int64]

    Raises
    ------
    ParameterError
        if a number is out of range, ``random_state`` is none, or there would be too many masks

    Examples
    --------
    >>> draw_masks(2, "exhaustive", random_state=0).tolist()
    [[1, 1], [1, 0], [0, 1], [0, 0]]
    """
    n_components = whole("n_components", n_components, least=1)
    rng = check_random_state(check_state("random_state", random_state))
    if random_seed is None:
        rng.randint(0, high=1000)
    if isinstance(num_samples, str) and num_samples == "exhaustive":
        if n_components > EXHAUSTIVE_MAX_COMPONENTS:
            found = f"num_samples='exhaustive' would score 2^{n_components} mixes"
            raise ParameterError(f"{found}; use at most {EXHAUSTIVE_MAX_COMPONENTS} components, or draw masks")
        return np.array(list(itertools.product([1, 0], repeat=n_components)))
    hint = " (the full mix alone has nothing to be compared with), or 'exhaustive'"
    num_samples = whole("num_samples", num_samples, least=2, hint=hint)
    if num_samples * n_components > MAX_VALUES:
        most = MAX_VALUES // n_components
        raise ParameterError(f"num_samples={num_samples} must be at most {most} for {n_components} components")
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
    """The model's answers to masks; each distinct mask is scored once, in the order of first appearance.

    Parameters and errors are those of `LimeAudioExplainer.explain_instance`.

    Returns
    -------
    np.ndarray [shape=(n_masks, n_labels)]
    """
    batch_size, predict_fn = whole("batch_size", batch_size, least=1), function("predict_fn", predict_fn)
    _, first, copies = np.unique(masks, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)  # of np.unique's sorted masks, so that the full mix comes first
    answers: list[np.ndarray] = []
    for start in range(0, len(order), batch_size):
        batch = masks[first[order[start : start + batch_size]]]
        inputs = _stack([factorization.compose_model_input(np.flatnonzero(mask)) for mask in batch])
        found = _answers(predict_fn(inputs), len(batch))
        if answers and found.shape[1] != answers[0].shape[1]:
            raise ParameterError(f"predict_fn answered {answers[0].shape[1]} labels, and later {found.shape[1]}")
        answers.append(found)
        if progress is not None:
            progress(start + len(batch), len(order))
    return np.concatenate(answers)[np.argsort(order)[copies.reshape(-1)]]


def _stack(inputs: list) -> np.ndarray:
    try:
        return np.array([as_array(one) for one in inputs])
    except ValueError as error:
        raise ParameterError("composition_fn makes inputs of different shapes; a batch needs equal ones") from error


def _answers(found, n_inputs: int) -> np.ndarray:
    """What a model answered, as numbers (n_inputs, n_labels)."""
    try:
        found = np.asarray(as_array(found))
    except (ValueError, TypeError) as error:  # lists of different lengths, things that are no arrays
        raise ParameterError(f"predict_fn answered {quoted(found)}, not an array (n_inputs, n_labels)") from error
    if found.ndim != 2 or len(found) != n_inputs:
        hint = "; for one label, add [:, None]" if found.shape == (n_inputs,) else ""
        raise ParameterError(f"predict_fn answered with shape {found.shape}, not ({n_inputs}, n_labels){hint}")
    if found.dtype.kind not in "fiub":
        raise ParameterError(f"predict_fn answered with {found.dtype}; it must give real numbers")
    if found.dtype not in (np.float32, np.float64):
        found = found.astype(np.float64)
    if not np.isfinite(found).all():
        raise DataError("the model answers with values that are not numbers (NaN or infinite); train it again")
    if (np.abs(found) > MAX_ANSWER).any():
        raise ParameterError(f"predict_fn answered {np.abs(found).max():.3g}, more than {MAX_ANSWER:g}; divide it")
    return found
