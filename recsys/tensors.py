"""Tensors and plain values on disk, in PyTorch's format: an archive with a CRC-32 of each of its parts.

PyTorch writes these CRCs and never compares them, so a flipped bit of a weight would give another weight without an
error. Here they are compared before the content is read, which takes some 2 ms for a model. Files of PyTorch before 1.6
are no archives and have no CRC; they are read unchecked.
"""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from lemons.checksums import check_unpacked_size, read_whole
from lemons.errors import DamagedError
from lemons.files import atomic_path

__all__ = ["find_state_dict", "is_state_dict", "read_tensors", "write_tensors"]

ARCHIVE = b"PK\x03\x04"  # the first bytes of an archive
WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")  # where training loops put a state dict
PREFIXES = ("module.", "_orig_mod.", "model.", "net.")  # of DataParallel, torch.compile, Lightning and the like


def write_tensors(path: str | os.PathLike, content: dict[str, Any]) -> None:
    """Write a dictionary of tensors and plain values, whole or not at all; DataError if it cannot be written."""
    with atomic_path(path) as temporary:
        try:
            torch.save(content, temporary)
        except RuntimeError as error:  # PyTorch's writer when the disk is full
            raise OSError(str(error).splitlines()[0]) from error


def read_tensors(path: str | os.PathLike) -> Any:
    """Read what `write_tensors` or `torch.save` wrote, without unpickling anything but tensors and plain values.

    Parameters
    ----------
    path : path-like
        the file

    Returns
    -------
    object
        its content, on the CPU

    Raises
    ------
    DataError
        if the file does not exist, cannot be read, is no ordinary file, or is too large
    DamagedError
        if it is damaged, or of another format
    """
    content = read_whole(Path(path))
    try:
        if content.startswith(ARCHIVE):
            _check_archive(content)
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or foreign file makes both raise nearly any exception
        # PyTorch's message may advise to unpickle, which would run code from the file
        raise DamagedError(f"{path} is damaged, or holds something else than tensors") from error


def _check_archive(content: bytes) -> None:
    """Raise any exception if the parts of an archive are not those that were written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        check_unpacked_size(archive)
        if damaged := archive.testzip():
            raise ValueError(f"the CRC of {damaged} differs")


def find_state_dict(content: Any) -> Any:
    """Find the state dict in a file of another program: beside other values, or with prefixes in its names.

    Parameters
    ----------
    content : object
        from `torch.load`

    Returns
    -------
    object
        the value of the first of ``WRAPPERS``, if no value of the content is a tensor; without each of ``PREFIXES``
        that all its names begin with. Any other content is returned unchanged.

    Examples
    --------
    >>> find_state_dict({"epoch": 3, "model": {"module._orig_mod.fc.bias": 0.5}})
    {'fc.bias': 0.5}
    """
    while isinstance(content, dict) and not any(isinstance(value, torch.Tensor) for value in content.values()):
        inner = next((content[name] for name in WRAPPERS if isinstance(content.get(name), dict)), None)
        if inner is None:
            break
        content = inner
    # of all names or of none: otherwise a part of a larger network would be taken for the whole
    while isinstance(content, dict) and content and all(isinstance(name, str) for name in content):
        prefix = next((one for one in PREFIXES if all(name.startswith(one) for name in content)), None)
        if prefix is None:
            break
        content = {name.removeprefix(prefix): value for name, value in content.items()}
    return content


def is_state_dict(content: Any) -> bool:
    """Whether the content is a dictionary from names to tensors."""
    return isinstance(content, dict) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()
    )
