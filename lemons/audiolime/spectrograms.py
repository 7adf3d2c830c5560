"""Factorizations of spectrograms: some of it stays, a baseline takes the place of the rest.

What such a factorization composes is a spectrogram, which can be seen; to be heard, it has to be inverted. That is
possible where phases are known (magnitudes of an STFT) or can be guessed (`librosa.griffinlim`,
`librosa.feature.inverse.mel_to_audio`), and means something only where what is off is silent, the baseline "zero" of
magnitudes or "min" of decibels.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from lemons.arguments import as_array, one_of, quoted
from lemons.arguments import random_state as check_state
from lemons.audiolime.factorization_base import Factorization
from lemons.errors import DataError, ParameterError

__all__ = ["BASELINES", "SpectrogramFactorization", "check_spectrogram", "initialize_baseline"]

BASELINES = ("zero", "min", "max", "mean", "unif", "shuffle")


def check_spectrogram(name: str, x: Any) -> np.ndarray:
    """A spectrogram as an array (n_bins, n_frames) of float32 or float64; `ParameterError` or `DataError` otherwise."""
    x = as_array(x)
    wanted = f"{name} must be a spectrogram, floats of shape (n_bins, n_frames)"
    if not isinstance(x, np.ndarray):
        raise ParameterError(f"{wanted}, not {quoted(x)}")
    if x.dtype.kind != "f" or x.ndim != 2 or not x.size:
        hint = "; take the magnitudes" if x.dtype.kind == "c" else "; take one channel" if x.ndim > 2 else ""
        raise ParameterError(f"{wanted}, not {x.dtype} {x.shape}{hint}")
    if not np.isfinite(x).all():
        raise DataError(f"{name} holds values that are not numbers; before a logarithm, limit silence to 1e-10 or so")
    return x.astype(np.float64 if x.itemsize > 4 else np.float32, copy=False)


def initialize_baseline(baseline_type: str, x: np.ndarray, random_state: int | np.random.RandomState | None = None):
    """What takes the place of the parts of a spectrogram that are off.

    Parameters
    ----------
    baseline_type : {"zero", "min", "max", "mean", "unif", "shuffle"}
        a constant: 0, or the spectrogram's least, largest or mean value; ``"unif"``: numbers between 0 and its largest
        value; ``"shuffle"``: its own values, each in another place
    x : np.ndarray or Tensor of floats [shape=(n_bins, n_frames)]
        the spectrogram
    random_state : int, np.random.RandomState or None
        where numbers or places come from; None counts as 0. An integer gives what audioLIME drew once NumPy's global
        state ("shuffle"), or PyTorch's on the processor ("unif"), was seeded with it.

    Returns
    -------
    np.ndarray [shape=(n_bins, n_frames)]
        of the spectrogram's precision

    Raises
    ------
    ParameterError
        if the baseline is unknown, or ``x`` is no spectrogram

    Examples
    --------
    >>> initialize_baseline("mean", np.array([[0.0, 1.0], [2.0, 3.0]])).tolist()
    [[1.5, 1.5], [1.5, 1.5]]
    >>> initialize_baseline("shuffle", np.array([[0.0, 1.0], [2.0, 3.0]]), random_state=1).tolist()
    [[2.0, 3.0], [1.0, 0.0]]
    """
    x = check_spectrogram("x", x)
    one_of("baseline", baseline_type, BASELINES)
    rng = check_random_state(0 if random_state is None else check_state("random_state", random_state))
    if baseline_type == "unif":
        return _uniform(rng, x) * x.max()
    if baseline_type == "shuffle":
        places = np.arange(x.size)
        rng.shuffle(places)
        shuffled = np.empty_like(x)
        shuffled.flat[places] = x.flat
        return shuffled
    value = 0 if baseline_type == "zero" else getattr(x, baseline_type)()
    return np.full_like(x, value)


def _uniform(rng: np.random.RandomState, x: np.ndarray) -> np.ndarray:
    """Numbers of [0, 1) in the shape and precision of ``x``, as PyTorch makes them of the same Mersenne twister."""
    if x.dtype == np.float32:
        bits = rng.randint(0, 2**32, x.shape, dtype=np.uint32)
        return (bits % 2**24).astype(np.float32) / np.float32(2**24)
    high, low = np.moveaxis(rng.randint(0, 2**32, (*x.shape, 2), dtype=np.uint32).astype(np.uint64), -1, 0)
    return ((high << np.uint64(32) | low) % np.uint64(2**53)) / 2**53


class SpectrogramFactorization(Factorization):
    """A spectrogram and its components: what factorizations of spectrograms share.

    A subclass says by `region` which values are those of some components. Attributes are those of `Factorization`, and
    ``spectrogram``, ``baseline`` (what takes the place of parts that are off) and ``baseline_type`` (its name).
    """

    def _show(self, spectrogram: Any, baseline: str, random_state: int | np.random.RandomState | None) -> None:
        """Set what is on and what is off; a subclass calls it while it is made."""
        self.spectrogram = spectrogram
        self.baseline_type = baseline
        self._on = check_spectrogram("spectrogram", spectrogram)
        self._off = initialize_baseline(baseline, self._on, random_state)
        self.baseline = self._as_given(self._off)

    @abstractmethod
    def region(self, selection: Iterable[int]) -> np.ndarray:
        """Where the values of these components are: bool of shape (n_bins, n_frames)."""

    def retrieve_components(self, selection_order: Iterable[int] | None = None) -> Any:
        """The spectrogram, with its baseline where no selected component is.

        Parameters
        ----------
        selection_order : iterable of int, or None
            components that stay; None gives the spectrogram as it is

        Returns
        -------
        np.ndarray or Tensor [shape=(n_bins, n_frames)]
            as the spectrogram was given
        """
        if selection_order is None:
            return self.spectrogram
        return self._as_given(np.where(self.region(self._checked(selection_order)), self._on, self._off))

    def _as_given(self, x: np.ndarray) -> Any:
        """An array as it is, or as a tensor of the precision and on the device of the spectrogram, if that is one."""
        return self.spectrogram.new_tensor(x) if hasattr(self.spectrogram, "new_tensor") else x

    def _extent(self) -> str:
        return "a spectrogram of {} bins and {} frames".format(*self._on.shape)
