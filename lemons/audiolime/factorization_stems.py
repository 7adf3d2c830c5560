"""A factorization of sources that were separated beforehand, by whatever means."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lemons.arguments import quoted, waveform
from lemons.audiolime.factorization_base import SourceSeparationBasedFactorization
from lemons.errors import ParameterError
from lemons.segments import Segments

__all__ = ["StemFactorization", "check_stems"]


class StemFactorization(SourceSeparationBasedFactorization):
    """Components are given stems, each cut into the temporal segments; the mix is their sum.

    Parameters
    ----------
    stems : dict of str to np.ndarray [shape=(n_samples,)]
        waveforms of equal length by name, in the order in which components are counted
    target_sr : int > 0
        their sampling rate, in Hz
    temporal_segmentation_params : int, dict, Segments or None
        see `lemons.audiolime.compute_segments`; 1 makes whole stems the components
    composition_fn : callable or None
        what turns a mix into the model's input

    Raises
    ------
    ParameterError
        if there are no stems, or they are not one-dimensional floats of equal length
    DataError
        if a stem holds values that are not numbers

    Examples
    --------
    >>> stems = {"vocals": np.ones(4), "drums": np.full(4, 2.0)}
    >>> factorization = StemFactorization(stems, target_sr=1, temporal_segmentation_params=2)
    >>> factorization.get_ordered_component_names()
    ['vocals0', 'drums0', 'vocals1', 'drums1']
    >>> factorization.compose_model_input([0, 1, 3])
    array([3., 3., 2., 2.], dtype=float32)
    """

    def __init__(
        self,
        stems: Mapping[str, np.ndarray],
        target_sr: int = 16000,
        temporal_segmentation_params: int | Mapping[str, Any] | Segments | None = None,
        composition_fn: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self._stems = check_stems(stems)
        super().__init__(sum(self._stems.values()), target_sr, temporal_segmentation_params, composition_fn)

    def initialize_components(self) -> tuple[list[np.ndarray], list[str]]:
        """The stems and their names."""
        return list(self._stems.values()), list(self._stems)


def check_stems(stems: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Stems that can be summed to a mix, as float32 or float64; see `StemFactorization` for the errors."""
    if not isinstance(stems, Mapping):
        raise ParameterError(f"stems must be waveforms by name, such as {{'vocals': y}}, not {quoted(stems)}")
    if not stems:
        raise ParameterError("there are no stems; give at least one waveform by name")
    for name in stems:
        if not isinstance(name, str) or not name:
            raise ParameterError(f"stem {quoted(name)} must have a text for a name")
    found = {name: waveform(f"stem {name!r}", y) for name, y in stems.items()}
    lengths = {name: len(y) for name, y in found.items()}
    if len(set(lengths.values())) > 1:
        raise ParameterError(f"stems must be of equal length, not {lengths}; pad the shorter ones with silence")
    return found
