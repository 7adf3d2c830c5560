"""Harmonic and percussive parts."""

import numpy as np
import pytest

from lemons.audio import SAMPLE_RATE, quantize
from lemons.separation import hpss
from lemons.separation.hpss import HPSS, PARTS


def energy(y):
    return np.square(y, dtype=float).sum()


def tone(frequency, sr):
    return quantize(0.3 * np.sin(2 * np.pi * frequency * np.arange(2 * sr) / sr))


@pytest.mark.parametrize("sr", [8000, SAMPLE_RATE, 22050])
def test_the_parts_sum_to_the_mix_sample_for_sample(rng, sr):
    mix = quantize(0.2 * rng.standard_normal(sr + 77))
    parts = HPSS().separate(mix, sr)
    assert tuple(parts) == tuple(PARTS)
    np.testing.assert_array_equal(sum(parts.values()), mix)
    for part in parts.values():
        assert part.dtype == np.float32
        np.testing.assert_array_equal(part, quantize(part))


def test_what_rounding_leaves_is_a_few_steps(rng):
    mix = quantize(0.2 * rng.standard_normal((2, SAMPLE_RATE)))
    (block,) = HPSS().stream([mix], SAMPLE_RATE)
    assert not block.residual.any()  # the loudest part has it already
    loudest = np.square(block.stems).sum(axis=1).argmax()
    assert loudest == HPSS.stems.index("percussive high")  # of white noise


def test_filtering_piece_by_piece_leaves_no_seam(rng, monkeypatch):
    mix = quantize(0.2 * rng.standard_normal(3 * SAMPLE_RATE + 5))
    whole = HPSS().separate(mix, SAMPLE_RATE)
    monkeypatch.setattr(hpss, "CHUNK", 7)
    pieces = HPSS().separate(mix, SAMPLE_RATE)
    for name, y in whole.items():
        np.testing.assert_array_equal(pieces[name], y)


@pytest.mark.parametrize("sr", [SAMPLE_RATE, 32000])
@pytest.mark.parametrize(("frequency", "name"), [(110, "harmonic low"), (880, "harmonic mid"), (4000, "harmonic high")])
def test_a_held_tone_lands_in_the_harmonic_part_of_its_band(frequency, name, sr):
    y = tone(frequency, sr)
    # its onset and end, two frames of some hundred, are clicks and may go elsewhere
    assert energy(HPSS().separate(y, sr)[name]) > 0.95 * energy(y)


def test_clicks_land_in_the_percussive_parts():
    clicks = np.zeros(2 * SAMPLE_RATE)
    clicks[:: SAMPLE_RATE // 4] = 0.9  # white: energy in every band
    parts = HPSS().separate(quantize(clicks), SAMPLE_RATE)
    percussive = sum(energy(part) for name, part in parts.items() if name.startswith("percussive"))
    assert percussive > 0.9 * sum(energy(part) for part in parts.values())


def test_a_long_track_comes_out_piece_by_piece_and_sums_to_the_mix(rng, monkeypatch):
    monkeypatch.setattr(hpss, "CHUNK", 20)
    mix = quantize(0.2 * rng.standard_normal((1, 4 * SAMPLE_RATE + 77)))
    short = HPSS().separate(mix[0], SAMPLE_RATE)
    monkeypatch.setattr(hpss, "HELD", SAMPLE_RATE)
    heard = []  # how much of the mix was read when a piece came

    def blocks():
        for block in np.split(np.repeat(mix, 2, axis=0), range(1000, mix.shape[1], 1000), axis=1):
            heard.append(block.shape[1])
            yield block

    lengths, n_read, parts = [], [], []
    for block in HPSS().stream(blocks(), SAMPLE_RATE):
        lengths.append(len(block.mix))
        n_read.append(sum(heard))
        parts.append(block.stems)
    assert n_read[0] < 2 * SAMPLE_RATE  # a second is held, and what the medians look ahead
    assert max(np.array(n_read) - np.cumsum(lengths)) < 1.5 * SAMPLE_RATE
    for name, y in zip(HPSS.stems, np.concatenate(parts, axis=1), strict=True):
        np.testing.assert_array_equal(y, short[name])  # the loudest part of one second is that of all
