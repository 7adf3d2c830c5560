"""A spectrogram cut into a grid of time and frequency, as SoundLIME does it.

References: Mishra, Sturm & Dixon, "Local interpretable model-agnostic explanations for music content analysis", ISMIR
2017 (the grid, figure 4); Mishra, Benetos, Sturm & Dixon, "Reliable local explanations for machine listening", IJCNN
2020, arXiv 2005.07788 (the baselines).
"""

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from lemons.arguments import whole
from lemons.audiolime.segmentation import cut, manual_segments
from lemons.audiolime.spectrograms import SpectrogramFactorization, check_spectrogram, initialize_baseline
from lemons.errors import ParameterError
from lemons.segments import Segments

__all__ = ["TimeFrequencyTorchFactorization", "initialize_baseline"]


class TimeFrequencyTorchFactorization(SpectrogramFactorization):
    """Components are the cells of a grid over a spectrogram: all bands of the first segment, then those of the second.

    PyTorch is in its name since audioLIME needs it there; this one takes arrays and tensors, and its model input is of
    the kind that was given. Component ``i`` is band ``i % frequency_segments``, from low to high, of segment
    ``i // frequency_segments``, named T1F1, T1F2, ..., T2F1, ... What does not divide evenly belongs to the last band
    and the last segment.

    Parameters
    ----------
    input : np.ndarray or Tensor of floats [shape=(n_bins, n_frames)]
        a spectrogram, of any scale
    target_sr : int > 0
        sampling rate of the sound that it is of, in Hz
    frequency_segments : int > 0
        number of bands
    temporal_segmentation_params : int, dict or None
        a number of segments of equal length, the same as ``{"type": "fixed_length", "n_temporal_segments": number}``;
        ``{"type": "manual", "manual_segments": [(start, end), ...]}`` in samples of the sound, from which the frame
        ``start // hop_length`` follows; or None for one segment per second, at most ten
    hop_length : int > 0
        samples from frame to frame
    baseline : {"zero", "min", "max", "mean", "unif", "shuffle"}
        what takes the place of cells that are off; see `initialize_baseline`
    composition_fn : callable or None
        what turns a spectrogram, of the kind that was given, into the model's input
    random_state : int, np.random.RandomState or None
        for the baselines "unif" and "shuffle"; None counts as 0

    Raises
    ------
    ParameterError
        if an argument is of the wrong kind or out of range
    DataError
        if the spectrogram holds values that are not numbers

    Warns
    -----
    UserWarning
        if a segment given by hand holds no frame; its components do nothing

    Examples
    --------
    >>> spectrogram = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    >>> grid = TimeFrequencyTorchFactorization(spectrogram, 16000, 2, 2, baseline="min")
    >>> grid
    <TimeFrequencyTorchFactorization: 4 components (T1F1, T1F2, T2F1 ...) of a spectrogram of 2 bins and 4 frames>
    >>> grid.compose_model_input([1, 2])
    array([[1., 1., 3., 4.],
           [5., 6., 1., 1.]])
    """

    def __init__(
        self,
        input: Any,
        target_sr: int,
        frequency_segments: int = 4,
        temporal_segmentation_params: int | Mapping[str, Any] | None = 6,
        hop_length: int = 256,
        baseline: str = "zero",
        composition_fn: Callable[[Any], Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.hop_length = whole("hop_length", hop_length, least=1)
        super().__init__(input, target_sr, temporal_segmentation_params, composition_fn)
        self._show(input, baseline, random_state)
        n_bins, n_frames = self._on.shape
        hint = ", the number of bins"
        self.n_frequency_segments = whole("frequency_segments", frequency_segments, least=1, most=n_bins, hint=hint)
        bands = Segments.equal(n_bins, self.n_frequency_segments).spans
        stretches = [(start // self.hop_length, end // self.hop_length) for start, end in self.temporal_segments]
        stretches[-1] = (stretches[-1][0], n_frames)
        self._cells = [(slice(*band), slice(*stretch)) for stretch in stretches for band in bands]
        self._components_names = [f"T{t + 1}F{f + 1}" for t in range(len(stretches)) for f in range(len(bands))]
        for segment, (start, end) in zip(self.temporal_segments, stretches, strict=True):
            if start >= min(end, n_frames):
                found = f"the segment {segment} holds none of the {n_frames} frames"
                warnings.warn(f"{found} at hop_length={hop_length}; its components do nothing", stacklevel=2)

    def region(self, selection: Iterable[int]) -> np.ndarray:
        """See `SpectrogramFactorization.region`."""
        region = np.zeros(self._on.shape, bool)
        for i in selection:
            region[self._cells[i]] = True
        return region

    def _read(self, input: Any) -> np.ndarray:
        return check_spectrogram("input", input)

    def _cut(self, params: Any) -> tuple[list[tuple[int, int]], int]:
        """Segments in samples, as audioLIME counts them; those that it cut of equal length were empty but the last."""
        if isinstance(params, Segments):
            hint = "give their number, or {'type': 'manual', 'manual_segments': [(start, end), ...]}"
            raise ParameterError(f"a spectrogram is cut between frames, without fades; {hint}")
        if isinstance(params, Mapping) and params.get("type") == "manual":
            return manual_segments(params.get("manual_segments"), most=math.inf)
        n_frames = self._original_mix.shape[1]
        n_segments = params.get("n_temporal_segments") if isinstance(params, Mapping) else params
        if n_segments is not None:
            hint = ", the number of frames"
            whole("temporal_segmentation_params", n_segments, least=1, most=n_frames, hint=hint)
        segments, _ = cut(n_frames, max(self.target_sr // self.hop_length, 1), params)  # in frames, then in samples
        return [(start * self.hop_length, end * self.hop_length) for start, end in segments], n_frames * self.hop_length
