"""Harmonic and percussive parts in frequency bands: components of any music, without trained weights.

Median filtering of the spectrogram (Fitzgerald, DAFx 2010; Driedger, Müller & Disch, ISMIR 2014) tells what lasts from
what strikes; bands tell low from high. These are parts of the sound, not instruments, and their names say so.
"""

from collections.abc import Iterable, Iterator

import librosa
import numpy as np

from lemons.audio import quantize
from lemons.separation.separator import Separator

HOP_S = 0.016  # a quarter of the window, as median filtering is published
PARTS = {  # name: (harmonic or percussive, lower and upper edge in Hz)
    "harmonic low": ("harmonic", 0, 250),  # bass notes, the fundamentals of low voices
    "harmonic mid": ("harmonic", 250, 2000),  # most melodies and chords
    "harmonic high": ("harmonic", 2000, np.inf),  # brightness, strings, sibilants
    "percussive low": ("percussive", 0, 500),  # kick and toms
    "percussive high": ("percussive", 500, np.inf),  # snare, cymbals, plucks
}


class HPSS(Separator):
    """Five parts of any music, of the mean of its channels; reads the whole track before it answers.

    What rounding the parts to 16 bits leaves of the mix, up to 3 steps (-80 dBFS), goes to the part with most energy,
    which masks it best.
    """

    name = "hpss"
    stems = tuple(PARTS)
    residual_stem = "harmonic mid"
    fingerprint = "hpss-1"

    def estimates(self, blocks: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
        """See `Separator.estimates`."""
        mix = quantize(np.concatenate([block.mean(axis=0) for block in blocks]))
        hop_length = round(HOP_S * sr)
        n_fft = 4 * hop_length
        spectrum = librosa.stft(mix, n_fft=n_fft, hop_length=hop_length)
        layers = dict(zip(("harmonic", "percussive"), librosa.decompose.hpss(spectrum), strict=True))
        frequencies = librosa.fft_frequencies(sr=sr, n_fft=n_fft)
        parts = []
        for layer, low, high in PARTS.values():
            share = _rises(frequencies, low) - _rises(frequencies, high)
            part = librosa.istft(layers[layer] * share[:, None], hop_length=hop_length, n_fft=n_fft, length=len(mix))
            parts.append(quantize(part))
        parts = np.stack(parts)
        parts[np.square(parts).sum(axis=1).argmax()] += mix - parts.sum(axis=0)
        yield parts


def _rises(frequencies: np.ndarray, edge: float) -> np.ndarray:
    """Weight 0 below and 1 above an edge, in between a half-octave slope, so that no band rings."""
    if edge == 0:
        return np.ones_like(frequencies)
    if edge == np.inf:
        return np.zeros_like(frequencies)
    octaves = np.log2(np.maximum(frequencies, 1) / edge)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(octaves * 2 + 0.5, 0, 1))
