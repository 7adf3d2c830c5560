"""What facts are asked of: the answers to all mixes, as numbers that can be looked at."""

from typing import Any

import numpy as np

from lemons.arguments import as_array, quoted
from lemons.errors import DataError, ParameterError
from lemons.exact.lattice import CHUNK_VALUES, MAX_ENUMERATED

__all__ = ["check_answers", "check_count", "check_sounding"]


def check_count(n_sounding: int) -> None:
    """Refuse more components than whose mixes are all looked at."""
    if n_sounding > MAX_ENUMERATED:
        raise ParameterError(
            f"facts about {n_sounding} sounding components need the answers to all 2^{n_sounding} mixes, "
            f"and at most {MAX_ENUMERATED} components are looked at; take fewer segments or stems"
        )


def check_answers(answers: Any) -> np.ndarray:
    """As finite numbers of float32 or float64."""
    wanted = f"answers={quoted(answers)} must be numbers of shape (2^K,), one for each mask"
    try:
        answers = np.asarray(as_array(answers))
    except (ValueError, TypeError) as error:  # lists of different lengths
        raise ParameterError(wanted) from error
    if answers.dtype.kind not in "fiub" or answers.ndim != 1 or answers.size.bit_count() != 1:
        raise ParameterError(wanted)
    check_count(answers.size.bit_length() - 1)
    small = answers.dtype.kind == "f" and answers.itemsize <= 4
    answers = answers.astype(np.float32 if small else np.float64, copy=False)
    if not all(np.isfinite(answers[i : i + CHUNK_VALUES]).all() for i in range(0, len(answers), CHUNK_VALUES)):
        raise DataError("answers hold values that are not numbers (NaN or infinite); train the model again")
    return answers


def check_sounding(sounding: Any, n_sounding: int) -> np.ndarray:
    """Which of all components are not silent, as many as there are bits in the answers (n_components,), bool."""
    if sounding is None:
        return np.ones(n_sounding, dtype=bool)
    sounding = np.asarray(as_array(sounding))
    if sounding.dtype != bool or sounding.sum() != n_sounding:
        raise ParameterError(f"sounding={quoted(sounding)} must be True for {n_sounding} components, False for others")
    return sounding.ravel()
