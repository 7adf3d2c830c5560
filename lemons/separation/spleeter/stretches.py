"""Long audio in stretches: what a stream of blocks needs so that its result does not depend on the blocks.

A *stretch* is an array whose last axis is time; consecutive stretches make a signal.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

__all__ = ["Counted", "as_long_as", "overlapping", "resample"]


class Counted:
    """Stretches that count how much of them was taken.

    Attributes
    ----------
    total : int
        samples so far
    """

    def __init__(self, stretches: Iterable[np.ndarray]):
        self._stretches = stretches
        self.total = 0

    def __iter__(self) -> Iterator[np.ndarray]:
        for stretch in self._stretches:
            self.total += stretch.shape[-1]
            yield stretch


def as_long_as(counted: Counted, stretches: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut, or fill with zeros, the end of stretches that are made from counted ones, to the length of those."""
    given = 0
    for stretch in stretches:
        stretch = stretch[..., : counted.total - given]
        given += stretch.shape[-1]
        yield stretch
    if given < counted.total:
        yield np.zeros((*stretch.shape[:-1], counted.total - given), np.float32)


def resample(stretches: Iterable[np.ndarray], old_sr: int, new_sr: int) -> Iterator[np.ndarray]:
    """Resample stretches of shape (n_channels, n_samples) as if they were one array."""
    if old_sr == new_sr:
        yield from stretches
        return
    resampler = None
    for stretch in stretches:
        resampler = resampler or soxr.ResampleStream(old_sr, new_sr, len(stretch), dtype="float32", quality="HQ")
        yield resampler.resample_chunk(np.ascontiguousarray(stretch.T)).T
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros((0, len(stretch)), np.float32), last=True).T


def overlapping(
    stretches: Iterable[np.ndarray], *, n_frames: int, frame_length: int, frame_step: int
) -> Iterator[np.ndarray]:
    """Cut a signal, with zeros around it, into segments of whole frames.

    Parameters
    ----------
    stretches : iterable of np.ndarray [shape=(n_channels, m)]
        the signal
    n_frames : int > 0
        frames of each segment; the last may have fewer
    frame_length, frame_step : int > 0
        of the frames, in samples; frames of neighbouring segments overlap as all do

    Yields
    ------
    np.ndarray [shape=(n_channels, (k - 1) * frame_step + frame_length)]
        k <= n_frames frames; the first begins ``frame_length`` before the signal, the last one holds its last sample

    Examples
    --------
    >>> [s.tolist() for s in overlapping([np.array([[1, 2, 3]])], n_frames=2, frame_length=2, frame_step=1)]
    [[[0.0, 0.0, 1.0]], [[1.0, 2.0, 3.0]], [[3.0, 0.0]]]
    """
    hop = n_frames * frame_step  # samples from a segment to the next
    overlap = frame_length - frame_step
    waiting: list[np.ndarray] = []  # what was read and not cut yet
    length = frame_length
    for stretch in stretches:
        waiting = waiting or [np.zeros((len(stretch), frame_length), np.float32)]
        waiting.append(stretch)
        length += stretch.shape[1]
        if length >= hop + overlap:
            signal = np.concatenate(waiting, axis=1)
            while signal.shape[1] >= hop + overlap:
                yield signal[:, : hop + overlap]
                signal = signal[:, hop:]
            waiting, length = [signal], signal.shape[1]
    if waiting:
        end = -length % frame_step + overlap
        signal = np.concatenate([*waiting, np.zeros((len(waiting[0]), end), np.float32)], axis=1)
        for start in range(0, signal.shape[1] - overlap, hop):
            yield signal[:, start : start + hop + overlap]
