"""Sound above full scale is scaled as a whole, and what is below stays."""

import numpy as np
import pytest
import soundfile
import soxr

from lemons.audio import SAMPLE_RATE, load, quantize


@pytest.mark.parametrize("peak", [1.1, 4, 1e30, 1e38])
@pytest.mark.parametrize("sr", [SAMPLE_RATE, 44100])
@pytest.mark.parametrize(("suffix", "subtype"), [("wav", "FLOAT"), ("aiff", "FLOAT"), ("npy", None)])
def test_sound_above_full_scale_keeps_its_shape_and_is_told(tmp_path, rng, caplog, peak, sr, suffix, subtype):
    path = tmp_path / f"loud.{suffix}"
    y = np.sign(rng.standard_normal(sr)).astype(np.float32)  # what overshoots most when it is resampled
    if suffix == "npy":
        sr = SAMPLE_RATE
        np.save(path, y * np.float32(peak))
    else:
        soundfile.write(path, y * np.float32(peak), sr, subtype=subtype)
    found = load(path)
    (record,) = caplog.records
    assert f"{path} exceeds full scale" in record.getMessage()
    shape = soxr.resample(y, sr, SAMPLE_RATE)
    np.testing.assert_allclose(found / np.abs(found).max(), shape / np.abs(shape).max(), atol=2**-14)  # rounding
    assert np.abs(found).max() > 0.99


@pytest.mark.parametrize("sr", [SAMPLE_RATE, 44100])
def test_what_does_not_exceed_full_scale_stays_bit_for_bit(tmp_path, rng, caplog, sr):
    y = np.sign(rng.standard_normal((sr, 2)))
    soundfile.write(tmp_path / "y.wav", y, sr, subtype="FLOAT")  # 1.0 is one step above what 16 bits hold
    expected = soxr.resample(y.mean(axis=1).astype(np.float32), sr, SAMPLE_RATE, quality="HQ")
    np.testing.assert_array_equal(load(tmp_path / "y.wav"), quantize(expected))
    assert not caplog.records
