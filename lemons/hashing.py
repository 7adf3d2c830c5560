"""Fingerprints of what results depend on: waveforms, weights, texts, tables, files."""

import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fingerprint", "hash_file", "hash_files", "hash_state", "hash_text", "hash_waveforms", "model_hash"]

CHUNK = 2**20  # bytes of a file that are in memory at once


def hash_waveforms(waveforms: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of waveforms, their names and their order.

    >>> y = np.ones(4, np.float32)
    >>> hash_waveforms({"vocals": y}) == hash_waveforms({"drums": y})
    False
    """
    digest = hashlib.sha256()
    for name, y in waveforms.items():
        digest.update(f"{name}:{'x'.join(map(str, y.shape))}:".encode())
        digest.update(np.ascontiguousarray(y, dtype=np.float32).data)
    return digest.hexdigest()


def model_hash(model: Any) -> str:
    """SHA-256 of the weights of a `torch.nn.Module`, in hexadecimal digits; independent of their file and device."""
    return hash_state(model.state_dict())


def hash_state(state: Mapping[str, Any]) -> str:
    """SHA-256 of a state dict's names and tensors, in the order of the names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def hash_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(table: "pd.DataFrame") -> str:
    """The same rows in the same order, the same 16 hexadecimal digits."""
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()[:16]


def hash_file(path: str | os.PathLike) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits; an unreadable file is an OSError."""
    return hash_files(path)


def hash_files(*paths: str | os.PathLike) -> str:
    """SHA-256 of the bytes of several files, one after the other; an unreadable file is an OSError."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
