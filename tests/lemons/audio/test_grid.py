"""The grid of a 16-bit file."""

import numpy as np
import pytest
import soundfile

from lemons.audio import FULL_SCALE, load, quantize, round_16_bit, to_float, to_int16
from lemons.errors import ParameterError


def test_everything_loaded_lies_on_the_sixteen_bit_grid(tmp_path, rng):
    soundfile.write(tmp_path / "noise.wav", rng.uniform(-1.5, 1.5, 44100), 44100, subtype="FLOAT")
    y = load(tmp_path / "noise.wav")
    np.testing.assert_array_equal(y, quantize(y))
    np.testing.assert_array_equal(to_float(to_int16(y)), y)


def test_rounding_goes_to_the_nearest_step_and_clips_at_full_scale():
    step = 1 / FULL_SCALE
    y = np.array([0.4 * step, 0.6 * step, -0.6 * step, 1.0, -1.0, 7.0, -7.0])
    assert (quantize(y) * FULL_SCALE).tolist() == [0, 1, -1, FULL_SCALE - 1, -FULL_SCALE, FULL_SCALE - 1, -FULL_SCALE]
    assert (round_16_bit(y) * FULL_SCALE).tolist()[3:] == [FULL_SCALE * one for one in (1, -1, 7, -7)]


def test_every_sample_of_sixteen_bits_comes_back():
    samples = np.arange(-FULL_SCALE, FULL_SCALE, dtype=np.int16)
    np.testing.assert_array_equal(to_int16(to_float(samples)), samples)
    np.testing.assert_array_equal(quantize(to_float(samples)), to_float(samples))


def test_sums_of_many_waveforms_are_exact(rng):
    stems = quantize(rng.uniform(-1, 1, (256, 1000)))
    np.testing.assert_array_equal(stems.sum(axis=0, dtype=np.float32), stems[::-1].astype(float).sum(axis=0))


@pytest.mark.parametrize("y", [np.array([1.0]), np.array([np.nan])])
def test_what_an_int16_cannot_hold_is_refused(y):
    with pytest.raises(ParameterError, match="beyond full scale, or is not a number; call quantize first"):
        to_int16(y)
