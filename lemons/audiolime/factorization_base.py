"""Cutting a sound into components that can be switched on and off.

Components are counted from 0. Where sources are cut in time, all sources of the first segment come first, then those of
the second: with S sources, component ``i`` is source ``i % S`` in segment ``i // S``. A mix in which no component is on
is silence.
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from lemons.arguments import function, items, quoted, waveform, whole
from lemons.audio import check_rate
from lemons.audiolime.audio_utils import load_audio
from lemons.errors import ParameterError
from lemons.segments import Segments

__all__ = [
    "Component",
    "Factorization",
    "SourceSeparationBasedFactorization",
    "TimeOnlyFactorization",
    "compute_segments",
    "default_composition_fn",
]

MAX_DEFAULT_SEGMENTS = 10


class Component(NamedTuple):
    """What can be switched: a source between two samples (``end`` is the first one after it)."""

    source: int
    start: int
    end: int


def default_composition_fn(x: np.ndarray) -> np.ndarray:
    """The model's input is the waveform itself."""
    return x


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
    return _cut(len(waveform("signal", signal)), check_rate(sr), temporal_segmentation_params)


def _cut(n_samples: int, sr: int, params) -> tuple[list[tuple[int, int]], int]:
    if params is None:
        params = min(max(n_samples // sr, 1), MAX_DEFAULT_SEGMENTS)
    if isinstance(params, Segments):
        if params.borders[-1] != n_samples:
            raise ParameterError(f"the segments end at sample {params.borders[-1]}, the sound at {n_samples}")
        return list(pairwise(params.borders)), n_samples
    if not isinstance(params, Mapping):
        params = {"type": "fixed_length", "n_temporal_segments": params}
    if params.get("type") == "manual":
        return _manual(params.get("manual_segments"), n_samples)
    if params.get("type") != "fixed_length":
        raise ParameterError(f"segmentation type={quoted(params.get('type'))} must be 'fixed_length' or 'manual'")
    return list(pairwise(Segments.equal(n_samples, params.get("n_temporal_segments")).borders)), n_samples


def _manual(wanted, n_samples: int) -> tuple[list[tuple[int, int]], int]:
    segments = []
    for pair in items("manual_segments", wanted, hint="a list of (start, end)"):
        borders = items("a manual segment", pair, hint="(start, end), in samples")
        if len(borders) != 2:
            raise ParameterError(f"manual segment {quoted(pair)} must be (start, end), in samples")
        start, end = (whole("a manual segment's border", border, least=0) for border in borders)
        if not start < end <= n_samples:
            raise ParameterError(f"manual segment ({start}, {end}) must be within the {n_samples} samples")
        segments.append((start, end))
    if not segments:
        raise ParameterError("manual_segments=[] must hold at least one (start, end)")
    return segments, max(end for _, end in segments)


class Factorization:
    """A sound and its components: what every factorization shares.

    Parameters
    ----------
    input : str, path-like or np.ndarray [shape=(n_samples,)]
        an audio file, or a mono waveform
    target_sr : int > 0
        sampling rate in Hz: a file is resampled to it, a waveform has it already
    temporal_segmentation_params : int, dict, Segments or None
        see `compute_segments`
    composition_fn : callable or None
        what turns a mix into the model's input, ``composition_fn(y) -> np.ndarray`` with ``y`` of shape (n_samples,);
        None leaves the waveform as it is

    Raises
    ------
    ParameterError
        if an argument is of the wrong kind, such as a waveform of two channels
    DataError
        if the file cannot be read, or a sample is not a number
    """

    def __init__(
        self,
        input: str | os.PathLike | np.ndarray,
        target_sr: int,
        temporal_segmentation_params: int | Mapping[str, Any] | Segments | None = None,
        composition_fn: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self._audio_path = None
        target_sr = check_rate(target_sr)
        if isinstance(input, str | os.PathLike):
            self._audio_path = input
            input = load_audio(input, target_sr)
        self.target_sr = target_sr
        self._original_mix = waveform("input", input)
        self._composition_fn = function("composition_fn", composition_fn or default_composition_fn)
        self.original_components: list[np.ndarray] = []
        self._sources: list[np.ndarray] = []
        self.components: list[Component] = []
        self._components_names: list[str] = []
        self.temporal_segments, self.explained_length = _cut(
            len(self._original_mix), target_sr, temporal_segmentation_params
        )
        self._fading = temporal_segmentation_params if isinstance(temporal_segmentation_params, Segments) else None

    def compose_model_input(self, components: Iterable[int] | None = None) -> np.ndarray:
        """The model's input when only these components (all for None) are on."""
        return self._composition_fn(self.retrieve_components(components))

    def get_number_components(self) -> int:
        """How many components can be switched."""
        return len(self._components_names)

    def retrieve_components(self, selection_order: Iterable[int] | None = None):
        """The sound of these components (all for None)."""
        raise NotImplementedError

    def get_ordered_component_names(self) -> list[str]:
        """One name per component, in their order."""
        return self._components_names

    def _part(self, i: int) -> tuple[int, np.ndarray]:
        """Where the sound of a component begins, and its samples, with the fades of its segment if it has any."""
        source, start, end = self.components[i]
        y = self._sources[source]
        if self._fading is None:
            return start, y[start:end]
        s = self.temporal_segments.index((start, end))
        return self._fading.spans[s][0], self._fading.part(y, s)

    def _checked(self, selection_order: Iterable[int]) -> list[int]:
        hint = "a list of components' numbers; of a mask take np.flatnonzero"
        n_components = self.get_number_components()
        selection = [whole("a component", i, least=-math.inf) for i in items("components", selection_order, hint=hint)]
        for i in selection:
            if not 0 <= i < n_components:
                raise ParameterError(f"component {i} does not exist; there are {n_components}, counted from 0")
        return selection


class TimeOnlyFactorization(Factorization):
    """Components are segments of the mix, named T1, T2 ... in their order.

    >>> factorization = TimeOnlyFactorization(np.arange(1.0, 6.0), target_sr=1, temporal_segmentation_params=2)
    >>> factorization.retrieve_components([1])
    array([0., 0., 3., 4., 5.])
    """

    def __init__(self, input, target_sr, temporal_segmentation_params=None, composition_fn=None):
        super().__init__(input, target_sr, temporal_segmentation_params, composition_fn)
        self.original_components = self._sources = [self._original_mix]
        self.components = [Component(0, start, end) for start, end in self.temporal_segments]
        self._components_names = [f"T{s + 1}" for s in range(len(self.components))]

    def retrieve_components(self, selection_order: Iterable[int] | None = None) -> np.ndarray:
        """The mix with silence where no selected segment is.

        Parameters
        ----------
        selection_order : iterable of int, or None
            segments that sound; None gives the whole mix

        Returns
        -------
        np.ndarray [shape=(n_samples,)]
        """
        if selection_order is None:
            return self._original_mix
        y = np.zeros_like(self._original_mix)
        for i in dict.fromkeys(self._checked(selection_order)):
            start, part = self._part(i)
            span = slice(start, start + len(part))
            y[span] = part if self._fading is None else y[span] + part
        return y


class SourceSeparationBasedFactorization(Factorization):
    """Components are separated sources, each cut into the temporal segments.

    A subclass says how sources are separated by overriding `initialize_components`: waveforms as `Factorization` takes
    them, each with a name of its own. Names are those of the sources with
    the number of the segment, counted from 0: ``vocals0, drums0, vocals1, drums1``.
    """

    def __init__(self, input, target_sr=16000, temporal_segmentation_params=None, composition_fn=None):
        super().__init__(input, target_sr, temporal_segmentation_params, composition_fn)
        sources, self._source_names = self.initialize_components()
        if len(sources) != len(self._source_names):
            raise ParameterError(f"there are {len(sources)} sources and {len(self._source_names)} names for them")
        self.original_components = []
        for name, source in zip(self._source_names, sources, strict=True):
            self.original_components.append(waveform(f"source {name!r}", source))
            if len(source) < self.explained_length:
                raise ParameterError(f"source {name!r} has {len(source)} samples, the mix {self.explained_length}")
        self.prepare_components(0, len(self._original_mix))

    def initialize_components(self) -> tuple[list[np.ndarray], list[str]]:
        """The sources of the mix, each of shape (n_samples,), and their names."""
        raise NotImplementedError

    def prepare_components(self, start_sample: int, y_length: int) -> None:
        """Explain ``y_length`` samples of the sources from ``start_sample`` on; segments are counted from there."""
        self._sources = [source[start_sample : start_sample + y_length] for source in self.original_components]
        self.components, self._components_names = [], []
        for s, (start, end) in enumerate(self.temporal_segments):
            for i, name in enumerate(self._source_names):
                self.components.append(Component(i, start, end))
                self._components_names.append(f"{name}{s}")

    def retrieve_components(self, selection_order: Iterable[int] | None = None) -> list[np.ndarray]:
        """The selected components, each as long as the mix and silent outside its segment.

        Parameters
        ----------
        selection_order : iterable of int, or None
            components wanted, in this order; None gives all

        Returns
        -------
        list of np.ndarray [shape=(explained_length,), dtype=float32]
            made at each call; when nothing is selected, one silence
        """
        selection = range(len(self.components)) if selection_order is None else self._checked(selection_order)
        return [self._mix([i]) for i in selection] or [self._mix([])]

    def compose_model_input(self, components: Iterable[int] | None = None) -> np.ndarray:
        """The model's input when only these components (all for None) are on: their sum."""
        selection = range(len(self.components)) if components is None else self._checked(components)
        return self._composition_fn(self._mix(selection))

    def _mix(self, selection: Iterable[int]) -> np.ndarray:
        """Sum of components; only the samples where something sounds are touched."""
        y = np.zeros(self.explained_length, dtype=np.float32)
        for i in selection:
            start, part = self._part(i)
            y[start : start + len(part)] += part
        return y
