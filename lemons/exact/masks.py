"""Masks of components: all of them in order, or a sample."""

from typing import Any

import numpy as np

from lemons.arguments import as_array, quoted
from lemons.errors import ParameterError

__all__ = ["check_masks", "mask_rows", "sample_pairs", "spread"]


def check_masks(masks: Any, n_components: int) -> np.ndarray:
    """A caller's masks as an array (n_masks, n_components); ParameterError if they are none.

    Examples
    --------
    >>> check_masks([[1, 0, 1]], 3)
    array([[1, 0, 1]])
    """
    try:
        masks = np.asarray(as_array(masks))
    except (ValueError, TypeError) as error:  # lists of different lengths
        raise ParameterError(f"masks={quoted(masks)} must have shape (n_masks, {n_components})") from error
    if masks.ndim != 2 or masks.shape[1] != n_components:
        raise ParameterError(f"masks of shape {masks.shape} must have shape (n_masks, {n_components})")
    if not ((masks == 0) | (masks == 1)).all():
        raise ParameterError("masks hold other values than 0 and 1; a component is on or off")
    return masks


def mask_rows(start: int, stop: int, n_components: int) -> np.ndarray:
    """Masks number ``start`` to ``stop``: the bits of the number, component 0 the most significant.

    Examples
    --------
    >>> mask_rows(2, 4, 3)
    array([[0, 1, 0],
           [0, 1, 1]])
    """
    return (np.arange(start, stop)[:, None] >> np.arange(n_components - 1, -1, -1)) & 1


def spread(values: np.ndarray, sounding: np.ndarray) -> np.ndarray:
    """Values of the sounding components among zeros for the silent ones, along all axes but the first.

    Parameters
    ----------
    values : np.ndarray [shape=(n, n_sounding, ...)]
    sounding : np.ndarray [shape=(n_components,), dtype=bool]

    Returns
    -------
    np.ndarray [shape=(n, n_components, ...)]

    Examples
    --------
    >>> spread(np.array([[7, 8]]), np.array([True, False, True]))
    array([[7, 0, 8]])
    """
    for axis in range(1, values.ndim):
        shape = list(values.shape)
        shape[axis] = len(sounding)
        found = np.zeros(shape, values.dtype)
        found[(slice(None),) * axis + (sounding,)] = values
        values = found
    return values


def sample_pairs(n_components: int, n_masks: int, *, seed: int) -> np.ndarray:
    """Masks with equal chances, without replacement, in pairs of a mask and its complement.

    Returns
    -------
    np.ndarray [shape=(n_masks, n_components), dtype=int8]
        the complements in the second half, in the order of the first

    Raises
    ------
    ParameterError
        if ``n_masks`` is odd, or more than half of all masks
    """
    if n_masks < 2 or n_masks % 2 or n_masks > 2 ** (n_components - 1):
        raise ParameterError(f"n_masks={n_masks} must be even and at most half of the 2^{n_components} masks")
    rng = np.random.default_rng(seed)
    found = np.ones((0, n_components), dtype=np.int8)
    while len(found) < n_masks // 2:
        drawn = rng.integers(0, 2, (n_masks // 2, n_components), dtype=np.int8)
        drawn[:, 0] = 1  # one of a mask and its complement has the first component: pairs have equal chances
        found = np.concatenate([found, drawn])
        _, first = np.unique(np.packbits(found, axis=1), axis=0, return_index=True)
        found = found[np.sort(first)]
    found = found[: n_masks // 2]
    return np.concatenate([found, 1 - found])
