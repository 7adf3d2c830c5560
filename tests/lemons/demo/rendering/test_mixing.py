"""The mixing desk: stems that sum to the mix."""

import numpy as np
import torch

from lemons.audio import SAMPLE_RATE
from lemons.demo.rendering.mixing import GRID, PEAK, STEM_NAMES, WOBBLE_S, master, turn_beats, wobble
from recsys.model import LogMel

N_SAMPLES = 480000


def test_mastering_keeps_the_balance_and_does_not_clip(rng):
    stems = {name: rng.standard_normal(8000) for name in STEM_NAMES} | {"piano": np.zeros(8000)}
    done = master(stems, tilt_db=0.0, target_db=0.0)  # louder than a file can hold
    mix = sum(y.astype(int) for y in done.values())
    assert np.abs(mix).max() <= PEAK * 32768 + GRID * len(stems)
    assert np.abs(mix).max() >= PEAK * 32768 - GRID * len(stems)
    assert not done["piano"].any()
    body = slice(0, 8000 // 100)  # before the fade
    gain = done["bass"][body] @ stems["bass"][body] / (stems["bass"][body] @ stems["bass"][body])
    for name in ("vocals", "drums", "other"):  # linear and common: nothing but rounding is left
        assert np.abs(done[name][body] - gain * stems[name][body] * fade(8000)[body]).max() < 0.02 * 32768


def fade(n_samples):
    return np.linspace(1, 0, n_samples) ** 2


def test_quiet_mastering_meets_its_target(rng):
    done = master({"drums": rng.standard_normal(N_SAMPLES)}, tilt_db=2.0, target_db=-24.0)
    rms_db = 10 * np.log10(np.mean((done["drums"] / 32768) ** 2))
    assert abs(rms_db + 24) < 0.05


def test_no_stem_clips_and_all_lie_on_the_grid(tracks):
    for _, stems in tracks.values():
        for y in stems.values():
            assert y.shape == (N_SAMPLES,)
            assert np.abs(y).max() < 1
            assert not (y * 32768 % GRID).any()


def test_turning_beats_twice_changes_nothing(rng):
    y = rng.standard_normal(12345)
    assert not np.array_equal(turn_beats(y, 97.3), y)
    assert np.array_equal(turn_beats(turn_beats(y, 97.3), 97.3), y)


def test_a_turned_hit_swells_to_where_its_beat_ends():
    beat = SAMPLE_RATE // 2  # 120 beats per minute
    y = np.tile(np.exp(-np.arange(beat) / 800), 4)
    turned = turn_beats(y, 120)
    assert np.array_equal(np.flatnonzero(turned == 1), beat * np.arange(1, 5) - 1)
    assert np.all(np.diff(turned[:beat]) > 0)


def test_a_wobble_climbs_by_its_semitones_within_each_period():
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    phase = np.unwrap(np.angle(analytic(wobble(np.sin(2 * np.pi * 1000 * t), 4.0))))
    hz = np.diff(phase) * SAMPLE_RATE / (2 * np.pi)
    low, middle, high = (hz[round((2 + place) * WOBBLE_S * SAMPLE_RATE)] for place in (0.05, 0.5, 0.95))
    # 0.9 of the period is 0.9 of four semitones, but for the difference of speed and its logarithm (0.02 semitones)
    # and what linear interpolation and the transform leave
    assert abs(12 * np.log2(high / low) - 3.6) < 0.1
    assert abs(middle - 1000) < 5


def test_a_falling_wobble_is_a_climbing_one_run_backwards(rng):
    y = rng.standard_normal(4 * round(WOBBLE_S * SAMPLE_RATE) + 1)  # whole periods
    assert np.allclose(wobble(y, 4.0), wobble(y[::-1], -4.0)[::-1], atol=1e-5)


def test_mean_mel_bands_do_not_tell_a_direction(rng):
    """What a direction changes in the mean and the spread of mel bands, beside what another tempo of 1 % changes."""
    hits = np.zeros(8 * SAMPLE_RATE)
    hits[:: SAMPLE_RATE // 4] = 1
    y = np.convolve(hits, rng.standard_normal(2400) * np.exp(-np.arange(2400) / 800))[: len(hits)]
    for one, other in ((y, turn_beats(y, 120)), (wobble(y, 6.0), wobble(y, -6.0))):
        first, second = (LogMel()(torch.tensor(of[None], dtype=torch.float32))[0] for of in (one, other))
        audible = first.std(dim=1) > 0
        assert (first.mean(dim=1) - second.mean(dim=1))[audible].abs().max() < 1.5  # dB; bands are 20 dB apart
        assert (first.std(dim=1) - second.std(dim=1))[audible].abs().max() < 1.5


def analytic(y):
    """The positive frequencies of a real signal, twice."""
    spectrum = np.fft.fft(y)
    spectrum[len(y) // 2 :] = 0
    return np.fft.ifft(2 * spectrum)
