"""Cutting a sound into components that can be switched on and off.

Components are counted from 0. Where sources are cut in time, all sources of the first segment come first, then those of
the second: with S sources, component ``i`` is source ``i % S`` in segment ``i // S``. A mix in which no component is on
is silence.
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lemons.arguments import function, items, waveform, whole
from lemons.audio import check_rate
from lemons.audiolime.audio_utils import load_audio
from lemons.audiolime.segmentation import compute_segments, cut
from lemons.errors import ParameterError
from lemons.segments import Segments

__all__ = [
    "Factorization",
    "SourceSeparationBasedFactorization",
    "TimeOnlyFactorization",
    "compute_segments",
    "default_composition_fn",
]


def default_composition_fn(x: np.ndarray) -> np.ndarray:
    """The model's input is the waveform itself."""
    return x


class _Components(Sequence):
    """What each component sounds like alone, made when it is asked for: 25 of them need no memory of their own."""

    def __init__(self, factorization: "Factorization"):
        self._factorization = factorization

    def __len__(self) -> int:
        return self._factorization.get_number_components()

    def __getitem__(self, index):
        found = range(len(self))[index]
        alone = self._factorization._alone
        return alone(found) if isinstance(found, int) else [alone(i) for i in found]


class Factorization:
    """A sound and its components: what every factorization shares.

    A subclass names its components in ``_components_names`` and says in `retrieve_components` what some of them sound
    like.

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

    Attributes
    ----------
    components : sequence of np.ndarray
        what each component sounds like alone, as `retrieve_components` gives it; made at each access
    temporal_segments : list of (int, int)
        first sample, and first sample after each segment
    explained_length : int
        where the last segment ends, in samples

    Raises
    ------
    ParameterError
        if an argument is of the wrong kind, such as a waveform of two channels
    DataError
        if the file cannot be read, or a sample is not a number

    Examples
    --------
    >>> class WithEcho(Factorization):
    ...     def __init__(self, y):
    ...         super().__init__(y, target_sr=1, temporal_segmentation_params=1)
    ...         self._components_names = ["sound", "echo"]
    ...     def retrieve_components(self, selection_order=None):
    ...         both = np.stack([self._original_mix, np.roll(self._original_mix, 1)])
    ...         return both.sum(axis=0) if selection_order is None else both[list(selection_order)].sum(axis=0)
    >>> WithEcho(np.array([1.0, 0.0, 0.0])).compose_model_input()
    array([1., 1., 0.])
    """

    def __init__(
        self,
        input: str | os.PathLike | np.ndarray,
        target_sr: int,
        temporal_segmentation_params: int | Mapping[str, Any] | Segments | None = None,
        composition_fn: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self._audio_path = input if isinstance(input, str | os.PathLike) else None
        self.target_sr = check_rate(target_sr)
        self._original_mix = self._read(input)
        self._composition_fn = function("composition_fn", composition_fn or default_composition_fn)
        self.original_components: Any = []
        self._sources: list[np.ndarray] = []
        self.components: Sequence = _Components(self)
        self._components_names: list[str] = []
        self.temporal_segments, self.explained_length = self._cut(temporal_segmentation_params)
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

    def __repr__(self) -> str:
        names = ", ".join(self._components_names[:3]) + (" ..." if len(self._components_names) > 3 else "")
        return f"<{type(self).__name__}: {self.get_number_components()} components ({names}) of {self._extent()}>"

    def _extent(self) -> str:
        return f"{len(self._original_mix) / self.target_sr:.2f} s at {self.target_sr} Hz"

    def _read(self, input: Any) -> np.ndarray:
        return waveform("input", load_audio(input, self.target_sr) if self._audio_path is not None else input)

    def _cut(self, params: Any) -> tuple[list[tuple[int, int]], int]:
        return cut(len(self._original_mix), self.target_sr, params)

    def _alone(self, i: int) -> Any:
        return self.retrieve_components([i])

    def _part(self, i: int) -> tuple[int, np.ndarray]:
        """Where the sound of a component begins, and its samples, with the fades of its segment if it has any."""
        s, source = divmod(i, len(self._sources))
        if self._fading is None:
            start, end = self.temporal_segments[s]
            return start, self._sources[source][start:end]
        return self._fading.spans[s][0], self._fading.part(self._sources[source], s)

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

    Parameters and errors are those of `Factorization`.

    Examples
    --------
    >>> factorization = TimeOnlyFactorization(np.arange(1.0, 6.0), target_sr=1, temporal_segmentation_params=2)
    >>> factorization
    <TimeOnlyFactorization: 2 components (T1, T2) of 5.00 s at 1 Hz>
    >>> factorization.retrieve_components([1])
    array([0., 0., 3., 4., 5.])
    """

    def __init__(self, input, target_sr, temporal_segmentation_params=None, composition_fn=None):
        super().__init__(input, target_sr, temporal_segmentation_params, composition_fn)
        self.original_components = self._sources = [self._original_mix]
        self._components_names = [f"T{s + 1}" for s in range(len(self.temporal_segments))]

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

    Parameters and errors are those of `Factorization`; ``original_components`` are the sources, not cut.

    Examples
    --------
    >>> class Octaves(SourceSeparationBasedFactorization):
    ...     def initialize_components(self):
    ...         high = np.diff(self._original_mix, prepend=0) / 2
    ...         return [self._original_mix - high, high], ["low", "high"]
    >>> factorization = Octaves(np.array([1.0, 1.0, -1.0, 1.0]), target_sr=1, temporal_segmentation_params=2)
    >>> factorization.get_ordered_component_names()
    ['low0', 'high0', 'low1', 'high1']
    >>> factorization.components[3]
    array([ 0.,  0., -1.,  1.], dtype=float32)
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
        self._components_names = [
            f"{name}{s}" for s in range(len(self.temporal_segments)) for name in self._source_names
        ]

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
        selection = range(self.get_number_components()) if selection_order is None else self._checked(selection_order)
        return [self._mix([i]) for i in selection] or [self._mix([])]

    def compose_model_input(self, components: Iterable[int] | None = None) -> np.ndarray:
        """The model's input when only these components (all for None) are on: their sum."""
        selection = range(self.get_number_components()) if components is None else self._checked(components)
        return self._composition_fn(self._mix(selection))

    def _alone(self, i: int) -> np.ndarray:
        return self._mix([i])

    def _mix(self, selection: Iterable[int]) -> np.ndarray:
        """Sum of components; only the samples where something sounds are touched."""
        y = np.zeros(self.explained_length, dtype=np.float32)
        for i in selection:
            start, part = self._part(i)
            y[start : start + len(part)] += part
        return y
