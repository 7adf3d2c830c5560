"""Harmonic and percussive parts in frequency bands: components of any music, without trained weights.

Median filtering of the spectrogram (Fitzgerald, DAFx 2010; Driedger, Müller & Disch, ISMIR 2014) tells what lasts from
what strikes; bands tell low from high. These are parts of the sound, not instruments, and their names say so.
"""

import librosa
import numpy as np

from lemons.audio import SAMPLE_RATE, quantize

N_FFT = 1024  # 64 ms at 16 kHz
HOP_LENGTH = 256
PARTS = {  # name: (harmonic or percussive, lower and upper edge in Hz)
    "harmonic low": ("harmonic", 0, 250),  # bass notes, the fundamentals of low voices
    "harmonic mid": ("harmonic", 250, 2000),  # most melodies and chords
    "harmonic high": ("harmonic", 2000, SAMPLE_RATE / 2),  # brightness, strings, sibilants
    "percussive low": ("percussive", 0, 500),  # kick and toms
    "percussive high": ("percussive", 500, SAMPLE_RATE / 2),  # snare, cymbals, plucks
}


def separate_hpss(y: np.ndarray) -> dict[str, np.ndarray]:
    """Split a mix into the five `PARTS`.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        mono waveform at 16 kHz, on the 16-bit grid

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        on the 16-bit grid; their sum is ``y``, sample for sample
    """
    spectrum = librosa.stft(y, n_fft=N_FFT, hop_length=HOP_LENGTH)
    layers = dict(zip(("harmonic", "percussive"), librosa.decompose.hpss(spectrum), strict=True))
    frequencies = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)
    parts = {}
    for name, (layer, low, high) in PARTS.items():
        share = _rises(frequencies, low) - _rises(frequencies, high)
        part = librosa.istft(layers[layer] * share[:, None], hop_length=HOP_LENGTH, n_fft=N_FFT, length=len(y))
        parts[name] = quantize(part)
    # rounding five parts to 16 bits leaves up to 3 steps (-80 dBFS); the part with most energy masks them best
    loudest = max(parts, key=lambda name: np.square(parts[name]).sum())
    parts[loudest] = y - sum(part for name, part in parts.items() if name != loudest)
    return parts


def _rises(frequencies: np.ndarray, edge: float) -> np.ndarray:
    """Weight 0 below and 1 above an edge, in between a half-octave slope, so that no band rings."""
    if edge == 0:
        return np.ones_like(frequencies)
    if edge == SAMPLE_RATE / 2:
        return np.zeros_like(frequencies)
    octaves = np.log2(np.maximum(frequencies, 1) / edge)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(octaves * 2 + 0.5, 0, 1))
