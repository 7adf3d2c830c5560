"""What the played components do alone, and what their absence does: drop, increase, gain and faithfulness.

All four compare probabilities: that of the full mix, p, with that of the top components alone, o, or with that of the
rest, r, which is the mix without them. Each function takes one pair or many and gives the mean over them.

References
----------
Chattopadhay, Sarkar, Howlader & Balasubramanian, "Grad-CAM++: Improved Visual Explanations for Deep Convolutional
Networks", WACV 2018 (arXiv 1710.11063), for drop and increase; Zhang, Torres, Sicre, Avrithis & Ayache, "Opti-CAM:
Optimizing saliency maps for interpretability", 2023 (arXiv 2301.07002), for gain; Parekh, Parekh, Mozharovskyi,
d'Alché-Buc & Richard, "Listen to Interpret", NeurIPS 2022 (arXiv 2202.11479), for the faithfulness of what is left.
"""

from typing import Any

import numpy as np

from lemons.arguments import as_array, quoted
from lemons.errors import ParameterError

__all__ = ["average_drop", "average_gain", "average_increase", "rest_faithfulness"]


def average_drop(full: Any, kept: Any) -> float:
    """AD: the share of the probability that is lost when the top components play alone.

    mean of max(0, p - o) / p. From 0 to 1; lower is better. 0 where p is 0. Source: Chattopadhay et al. 2018, who give
    percents.

    Parameters
    ----------
    full, kept : float or np.ndarray [shape=(n_explanations,)]
        probabilities p of the full mix and o of the top components alone

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        if they are no probabilities, or not as many

    Examples
    --------
    >>> average_drop([0.5, 0.5], [0.25, 0.75])
    0.25
    """
    full, kept = _probabilities(full=full, kept=kept)
    return float(_shares(np.maximum(0, full - kept), full).mean())


def average_increase(full: Any, kept: Any) -> float:
    """AI: the share of explanations whose top components alone have a higher probability than the full mix.

    mean of 1 where o > p, else 0. From 0 to 1; higher is better. Source: Chattopadhay et al. 2018.

    Parameters
    ----------
    full, kept
        see `average_drop`

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        see `average_drop`

    Examples
    --------
    >>> average_increase([0.5, 0.5], [0.25, 0.75])
    0.5
    """
    full, kept = _probabilities(full=full, kept=kept)
    return float((kept > full).mean())


def average_gain(full: Any, kept: Any) -> float:
    """AG: the share of the missing probability that is won when the top components play alone.

    mean of max(0, o - p) / (1 - p). From 0 to 1; higher is better. 0 where p is 1. Source: Zhang et al. 2023.

    Parameters
    ----------
    full, kept
        see `average_drop`

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        see `average_drop`

    Examples
    --------
    >>> average_gain([0.5, 0.5], [0.25, 0.75])
    0.25
    """
    full, kept = _probabilities(full=full, kept=kept)
    return float(_shares(np.maximum(0, kept - full), 1 - full).mean())


def rest_faithfulness(full: Any, rest: Any) -> float:
    """How much probability goes with the top components.

    mean of p - r. From -1 to 1; higher is better, and below 0 the track is recommended more without what explains it.
    Source: Parekh et al. 2022, who give the median over samples.

    Parameters
    ----------
    full, rest : float or np.ndarray [shape=(n_explanations,)]
        probabilities p of the full mix and r of the mix without the top components

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        see `average_drop`

    Examples
    --------
    >>> rest_faithfulness(0.75, 0.5)
    0.25
    """
    full, rest = _probabilities(full=full, rest=rest)
    return float((full - rest).mean())


def _shares(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """Parts of wholes; 0 of a whole of 0, which has no parts."""
    return np.divide(parts, wholes, out=np.zeros_like(parts), where=wholes > 0)


def _probabilities(**named: Any) -> tuple[np.ndarray, ...]:
    found = []
    for name, value in named.items():
        try:
            array = np.atleast_1d(np.asarray(as_array(value), dtype=np.float64))
        except (ValueError, TypeError) as error:  # lists of different lengths, texts
            raise ParameterError(f"{name}={quoted(value)} must be probabilities") from error
        if array.ndim != 1 or not array.size or not ((array >= 0) & (array <= 1)).all():
            raise ParameterError(f"{name}={quoted(value)} must be probabilities, between 0 and 1; squash logits first")
        found.append(array)
    if len({len(array) for array in found}) > 1:
        lengths = " and ".join(f"{len(array)} {name}" for name, array in zip(named, found, strict=True))
        raise ParameterError(f"{lengths} probabilities must be as many, one of each for an explanation")
    return tuple(found)
