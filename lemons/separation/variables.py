"""Spleeter's variables on disk: a TensorFlow checkpoint, or one safetensors file with the same names and layout."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lemons.checksums import CHECKSUM, arrays_checksum
from lemons.errors import DamagedError
from lemons.files import atomic_path
from lemons.separation.package import VARIABLES
from lemons.separation.tf_checkpoint import read_checkpoint

__all__ = ["read_variables", "write_variables"]


def write_variables(folder: str | os.PathLike, variables: Mapping[str, np.ndarray], *, source: str) -> None:
    """Write variables as a safetensors file, with their checksum.

    Parameters
    ----------
    folder : path-like
        where the file goes
    variables : mapping of str to np.ndarray
        by TensorFlow's names, in its layout
    source : str
        where they come from; kept in the file

    Raises
    ------
    DataError
        if the file cannot be written
    """
    # safetensors writes memory as it lies, so that a transposed view would lose its order
    arrays = {name: np.ascontiguousarray(array) for name, array in variables.items()}
    with atomic_path(Path(folder) / VARIABLES) as temporary:
        temporary.write_bytes(save(arrays, {"source": source, CHECKSUM: arrays_checksum(arrays)}))


def read_variables(folder: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the variables of a folder of weights.

    Parameters
    ----------
    folder : path-like
        with ``variables.safetensors``, or with a TensorFlow checkpoint

    Returns
    -------
    dict of str to np.ndarray
        by TensorFlow's names, in its layout

    Raises
    ------
    DataError
        if a file is missing, damaged, or not what it should be
    """
    path = Path(folder) / VARIABLES
    if not path.is_file():
        return read_checkpoint(folder)
    try:
        with safe_open(path, "numpy") as file:
            checksum = (file.metadata() or {}).get(CHECKSUM)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        raise DamagedError(f"{path} cannot be read ({error}); take the weights from their source again") from error
    if checksum != arrays_checksum(arrays):
        raise DamagedError(f"{path} is damaged: it does not fit its checksum; take the weights from their source again")
    return arrays
