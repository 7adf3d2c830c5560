"""Reading audio for a factorization."""

import os

import numpy as np

from lemons.audio import load

__all__ = ["load_audio"]


def load_audio(audio_path: str | os.PathLike, target_sr: int) -> np.ndarray:
    """Read a file as a mono waveform on the 16-bit grid, as `lemons.audio.load` does.

    Parameters
    ----------
    audio_path : str or path-like
        an audio file
    target_sr : int > 0
        sampling rate that is wanted, in Hz

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]

    Raises
    ------
    DataError
        if there is no such file, or it cannot be read

    Examples
    --------
    >>> from lemons.audio import write_flac
    >>> path = getfixture("tmp_path") / "tone.flac"
    >>> write_flac(path, np.float32([0.5, -0.5] * 8000))
    >>> load_audio(path, 8000).shape
    (8000,)
    """
    return load(audio_path, sr=target_sr)
