"""Baselines: what sounds in place of a component that is switched off.

A model answers to sounds only, so a component cannot be taken away without something in its place. Which sound that is
decides what an explanation compares with; see docs/decisions.md for the choice.

* ``"silence"``: nothing, exactly zero. Hardly any recording holds such a stretch, and some models love it.
* ``"noise"``: faint white noise, the hiss of a quiet recording.
* ``"mean"``: steady noise of the component's own level and mean power spectrum: how loud and of which colour it is
  stays, what it plays goes. It is what LIME does with images, where a part that is off has its own mean colour.

A stand-in is a waveform beside that of each stem, cut into the same segments: any mix is the stand-ins of all
components plus, for each one that is on, its own sound less its stand-in's. With all on it is the track, sample for
sample.

References: Ribeiro, Singh & Guestrin, "Why should I trust you?", KDD 2016; Mishra, Benetos, Sturm & Dixon, "Reliable
local explanations for machine listening", IJCNN 2020 (the mean of the mel bands); Sturmfels, Lundberg & Lee,
"Visualizing the impact of feature attribution baselines", Distill 2020; Welch, "The use of fast Fourier transform for
the estimation of power spectra", 1967.
"""

from collections.abc import Mapping

import numpy as np
from scipy.fft import next_fast_len
from scipy.signal import welch

from lemons.arguments import one_of
from lemons.audio.grid import round_16_bit
from lemons.hashing import hash_waveforms
from lemons.segments import FADE, Segments

__all__ = ["BASELINES", "NOISE_DB", "SILENCE", "stand_ins"]

SILENCE = "silence"
BASELINES = (SILENCE, "mean", "noise")
NOISE_DB = -60  # of all stems' noise together, full scale being 0: far below music, far above the last bit of 16
N_FFT = 512  # of the mean spectrum, as finely as the recommender hears (32 ms)


def stand_ins(stems: Mapping[str, np.ndarray], segments: Segments, baseline: str) -> dict[str, np.ndarray]:
    """What sounds in place of each stem where it is switched off.

    The same stems, by name, order and samples, have the same stand-ins: noise is seeded by them. Where a stem is silent
    throughout a segment, so is its stand-in, or switching it on would take a sound away.

    Parameters
    ----------
    stems : dict of str to np.ndarray [shape=(n_samples,)]
        what is switched, at 16 kHz on the 16-bit grid
    segments : Segments
        how it is cut
    baseline : {"silence", "mean", "noise"}
        see above

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,)]
        on the 16-bit grid, in the stems' precision; empty for ``"silence"``

    Raises
    ------
    ParameterError
        if the baseline is unknown, or the segments are not those of the stems

    Examples
    --------
    >>> stems = {"drums": np.float32([0.5, -0.5] * 8000), "vocals": np.zeros(16000, np.float32)}
    >>> found = stand_ins(stems, Segments((0, 16000)), "mean")
    >>> round(float(np.sqrt(np.mean(found["drums"] ** 2))), 3), found["vocals"].any().item()
    (0.5, False)
    """
    if one_of("baseline", baseline, BASELINES) == SILENCE:
        return {}
    rng = np.random.default_rng(int(hash_waveforms(stems), 16))
    level = 10 ** (NOISE_DB / 20) / np.sqrt(max(sum(y.any() for y in stems.values()), 1))
    found = {}
    for name, y in stems.items():
        white = rng.standard_normal(len(y))
        noise, gate = np.zeros_like(y), np.ones(len(y))
        for s, (start, stop) in enumerate(segments.spans):
            part = segments.part(y, s)
            if not part.any():
                _close(gate, start, stop)
                continue
            steady = np.zeros_like(y)
            steady[start:stop] = round_16_bit(
                level * white[start:stop] if baseline == "noise" else _coloured(white[start:stop], part)
            )
            noise[start:stop] += segments.part(steady, s)
        found[name] = round_16_bit(noise * gate).astype(y.dtype)
    return found


def _coloured(white: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Noise (n_samples,) with the mean power spectrum, by Welch's method, and the power of another sound."""
    padded = np.pad(part.astype(np.float64), N_FFT // 2)  # or the window would not hear the first and the last samples
    frequencies, power = welch(padded, nperseg=N_FFT, detrend=False)
    n = next_fast_len(len(white), real=True)
    amplitude = np.sqrt(np.interp(np.fft.rfftfreq(n), frequencies, power))
    noise = np.fft.irfft(np.fft.rfft(np.resize(white, n)) * amplitude, n)[: len(white)]
    return noise * np.sqrt(np.mean(np.square(part, dtype=np.float64)) / np.mean(noise**2))


def _close(gate: np.ndarray, start: int, stop: int) -> None:
    """Let nothing through from ``start`` to ``stop``, and fade before and after, so that noise does not click."""
    rising = 0.5 - 0.5 * np.cos(np.pi * (np.arange(FADE) + 0.5) / FADE)
    after, before = gate[stop : stop + FADE], gate[max(start - FADE, 0) : start]
    after *= rising[: len(after)]
    before *= rising[::-1][FADE - len(before) :]
    gate[start:stop] = 0
