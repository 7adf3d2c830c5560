"""Reading audio for a factorization."""

import os

import numpy as np

from lemons.audio import load

__all__ = ["load_audio"]


def load_audio(audio_path: str | os.PathLike, target_sr: int) -> np.ndarray:
    """Read a file as a mono waveform at ``target_sr`` Hz, on the 16-bit grid; see `lemons.audio.load`."""
    return load(audio_path, sr=target_sr)
