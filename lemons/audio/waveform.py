"""Waveforms: reading and checking.

Conventions: a waveform ``y`` is a float32 array of shape (n_samples,): mono, 16 kHz, in [-1, 1), on the grid of a
16-bit file (multiples of 2^-15). On that grid float32 sums of a few hundred waveforms are exact, so statements such as
"the stems sum to the mix" or "explanation + rest = mix" hold bit for bit and survive being written and read.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soxr

from lemons.arguments import file_path, floats, items, whole
from lemons.audio.array_file import load_array
from lemons.audio.grid import FULL_SCALE, numbers, quantize, to_float
from lemons.audio.level import gain_for, scale, tell_gain, within_full_scale
from lemons.audio.recording import Recording
from lemons.errors import DataError, ParameterError

__all__ = [
    "MIN_DURATION_S",
    "RATES",
    "SAMPLE_RATE",
    "check_file_rate",
    "check_rate",
    "common_gain",
    "is_native",
    "load",
    "load_with_gain",
    "loud_gain",
    "validate_audio",
]

SAMPLE_RATE = 16000  # Hz
MIN_DURATION_S = 1.0  # the excerpt that the recommender trains on; shorter audio has no place to put a segment
RATES = (4000, 768000)  # Hz, of files: below it there is no music, above it no converter
MAX_SAMPLE_RATE = 655350  # Hz; FLAC's


def load(path: str | os.PathLike, *, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Read an audio file (WAV, FLAC, Ogg, Opus, MP3, AIFF ...; with PyAV also M4A, AAC, WMA, WebM) as a mono waveform.

    Channels are averaged, then resampled with soxr's HQ setting and rounded to 16 bits. A NumPy array (``.npy``) is
    taken for the samples of a mono file at 16 kHz: integers of 16 bits, or floats in [-1, 1). A file that exceeds full
    scale is scaled as a whole, and a warning is logged; see `lemons.audio.level`.

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
    ParameterError
        if ``path`` is no path or ``sr`` no sampling rate
    DataError
        if there is no such file, it is not audio, was cut or is damaged otherwise, changes its rate in its middle, has
        one outside `RATES`, needs PyAV where that is not installed, holds no sample, or holds values that are not
        numbers

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lemons.audio import write_flac
    >>> with TemporaryDirectory() as folder:
    ...     write_flac(f"{folder}/tone.flac", np.full(4, 0.5, np.float32))
    ...     load(f"{folder}/tone.flac")
    array([0.5, 0.5, 0.5, 0.5], dtype=float32)
    """
    y, gain = load_with_gain(path, sr=sr)
    tell_gain(path, gain)
    return y


def load_with_gain(path: str | os.PathLike, *, sr: int = SAMPLE_RATE) -> tuple[np.ndarray, float]:
    """`load`, and what the file was multiplied by: 1, unless it exceeds full scale; logs nothing.

    The gain is a property of the file: it brings within full scale what the file holds, and what `load` makes of it at
    16 kHz.

    >>> from tempfile import TemporaryDirectory
    >>> import soundfile
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/loud.wav", np.full(3, 2.0), SAMPLE_RATE, subtype="FLOAT")
    ...     y, gain = load_with_gain(f"{folder}/loud.wav")
    >>> bool(np.abs(y).max() < 1), round(2 * gain, 3)
    (True, 1.0)
    """
    path, sr = file_path("path", path), check_rate(sr)
    if path.suffix.lower() == ".npy":
        samples, gain = within_full_scale(load_array(path))
        y = to_float(samples)
        return (y, gain) if sr == SAMPLE_RATE else (quantize(soxr.resample(y, SAMPLE_RATE, sr, quality="HQ")), gain)
    peak = 0.0

    def watched(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        nonlocal peak
        for y in blocks:
            peak = max(peak, float(np.abs(y).max(initial=0)))
            yield y

    with _open(path) as recording:
        y = _resample(watched(_mono(recording)), recording.sr, sr)
    return (quantize(y), 1.0) if gain_for(peak) == 1 else _load_loud(path, sr, peak)


def loud_gain(path: str | os.PathLike, peak: float) -> float:
    """The gain of `load_with_gain` for an audio file whose mono mix is known to exceed full scale.

    Parameters
    ----------
    path : path-like
        the file, no array
    peak : float > 1
        the largest magnitude of its mono mix, at its own rate

    Examples
    --------
    A steady level of twice full scale comes to just below full scale.

    >>> from tempfile import TemporaryDirectory
    >>> import soundfile
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/loud.wav", np.full(3, 2.0), SAMPLE_RATE, subtype="FLOAT")
    ...     round(loud_gain(f"{folder}/loud.wav", 2.0), 3)
    0.5
    """
    return _load_loud(Path(path), SAMPLE_RATE, peak)[1]


def _load_loud(path: Path, sr: int, peak: float) -> tuple[np.ndarray, float]:
    """`load_with_gain` for such a file, decoded once more: floats of 10^38, resampled as they are, would overflow."""
    with _open(path) as recording:
        rate, mix = recording.sr, list(_mono(recording))
    gain = gain_for(peak)
    y = _resample(mix, rate, SAMPLE_RATE, gain)
    overshoot = gain_for(float(np.abs(y).max(initial=0)))
    gain *= overshoot
    return quantize(scale(y, overshoot) if sr == SAMPLE_RATE else _resample(mix, rate, sr, gain)), gain


@contextmanager
def _open(path: Path) -> Iterator[Recording]:
    with Recording(path) as recording:
        check_file_rate(path, recording.sr)
        yield recording


def _mono(recording: Recording) -> Iterator[np.ndarray]:
    """The mean of a file's channels, piece by piece; DataError if there is none, or a sample is no number."""
    y = None
    for block in recording.blocks():
        y = block.mean(axis=1)
        if not np.isfinite(y).all():
            raise DataError(f"{recording.path} holds samples that are not numbers (NaN or infinite); export it again")
        yield y
    if y is None:
        raise DataError(f"{recording.path} holds no audio (0 samples); choose another file")


def _resample(blocks: Iterable[np.ndarray], rate: int, sr: int, gain: float = 1.0) -> np.ndarray:
    """A waveform times a gain, resampled piece by piece as `soxr.resample` does it at once, bit for bit."""
    resampler = soxr.ResampleStream(rate, sr, 1, dtype="float32", quality="HQ")
    pieces = [resampler.resample_chunk(scale(y, gain)) for y in blocks]
    return np.concatenate([*pieces, resampler.resample_chunk(np.zeros(0, np.float32), last=True)])


def check_file_rate(path: str | os.PathLike, sr: int) -> None:
    """Refuse, with a DataError, a file whose sampling rate is outside `RATES`.

    >>> check_file_rate("song.wav", 44_100)
    """
    if not RATES[0] <= sr <= RATES[1]:
        hint = f"convert it to a rate between {RATES[0]} and {RATES[1]} Hz"
        raise DataError(f"{path} has {sr} samples per second; {hint}")


def is_native(path: str | os.PathLike) -> bool:
    """Whether a file is 16 kHz mono already, so that `load` has nothing to resample; False when it is no audio.

    >>> from tempfile import TemporaryDirectory
    >>> import soundfile
    >>> with TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/cd.wav", np.zeros(3), 44_100)
    ...     is_native(f"{folder}/cd.wav")
    False
    """
    try:
        with Recording(file_path("path", path)) as recording:
            return recording.sr == SAMPLE_RATE and recording.n_channels == 1
    except DataError:
        return False


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
    y, sr = floats("a waveform", y), check_rate(sr)
    if not len(y):
        raise DataError("the audio is empty (0 samples); choose another file")
    if not np.isfinite(y).all():
        raise DataError("the audio holds samples that are not numbers (NaN or infinite); export it again")
    if len(y) < MIN_DURATION_S * sr:
        raise DataError(f"the audio lasts {len(y) / sr:.2f} s; at least {MIN_DURATION_S:g} s is needed")
    if not y.any():
        raise DataError("the audio is silent (every sample is 0); there is nothing to explain")


def check_rate(sr: int) -> int:
    """A sampling rate in Hz, if it is one; else ParameterError.

    >>> check_rate(16_000)
    16000
    """
    return whole("sr", sr, least=1, most=MAX_SAMPLE_RATE, hint=" Hz")


def common_gain(sounds: Iterable[np.ndarray]) -> float:
    """The largest power of two, at most 1, that brings all sounds within a 16-bit file's full scale.

    >>> common_gain([np.array([0.5, -1.0]), np.array([1.0])])
    0.5
    """
    sounds = [numbers(y) for y in items("sounds", sounds, hint="a list of waveforms")]
    if not sounds or not all(y.size and np.isfinite(y).all() for y in sounds):
        raise ParameterError("sounds must be one or more waveforms of finite samples, none of them empty")
    highest, lowest = max(y.max() for y in sounds), min(y.min() for y in sounds)
    gain = 1.0
    while highest * gain > 1 - 1 / FULL_SCALE or lowest * gain < -1:
        gain /= 2
    return gain
