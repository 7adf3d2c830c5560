"""Harmonic and percussive parts in frequency bands: components of any music, without trained weights.

Median filtering of the spectrogram (Fitzgerald, DAFx 2010; Driedger, Müller & Disch, ISMIR 2014) tells what lasts from
what strikes; bands tell low from high. These are parts of the sound, not instruments, and their names say so.
"""

from collections.abc import Iterable, Iterator

import librosa
import numpy as np

from lemons.audio import quantize
from lemons.recording import BLOCK_LENGTH
from lemons.separation.separator import Separator

HOP_S = 0.016  # a quarter of the window
KERNEL = 31  # frames, or bins, of a median
CHUNK = 1024  # frames that are filtered at a time: 16 s, about 200 MB at 44.1 kHz
CONTEXT = KERNEL // 2 + 2  # frames around them that they depend on: those of the medians, and of the windows' overlap
PARTS = {  # name: (harmonic or percussive, lower and upper edge in Hz)
    "harmonic low": ("harmonic", 0, 250),  # bass notes, the fundamentals of low voices
    "harmonic mid": ("harmonic", 250, 2000),  # most melodies and chords
    "harmonic high": ("harmonic", 2000, np.inf),  # brightness, strings, sibilants
    "percussive low": ("percussive", 0, 500),  # kick and toms
    "percussive high": ("percussive", 500, np.inf),  # snare, cymbals, plucks
}


class HPSS(Separator):
    """Five parts of any music, of the mean of its channels; reads the whole track before it answers.

    It needs some 30 bytes of memory for each sample.

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
        n_frames = len(mix) // hop_length + 1
        padded = np.pad(mix, 2 * hop_length)  # the middle of the first window is the first sample
        parts = np.empty((len(PARTS), len(mix)), np.float32)
        for start in range(0, n_frames, CHUNK):
            first, last = max(start - CONTEXT, 0), min(start + CHUNK + CONTEXT, n_frames)
            found = _filter(padded[first * hop_length : (last + 3) * hop_length], sr, hop_length)
            chunk = parts[:, start * hop_length : (start + CHUNK) * hop_length]
            offset = (start - first + 2) * hop_length
            chunk[:] = found[:, offset : offset + chunk.shape[1]]
        loudest = np.argmax([np.vdot(part, part) for part in parts])
        parts[loudest] += mix - parts.sum(axis=0)
        yield from np.split(parts, range(BLOCK_LENGTH, len(mix), BLOCK_LENGTH), axis=1)


def _filter(y: np.ndarray, sr: int, hop_length: int) -> np.ndarray:
    """The `PARTS` of a stretch of whole windows, as an array of shape (n_parts, n_samples)."""
    n_fft = 4 * hop_length
    spectrum = librosa.stft(y, n_fft=n_fft, hop_length=hop_length, center=False)
    layers = dict(zip(("harmonic", "percussive"), librosa.decompose.hpss(spectrum, kernel_size=KERNEL), strict=True))
    frequencies = librosa.fft_frequencies(sr=sr, n_fft=n_fft)
    parts = []
    for layer, low, high in PARTS.values():
        share = _rises(frequencies, low) - _rises(frequencies, high)
        part = layers[layer] * share[:, None]
        parts.append(quantize(librosa.istft(part, hop_length=hop_length, n_fft=n_fft, center=False)))
    return np.stack(parts)


def _rises(frequencies: np.ndarray, edge: float) -> np.ndarray:
    """Weight 0 below and 1 above an edge, in between a half-octave slope, so that no band rings."""
    if edge == 0:
        return np.ones_like(frequencies)
    if edge == np.inf:
        return np.zeros_like(frequencies)
    octaves = np.log2(np.maximum(frequencies, 1) / edge)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(octaves * 2 + 0.5, 0, 1))
