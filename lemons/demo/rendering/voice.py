"""A synthetic voice that sings, raps and screams.

Source and filter (Fant 1960): a sawtooth stands for the glottis, five resonances for the mouth, coloured noise for
consonants and breath. Both are shaped in the short-time spectrum, where the resonances glide from vowel to vowel. No
word can be understood; what is heard is a voice, its pitch and its manner.
"""

import numpy as np

from lemons.audio import SAMPLE_RATE
from lemons.demo.composing.score import Syllable

__all__ = ["render_voice"]

N_FFT, HOP = 512, 128
FRAME_RATE = SAMPLE_RATE / HOP
HZ = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE).astype(np.float32)
# resonances of a man's vowels in Hz (Peterson and Barney 1952), the upper two the same for all
FORMANTS = {
    "a": (730, 1090, 2440, 3400, 4500),
    "e": (530, 1840, 2480, 3400, 4500),
    "i": (270, 2290, 3010, 3500, 4500),
    "o": (570, 840, 2410, 3300, 4500),
    "u": (300, 870, 2240, 3300, 4500),
}
BANDWIDTHS = np.array([80, 100, 140, 220, 300], np.float32)
# consonants: the noise's band in Hz, its gain, its length in seconds, the voice's gain meanwhile
CONSONANTS = {
    "s": (4200, 7600, 0.8, 0.08, 0.0),
    "sh": (2200, 5500, 0.8, 0.08, 0.0),
    "f": (1500, 7000, 0.25, 0.06, 0.0),
    "t": (3000, 7000, 0.9, 0.03, 0.0),
    "k": (1400, 3200, 0.9, 0.03, 0.0),
    "d": (2500, 5000, 0.4, 0.02, 0.3),
    "m": (100, 300, 0.0, 0.06, 0.35),
    "n": (100, 400, 0.0, 0.05, 0.35),
    "l": (100, 600, 0.0, 0.05, 0.5),
    "": (100, 300, 0.0, 0.0, 1.0),
}
BREATH = {"sing": 0.03, "rap": 0.05, "scream": 0.5}  # noise within the vowels
WOMAN = 1.17  # a shorter mouth: higher resonances


def render_voice(syllables: list[Syllable], n_samples: int, rng: np.random.Generator, *, woman: bool) -> np.ndarray:
    """Let a voice perform.

    Parameters
    ----------
    syllables : list of Syllable
        in order of time
    n_samples : int > 0
        length of the result
    rng : np.random.Generator
        random state, for noise and the singer's peculiarities
    woman : bool
        higher resonances

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        at a root mean square of about 0.1 where it sounds
    """
    if not syllables:
        return np.zeros(n_samples, np.float32)
    n_frames = n_samples // HOP + 1
    track = _controls(syllables, n_frames, rng, size=(WOMAN if woman else 1.0) * rng.uniform(0.95, 1.06))
    active = np.flatnonzero((track["voice"] > 1e-4) | (track["noise"] > 1e-4))

    source = _glottis(np.repeat(track["f0"], HOP)[:n_samples], np.repeat(track["rough"], HOP)[:n_samples], rng)
    padded = np.pad(source, (N_FFT // 2, N_FFT))
    window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[active * HOP] * window
    spectra = np.fft.rfft(framed, axis=1).astype(np.complex64)  # (active frames, bins)

    shape = _resonances(track["formants"][active])
    noise = rng.standard_normal((len(active), 2 * len(HZ)), dtype=np.float32).view(np.complex64)
    noise *= np.float32(np.sqrt((window**2).sum() / 2) * 0.3)
    low, high = track["band"][active].T[:, :, None]
    band = 1 / (1 + np.exp(np.clip((low - HZ) / 200, -30, 30)) + np.exp(np.clip((HZ - high) / 300, -30, 30)))
    voiced = shape * track["voice"][active, None]
    spectra = spectra * voiced + noise * (
        voiced * track["breath"][active, None] + band.astype(np.float32) * track["noise"][active, None]
    )

    y = np.zeros(n_samples + 2 * N_FFT, np.float32)
    pieces = np.fft.irfft(spectra, N_FFT, axis=1).astype(np.float32) * window
    for frame, piece in zip(active, pieces, strict=True):
        y[frame * HOP : frame * HOP + N_FFT] += piece
    y = y[N_FFT // 2 : N_FFT // 2 + n_samples]
    loud = y[np.abs(y) > 1e-3]
    return y * np.float32(0.1 / np.sqrt(np.mean(loud**2))) if len(loud) else y


def _controls(syllables: list[Syllable], n_frames: int, rng: np.random.Generator, *, size: float) -> dict:
    """What the singer does in every frame."""
    t = np.arange(n_frames) / FRAME_RATE
    pitch = np.full(n_frames, float(syllables[0].pitch))
    track: dict[str, np.ndarray] = {
        name: np.zeros(n_frames, np.float32) for name in ("voice", "noise", "breath", "rough")
    }
    track["band"] = np.zeros((n_frames, 2), np.float32)
    formants = np.empty((n_frames, 5), np.float32)
    formants[:] = FORMANTS["a"]
    vibrato_hz, vibrato_depth = rng.uniform(4.8, 6.2), rng.uniform(0.15, 0.4)
    for one, following in zip(syllables, [*syllables[1:], None], strict=True):
        begin, end = int(one.start_s * FRAME_RATE), min(n_frames, int((one.start_s + one.duration_s) * FRAME_RATE) + 1)
        if begin >= n_frames or end - begin < 2:
            continue
        low, high, gain, length_s, meanwhile = CONSONANTS[one.consonant]
        n_consonant = min(int(length_s * FRAME_RATE), (end - begin) // 2)
        since = t[begin:end] - t[begin]
        strength = (one.velocity / 100) ** 1.5
        shape = np.minimum(1, (np.arange(end - begin) - n_consonant + 1).clip(0) / 3) ** 0.7
        shape *= np.minimum(1, (end - begin - np.arange(end - begin)) / (3 if one.manner == "rap" else 6))
        if one.manner == "rap":
            shape *= np.exp(-since / 0.35)
        track["voice"][begin:end] = strength * shape
        track["voice"][begin : begin + n_consonant] = strength * meanwhile * 0.6
        track["noise"][begin : begin + n_consonant] = gain * strength * np.linspace(0.6, 1, n_consonant)
        track["band"][begin:end] = low, high
        track["breath"][begin:end] = BREATH[one.manner]
        track["rough"][begin:end] = one.manner == "scream"

        bend = np.zeros(end - begin)
        if one.manner == "sing":
            bend += vibrato_depth * np.clip((since - 0.2) / 0.3, 0, 1) * np.sin(2 * np.pi * vibrato_hz * since)
            bend -= 0.8 * np.exp(-since / 0.03)  # scoops up to the note
        elif one.manner == "rap":
            bend += 1.5 * np.exp(-since / 0.06) - 3.5 * since / max(one.duration_s, 0.1)
        else:
            bend += 2 * (1 - np.exp(-since / 0.08)) + 0.6 * np.sin(2 * np.pi * 9 * since)
        pitch[begin:] = one.pitch
        pitch[begin:end] += bend
        vowel = np.array(FORMANTS[one.vowel], np.float32)
        if one.manner == "scream":
            vowel = 0.5 * vowel + 0.5 * np.array(FORMANTS["a"], np.float32) * 1.15
        # the mouth is on its way to the next vowel before this one ends
        aim = (
            np.array(FORMANTS[following.vowel], np.float32)
            if following and following.start_s - one.start_s < 1
            else vowel
        )
        x = np.linspace(0, 1, end - begin, dtype=np.float32)[:, None]
        formants[begin:end] = vowel + (aim - vowel) * np.clip((x - 0.55) / 0.45, 0, 1) * 0.6
    kernel = np.ones(5) / 5  # a mouth and vocal cords move smoothly
    track["formants"] = np.stack([np.convolve(np.pad(one, 2, "edge"), kernel, "valid") for one in formants.T], 1) * size
    pitch = np.convolve(np.pad(pitch, 2, "edge"), kernel, "valid")
    track["f0"] = 440 * 2 ** ((pitch - 69) / 12)
    return track


def _glottis(f0: np.ndarray, rough: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sawtooth without aliasing (polynomial band-limited steps); rough: every second pulse weaker, torn by noise."""
    dt = f0 / SAMPLE_RATE
    cycles = np.cumsum(dt)
    phase = cycles % 1
    y = 2 * phase - 1
    after, before = phase < dt, phase > 1 - dt
    x = phase[after] / dt[after]
    y[after] -= 2 * x - x**2 - 1
    x = (phase[before] - 1) / dt[before]
    y[before] -= x**2 + 2 * x + 1
    torn = 1 - rough * (0.5 * (np.floor(cycles) % 2) + 0.4 * np.repeat(rng.random(len(y) // 64 + 1), 64)[: len(y)])
    return (y * torn).astype(np.float32)


def _resonances(formants: np.ndarray) -> np.ndarray:
    """The mouth's gain: (frames, 5) resonances in Hz to (frames, bins)."""
    gain = np.ones((len(formants), len(HZ)), np.float32)
    for center, width in zip(formants.astype(np.float32).T[:, :, None], BANDWIDTHS, strict=True):
        squared = center**2
        gain *= squared / np.sqrt((squared - HZ**2) ** 2 + (width * HZ) ** 2 + 1.0)
    return gain
