"""An audio file on disk, and the one way in which all of LEMONS reads it."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from lemons.audio.formats import Part, Source, find_kind, find_parts, open_pieces
from lemons.audio.formats.ffmpeg import FFmpegFile
from lemons.errors import DataError, NotHereError

__all__ = ["BLOCK_LENGTH", "Recording"]

BLOCK_LENGTH = 2**18  # samples; 6 s at 44.1 kHz
FORMATS = "WAV, FLAC, Ogg, Opus, MP3, AIFF or M4A"
BY_THE_SYSTEM = 2  # libsndfile's error where a call of the system fails; what is damaged has others
UNKNOWN = 2**63 - 1  # what libsndfile says of a length that it does not know


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
    n_channels : int
        their number
    n_samples : int
        its length, as counted before it is decoded. What is read may differ from it by a few frames in an MP3 file, and
        by half a second in an M4A, WMA or WebM file

    Raises
    ------
    DataError
        if there is no such file, it is not audio, was cut, changes its rate, or does not say how long it is
    NotHereError
        if it cannot be read here, or not now: a decoder is not installed, a disk does not answer
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        if not self.path.is_file():
            raise DataError(f"no such audio file: {path}; check the path")
        try:
            with Source(self.path) as source:
                self._kind = find_kind(source)
                found = None if self._kind else find_parts(source)
        except OSError as error:
            raise NotHereError(f"{path} cannot be read ({error.strerror}); check the file") from error
        self._parts: list[Part | None] = [*found] if found else [None]
        self._number, self._done = 0, 0
        self._file: Any = None  # a SoundFile, which has no types, or an FFmpegFile
        self._bytes: io.BufferedReader | None = None
        rates, channels, lengths = zip(*map(self._look, self._parts), strict=True)
        if len(set(rates)) > 1:
            several = " and ".join(map(str, sorted(set(rates))))
            raise DataError(f"{path} holds sound of {several} samples per second, one behind the other; take it apart")
        self.sr, self.n_channels, self._lengths = rates[0], max(channels), lengths
        if set(channels) - {1, self.n_channels}:
            several = ", ".join(map(str, sorted(set(channels))))
            raise DataError(f"{path} holds sound of {several} channels, one behind the other; take it apart")
        self.n_samples = sum(lengths)
        self._file = self._file or self._open(self._parts[0])

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *exception) -> None:
        self._close()

    def read(self, length: int) -> np.ndarray:
        """The next samples, as float32 of shape (n_samples, n_channels); fewer than ``length`` at the end.

        Raises
        ------
        DataError
            if the file is damaged: it cannot be decoded, or ends before it should
        """
        pieces = [np.zeros((0, self.n_channels), np.float32)]
        while self._number < len(self._parts):
            wanted = length - sum(map(len, pieces))
            if not wanted:
                break
            pieces.append(self._read(wanted))
            if len(pieces[-1]) < wanted:
                self._next_part()
        return np.concatenate(pieces) if len(pieces) != 2 else pieces[1]

    def blocks(self, length: int = BLOCK_LENGTH) -> Iterator[np.ndarray]:
        """The rest, in pieces; see `read`."""
        while len(samples := self.read(length)):
            yield samples

    def _look(self, part: Part | None) -> tuple[int, int, int]:
        """A part's rate, channels and length; the file stays open if it has one part only."""
        file = self._open(part)
        length = file.frames if part is None or part.n_samples is None else part.n_samples
        if len(self._parts) == 1:
            self._file = file
        else:
            file.close()
        if length == UNKNOWN:
            self._close()
            hint = f"as a recorded stream may; convert it to {FORMATS}"
            raise DataError(f"{self.path} does not say how long it is, {hint}")
        return file.samplerate, file.channels, length

    def _open(self, part: Part | None) -> soundfile.SoundFile | FFmpegFile:
        if self._kind:
            return FFmpegFile(self.path, self._kind)
        self._bytes = open_pieces(self.path, part.pieces) if part else None
        try:
            return _FromFrontToBack(self._bytes or self.path)
        except soundfile.LibsndfileError as error:
            self._close()
            self._check_system(error)
            why = f"it is damaged, or none of {FORMATS}"
            raise DataError(f"{self.path} cannot be read as audio: {why}; convert it or get another copy") from error

    def _close(self) -> None:
        for file in (self._file, self._bytes):
            if file is not None:
                file.close()

    def _read(self, length: int) -> np.ndarray:
        """The next samples of the present part."""
        if not self._kind:  # what comes behind, such as a tag, is no sound
            length = min(length, self._lengths[self._number] - self._done)
        try:
            samples = self._file.read(length, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            self._check_system(error)
            reason = error.error_string.removeprefix("Error : ").rstrip(".")
            raise DataError(f"{self.path} is damaged ({reason}); export it again or get another copy") from error
        self._done += len(samples)
        if samples.shape[1] < self.n_channels:  # a part of one channel
            samples = np.repeat(samples, self.n_channels, axis=1)
        return samples

    def _check_system(self, error: soundfile.LibsndfileError) -> None:
        """Raise NotHereError where it is not the file that is damaged: too many are open, its disk does not answer."""
        if error.code == BY_THE_SYSTEM:
            raise NotHereError(f"{self.path} cannot be read (the system refuses it); check its disk") from error

    def _next_part(self) -> None:
        self._check_end()
        self._close()
        self._number, self._done = self._number + 1, 0
        if self._number < len(self._parts):
            self._file = self._open(self._parts[self._number])

    def _check_end(self) -> None:
        """Refuse a file that lacks a part. Decoders pass over holes in an Ogg file, and give up within an MP3 file."""
        part, length = self._parts[self._number], self._lengths[self._number]
        slack = self._file.slack if self._kind else part.slack if part else 0
        if length - self._done > slack:
            announced, found = length / self.sr, self._done / self.sr
            what = f"of the {announced:.2f} s that it announces, {found:.2f} s can be read"
            raise DataError(f"{self.path} is damaged: {what}; export it again or get another copy")
