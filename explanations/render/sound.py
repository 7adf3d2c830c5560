"""Sound as a file for a browser, sample for sample what was scored."""

import io

import numpy as np
import soundfile

from lemons.audio import SAMPLE_RATE
from lemons.errors import ParameterError


def flac_bytes(y: np.ndarray, *, gain: float = 1.0) -> bytes:
    """A waveform as a FLAC file: 16 bits, or 24 where a gain took it off the 16-bit grid.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        waveform in [-1, 1), already multiplied by ``gain``
    gain : float
        1, or a power of two below

    Returns
    -------
    bytes
        of a lossless file: decoded, it is ``y`` bit for bit

    Raises
    ------
    ParameterError
        if ``y`` holds no floats; whole numbers would become noise at full scale
    """
    if not np.issubdtype(y.dtype, np.floating):
        raise ParameterError(
            f"y holds {y.dtype}, but must hold floats in [-1, 1); int16 goes through lemons.audio.to_float"
        )
    bits = 16 if gain == 1 else 24
    file = io.BytesIO()
    samples = (y.astype(np.float64) * 2**31).astype(np.int32)  # libsndfile keeps the upper bits; it would scale floats
    soundfile.write(file, samples, SAMPLE_RATE, format="FLAC", subtype=f"PCM_{bits}")
    return file.getvalue()
