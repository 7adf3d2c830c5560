"""Samples at 16 kHz in a NumPy file (``.npy``), as the cache of a library keeps them."""

import os

import numpy as np

from lemons.arguments import file_path
from lemons.arrays import read_array
from lemons.audio.level import tell_gain, within_full_scale
from lemons.errors import DataError

__all__ = ["load_array", "load_samples"]


def load_samples(path: str | os.PathLike) -> np.ndarray:
    """Read samples at 16 kHz that were saved by `numpy.save`; floats above full scale as `load` does.

    They are read rather than mapped: each mapped array holds a file open, and a listener's split has more tracks than
    the 1024 files that a process may usually open.

    Parameters
    ----------
    path : path-like
        a ``.npy`` file of one channel: int16, or floats, nominally in [-1, 1)

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=int16]

    Raises
    ------
    DataError
        if the file is no such array, is longer or shorter than its header says, is empty, or holds values that are not
        numbers

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/tone.npy", np.array([0, 16384], np.int16))
    ...     load_samples(f"{folder}/tone.npy")
    array([    0, 16384], dtype=int16)
    """
    samples, gain = within_full_scale(load_array(path))
    tell_gain(path, gain)
    return samples


def load_array(path: str | os.PathLike) -> np.ndarray:
    """What a file of samples holds, int16 or floats of any level (n_samples,); errors are those of `load_samples`.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/loud.npy", np.array([[0.5, 2.0]]))
    ...     load_array(f"{folder}/loud.npy")
    array([0.5, 2. ])
    """
    if not file_path("path", path).is_file():
        raise DataError(f"no such audio file: {path}; check the path")
    samples = read_array(path)
    kind = samples.dtype
    if (kind != np.int16 and kind.kind != "f") or max(samples.shape, default=0) != samples.size:
        raise DataError(f"{path} holds {kind} {samples.shape}; it must be int16 or floats (n_samples,)")
    if not samples.size:
        raise DataError(f"{path} holds no audio (0 samples); choose another file")
    if kind != np.int16 and not np.isfinite(samples).all():
        raise DataError(f"{path} holds samples that are not numbers (NaN or infinite); export it again")
    return samples.reshape(-1)
