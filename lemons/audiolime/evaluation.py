"""Measures of an explanation."""

import numpy as np

from lemons.audiolime.lime_audio import AudioExplanation

__all__ = ["compute_complexity"]


def compute_complexity(explanation: AudioExplanation, target_idx: int) -> float:
    """How evenly the weights of a label are spread: 0 when one component has them all, 1 when all are equal.

    It is the entropy of the absolute weights' shares, in units of its largest value (Bhatt, Weller & Moura,
    arXiv 2005.00631).

    Parameters
    ----------
    explanation : AudioExplanation
        whose weights
    target_idx : int
        which label's

    Returns
    -------
    float
        from 0 to 1; 0 for an explanation without weight, or with a single component

    Raises
    ------
    ParameterError
        if the label was not explained

    Examples
    --------
    >>> from lemons.audiolime import TimeOnlyFactorization
    >>> explanation = AudioExplanation(TimeOnlyFactorization(np.ones(4), 1, 4), np.ones((1, 4)), np.ones((1, 1)))
    >>> explanation.local_exp[0] = [(0, 0.5), (3, 0.5), (1, 0.0), (2, 0.0)]  # two of four: half of the entropy
    >>> compute_complexity(explanation, 0)
    0.5
    """
    strengths = np.abs([weight for _, weight in explanation.weights_of(target_idx)])
    shares = strengths[strengths > 0] / max(strengths.sum(), np.finfo(float).tiny)
    if len(shares) < 2:
        return 0.0
    return float(-(shares * np.log(shares)).sum() / np.log(len(strengths)))
