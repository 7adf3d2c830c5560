"""Full scale, and sound above it: scaled as a whole, never clipped in silence.

Files of floats may hold peaks of any height, and what MP3 or Ogg make of a loud master exceeds full scale, too: of
music amplified by 9.5 dB and clipped, decoded peaks reach 1.35. The 16-bit grid ends at full scale. So a file whose
mono mix exceeds it is multiplied by one gain, from the first sample to the last: shape and proportions stay, and stems
that belong to it take the same gain. A warning reports the gain.

What does not exceed full scale keeps its level, bit for bit. That includes a 16-bit file at full scale that is
resampled: soxr's low-pass overshoots in between (by 32 % for the same music), and what goes beyond is clipped, as it
is in every converter. The same holds for a peak of one step above, such as 1.0 itself: it is rounding.
"""

import logging
import os

import numpy as np

from lemons.audio.grid import FULL_SCALE, quantize, to_int16

__all__ = ["describe_gain", "gain_for", "scale", "tell_gain", "within_full_scale"]

STEP = 1 / FULL_SCALE  # of a 16-bit file

logger = logging.getLogger(__name__)


def gain_for(peak: float) -> float:
    """What brings a peak within full scale; 1 where it is within already.

    Parameters
    ----------
    peak : float >= 0
        the largest magnitude of a waveform

    Examples
    --------
    >>> gain_for(0.5), gain_for(1.0), round(gain_for(4.0), 4)
    (1.0, 1.0, 0.25)
    """
    return 1.0 if peak <= 1 + STEP else (1 - STEP) / peak


def scale(y: np.ndarray, gain: float) -> np.ndarray:
    """A waveform times a gain, as float32; at a gain of 1 the waveform itself.

    >>> scale(np.float32([4e30, -1e30]), 2.5e-31).tolist()
    [1.0, -0.25]
    """
    return y if gain == 1 else (y * np.float64(gain)).astype(np.float32)  # such a gain may be none of float32


def within_full_scale(samples: np.ndarray) -> tuple[np.ndarray, float]:
    """Samples of any level as int16, and the gain that they needed; int16 as they are.

    Parameters
    ----------
    samples : np.ndarray [shape=(n_samples,)]
        one or more finite floats, or int16

    Examples
    --------
    >>> within_full_scale(np.float32([0.5, -0.25]))
    (array([16384, -8192], dtype=int16), 1.0)
    """
    if samples.dtype == np.int16:
        return samples, 1.0
    gain = gain_for(float(np.abs(samples).max()))
    return to_int16(quantize(scale(samples, gain))), gain


def describe_gain(path: str | os.PathLike, gain: float) -> str:
    """The sentence on a file that was scaled.

    >>> describe_gain("song.wav", 0.25)
    'song.wav exceeds full scale: all of it is made 12.0 dB quieter, so that nothing is clipped'
    """
    decibels = -20 * np.log10(gain)
    return f"{path} exceeds full scale: all of it is made {decibels:.1f} dB quieter, so that nothing is clipped"


def tell_gain(path: str | os.PathLike, gain: float) -> None:
    """Log a warning where a file was scaled."""
    if gain != 1:
        logger.warning("%s", describe_gain(path, gain))
