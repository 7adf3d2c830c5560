"""A voice that sings in tune."""

import numpy as np
import pytest

from lemons.audio import SAMPLE_RATE
from lemons.demo.composing.score import Syllable
from lemons.demo.rendering.voice import render_voice


def centroid(y):
    """The middle of the spectrum, in Hz."""
    power = np.abs(np.fft.rfft(y)) ** 2
    return (np.fft.rfftfreq(len(y), 1 / SAMPLE_RATE) * power).sum() / power.sum()


def spectrum(y):
    """Mean power spectrum up to 4 kHz."""
    frames = y[: len(y) // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
    return (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0)[:256] + 1e-12


@pytest.mark.parametrize("pitch", [45, 57, 69])
def test_the_voice_sings_in_tune(rng, pitch):
    y = render_voice([Syllable(0.1, 1.0, pitch, 100, "a", "", "sing")], 2 * SAMPLE_RATE, rng, woman=False)
    steady = y[6400:12800] * np.hanning(6400)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(steady, 16384)) ** 2)
    expected = SAMPLE_RATE / (440 * 2 ** ((pitch - 69) / 12))
    lags = np.arange(int(0.75 * expected), int(1.4 * expected))
    found = lags[np.argmax(correlation[lags])]
    assert abs(12 * np.log2(found / expected)) < 0.7  # vibrato and whole samples
    assert not y[int(1.3 * SAMPLE_RATE) :].any()


def test_vowels_differ_in_their_first_resonance(rng):
    first = {}
    for vowel in "ai":
        y = render_voice([Syllable(0, 1.0, 45, 100, vowel, "", "sing")], SAMPLE_RATE, rng, woman=False)
        first[vowel] = centroid(np.fft.irfft(np.fft.rfft(y) * (np.arange(8001) < 1200)))
    assert first["a"] > 1.5 * first["i"]  # 730 and 270 Hz


def test_a_scream_is_noise_where_a_song_has_partials(rng):
    sung, screamed = (
        render_voice([Syllable(0, 2.0, 57, 100, "a", "", manner)], 2 * SAMPLE_RATE, rng, woman=False)
        for manner in ("sing", "scream")
    )
    flat = [np.exp(np.mean(np.log(one))) / np.mean(one) for one in map(spectrum, (sung, screamed))]
    assert flat[1] > 3 * flat[0]


def test_nobody_sings_without_syllables(rng):
    assert not render_voice([], 1000, rng, woman=True).any()
