"""Audio files read piece by piece, so that long ones need no more memory than short ones."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lemons.audio import (
    MIN_DURATION_S,
    SAMPLE_RATE,
    check_file_rate,
    load_array,
    load_with_gain,
    loud_gain,
    quantize,
    round_16_bit,
    to_float,
)
from lemons.audio.level import gain_for, scale
from lemons.audio.recording import BLOCK_LENGTH, Recording
from lemons.errors import DataError

__all__ = ["AudioReader"]


class _Samples:
    """A NumPy array of samples, on the 16-bit grid, with what is used of a `Recording`."""

    sr = SAMPLE_RATE

    def __init__(self, path: Path):
        samples = load_array(path)
        self._y = to_float(samples) if samples.dtype == np.int16 else round_16_bit(samples)
        self.n_samples, self._next = len(samples), 0

    def __exit__(self, *exception: object) -> None:
        pass

    def read(self, length: int) -> np.ndarray:
        self._next += length
        return self._y[self._next - length : self._next, None]


class AudioReader:
    """An open audio file, of what `lemons.audio.load` reads; a context manager.

    Samples come as the file has them, above full scale, too, unless they are to be scaled.

    Parameters
    ----------
    path : path-like
        the file
    gain : float > 0
        what all samples are multiplied by; see `check`

    Attributes
    ----------
    sr : int
        its sampling rate, in Hz
    n_samples : int
        its length, as announced; see `lemons.audio.recording.Recording`

    Raises
    ------
    DataError
        if there is no such file, it is not audio, does not say how long it is, or has a rate outside
        `lemons.audio.RATES`; while reading, if it is damaged
    """

    def __init__(self, path: str | os.PathLike, *, gain: float = 1.0):
        self.path, self._gain = Path(path), gain
        is_array = self.path.suffix.lower() == ".npy"  # as libraries may have them
        self._file: _Samples | Recording = _Samples(self.path) if is_array else Recording(self.path)
        self.sr, self.n_samples = self._file.sr, self._file.n_samples
        try:
            check_file_rate(self.path, self.sr)
        except DataError:
            self.__exit__()
            raise

    def __enter__(self) -> "AudioReader":
        return self

    def __exit__(self, *exception) -> None:
        self._file.__exit__(*exception)

    def check(self) -> float:
        """Refuse, with a DataError, a file that is empty, shorter than a second, silent at 16 bits, or damaged.

        Reads it to the end, which takes much less time than to separate it. Returns the gain that brings it within full
        scale, that of `lemons.audio.load_with_gain`.
        """
        if not self.n_samples:
            raise DataError(f"{self.path} holds no audio (0 samples); choose another file")
        if self.n_samples < MIN_DURATION_S * self.sr:
            seconds = self.n_samples / self.sr
            raise DataError(f"{self.path} lasts {seconds:.2f} s; at least {MIN_DURATION_S:g} s is needed")
        peak = np.max([np.abs(block.mean(axis=0)).max() for block in self.blocks()])  # to the end: it may be damaged
        if not np.isfinite(peak):
            raise DataError(f"{self.path} holds samples that are not numbers (NaN or infinite); export it again")
        if not quantize(peak):
            raise DataError(f"{self.path} is silent (every sample is 0); there is nothing to separate")
        if gain_for(float(peak)) == 1:
            return 1.0
        if isinstance(self._file, _Samples) or self._gain != 1:  # another peak than the file's
            return load_with_gain(self.path)[1]
        return loud_gain(self.path, float(peak))

    def read(self, length: int) -> np.ndarray:
        """The next samples of the mean of the channels, as float32; fewer than ``length`` at the end."""
        return self._read(length).mean(axis=1)

    def blocks(self, length: int = BLOCK_LENGTH) -> Iterator[np.ndarray]:
        """The rest as stereo blocks, float32 of shape (2, n_samples); all but two channels are averaged into both."""
        while len(samples := self._read(length)):
            if samples.shape[1] != 2:
                samples = np.repeat(samples.mean(axis=1, keepdims=True), 2, axis=1)
            yield np.ascontiguousarray(samples.T)

    def _read(self, length: int) -> np.ndarray:
        return scale(self._file.read(length), self._gain)
