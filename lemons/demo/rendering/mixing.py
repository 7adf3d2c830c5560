"""The mixing desk: effects on instruments, then a linear and common mastering, so that the stems' sum is the mix.

Effects on a part (distortion, echo) or on a stem (room, ducking) change what a stem is. From there on all stems meet
the same filter and the same gain, and are rounded one by one: the mix is the sum of these integers, exactly. They are
rounded to 14 bits, held in 16: the noise of that is some 60 dB below the music, and FLAC files shrink by a fifth.
"""

from itertools import pairwise

import numpy as np
from scipy.signal import butter, lfilter, oaconvolve, sosfilt

from lemons.audio import FULL_SCALE, SAMPLE_RATE
from lemons.demo.composing.score import Part, Score, make_rng
from lemons.demo.rendering.soundfont import Sampler
from lemons.demo.rendering.voice import render_voice

__all__ = ["GRID", "PEAK", "STEM_NAMES", "distort", "master", "render", "turn_beats", "wobble"]

STEM_NAMES = ("vocals", "piano", "drums", "bass", "other")
DURATION_S = 30.0
N_SAMPLES = int(DURATION_S * SAMPLE_RATE)
LEVELS_DB = {"vocals": -18.0, "piano": -23.0, "drums": -20.0, "bass": -20.0, "other": -21.0}  # RMS where it sounds
TARGET_DB = -24.0  # RMS of the mix, in dB below full scale; loudness_db of a score moves it
PEAK = 0.85
GRID = 4  # steps of a 16-bit sample: 14 bits
FADE_S = 0.6
ECHOES, ECHO_GAIN = 4, 0.5
WOBBLE, WOBBLE_S = 6.0, 0.43  # semitones, seconds


def render(score: Score, sampler: Sampler, *, seed: int, number: int) -> dict[str, np.ndarray]:
    """Play and mix a score.

    Parameters
    ----------
    score : Score
        the composed track
    sampler : Sampler
        the instruments
    seed, number : int
        the library's seed and the track's place in it

    Returns
    -------
    dict of str to np.ndarray [shape=(N_SAMPLES,), dtype=int16]
        Spleeter's five stems; their integer sum neither clips nor differs from the mix
    """
    rng = make_rng(seed, number, "mixing")
    stems = {name: np.zeros(N_SAMPLES, np.float32) for name in STEM_NAMES}
    for part in score.parts:
        stems[part.stem] += _play(part, sampler)
    stems["vocals"] += 1.4 * render_voice(score.syllables, N_SAMPLES, rng, woman=bool(score.sound["woman"]))
    stems = {name: _on_stem(name, y, score, rng) for name, y in stems.items()}
    return master(stems, tilt_db=score.sound["tilt_db"], target_db=TARGET_DB + score.sound["loudness_db"])


def master(stems: dict[str, np.ndarray], *, tilt_db: float, target_db: float) -> dict[str, np.ndarray]:
    """The same tilt and gain for all stems, then rounding.

    Parameters
    ----------
    stems : dict of str to np.ndarray [shape=(n_samples,)]
        waveforms at any level
    tilt_db : float
        how much louder highs are made than lows, in dB
    target_db : float
        root mean square of the mix, in dB below full scale; less where its peak would exceed ``PEAK``

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,), dtype=int16]
    """
    names = [name for name, y in stems.items() if y.any()]
    together = np.stack([stems[name] for name in names])
    together = _tilt(together, tilt_db)
    n_fade = min(together.shape[1], int(FADE_S * SAMPLE_RATE))
    together[:, -n_fade:] *= np.linspace(1, 0, n_fade) ** 2
    mix = together.sum(axis=0)
    gain = 10 ** (target_db / 20) / np.sqrt(np.mean(mix**2))
    gain = min(gain, PEAK / np.abs(mix).max(), PEAK / np.abs(together).max())
    samples = (GRID * np.rint(together * (gain * FULL_SCALE / GRID))).astype(np.int16)
    silent = np.zeros(together.shape[1], np.int16)
    return {name: samples[names.index(name)] if name in names else silent for name in stems}


def distort(y: np.ndarray, drive: float, low_pass_hz: float) -> np.ndarray:
    """An amplifier and its cabinet: saturation, then a low-pass."""
    if drive:
        loudest = np.abs(y).max() + 1e-9
        y = np.tanh(y * (drive / loudest)) * (0.5 * loudest)
    if low_pass_hz:
        y = sosfilt(butter(2, low_pass_hz, fs=SAMPLE_RATE, output="sos"), y)
    return y.astype(np.float32)


def _play(part: Part, sampler: Sampler) -> np.ndarray:
    y = sampler.play(part.notes, program=part.program, bank=part.bank, n_samples=N_SAMPLES)
    y = distort(y, part.drive, part.low_pass_hz)
    if part.echo_s:
        dry, delay = y.copy(), round(part.echo_s * SAMPLE_RATE)
        for echo in range(1, ECHOES + 1):
            if echo * delay < N_SAMPLES:
                y[echo * delay :] += ECHO_GAIN**echo * dry[: N_SAMPLES - echo * delay]
    return y * np.float32(10 ** (part.gain_db / 20))


def _on_stem(name: str, y: np.ndarray, score: Score, rng: np.random.Generator) -> np.ndarray:
    """A stem's level in the balance, its room, and the ducking by the kick."""
    trim_db = rng.normal(0, 1.5)
    if not y.any():
        return y
    wet = {"bass": 0.0, "drums": score.sound["drum_room"]}.get(name, score.sound["room"])
    if wet:
        y = _room(y, wet)
    if name == "drums" and score.traits["drums backwards"] > 0:
        y = turn_beats(y, score.tempo)
    if name == "other":
        y = wobble(y, WOBBLE * score.traits["other climbs"])
    if score.sound["pump"] and name not in ("drums", "vocals"):
        y = y * _ducking(score)
    loud = np.abs(y) > 0.02 * np.abs(y).max()
    level_db = LEVELS_DB[name] + trim_db + (score.sound["bass_db"] if name == "bass" else 0)
    return (y * (10 ** (level_db / 20) / np.sqrt(np.mean(y[loud] ** 2)))).astype(np.float32)


def turn_beats(y: np.ndarray, tempo: float) -> np.ndarray:
    """Run each beat backwards, as a tape that is turned on every beat: hits swell, and end where they would begin.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        a stem
    tempo : float > 0
        beats per minute

    Returns
    -------
    np.ndarray [shape=(n_samples,)]
    """
    beat = 60 / tempo * SAMPLE_RATE  # samples
    ends = np.rint(np.arange(len(y) // beat + 2) * beat).astype(int).clip(max=len(y))
    return np.concatenate([y[begin:end][::-1] for begin, end in pairwise(ends)])


def wobble(y: np.ndarray, semitones: float) -> np.ndarray:
    """A tape whose speed climbs evenly and snaps back, again and again; or falls and snaps back.

    The period has nothing to do with the tempo: where notes begin on one pitch more often than on another, the mean
    spectrum would tell the direction.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
        a stem
    semitones : float
        from the lowest pitch to the highest if it climbs; negative if it falls

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
    """
    period = WOBBLE_S * SAMPLE_RATE
    n = np.arange(len(y))
    x = n / period % 1
    depth = np.tanh(semitones * np.log(2) / 24)  # (1 + depth) / (1 - depth) is the interval
    # the integral of a speed that goes from 1 - depth to 1 + depth
    return np.interp(n + depth * period * (x**2 - x), n, y).astype(np.float32)


def _room(y: np.ndarray, wet: float) -> np.ndarray:
    """Half a second of decaying, darkened noise: the same room for all."""
    rng = np.random.default_rng(0)
    t = np.arange(int(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    echo = lfilter([0.3], [1, -0.7], rng.standard_normal(len(t))) * np.exp(-t / 0.11)
    echo *= wet / np.sqrt((echo**2).sum())
    echo[: int(0.012 * SAMPLE_RATE)] = 0
    echo[0] = 1
    return oaconvolve(y, echo.astype(np.float32))[: len(y)]


def _ducking(score: Score) -> np.ndarray:
    """Down at each kick, back after a third of a second."""
    gain = np.ones(N_SAMPLES, np.float32)
    dip = 1 - score.sound["pump"] * np.exp(-np.arange(int(0.35 * SAMPLE_RATE)) / (0.1 * SAMPLE_RATE))
    for part in score.parts:
        if part.stem == "drums":
            for start_s, _, pitch, _ in part.notes:
                if pitch == 36:
                    start = round(start_s * SAMPLE_RATE)
                    piece = gain[start : start + len(dip)]
                    np.minimum(piece, dip[: len(piece)], out=piece)
    return gain


def _tilt(y: np.ndarray, tilt_db: float) -> np.ndarray:
    """First-order shelf: lows down and highs up by half of it each, around 1 kHz."""
    ratio = 10 ** (tilt_db / 40)
    w = np.tan(np.pi * 1000 / SAMPLE_RATE)
    # bilinear transform of (s * ratio + w / ratio) / (s + w)
    b = np.array([ratio + w / ratio, w / ratio - ratio]) / (1 + w)
    return lfilter(b, [1, (w - 1) / (1 + w)], y, axis=1)
