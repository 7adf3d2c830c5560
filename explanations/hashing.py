"""Fingerprints of what an explanation depends on."""

import hashlib
from collections.abc import Mapping

import numpy as np
import torch


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


def hash_model(model: torch.nn.Module) -> str:
    """SHA-256 of a model's class and of all that it has learned."""
    digest = hashlib.sha256(type(model).__qualname__.encode())
    for name, values in model.state_dict().items():
        digest.update(f"{name}:{tuple(values.shape)}:{values.dtype}:".encode())
        digest.update(np.ascontiguousarray(values.detach().cpu().numpy()))
    return digest.hexdigest()
