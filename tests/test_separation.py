import numpy as np
import pytest

from lemons.audio import SAMPLE_RATE, quantize
from lemons.errors import DataError, ParameterError
from lemons.separation import separate
from lemons.separation.hpss import PARTS

TIME = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE  # s


def energy(y):
    return np.square(y, dtype=float).sum()


def test_the_parts_sum_to_the_mix_sample_for_sample(rng):
    mix = quantize(0.2 * rng.standard_normal(SAMPLE_RATE + 77))
    parts = separate(mix, separator="hpss")
    assert tuple(parts) == tuple(PARTS)
    np.testing.assert_array_equal(sum(parts.values()), mix)
    for part in parts.values():
        assert part.dtype == np.float32
        np.testing.assert_array_equal(part, quantize(part))


@pytest.mark.parametrize(("frequency", "name"), [(110, "harmonic low"), (880, "harmonic mid"), (4000, "harmonic high")])
def test_a_held_tone_lands_in_the_harmonic_part_of_its_band(frequency, name):
    tone = quantize(0.3 * np.sin(2 * np.pi * frequency * TIME))
    parts = separate(tone)
    # its onset and end, two frames of some hundred, are clicks and may go elsewhere
    assert energy(parts[name]) > 0.95 * energy(tone)


def test_clicks_land_in_the_percussive_parts():
    clicks = np.zeros(len(TIME))
    clicks[:: SAMPLE_RATE // 4] = 0.9  # white: energy in every band
    parts = separate(quantize(clicks))
    percussive = sum(energy(part) for name, part in parts.items() if name.startswith("percussive"))
    assert percussive > 0.9 * sum(energy(part) for part in parts.values())


def test_an_unknown_separator_is_refused_with_the_known_ones():
    with pytest.raises(ParameterError, match=r"separator='magic' is unknown; choose one of hpss"):
        separate(np.ones(SAMPLE_RATE, np.float32), separator="magic")


def test_silence_has_no_parts():
    with pytest.raises(DataError, match="silent"):
        separate(np.zeros(SAMPLE_RATE, np.float32))
