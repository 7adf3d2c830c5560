"""FLAC files: lossless, so that what is heard is sample for sample what was scored."""

import io
import os
from pathlib import Path

import numpy as np
import soundfile

from lemons.arguments import file_path, floats, one_of
from lemons.audio.waveform import SAMPLE_RATE, check_rate
from lemons.errors import ParameterError
from lemons.files import atomic_path

BITS = (16, 24)


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
        if another argument is wrong, or a sample exceeds full scale: a clipped clip would not be what was scored
    DataError
        if the file cannot be written
    """
    path, y, sr = file_path("path", path), floats("y", y), check_rate(sr)
    top = 1 - 2.0 ** (1 - one_of("bits", bits, BITS))
    if len(y) and not (y.min() >= -1 and y.max() <= top):
        raise ParameterError(f"{path}: peak {np.abs(y).max():.3f} exceeds full scale; lower the gain of all its clips")
    with atomic_path(path) as temporary:
        encode_flac(temporary, y, sr=sr, bits=bits)


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
    encode_flac(file, samples, bits=bits)
    return file.getvalue()


def encode_flac(
    file: Path | io.BytesIO,
    samples: np.ndarray,
    *,
    sr: int = SAMPLE_RATE,
    bits: int = 16,
    compression_level: float | None = None,
) -> None:
    """Encode samples that were checked; `write_flac` checks them, and writes a file whole or not at all.

    Parameters
    ----------
    file : Path or BytesIO
        where to write
    samples : np.ndarray [shape=(n_samples,)]
        floats in [-1, 1), or integers, of which libsndfile keeps the upper ``bits``
    sr : int > 0
        sampling rate, in Hz
    bits : {16, 24}
        resolution
    compression_level : float in [0, 1], optional
        1 for the smallest file; libsndfile's default without it

    Raises
    ------
    OSError
        if libsndfile cannot write, as on a full disk
    """
    try:
        soundfile.write(file, samples, sr, f"PCM_{bits}", format="FLAC", compression_level=compression_level)
    except soundfile.LibsndfileError as error:
        raise OSError(error.error_string) from error
