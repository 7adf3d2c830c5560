"""Whether the exact engine applies to a model and a track, for each label alone, and how much work it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lemons.exact.labels import OneLabel
from lemons.exact.propagation import MAX_MEMORY, Pass
from lemons.exact.protocol import local_model_of
from lemons.explaining.components import stack_rows, stack_stand_ins
from lemons.segments import Segments

__all__ = ["exact_work", "modules_of_labels"]


def exact_work(
    model: torch.nn.Module, stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments, baseline: str
) -> float:
    """The exact method's multiply-adds, relative to scoring the track once: some 60 for 5 stems in 5 segments.

    Parameters
    ----------
    model, stems, kind, segments, baseline
        see `lemons.explaining.question.ask`

    Raises
    ------
    ParameterError
        if the method does not apply, with the reason
    """
    # the track and silence, in one segment
    whole_track = _plan(model, stack_rows(stems, kind="time"), Segments((0, segments.borders[-1])))
    off = stack_stand_ins(stems, kind=kind, segments=segments, baseline=baseline)
    parts = _plan(model, stack_rows(stems, kind=kind), segments, off)
    return sum(whole_track.n_states) * parts.total / whole_track.total


def modules_of_labels(model: Any, named: Mapping[str, int], n_labels: int) -> list[Any]:
    """Modules that answer for one of a model's labels each.

    Parameters
    ----------
    model : torch.nn.Module
        with ``local_model()``
    named : dict of str to int
        the labels, and their numbers among the model's answers
    n_labels : int > 0
        how many answers the model gives

    Raises
    ------
    ParameterError
        if the model ends in something that its labels cannot be told apart in
    """
    if n_labels == 1:
        return [model]
    if hasattr(model, "only"):  # a tagger of `lemons.taggers`
        return [model.only(label) for label in named]
    return [OneLabel(model, column) for column in named.values()]


def _plan(model: torch.nn.Module, waveforms: np.ndarray, segments: Segments, off: np.ndarray | None = None) -> Pass:
    """The engine's pass, ready to run."""
    return Pass(local_model_of(model), waveforms, segments, off=off, max_memory=MAX_MEMORY)
