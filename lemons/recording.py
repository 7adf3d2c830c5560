"""An audio file on disk: opened, and read one and the same way by all who read it."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from lemons.errors import DataError

BLOCK_LENGTH = 2**18  # samples; 6 s at 44.1 kHz
FORMATS = "WAV, FLAC, Ogg, Opus, MP3 or AIFF"
UNKNOWN = 2**63 - 1  # what libsndfile says of a length that it does not know
ESTIMATE = 0.1  # some MP3 files have no length: libsndfile estimates it, and art at the file's end counts as sound


class _FromFrontToBack(soundfile.SoundFile):
    """A file in which nothing seeks.

    soundfile seeks to the place it thinks it is at, after every block. In an MP3 file of variable bit rate, or an Ogg
    file with a hole, that is another place: what is read in blocks would not be what is read at once.
    """

    def seekable(self) -> bool:
        return False


class Recording:
    """An open audio file, to be read once, from front to back; a context manager.

    Attributes
    ----------
    path : Path
        the file
    sr : int
        its sampling rate, in Hz
    n_samples : int
        its length as it announces it; an MP3 file may end up to a tenth before

    Raises
    ------
    DataError
        if there is no such file, it is not audio, or does not say how long it is
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        if not self.path.is_file():
            raise DataError(f"no such audio file: {path}; check the path")
        try:
            self._file = _FromFrontToBack(self.path)
        except soundfile.LibsndfileError as error:
            why = f"it is damaged, or none of {FORMATS}"
            raise DataError(f"{path} cannot be read as audio: {why}; convert it or get another copy") from error
        self.sr, self.n_samples = self._file.samplerate, self._file.frames
        self._done = 0
        if self.n_samples == UNKNOWN:
            self._file.close()
            raise DataError(f"{path} does not say how long it is, as a recorded stream may; convert it to {FORMATS}")

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *exception) -> None:
        self._file.close()

    def read(self, length: int) -> np.ndarray:
        """The next samples, as float32 of shape (n_samples, n_channels); fewer than ``length`` at the end.

        Raises
        ------
        DataError
            if the file is damaged: it cannot be decoded, or ends before it should
        """
        length = min(length, self.n_samples - self._done)  # what comes behind, such as a tag, is no sound
        try:
            samples = self._file.read(length, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            reason = error.error_string.removeprefix("Error : ").rstrip(".")
            raise DataError(f"{self.path} is damaged ({reason}); export it again or get another copy") from error
        self._done += len(samples)
        if len(samples) < length:
            self._check_end()
        return samples

    def blocks(self, length: int = BLOCK_LENGTH) -> Iterator[np.ndarray]:
        """The rest, in pieces; see `read`."""
        while len(samples := self.read(length)):
            yield samples

    def _check_end(self) -> None:
        """Refuse a file that lacks a part. Decoders pass over holes in an Ogg file, and give up within an MP3 file."""
        missing = self.n_samples - self._done
        if missing > (ESTIMATE * self.n_samples if self._file.format == "MP3" else 0):
            announced, found = self.n_samples / self.sr, self._done / self.sr
            what = f"of the {announced:.2f} s that it announces, {found:.2f} s can be read"
            raise DataError(f"{self.path} is damaged: {what}; export it again or get another copy")
