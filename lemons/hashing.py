"""Fingerprints of what an explanation depends on."""

import hashlib
from collections.abc import Mapping

import numpy as np


def hash_waveforms(waveforms: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of waveforms, their names and their order.

    >>> y = np.ones(4, np.float32)
    >>> hash_waveforms({"vocals": y}) == hash_waveforms({"drums": y})
    False
    """
    digest = hashlib.sha256()
    for name, y in waveforms.items():
        digest.update(f"{name}:{len(y)}:".encode())
        digest.update(np.ascontiguousarray(y, dtype=np.float32))
    return digest.hexdigest()


def hash_text(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
