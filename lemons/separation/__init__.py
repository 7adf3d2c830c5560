"""Separators: from a mix to stems that sum to it."""

import numpy as np

from lemons.audio import validate_audio
from lemons.errors import ParameterError
from lemons.separation.hpss import separate_hpss

SEPARATORS = {"hpss": separate_hpss}


def separate(y: np.ndarray, *, separator: str = "hpss") -> dict[str, np.ndarray]:
    """Split a mix into stems.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,), dtype=float32]
        mono mix at 16 kHz, on the 16-bit grid (as `lemons.audio.load` gives it)
    separator : str
        one of `SEPARATORS`

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        the stems in a fixed order; their sum is ``y``, sample for sample

    Raises
    ------
    ParameterError
        if the separator is unknown
    DataError
        if ``y`` is empty, silent, shorter than a second or not finite
    """
    if separator not in SEPARATORS:
        raise ParameterError(f"separator={separator!r} is unknown; choose one of {', '.join(SEPARATORS)}")
    validate_audio(y)
    return SEPARATORS[separator](y)
