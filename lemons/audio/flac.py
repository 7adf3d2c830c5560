"""Writing waveforms as FLAC: to a file or to memory, at once or piece by piece.

Samples are floats in [-1, 1). On the 16-bit grid (see `lemons.audio.grid`) they are read back bit for bit, and with 24
bits so is what a gain of down to 2^-8 made of them.
"""

import io
import os
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import soundfile

from lemons.arguments import file_path, floats, number, one_of
from lemons.audio.waveform import SAMPLE_RATE, check_rate
from lemons.errors import ParameterError
from lemons.files import atomic_path

__all__ = ["FLAC_BITS", "FlacWriter", "bits_for", "flac_bytes", "write_flac"]

FLAC_BITS = (16, 24)


class FlacWriter:
    """A FLAC file that is written piece by piece; a context manager.

    Parameters
    ----------
    file : Path or binary file
        where to write, as it is: `lemons.files.atomic_path` makes sure that no half of it stays
    sr : int > 0
        sampling rate, in Hz
    n_channels : int > 0
    bits : {16, 24}
        resolution
    compression_level : float, optional
        from 0 (fast) to 1 (small); libsndfile's own by default

    Raises
    ------
    OSError
        if the file cannot be written, here and in all methods

    Examples
    --------
    >>> file = io.BytesIO()
    >>> with FlacWriter(file) as flac:
    ...     flac.write(np.zeros(100))
    ...     flac.write(np.zeros(60))
    >>> soundfile.info(io.BytesIO(file.getvalue())).frames
    160
    """

    def __init__(
        self,
        file: Path | BinaryIO,
        *,
        sr: int = SAMPLE_RATE,
        n_channels: int = 1,
        bits: int = 16,
        compression_level: float | None = None,
    ):
        form = {"format": "FLAC", "subtype": f"PCM_{bits}", "compression_level": compression_level}
        try:
            self._file = soundfile.SoundFile(file, "w", sr, n_channels, **form)
        except soundfile.LibsndfileError as error:
            raise OSError(error.error_string) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        try:
            self._file.close()
        except soundfile.LibsndfileError as error:
            raise OSError(error.error_string) from error

    def write(self, y: np.ndarray) -> None:
        """Write the next samples: floats in [-1, 1), of shape (n_samples,) or (n_channels, n_samples)."""
        try:
            self._file.write(y.T)
        except soundfile.LibsndfileError as error:  # what libsndfile says when the disk is full
            raise OSError(error.error_string) from error


def bits_for(gain: float) -> int:
    """The resolution for samples of the 16-bit grid times a power of two: 16, or 24 where that took them off the grid.

    >>> bits_for(1.0), bits_for(0.25)
    (16, 24)
    """
    return 16 if gain == 1 else 24


def write_flac(
    path: str | os.PathLike,
    y: np.ndarray,
    *,
    sr: int = SAMPLE_RATE,
    bits: int = 16,
    compression_level: float | None = None,
) -> None:
    """Write a waveform as FLAC, at its own level, whole or not at all.

    Parameters
    ----------
    path : path-like
        the file to write
    y : np.ndarray [shape=(n_samples,) or (n_channels, n_samples)]
        waveform in [-1, 1); on the 16-bit grid it is read back bit for bit
    sr : int > 0
        its sampling rate, in Hz
    bits : {16, 24}
        resolution; 24 keeps what is on the 16-bit grid exact down to a gain of 2^-8
    compression_level : float, optional
        from 0 (fast) to 1 (small); libsndfile's own by default

    Raises
    ------
    ParameterError
        if another argument is wrong, or a sample exceeds full scale: a clipped clip would not be what was scored
    DataError
        if the file cannot be written

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_flac(f"{folder}/tone.flac", np.array([0.0, 0.5, -0.5]))
    ...     soundfile.read(f"{folder}/tone.flac")
    (array([ 0. ,  0.5, -0.5]), 16000)
    """
    path, y, sr = file_path("path", path), _floats(y), check_rate(sr)
    if compression_level is not None:
        compression_level = number("compression_level", compression_level, least=0, most=1)
    _check_peak(y, one_of("bits", bits, FLAC_BITS), str(path))
    with (
        atomic_path(path) as temporary,
        FlacWriter(temporary, sr=sr, n_channels=_channels(y), bits=bits, compression_level=compression_level) as file,
    ):
        file.write(y)


def flac_bytes(y: np.ndarray, *, sr: int = SAMPLE_RATE, gain: float = 1.0) -> bytes:
    """A waveform as a FLAC file for a browser: 16 bits, or 24 where a gain took it off the 16-bit grid.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,) or (n_channels, n_samples)]
        waveform in [-1, 1), already multiplied by ``gain``
    sr : int > 0
        its sampling rate, in Hz
    gain : float
        1, or a power of two below, down to 2^-8

    Returns
    -------
    bytes
        of a lossless file: decoded, it is ``y`` bit for bit

    Raises
    ------
    ParameterError
        if ``y`` holds no floats (whole numbers would become noise), or a sample exceeds full scale

    Examples
    --------
    >>> flac_bytes(np.zeros(16000))[:4]
    b'fLaC'
    """
    y, bits, sr = _floats(y), bits_for(gain), check_rate(sr)
    _check_peak(y, bits, "y")
    content = io.BytesIO()
    with FlacWriter(content, sr=sr, n_channels=_channels(y), bits=bits) as file:
        file.write(y)
    return content.getvalue()


def _floats(y: np.ndarray) -> np.ndarray:
    return floats("y", y, n_dims=2 if getattr(y, "ndim", 1) == 2 else 1)


def _channels(y: np.ndarray) -> int:
    return len(y) if y.ndim == 2 else 1


def _check_peak(y: np.ndarray, bits: int, name: str) -> None:
    """Refuse samples that the file would clip, NaN among them."""
    if y.size and not (y.min() >= -1 and y.max() <= 1 - 2.0 ** (1 - bits)):
        raise ParameterError(f"{name}: peak {np.abs(y).max():.3f} exceeds full scale; lower the gain of all its clips")
