"""A spectrogram cut into superpixels, as LIME cuts images.

References: Ribeiro, Singh & Guestrin, "'Why Should I Trust You?'", KDD 2016, arXiv 1602.04938; Achanta et al., "SLIC
superpixels compared to state-of-the-art superpixel methods", TPAMI 34(11), 2012; Felzenszwalb & Huttenlocher,
"Efficient graph-based image segmentation", IJCV 59(2), 2004.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from lemons.arguments import as_array, one_of, quoted
from lemons.audiolime.spectrograms import SpectrogramFactorization
from lemons.errors import ParameterError
from lemons.extras import require

__all__ = ["ImageLikeFactorization", "image_segmentation_algorithm_options"]

DEFAULTS: dict[str, dict[str, Any]] = {
    "slic": {},
    "fsz": {"scale": 25, "min_size": 40},  # what audioLIME's authors found most reasonable for spectrograms
}
image_segmentation_algorithm_options = tuple(DEFAULTS)


class ImageLikeFactorization(SpectrogramFactorization):
    """Components are superpixels of a spectrogram: connected regions of similar values, from scikit-image.

    scikit-image is installed by ``pip install 'lemons-explanations[images]'``. Components are named S and the number
    that scikit-image gave: from S1 on for SLIC, from S0 on for Felzenszwalb's method.

    Parameters
    ----------
    input : str, path-like or np.ndarray [shape=(n_samples,)]
        the sound, as `Factorization` takes it; nothing is computed from it
    target_sr : int > 0
        its sampling rate, in Hz
    torchaudio_spec : np.ndarray or Tensor of floats [shape=(n_bins, n_frames)]
        its spectrogram, by whatever library
    image_segmentation_algorithm : {"slic", "fsz"}
        `skimage.segmentation.slic`, or `skimage.segmentation.felzenszwalb`
    image_segmentation_params : dict or None
        further arguments of that function, such as ``{"n_segments": 50}`` for SLIC; None for its own defaults, or for
        Felzenszwalb's method scale 25 and at least 40 values a region
    baseline : {"zero", "min", "max", "mean", "unif", "shuffle"}
        what takes the place of superpixels that are off; see `lemons.audiolime.factorization_slime.initialize_baseline`
    temporal_segmentation_params : None
        there is no such thing here: regions follow the spectrogram
    composition_fn : callable or None
        what turns a spectrogram, an array, into the model's input
    random_state : int, np.random.RandomState or None
        for the baselines "unif" and "shuffle"; None counts as 0

    Attributes
    ----------
    original_components : np.ndarray of int [shape=(n_bins, n_frames)]
        the component that each value belongs to, counted from 0

    Raises
    ------
    ParameterError
        if an argument is of the wrong kind, or unknown to scikit-image
    DataError
        if the sound or the spectrogram holds values that are not numbers
    MissingDependencyError
        if scikit-image is not installed

    Examples
    --------
    >>> spectrogram = np.repeat([[1.0, 5.0]], 8, axis=0).repeat(8, axis=1)  # two halves
    >>> halves = ImageLikeFactorization(np.zeros(160), 16000, spectrogram, "fsz", {"min_size": 20})
    >>> halves
    <ImageLikeFactorization: 2 components (S0, S1) of a spectrogram of 8 bins and 16 frames>
    >>> halves.compose_model_input([1])[0, 6:10]
    array([0., 0., 5., 5.])
    """

    def __init__(
        self,
        input: str | os.PathLike | np.ndarray,
        target_sr: int,
        torchaudio_spec: Any,
        image_segmentation_algorithm: str = "slic",
        image_segmentation_params: Mapping[str, Any] | None = None,
        baseline: str = "zero",
        temporal_segmentation_params: None = None,
        composition_fn: Callable[[np.ndarray], Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        if temporal_segmentation_params is not None:
            hint = "its regions follow the spectrogram; leave it out, or take TimeFrequencyTorchFactorization"
            raise ParameterError(f"ImageLikeFactorization takes no temporal_segmentation_params: {hint}")
        algorithm = one_of("image_segmentation_algorithm", image_segmentation_algorithm, DEFAULTS)
        params = DEFAULTS[algorithm] if image_segmentation_params is None else image_segmentation_params
        if not isinstance(params, Mapping):
            wanted = "a dict of arguments, such as {'n_segments': 50}"
            raise ParameterError(f"image_segmentation_params={quoted(params)} must be {wanted}")
        super().__init__(input, target_sr, 1, composition_fn)
        self._show(as_array(torchaudio_spec), baseline, random_state)
        self.image_segmentation_algorithm = algorithm
        self.image_segmentation_params = {"channel_axis": None, **params}  # a spectrogram has one channel
        self.original_components, self._components_names = self.initialize_components()

    def initialize_components(self) -> tuple[np.ndarray, list[str]]:
        """The component that each value of the spectrogram belongs to, and the components' names."""
        slic, felzenszwalb = _scikit_image()
        segment = slic if self.image_segmentation_algorithm == "slic" else felzenszwalb
        try:
            labels = segment(self._on, **self.image_segmentation_params)
        except (TypeError, ValueError) as error:
            found = f"image_segmentation_params={quoted(self.image_segmentation_params)}"
            reason = str(error).partition("\n")[0][:100]
            raise ParameterError(f"scikit-image's {segment.__name__} refuses {found}: {reason}") from error
        numbers, regions = np.unique(labels, return_inverse=True)
        return regions.reshape(labels.shape), [f"S{number}" for number in numbers]

    def region(self, selection: Iterable[int]) -> np.ndarray:
        """See `SpectrogramFactorization.region`."""
        return np.isin(self.original_components, list(selection))


def _scikit_image() -> tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]:
    """The functions `slic` and `felzenszwalb`; imported when superpixels are made, since scikit-image is optional."""
    require("ImageLikeFactorization", "skimage", extra="images")
    from skimage.segmentation import felzenszwalb, slic

    return slic, felzenszwalb
