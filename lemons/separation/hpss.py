"""Harmonic and percussive parts in frequency bands: components of any music, without trained weights.

Median filtering of the spectrogram (Fitzgerald, DAFx 2010; Driedger, Müller & Disch, ISMIR 2014) separates sustained
sounds from percussive ones; bands separate low from high. These are parts of the sound, not instruments, as their names
say.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from lemons.audio import quantize
from lemons.extras import require
from lemons.separation.separator import Separator

__all__ = ["HPSS", "PARTS"]

HOP_S = 0.016  # a quarter of the window
KERNEL = 31  # frames, or bins, of a median
CHUNK = 1024  # frames that are filtered at a time: 16 s, about 200 MB at 44.1 kHz
HELD = 2**24  # samples that are filtered before the first comes out: 6 min at 44.1 kHz, 400 MB
CONTEXT = KERNEL // 2 + 2  # frames around them that they depend on: those of the medians, and of the windows' overlap
PARTS = {  # name: (harmonic or percussive, lower and upper edge in Hz)
    "harmonic low": ("harmonic", 0, 250),  # bass notes, the fundamentals of low voices
    "harmonic mid": ("harmonic", 250, 2000),  # most melodies and chords
    "harmonic high": ("harmonic", 2000, np.inf),  # brightness, strings, sibilants
    "percussive low": ("percussive", 0, 500),  # kick and toms
    "percussive high": ("percussive", 500, np.inf),  # snare, cymbals, plucks
}


class HPSS(Separator):
    """Five parts of any music, of the mean of its channels, filtered piece by piece.

    What rounding the parts to 16 bits leaves of the mix, up to 3 steps (-80 dBFS), goes to the part with most energy,
    which masks it best: of the whole track, or of its first `HELD` samples where it is longer. So nothing comes before
    these are filtered, then a piece at a time, and a track of any length needs the memory of so many samples.
    """

    name = "hpss"
    stems = tuple(PARTS)
    residual_stem = "harmonic mid"
    fingerprint = "hpss-1"

    def estimates(self, blocks: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
        """See `Separator.estimates`."""
        held, length, loudest = [], 0, None
        for mix, parts in _pieces(blocks, sr):
            held.append((mix, parts))
            length += len(mix)
            if loudest is None and length >= HELD:
                loudest = _loudest(held)
            if loudest is not None:
                yield from _complete(held, loudest)
        if loudest is None:
            yield from _complete(held, _loudest(held))


def _pieces(blocks: Iterable[np.ndarray], sr: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Consecutive stretches of the mix (n_samples,) and its `PARTS` (n_parts, n_samples), as rounded."""
    hop_length = round(HOP_S * sr)
    padded = np.zeros(2 * hop_length, np.float32)  # the middle of the first window is the first sample
    waiting, length, dropped, start = [padded], 2 * hop_length, 0, 0  # dropped: samples that no window needs any more
    for block in blocks:
        waiting.append(quantize(block.mean(axis=0)))
        length += len(waiting[-1])
        while length >= (start + CHUNK + CONTEXT + 3) * hop_length:  # all windows that the chunk depends on are whole
            padded, waiting = np.concatenate(waiting), []
            yield _filter_chunk(padded, dropped, start, start + CHUNK + CONTEXT, sr, hop_length)
            start += CHUNK
            first = max(start - CONTEXT, 0) * hop_length
            waiting, dropped = [padded[first - dropped :]], first
    n_frames = (length - 2 * hop_length) // hop_length + 1
    padded = np.concatenate([*waiting, np.zeros(2 * hop_length, np.float32)])
    for first in range(start, n_frames, CHUNK):
        yield _filter_chunk(padded, dropped, first, min(first + CHUNK + CONTEXT, n_frames), sr, hop_length)


def _filter_chunk(
    padded: np.ndarray, dropped: int, start: int, last: int, sr: int, hop_length: int
) -> tuple[np.ndarray, np.ndarray]:
    """The mix and its parts in `CHUNK` frames from ``start`` on, or up to the end; frames up to ``last`` are read."""
    first = max(start - CONTEXT, 0)
    found = _filter(padded[first * hop_length - dropped : (last + 3) * hop_length - dropped], sr, hop_length)
    mix = padded[(start + 2) * hop_length - dropped : -2 * hop_length or None]
    mix = mix[: CHUNK * hop_length]
    offset = (start - first + 2) * hop_length
    return mix, found[:, offset : offset + len(mix)]


def _loudest(held: list[tuple[np.ndarray, np.ndarray]]) -> int:
    parts = np.concatenate([parts for _, parts in held], axis=1)  # one sum over all: its rounding decides ties
    return int(np.argmax([np.vdot(part, part) for part in parts]))


def _complete(held: list[tuple[np.ndarray, np.ndarray]], loudest: int) -> Iterator[np.ndarray]:
    """Give what the parts leave of the mix to the loudest, and take them out of what is held."""
    while held:
        mix, parts = held.pop(0)
        parts[loudest] += mix - parts.sum(axis=0)
        yield parts


def _filter(y: np.ndarray, sr: int, hop_length: int) -> np.ndarray:
    """The `PARTS` of a stretch of whole windows, as an array of shape (n_parts, n_samples)."""
    require("the separator hpss", "librosa", extra="separation")
    import librosa

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
