"""Audio files read piece by piece, so that long ones need no more memory than short ones."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lemons.audio import MIN_DURATION_S, SAMPLE_RATE, load, quantize
from lemons.errors import DataError
from lemons.recording import BLOCK_LENGTH, Recording


class AudioReader:
    """An open audio file, of what `lemons.audio.load` reads; a context manager.

    Attributes
    ----------
    sr : int
        its sampling rate, in Hz
    n_samples : int
        its length

    Raises
    ------
    DataError
        if there is no such file, it is not audio, or does not say how long it is; while reading, if it is damaged
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self._samples = None
        if self.path.suffix.lower() == ".npy":  # as libraries may have them
            self._samples, self.sr, self._next = load(self.path), SAMPLE_RATE, 0
            self.n_samples = len(self._samples)
            return
        self._recording = Recording(self.path)
        self.sr, self.n_samples = self._recording.sr, self._recording.n_samples

    def __enter__(self) -> "AudioReader":
        return self

    def __exit__(self, *exception) -> None:
        if self._samples is None:
            self._recording.__exit__(*exception)

    def check(self) -> None:
        """Refuse, with a DataError, a file that is empty, shorter than a second, silent at 16 bits, or damaged.

        Reads it to the end, which takes much less time than to separate it.
        """
        if not self.n_samples:
            raise DataError(f"{self.path} holds no audio (0 samples); choose another file")
        if self.n_samples < MIN_DURATION_S * self.sr:
            seconds = self.n_samples / self.sr
            raise DataError(f"{self.path} lasts {seconds:.2f} s; at least {MIN_DURATION_S:g} s is needed")
        sounding = [quantize(block.mean(axis=0)).any() for block in self.blocks()]  # to the end: it may be damaged
        if not any(sounding):
            raise DataError(f"{self.path} is silent (every sample is 0); there is nothing to separate")

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
        if self._samples is not None:
            self._next += length
            return self._samples[self._next - length : self._next, None]
        return self._recording.read(length)
