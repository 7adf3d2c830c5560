"""Waveforms: reading, checking, writing.

Conventions: a waveform ``y`` is a float32 array of shape (n_samples,): mono, 16 kHz, in [-1, 1), on the grid of a
16-bit file (multiples of 2^-15). On that grid float32 sums of a few hundred waveforms are exact, so statements such as
"the stems sum to the mix" or "explanation + rest = mix" hold bit for bit and survive being written and read.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import soxr

from lemons.errors import DataError, ParameterError
from lemons.files import atomic_path
from lemons.recording import Recording

SAMPLE_RATE = 16000  # Hz
MIN_DURATION_S = 1.0  # the excerpt that the recommender trains on; shorter audio has no place to put a segment
FULL_SCALE = 2**15  # steps of a 16-bit file between 0 and 1


def load(path: str | os.PathLike, *, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Read any audio file that libsndfile knows (WAV, FLAC, Ogg, Opus, MP3, AIFF ...) as a mono waveform.

    Channels are averaged, then resampled with soxr's HQ setting and rounded to 16 bits. A NumPy array (``.npy``) is
    taken for the samples of a mono file at 16 kHz: integers of 16 bits, or floats in [-1, 1).

    Parameters
    ----------
    path : path-like
        the file
    sr : int > 0
        sampling rate of the result, in Hz

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]

    Raises
    ------
    DataError
        if there is no such file, it is not audio, is damaged, does not say how long it is, holds no sample, or holds
        values that are not numbers
    """
    path = Path(path)
    if path.suffix.lower() == ".npy":
        y = to_float(load_samples(path))
        return y if sr == SAMPLE_RATE else quantize(soxr.resample(y, SAMPLE_RATE, sr, quality="HQ"))
    with Recording(path) as recording:
        if not recording.n_samples:
            raise DataError(f"{path} holds no audio (0 samples); choose another file")
        y = np.concatenate([block.mean(axis=1) for block in recording.blocks()])
    if not np.isfinite(y).all():
        raise DataError(f"{path} holds samples that are not numbers (NaN or infinite); export it again")
    return quantize(soxr.resample(y, recording.sr, sr, quality="HQ"))


def load_samples(path: str | os.PathLike) -> np.ndarray:
    """Read samples at 16 kHz that were saved by `numpy.save`.

    They are read rather than mapped: each mapped array holds a file open, and a listener's split has more tracks than
    the 1024 files that a process may usually open.

    Parameters
    ----------
    path : path-like
        a ``.npy`` file of one channel: int16, or floats, nominally in [-1, 1)

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=int16]

    Raises
    ------
    DataError
        if the file is no such array, is cut off or empty, or holds values that are not numbers
    """
    if not Path(path).is_file():
        raise DataError(f"no such audio file: {path}; check the path")
    try:
        samples = np.load(path)
    except (OSError, ValueError, EOFError) as error:  # an array of Python objects is a ValueError: it is not unpickled
        # NumPy's own words may advise to unpickle, which runs whatever the file says
        reason = getattr(error, "strerror", None) or "it is damaged, or something else"
        raise DataError(f"{path} cannot be read as a NumPy array ({reason}); save it by numpy.save") from error
    kind = getattr(samples, "dtype", np.dtype(object))
    if (kind != np.int16 and kind.kind != "f") or max(samples.shape, default=0) != samples.size:
        raise DataError(f"{path} holds {kind} {getattr(samples, 'shape', '')}; it must be int16 or floats (n_samples,)")
    if not samples.size:
        raise DataError(f"{path} holds no audio (0 samples); choose another file")
    samples = samples.reshape(-1)
    if kind == np.int16:
        return samples
    if not np.isfinite(samples).all():
        raise DataError(f"{path} holds samples that are not numbers (NaN or infinite); export it again")
    return to_int16(quantize(samples))


def is_native(path: str | os.PathLike) -> bool:
    """Whether a file is 16 kHz mono already, so that `load` has nothing to resample; False when it is no audio."""
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError:
        return False
    return info.samplerate == SAMPLE_RATE and info.channels == 1


def validate_audio(y: np.ndarray, *, sr: int = SAMPLE_RATE) -> None:
    """Refuse a waveform that cannot be explained.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        mono waveform
    sr : int > 0
        sampling rate of ``y``, in Hz

    Raises
    ------
    ParameterError
        if ``y`` is not a one-dimensional array of floats
    DataError
        if it is empty, has values that are not numbers, is shorter than one second, or silent

    Examples
    --------
    >>> validate_audio(np.sin(np.arange(16000.0)))
    >>> validate_audio(np.zeros(16000))
    Traceback (most recent call last):
    lemons.errors.DataError: the audio is silent (every sample is 0); there is nothing to explain
    """
    if not isinstance(y, np.ndarray) or y.ndim != 1 or not np.issubdtype(y.dtype, np.floating):
        found = f"{y.dtype} {y.shape}" if isinstance(y, np.ndarray) else type(y).__name__
        raise ParameterError(f"a waveform must be floats of shape (n_samples,), not {found}; average its channels")
    if not len(y):
        raise DataError("the audio is empty (0 samples); choose another file")
    if not np.isfinite(y).all():
        raise DataError("the audio holds samples that are not numbers (NaN or infinite); export it again")
    if len(y) < MIN_DURATION_S * sr:
        raise DataError(f"the audio lasts {len(y) / sr:.2f} s; at least {MIN_DURATION_S:g} s is needed")
    if not y.any():
        raise DataError("the audio is silent (every sample is 0); there is nothing to explain")


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

    Examples
    --------
    >>> quantize(np.array([0.0, 1e-6, 0.5, 2.0])).tolist()
    [0.0, 0.0, 0.5, 0.999969482421875]
    """
    return to_float(np.clip(np.rint(np.asarray(y) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1))


def to_int16(y: np.ndarray) -> np.ndarray:
    """A quantized waveform as int16 samples, as `Library.load_audio` gives them; exact.

    >>> to_int16(np.float32([-1, 0.5])).tolist()
    [-32768, 16384]
    """
    return (np.asarray(y) * FULL_SCALE).astype(np.int16)


def to_float(samples: np.ndarray) -> np.ndarray:
    """Int16 samples as a float32 waveform in [-1, 1); exact.

    >>> to_float(np.int16([-32768, 16384])).tolist()
    [-1.0, 0.5]
    """
    return (np.asarray(samples) / np.float32(FULL_SCALE)).astype(np.float32)


def write_flac(path: str | os.PathLike, y: np.ndarray, *, sr: int = SAMPLE_RATE, bits: int = 16) -> None:
    """Write a waveform as FLAC, at its own level, whole or not at all.

    Parameters
    ----------
    path : path-like
        the file to write
    y : np.ndarray [shape=(n_samples,)]
        waveform in [-1, 1); on the 16-bit grid it is read back bit for bit
    sr : int > 0
        its sampling rate, in Hz
    bits : {16, 24}
        resolution; 24 keeps what lies on the 16-bit grid exact down to a gain of 2^-8

    Raises
    ------
    ParameterError
        if a sample exceeds full scale: a clipped clip would not be what was scored
    DataError
        if the file cannot be written
    """
    top = 1 - 2.0 ** (1 - bits)
    if len(y) and not (y.min() >= -1 and y.max() <= top):
        raise ParameterError(f"{path}: peak {np.abs(y).max():.3f} exceeds full scale; lower the gain of all its clips")
    with atomic_path(path) as temporary:
        try:
            soundfile.write(temporary, y, sr, format="FLAC", subtype=f"PCM_{bits}")
        except soundfile.LibsndfileError as error:  # what libsndfile says when the disk is full
            raise OSError(error.error_string) from error


def common_gain(sounds: Iterable[np.ndarray]) -> float:
    """The largest power of two, at most 1, that brings all sounds within a 16-bit file's full scale.

    >>> common_gain([np.array([0.5, -1.0]), np.array([1.0])])
    0.5
    """
    sounds = list(sounds)
    highest, lowest = max(y.max() for y in sounds), min(y.min() for y in sounds)
    gain = 1.0
    while highest * gain > 1 - 1 / FULL_SCALE or lowest * gain < -1:
        gain /= 2
    return gain
