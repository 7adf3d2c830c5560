"""Segments: stretches of time that tile a track, and how sound is cut into them.

A hard cut through a sounding wave is a click: a step that is not in the music, but that a listener hears and a model
scores. So neighbouring segments may overlap for a *fade*: what the first loses along half a cosine the second gains,
sample for sample, so that all segments together are the track. (Equal-power fades, right for two different sounds,
would not sum to it: these are two halves of one sound.) The fades belong to the segment: they are scored and heard.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import soxr

from lemons.arguments import floats, items, quoted, waveform, whole
from lemons.audio import FULL_SCALE, SAMPLE_RATE
from lemons.errors import DataError, ParameterError
from lemons.extras import require

__all__ = ["FADE", "Segments", "fade_at", "find_bars", "find_segments"]

FADE = SAMPLE_RATE // 100  # 10 ms at 16 kHz; longer ones are not quieter (docs/decisions.md)
HOP_LENGTH = SAMPLE_RATE // 100  # of the beat tracker
BEATS_PER_BAR = 4


@dataclass(frozen=True)
class Segments:
    """Segments of a track.

    Attributes
    ----------
    borders : tuple of int
        n_segments + 1 samples, increasing: 0, where the second begins, ..., n_samples
    fade : int >= 0
        samples over which a segment passes into the next, half of them on either side of the border; shorter where a
        segment is. 0 cuts hard, as audioLIME does.

    Raises
    ------
    ParameterError
        if the borders do not increase from 0, or the fade is negative

    Examples
    --------
    >>> segments = Segments((0, 6, 10), fade=4)
    >>> segments.spans
    [(0, 8), (4, 10)]
    >>> y = np.ones(10)
    >>> (segments.part(y, 0)[-4:] * 100).round().tolist(), (segments.part(y, 1)[:4] * 100).round().tolist()
    ([96.0, 69.0, 31.0, 4.0], [4.0, 31.0, 69.0, 96.0])
    """

    borders: tuple[int, ...]
    fade: int = 0

    def __post_init__(self):
        wanted = "whole numbers that increase from 0 to the number of samples"
        borders = tuple(whole("a border", one, least=0) for one in items("borders", self.borders, hint=wanted))
        if len(borders) < 2 or borders[0] != 0 or any(a >= b for a, b in pairwise(borders)):
            raise ParameterError(f"borders={quoted(borders)} must increase from 0 to the number of samples")
        object.__setattr__(self, "borders", borders)  # plain numbers: they are hashed and written as JSON
        object.__setattr__(self, "fade", whole("fade", self.fade, least=0, hint="; 0 cuts hard"))

    def __len__(self) -> int:
        return len(self.borders) - 1

    @classmethod
    def equal(cls, n_samples: int, n_segments: int, *, fade: int = 0) -> "Segments":
        """Segments of equal length; what does not divide evenly belongs to the last.

        Raises
        ------
        ParameterError
            if there are more segments than samples, or none

        Examples
        --------
        >>> Segments.equal(11, 3).borders
        (0, 3, 6, 11)
        """
        n_samples = whole("n_samples", n_samples, least=1)
        n_segments = whole("segments", n_segments, least=1, most=n_samples, hint=", the number of samples")
        return cls((*(s * (n_samples // n_segments) for s in range(n_segments)), n_samples), fade)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First sample, and first sample after, of what sounds in each segment, fades included."""
        halves = [0, *(self._half(s) for s in range(1, len(self))), 0]
        edges = zip(pairwise(self.borders), pairwise(halves), strict=True)
        return [(start - before, stop + after) for (start, stop), (before, after) in edges]

    def part(self, y: np.ndarray, s: int) -> np.ndarray:
        """What sounds of a waveform in a segment.

        Parameters
        ----------
        y : np.ndarray [shape=(n_samples,) or (n_waveforms, n_samples)]
            waveforms; on the 16-bit grid (see `lemons.audio`), their parts are too
        s : int, 0 <= s < n_segments
            which segment

        Returns
        -------
        np.ndarray [shape=(stop - start,) or (n_waveforms, stop - start)]
            from ``start`` to ``stop`` of ``spans[s]``; the sum of all parts at their places is ``y``, exactly for
            waveforms on the 16-bit grid

        Raises
        ------
        ParameterError
            if ``y`` is no waveform as long as the segments together, or there is no such segment
        """
        s = whole("s", s, least=0, most=len(self) - 1)
        y = floats("y", y, n_dims=2 if getattr(y, "ndim", 1) == 2 else 1)
        if y.shape[-1] != self.borders[-1]:
            raise ParameterError(f"the waveform has {y.shape[-1]} samples, its segments {self.borders[-1]}")
        start, stop = self.spans[s]
        part = np.array(y[..., start:stop])
        if before := self._half(s):
            part[..., : 2 * before] -= self._fading(y, s)
        if after := self._half(s + 1):
            part[..., -2 * after :] = self._fading(y, s + 1)
        return part

    def _half(self, border: int) -> int:
        """Samples of a border's fade on either side; those of neighbouring borders do not meet."""
        if border in (0, len(self)):
            return 0
        before, here, after = self.borders[border - 1 : border + 2]
        return min(self.fade, here - before, after - here) // 2

    def _fading(self, y: np.ndarray, border: int) -> np.ndarray:
        """What the segment before a border keeps of a waveform around it, rounded to 16 bits."""
        half, here = self._half(border), self.borders[border]
        falling = 0.5 + 0.5 * np.cos(np.pi * (np.arange(2 * half) + 0.5) / (2 * half))
        return (np.rint(y[..., here - half : here + half] * falling * FULL_SCALE) / FULL_SCALE).astype(y.dtype)


def fade_at(sr: int) -> int:
    """The samples of a fade of 10 ms at a sampling rate in Hz.

    >>> fade_at(16000), fade_at(44100)
    (160, 441)
    """
    return sr // 100


def find_segments(wanted: int | str | Segments, y: np.ndarray, *, fade: int = FADE, sr: int = SAMPLE_RATE) -> Segments:
    """The segments of a track that a caller asks for.

    Parameters
    ----------
    wanted : int, str or Segments
        how many of equal length, such as 5 or ``"5"``; ``"beats:8"`` for about as many that begin with a bar;
        ``"0,7.5,15"`` for where they begin, in seconds; or the segments themselves
    y : np.ndarray [shape=(n_samples,)]
        the track
    fade : int >= 0
        see `Segments`
    sr : int > 0
        sampling rate of ``y``, in Hz

    Returns
    -------
    Segments

    Raises
    ------
    ParameterError
        if it is none of these, or does not fit the track
    DataError
        if bars are asked for and no beat is found
    MissingDependencyError
        if bars are asked for and librosa, which tracks beats, is not installed

    Examples
    --------
    >>> find_segments("0,0.5", np.zeros(16000)).borders
    (0, 8000, 16000)
    """
    y = waveform("y", y)
    if isinstance(wanted, Segments):
        if wanted.borders[-1] != len(y):
            raise ParameterError(f"the segments end at sample {wanted.borders[-1]}, the track at {len(y)}")
        return wanted
    if not isinstance(wanted, str):
        return Segments.equal(len(y), wanted, fade=fade)
    text = wanted.strip()
    if re.fullmatch(r"-?\d{1,12}", text):
        return Segments.equal(len(y), int(text), fade=fade)
    if found := re.fullmatch(r"beats:(\d{1,12})", text):
        return Segments(_bar_borders(y, int(found[1]), sr), fade)
    try:
        borders = (*(round(float(start) * sr) for start in text.split(",")), len(y))
    except (ValueError, OverflowError) as error:
        forms = "a number such as 5, bars such as beats:8, or the seconds where they begin such as 0,7.5,15"
        raise ParameterError(f"segments={quoted(wanted)} must be {forms}") from error
    if any(a >= b for a, b in pairwise(borders)) or borders[0] != 0:
        duration = f"{len(y) / sr:.2f} s"
        raise ParameterError(
            f"segments={quoted(wanted)} must begin with 0, increase and stay within the track's {duration}"
        )
    return Segments(borders, fade)


def _bar_borders(y: np.ndarray, n_segments: int, sr: int) -> tuple[int, ...]:
    """Borders at the bars that come closest to segments of equal length."""
    if not 1 <= n_segments <= len(y):
        raise ParameterError(f"segments='beats:{n_segments}' must ask for at least 1, and not more than samples")
    at_16_khz = y if sr == SAMPLE_RATE else soxr.resample(y, sr, SAMPLE_RATE)
    bars = find_bars(at_16_khz) * sr // SAMPLE_RATE
    ideal = np.arange(1, n_segments) * len(y) / n_segments
    nearest = {int(bars[np.abs(bars - place).argmin()]) for place in ideal}
    return (0, *sorted(nearest), len(y))


def find_bars(y: np.ndarray) -> np.ndarray:
    """Where bars begin: at every fourth beat, from the one on that the harmony changes with most.

    Beats are tracked by dynamic programming (Ellis, Journal of New Music Research 36, 2007), as librosa does it. Metres
    of three are not known, and where the tempo is taken for its double, what is called a bar is half of one.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        the track at 16 kHz

    Returns
    -------
    np.ndarray of int
        samples, increasing, none within half a bar of either end; just before the beat: its attack is in the bar

    Raises
    ------
    DataError
        if there are fewer than two bars
    MissingDependencyError
        if librosa is not installed

    Examples
    --------
    A stroke every half a second, and a chord that changes every two: bars of two seconds.

    >>> time = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE  # s
    >>> root = np.array([220, 277])[(time // 2).astype(int) % 2]  # Hz
    >>> chord = sum(np.sin(2 * np.pi * root * ratio * time) for ratio in (1, 1.25, 1.5)) / 10
    >>> strokes = np.random.default_rng(0).uniform(-0.3, 0.3, len(time)) * np.exp(-30 * (time % 0.5))
    >>> (find_bars(chord + strokes) / SAMPLE_RATE).round(1).tolist()
    [2.0, 4.0, 6.0, 8.0]
    """
    require("finding beats", "librosa", extra="separation")
    import librosa

    strength = librosa.onset.onset_strength(y=y, sr=SAMPLE_RATE, n_fft=1024, hop_length=HOP_LENGTH)
    _, beats = librosa.beat.beat_track(onset_envelope=strength, sr=SAMPLE_RATE, hop_length=HOP_LENGTH)
    if len(beats) < 2 * BEATS_PER_BAR:
        hint = "take a number of equal segments, such as 5"
        raise DataError(f"{len(beats)} beats were found in the track, too few for bars; {hint}")
    chroma = librosa.feature.chroma_stft(y=y, sr=SAMPLE_RATE, n_fft=4096, hop_length=HOP_LENGTH)
    between = librosa.util.sync(chroma, beats.tolist())  # before the first beat, between two, after the last
    changes = np.linalg.norm(np.diff(between, axis=1), axis=0)
    first = int(np.argmax([changes[beat::BEATS_PER_BAR].mean() for beat in range(BEATS_PER_BAR)]))
    bars = beats[first::BEATS_PER_BAR] * HOP_LENGTH - FADE
    half = int(np.median(np.diff(bars))) // 2
    return bars[(bars > half) & (bars < len(y) - half)]
