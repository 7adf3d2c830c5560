"""Measures of an explanation."""

import numpy as np

from lemons.audiolime.lime_audio import AudioExplanation

__all__ = ["compute_complexity"]


def compute_complexity(explanation: AudioExplanation, target_idx: int) -> float:
    """How evenly the weights of a label are spread: 0 when one component has them all, 1 when all are equal.

    It is the entropy of the absolute weights' shares, in units of its largest value (Bhatt, Weller & Moura,
    arXiv 2005.00631). An explanation without weight has complexity 0; a label that was not explained
    is a ParameterError.
    """
    strengths = np.abs([weight for _, weight in explanation.weights_of(target_idx)])
    shares = strengths[strengths > 0] / max(strengths.sum(), np.finfo(float).tiny)
    if len(shares) < 2:
        return 0.0
    return float(-(shares * np.log(shares)).sum() / np.log(len(strengths)))
