"""What every separator does, shown with one that is simple enough to know the answer."""

import numpy as np
import pytest

from lemons.audio import FULL_SCALE, quantize
from lemons.errors import DataError, ParameterError
from lemons.separation.separator import Separator

SR = 8000


class Halves(Separator):
    """Half of the left channel, and a third of the right one; what is left belongs to the latter."""

    name, stems, residual_stem, fingerprint = "halves", ("left", "right"), "right", "1"
    scales = (0.5, 1 / 3)
    delay = 0  # blocks that it hears before it answers

    def estimates(self, blocks, sr):
        heard = []
        for block in blocks:
            heard.append(block * np.float32(self.scales)[:, None])
            if len(heard) > self.delay:
                yield heard.pop(0)
        yield from heard


class Late(Halves):
    delay = 3


@pytest.fixture
def stereo(rng):
    return rng.uniform(-1, 1, (2, 3 * SR)).astype(np.float32)


@pytest.mark.parametrize("separator", [Halves(), Late()])
@pytest.mark.parametrize("cuts", [[], [1], [5, 5, 100, 20000]])
def test_stems_sum_to_the_mix_bit_for_bit(separator, cuts, stereo):
    blocks = list(separator.stream(np.split(stereo, cuts, axis=1), SR))
    stems = np.concatenate([block.stems for block in blocks], axis=1)
    mix = np.concatenate([block.mix for block in blocks])
    np.testing.assert_array_equal(mix, quantize(stereo.mean(axis=0)))
    np.testing.assert_array_equal(stems.sum(axis=0), mix)
    np.testing.assert_array_equal(stems * FULL_SCALE, np.rint(stems * FULL_SCALE))


def test_the_residual_goes_to_its_stem_and_nowhere_else(stereo):
    (block,) = Halves().stream([stereo], SR)
    np.testing.assert_allclose(block.stems[0], stereo[0] / 2, atol=0.5 / FULL_SCALE)
    np.testing.assert_allclose(block.stems[1] - block.residual, stereo[1] / 3, atol=0.5 / FULL_SCALE)
    np.testing.assert_allclose(block.residual, stereo[1] / 6, atol=1.5 / FULL_SCALE)


def test_a_stem_may_exceed_full_scale(stereo):
    loud = Halves()
    loud.scales = (8, -7)
    stems = loud.separate(stereo, SR)
    assert np.abs(stems["left"]).max() > 7
    np.testing.assert_array_equal(stems["left"] + stems["right"], quantize(stereo.mean(axis=0)))


def test_a_mono_waveform_is_both_channels(stereo):
    stems = Halves().separate(stereo[0], SR)
    assert list(stems) == ["left", "right"]
    np.testing.assert_array_equal(stems["left"], quantize(stereo[0] / 2))
    assert {stem.dtype for stem in stems.values()} == {np.dtype(np.float32)}


def test_progress_counts_samples_and_may_cancel(stereo):
    long = np.tile(stereo, 20)
    steps = []
    Halves().separate(long, SR, progress=lambda *step: steps.append(step))
    assert len(steps) == 2
    assert steps[-1] == (long.shape[1], long.shape[1])

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Halves().separate(stereo, SR, progress=cancel)


@pytest.mark.parametrize("scale", [np.nan, np.inf, 1e4])
def test_estimates_that_cannot_be_sound_are_refused(scale, stereo):
    broken = Halves()
    broken.scales = (scale, 1)
    with pytest.raises(DataError, match="halves made stems far beyond full scale, or not numbers"):
        broken.separate(stereo, SR)


def test_a_method_that_forgets_the_end_is_found_out(stereo):
    class Forgetful(Halves):
        def estimates(self, blocks, sr):
            for block in blocks:
                yield block[:, :-3]

    with pytest.raises(DataError, match="left the last 3 samples"):
        Forgetful().separate(stereo, SR)


@pytest.mark.parametrize(
    ("waveform", "error", "message"),
    [
        (np.zeros((6, SR)), ParameterError, r"\(n_samples,\) or \(2, n_samples\), not float64 \(6, 8000\)"),
        (np.ones((2, SR), int), ParameterError, r"not int64 \(2, 8000\)"),
        (np.ones(SR, int), ParameterError, "int64"),
        ([0.5] * SR, ParameterError, "list"),
        (np.zeros(0), DataError, "empty"),
        (np.zeros((2, 0)), DataError, "empty"),
        (np.zeros((2, SR)), DataError, "silent"),
        (np.ones((2, SR - 1)), DataError, "at least 1 s"),
        (np.full((2, SR), np.nan), DataError, "not numbers"),
    ],
)
def test_what_is_no_audio_is_refused(waveform, error, message):
    with pytest.raises(error, match=message):
        Halves().separate(waveform, SR)


@pytest.mark.parametrize("sr", [0, -1, 10, 3999, 768001, 44100.0, None, True])
def test_what_is_no_rate_is_refused(sr):
    with pytest.raises(ParameterError, match=f"sr={sr} must be .*between 4000 and 768000 Hz"):
        Halves().separate(np.ones(SR), sr)


@pytest.mark.parametrize("peak", [4.0, 1e30])
def test_a_mix_above_full_scale_is_scaled_as_a_whole_and_that_is_told(stereo, peak, caplog):
    stereo *= np.float32(1 / np.abs(stereo.mean(axis=0)).max())
    loud = Halves().separate(stereo * np.float32(peak), SR)
    assert "exceeds full scale" in caplog.text
    for name, y in Halves().separate(stereo, SR).items():
        np.testing.assert_allclose(loud[name], y, atol=3 / FULL_SCALE)  # rounding, and the step below 1


def test_what_is_too_long_for_a_method_is_refused_before_it_begins(stereo):
    class Short(Halves):
        max_s = 2.5

        def estimates(self, blocks, sr):
            raise AssertionError("it began")

    with pytest.raises(DataError, match=r"lasts 0\.1 min and halves takes 0\.0416667 min at most; cut out a part"):
        Short().separate(stereo, SR)
