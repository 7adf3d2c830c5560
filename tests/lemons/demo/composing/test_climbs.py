"""Climbs and falls are even, independent, and one sounds as the other run backwards."""

import numpy as np

from lemons.audio import SAMPLE_RATE
from lemons.demo.composing.climbs import CLIMBS, draw_climbs
from lemons.demo.composing.score import Syllable
from lemons.demo.rendering.mixing import wobble
from lemons.demo.rendering.voice import render_voice

PERIOD_S = 0.5


def pitches(y, n_fft=1600):
    """Frequency in Hz of the strongest partial, from frame to frame (0.1 s, every 0.05 s)."""
    starts = range(0, len(y) - n_fft + 1, n_fft // 2)
    spectra = [np.abs(np.fft.rfft(y[at : at + n_fft] * np.hanning(n_fft), 2**15)) for at in starts]
    return np.array([np.argmax(one) for one in spectra]) * SAMPLE_RATE / 2**15


def fundamental(y):
    """Frequency in Hz, from 150 to 330, by the autocorrelation."""
    correlation = np.fft.irfft(np.abs(np.fft.rfft(y * np.hanning(len(y)), 2**14)) ** 2)
    lags = np.arange(SAMPLE_RATE // 330, SAMPLE_RATE // 150)
    return SAMPLE_RATE / lags[np.argmax(correlation[lags])]


def test_directions_are_even_and_independent_of_each_other():
    drawn = np.array([[draw_climbs(0, number)[stem] > 0 for stem in CLIMBS] for number in range(440)])
    # 440 even draws: 0.5 with a standard deviation of 0.024, a correlation of 0 with one of 0.048; three of them
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 0.072
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.144


def test_a_wobble_climbs_by_its_semitones_within_each_period():
    tone = np.sin(2 * np.pi * 1000 * np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE)
    found = 12 * np.log2(pitches(wobble(tone, 4.0, period_s=PERIOD_S)) / 1000)
    # frame centres are 0.05, 0.1, ... 0.45 s into a period; the speed, not its logarithm, is a straight line: 0.12
    # semitones off at the ends, and windows that straddle a snap are left out
    inside = [i for i in range(len(found)) if 0.05 <= (i * 0.05 + 0.05) % PERIOD_S <= 0.45 + 1e-9 and (i + 1) % 10]
    expected = [4 * ((i * 0.05 + 0.05) % PERIOD_S / PERIOD_S - 0.5) for i in inside]
    assert np.abs(found[inside] - expected).max() < 0.25


def test_a_falling_wobble_is_a_climbing_one_run_backwards(rng):
    y = rng.standard_normal(4 * round(PERIOD_S * SAMPLE_RATE) + 1)  # whole periods
    backwards = wobble(y[::-1], -4.0, period_s=PERIOD_S)[::-1]
    assert np.allclose(wobble(y, 4.0, period_s=PERIOD_S), backwards, atol=1e-5)


def test_a_climb_and_a_fall_have_the_same_mean_spectrum(rng):
    tone = np.sin(2 * np.pi * 1000 * np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE)
    up, down = (np.abs(np.fft.rfft(wobble(tone, size, period_s=PERIOD_S))) ** 2 for size in (4.0, -4.0))
    # power in bands of 20 Hz around the tone
    up, down = (power[: 16000 // 160 * 160].reshape(-1, 160).sum(axis=1) for power in (up, down))
    assert np.abs(up - down).max() < 0.02 * up.max()


def test_a_voice_climbs_or_falls_through_its_syllable():
    for glide in (6.0, -6.0):
        syllable = Syllable(0.0, 1.0, 57, 100, "a", "", "sing", glide)
        y = render_voice([syllable], SAMPLE_RATE, np.random.default_rng(0), woman=False)
        early, late = (fundamental(y[round(at * SAMPLE_RATE) :][:1600]) for at in (0.15, 0.75))
        # 0.6 of the glide in 0.6 of its second; vibrato, up to 0.4 semitones, and whole samples make the rest
        assert abs(12 * np.log2(late / early) - 0.6 * glide) < 1.0
