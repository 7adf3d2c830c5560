"""AAC, ALAC, WMA and what else FFmpeg decodes out of MP4, Windows Media and Matroska files, by way of PyAV.

FFmpeg gets an open file and the name of its kind, never a path: some kinds of files name others, which it would open.
"""

from pathlib import Path

import numpy as np

from lemons.errors import DataError, MissingDecoderError, NotHereError
from lemons.extras import how_to_install, missing

__all__ = ["FFmpegFile"]

NAMES = {"mp4": "MP4 (M4A)", "matroska": "Matroska or WebM", "asf": "Windows Media (WMA)", "aac": "AAC"}
SLACK_S = 0.5  # of a length that is rounded, or counts what encoders put before and behind the sound


class FFmpegFile:
    """An open file, with what `lemons.audio.recording.Recording` uses of a `soundfile.SoundFile`.

    Attributes
    ----------
    samplerate : int
        in Hz
    channels : int
        their number
    frames : int
        length in samples, as the file announces it or its packets add up to
    slack : int
        samples by which that may be too much

    Raises
    ------
    MissingDecoderError
        if PyAV is not installed
    DataError
        if the file is damaged or holds no sound
    """

    def __init__(self, path: Path, kind: str):
        self._path = path
        if missing("av"):
            what = f"it is {NAMES[kind]}, which needs PyAV: {how_to_install('formats')}"
            raise MissingDecoderError(f"{path} cannot be read: {what}, or convert it to FLAC")
        import av

        self._av, self._kind = av, kind
        self._file = path.open("rb")
        try:
            self._start()
            self.frames = self._length()
            self._file.seek(0)
            self._start()
        except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
            self._file.close()
            raise self._refused(error) from error
        except DataError:
            self._file.close()
            raise

    def _start(self) -> None:
        container = self._av.open(self._file, mode="r", format=self._kind, metadata_errors="replace")
        if not container.streams.audio:
            raise DataError(f"{self._path} holds no sound; choose another file")
        self._container, self._stream = container, container.streams.audio[0]
        codec = self._stream.codec_context  # None where FFmpeg does not know the codec
        self.samplerate, self.channels = (codec.sample_rate, codec.channels) if codec else (0, 0)
        if not self.samplerate or not self.channels:
            raise self._damaged("its codec or its sampling rate is unknown")
        self.slack = int(SLACK_S * self.samplerate)
        self._packed = self._av.AudioResampler(format="flt")
        self._blocks, self._left = self._decode(), np.zeros((0, self.channels), np.float32)

    def _length(self) -> int:
        """The length by the packets of the stream, which are read but not decoded."""
        ticks, last, time_base = 0, 0, self._stream.time_base
        if time_base is None:
            raise self._damaged("its unit of time is unknown")
        for packet in self._container.demux(self._stream):
            ticks += packet.duration or 0
            last = max(last, packet.pts or 0)
        seconds = max(ticks, last if not ticks else 0) * time_base
        stated = (self._stream.duration or 0) * time_base if self._kind == "mp4" else 0
        return int((stated or seconds) * self.samplerate)

    def read(self, length: int, **_) -> np.ndarray:
        """The next samples, as float32 of shape (n_samples, n_channels); fewer than ``length`` at the end."""
        pieces, there = [self._left], len(self._left)
        try:
            while there < length and (block := next(self._blocks, None)) is not None:
                pieces.append(block)
                there += len(block)
        except (self._av.FFmpegError, OSError, ValueError) as error:
            raise self._refused(error) from error
        samples, self._left = np.split(np.concatenate(pieces), [length])
        return samples

    def _decode(self):
        for frame in self._container.decode(self._stream):
            if frame.sample_rate != self.samplerate:
                rates = f"from {self.samplerate} to {frame.sample_rate} samples per second"
                raise DataError(f"{self._path} changes {rates} in its middle; convert it to FLAC")
            if frame.layout.nb_channels != self.channels:
                channels = f"from {self.channels} to {frame.layout.nb_channels} channels"
                raise DataError(f"{self._path} changes {channels} in its middle; convert it to FLAC")
            frame.pts = None  # or the resampler fills gaps by its own rule
            for packed in self._packed.resample(frame):
                yield packed.to_ndarray().reshape(-1, self.channels)

    def close(self) -> None:
        """Close the file."""
        self._container.close()
        self._file.close()

    def _refused(self, error: Exception) -> DataError:
        """What FFmpeg says is of the file, even "permission denied"; what the system says is not."""
        if isinstance(error, OSError) and not isinstance(error, self._av.FFmpegError):
            return NotHereError(f"{self._path} cannot be read ({error.strerror or error}); check its disk")
        return self._damaged(str(error))

    def _damaged(self, reason: str) -> DataError:
        reason = reason.split(": ", 1)[0].split("] ")[-1]
        return DataError(f"{self._path} is damaged ({reason}); export it again or get another copy")
