"""A stream of blocks gives what the whole would give, wherever the blocks end."""

import numpy as np
import pytest
import soxr

from lemons.separation.spleeter.stretches import Counted, as_long_as, overlapping, resample

CUTS = [[], [1], [100, 101, 4000]]


@pytest.fixture
def signal(rng):
    return rng.uniform(-1, 1, (2, 5000)).astype(np.float32)


@pytest.mark.parametrize("cuts", CUTS)
@pytest.mark.parametrize(("old_sr", "new_sr"), [(44100, 16000), (16000, 44100), (44100, 44100)])
def test_blocks_are_resampled_as_one_signal(signal, cuts, old_sr, new_sr):
    found = np.concatenate(list(resample(np.split(signal, cuts, axis=1), old_sr, new_sr)), axis=1)
    whole = soxr.resample(signal.T, old_sr, new_sr, quality="HQ").T
    np.testing.assert_allclose(found, whole, atol=1e-6)  # float32 rounding of a signal within 1


@pytest.mark.parametrize("cuts", CUTS)
def test_segments_do_not_depend_on_the_blocks(signal, cuts):
    settings = {"n_frames": 10, "frame_length": 64, "frame_step": 16}
    found, whole = (list(overlapping(blocks, **settings)) for blocks in (np.split(signal, cuts, axis=1), [signal]))
    assert len(found) == len(whole)
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_frames_added_at_their_places_give_the_signal_back(signal):
    n_frames, length, step = 10, 64, 16
    y = np.zeros((2, 6000))
    for number, segment in enumerate(overlapping([signal], n_frames=n_frames, frame_length=length, frame_step=step)):
        for frame in range((segment.shape[1] - length) // step + 1):
            start = number * n_frames * step + frame * step
            y[:, start : start + length] += segment[:, frame * step : frame * step + length]
    # every sample is in four frames; the first frame begins a frame's length before the signal
    np.testing.assert_allclose(y[:, length : length + signal.shape[1]], 4 * signal, atol=1e-6)


@pytest.mark.parametrize("n_made", [4000, 5000, 6000])
def test_what_is_made_of_a_signal_becomes_as_long_as_it(signal, n_made):
    counted = Counted(np.split(signal, [1000], axis=1))

    def made():
        for _ in counted:
            pass
        yield np.ones((2, n_made), np.float32)

    found = np.concatenate(list(as_long_as(counted, made())), axis=1)
    assert counted.total == found.shape[1] == 5000
    assert found[:, : min(n_made, 5000)].all()
    assert not found[:, n_made:].any()


def test_no_signal_has_no_stretches():
    assert list(overlapping([], n_frames=2, frame_length=4, frame_step=1)) == []
    assert list(resample([], 44100, 16000)) == []
