"""The smallest sufficient and necessary sets by their definitions alone: what facts must say of a model.

`lemons.exact.facts` finds all minimal sets, with values and margins. Here nothing but the smallest is asked for, and
the answers are read plainly: an array with an axis of two places, off and on, for each component.
"""

import numpy as np

from explanations.studies.truth.answers import Answers

__all__ = ["smallest_necessary", "smallest_sufficient"]


def smallest_sufficient(answers: Answers, threshold: float) -> np.ndarray:
    """The smallest sets with which on every mix reaches the threshold, whatever else is switched.

    Parameters
    ----------
    answers : Answers
        to all mixes of K components
    threshold : float
        a logit that equals it reaches it

    Returns
    -------
    np.ndarray [shape=(n_sets,)]
        numbers of masks, those that are on; none if the full mix does not reach it
    """
    always = (answers.logits >= threshold).reshape((2,) * answers.n_components)
    for axis in range(answers.n_components):
        off, on = np.moveaxis(always, axis, 0)
        off &= on  # a mix and all with this component as well
    return _smallest(np.flatnonzero(always))


def smallest_necessary(answers: Answers, threshold: float) -> np.ndarray:
    """The smallest sets without which the rest of the full mix does not reach the threshold; see `smallest_sufficient`.

    Since they are the smallest, less of them may go: no part of one is necessary.
    """
    failing = np.flatnonzero(answers.logits < threshold)
    return _smallest(answers.logits.size - 1 - failing)


def _smallest(numbers: np.ndarray) -> np.ndarray:
    sizes = np.bitwise_count(numbers)
    return numbers[sizes == sizes.min(initial=64)]
