"""The grid of a 16-bit file: multiples of 2^-15, on which float32 sums of a few hundred waveforms are exact."""

import numpy as np

from lemons.arguments import as_array
from lemons.errors import DataError, ParameterError

__all__ = ["FULL_SCALE", "numbers", "quantize", "round_16_bit", "to_float", "to_int16"]

FULL_SCALE = 2**15  # steps of a 16-bit file between 0 and 1


def quantize(y: np.ndarray) -> np.ndarray:
    """Round a waveform to what a 16-bit file holds; what exceeds full scale is clipped.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        waveform, nominally in [-1, 1)

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        multiples of 2^-15 in [-1, 1 - 2^-15]

    Raises
    ------
    ParameterError
        if these are no real numbers
    DataError
        if a sample is NaN

    Examples
    --------
    >>> quantize(np.array([0.0, 1e-6, 0.5, 2.0])).tolist()
    [0.0, 0.0, 0.5, 0.999969482421875]
    """
    y = numbers(y)
    if np.isnan(y).any():
        raise DataError("the waveform holds samples that are not numbers (NaN); export it again")
    return to_float(np.clip(np.rint(y * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1))


def round_16_bit(y: np.ndarray) -> np.ndarray:
    """Round stems to the 16-bit grid, as float32; they may exceed full scale, which `quantize` clips.

    >>> round_16_bit(np.array([1e-6, 2.0])).tolist()
    [0.0, 2.0]
    """
    return (np.rint(y * np.float32(FULL_SCALE)) / np.float32(FULL_SCALE)).astype(np.float32)


def to_int16(y: np.ndarray) -> np.ndarray:
    """A quantized waveform as int16 samples, as `Library.load_audio` gives them; exact.

    ParameterError for samples beyond full scale, which an int16 would turn over.

    >>> to_int16(np.float32([-1, 0.5])).tolist()
    [-32768, 16384]
    """
    steps = numbers(y) * FULL_SCALE
    if not ((steps >= -FULL_SCALE) & (steps < FULL_SCALE)).all():
        raise ParameterError("a sample is beyond full scale, or is not a number; call quantize first")
    return steps.astype(np.int16)


def to_float(samples: np.ndarray) -> np.ndarray:
    """Int16 samples as a float32 waveform in [-1, 1); exact.

    >>> to_float(np.int16([-32768, 16384])).tolist()
    [-1.0, 0.5]
    """
    return (numbers(samples) / np.float32(FULL_SCALE)).astype(np.float32)


def numbers(y: np.ndarray) -> np.ndarray:
    """Real numbers of any shape, half precision as float32, whose steps beyond 2^11 it lacks."""
    try:
        y = np.asarray(as_array(y))
    except ValueError as error:  # lists of different lengths
        raise ParameterError("a waveform must be an array of numbers, all channels of equal length") from error
    if y.dtype.kind not in "fiu":
        raise ParameterError(f"a waveform must be an array of numbers, not of {y.dtype}")
    return y.astype(np.float32) if y.dtype == np.float16 else y
