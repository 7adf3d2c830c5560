"""Where a sound is cut in time."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from lemons.arguments import items, quoted, waveform, whole
from lemons.audio import check_rate
from lemons.errors import ParameterError
from lemons.segments import Segments

__all__ = ["compute_segments", "cut", "manual_segments"]

MAX_DEFAULT_SEGMENTS = 10


def compute_segments(
    signal: np.ndarray, sr: int, temporal_segmentation_params: int | Mapping[str, Any] | Segments | None = None
) -> tuple[list[tuple[int, int]], int]:
    """Borders of the segments of a signal.

    Parameters
    ----------
    signal : np.ndarray [shape=(n_samples,)]
        what is cut
    sr : int > 0
        its sampling rate, in Hz
    temporal_segmentation_params : int, dict, Segments or None
        a number of segments of equal length, the same as ``{"type": "fixed_length", "n_temporal_segments": number}``;
        ``{"type": "manual", "manual_segments": [(start, end), ...]}`` in samples; None for one segment per second, at
        most ten; or `lemons.segments.Segments`, which may pass into each other

    Returns
    -------
    segments : list of (int, int)
        first sample, and first sample after the segment. What does not divide evenly belongs to the last segment
        (audioLIME dropped it).
    explained_length : int
        where the last of them ends, in samples

    Raises
    ------
    ParameterError
        if there are more segments than samples, none at all, or manual ones outside the signal

    Examples
    --------
    >>> compute_segments(np.zeros(11), 1, 3)
    ([(0, 3), (3, 6), (6, 11)], 11)
    """
    return cut(len(waveform("signal", signal)), check_rate(sr), temporal_segmentation_params)


def cut(n_samples: int, sr: int, params: Any) -> tuple[list[tuple[int, int]], int]:
    """`compute_segments` of a signal that is this long."""
    if params is None:
        params = min(max(n_samples // sr, 1), MAX_DEFAULT_SEGMENTS)
    if isinstance(params, Segments):
        if params.borders[-1] != n_samples:
            raise ParameterError(f"the segments end at sample {params.borders[-1]}, the sound at {n_samples}")
        return list(pairwise(params.borders)), n_samples
    if not isinstance(params, Mapping):
        params = {"type": "fixed_length", "n_temporal_segments": params}
    if params.get("type") == "manual":
        return manual_segments(params.get("manual_segments"), most=n_samples)
    if params.get("type") != "fixed_length":
        raise ParameterError(f"segmentation type={quoted(params.get('type'))} must be 'fixed_length' or 'manual'")
    return list(pairwise(Segments.equal(n_samples, params.get("n_temporal_segments")).borders)), n_samples


def manual_segments(wanted: Any, *, most: float) -> tuple[list[tuple[int, int]], int]:
    """Segments as a caller lists them, and the end of the last; none ends after sample ``most``."""
    segments = []
    for pair in items("manual_segments", wanted, hint="a list of (start, end)"):
        borders = items("a manual segment", pair, hint="(start, end), in samples")
        if len(borders) != 2:
            raise ParameterError(f"manual segment {quoted(pair)} must be (start, end), in samples")
        start, end = (whole("a manual segment's border", border, least=0) for border in borders)
        if not start < end <= most:
            limit = "" if most == math.inf else f", within the {most} samples"
            raise ParameterError(f"manual segment ({start}, {end}) must end after it begins{limit}")
        segments.append((start, end))
    if not segments:
        raise ParameterError("manual_segments=[] must hold at least one (start, end)")
    return segments, max(end for _, end in segments)
