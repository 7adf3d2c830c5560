"""The grid of a 16-bit file."""

import numpy as np
import soundfile

from lemons.audio import load, quantize, to_float, to_int16


def test_everything_loaded_lies_on_the_sixteen_bit_grid(tmp_path, rng):
    soundfile.write(tmp_path / "noise.wav", rng.uniform(-1.5, 1.5, 44100), 44100, subtype="FLOAT")
    y = load(tmp_path / "noise.wav")
    np.testing.assert_array_equal(y, quantize(y))
    np.testing.assert_array_equal(to_float(to_int16(y)), y)
