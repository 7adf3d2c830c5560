"""What sounds in place of a stem that is off: as loud and of the same colour, without what it plays."""

import numpy as np
import pytest
from scipy.signal import welch

from lemons.audio import FULL_SCALE, SAMPLE_RATE, quantize
from lemons.baselines import BASELINES, NOISE_DB, stand_ins
from lemons.errors import ParameterError
from lemons.segments import Segments

SEGMENTS = Segments.equal(6 * SAMPLE_RATE, 3, fade=160)


@pytest.fixture
def stems(rng):
    """A tone of 440 Hz that swells twice a second, and hi-hats that pause in the middle third."""
    t = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    hats = np.diff(rng.standard_normal(len(t)), prepend=0) * np.exp(-40 * (t % 0.25)) * (np.abs(t - 3) > 1.1)
    return {
        "piano": quantize(0.3 * np.sin(880 * np.pi * t) * np.sin(2 * np.pi * t) ** 2),
        "drums": quantize(0.1 * hats),
    }


def rms(y):
    return np.sqrt(np.mean(np.square(y, dtype=float)))


def middles(y):
    """Each segment without its fades."""
    return [y[start + 320 : stop - 320] for start, stop in SEGMENTS.spans]


def test_mean_keeps_the_level_and_the_colour_of_each_segment(stems):
    found = stand_ins(stems, SEGMENTS, "mean")
    for name in stems:
        for y, noise in zip(middles(stems[name]), middles(found[name]), strict=True):
            assert rms(noise) == pytest.approx(rms(y), rel=0.05)  # the level is exact with the ends, and noise varies
            if y.any():
                (f, power), (_, noises) = (welch(one, SAMPLE_RATE, nperseg=512) for one in (y, noise))
                assert f @ noises / noises.sum() == pytest.approx(
                    f @ power / power.sum(), rel=0.05
                )  # centre of gravity


def test_mean_takes_the_rhythm_away(stems):
    """The level of frames of 32 ms hardly moves, where that of the stems goes up and down."""
    found = stand_ins(stems, SEGMENTS, "mean")
    for name, most in (("piano", 0.5), ("drums", 0.2)):  # 0.5: noise as narrow as a tone beats
        moved = []
        for y in (stems[name], found[name]):
            levels = np.array([rms(frame) for frame in middles(y)[0][: 60 * 512].reshape(60, 512)])
            moved.append(levels.std() / levels.mean())
        assert moved[1] < most < moved[0]


def test_noise_is_faint_and_the_same_for_loud_and_soft_music(stems):
    for gain in (1.0, 2.0**-6):
        found = stand_ins({name: quantize(gain * y) for name, y in stems.items()}, Segments((0, 96000)), "noise")
        assert 20 * np.log10(rms(sum(found.values()))) == pytest.approx(NOISE_DB, abs=0.1)
        assert rms(found["piano"]) == pytest.approx(rms(found["drums"]), rel=0.02)


@pytest.mark.parametrize("baseline", BASELINES[1:])
def test_nothing_takes_the_place_of_silence(stems, baseline):
    """The hi-hats pause in the whole middle segment; nor does what stands in for them begin or end with a click."""
    found = stand_ins(stems, SEGMENTS, baseline)["drums"]
    start, stop = SEGMENTS.spans[1]
    assert not SEGMENTS.part(stems["drums"], 1).any()
    assert not found[start:stop].any()
    near = np.concatenate([found[start - 16 : start], found[stop : stop + 16]])  # a millisecond before and after
    assert rms(near) < 0.05 * rms(found[:start])
    assert rms(found[start - 480 : start - 320]) > 0.5 * rms(found[:start])
    assert not stand_ins(stems | {"vocals": np.zeros_like(found)}, SEGMENTS, baseline)["vocals"].any()


@pytest.mark.parametrize("baseline", BASELINES[1:])
def test_the_same_stems_have_the_same_stand_ins_on_the_grid(stems, baseline):
    first, again = stand_ins(stems, SEGMENTS, baseline), stand_ins(dict(stems), SEGMENTS, baseline)
    for name, y in first.items():
        np.testing.assert_array_equal(again[name], y)
        assert y.dtype == stems[name].dtype
        assert not (y * FULL_SCALE % 1).any()
    changed = stems | {"piano": np.roll(stems["piano"], 1)}
    assert (stand_ins(changed, SEGMENTS, baseline)["drums"] != first["drums"]).any()
    assert abs(np.corrcoef(first["piano"], first["drums"])[0, 1]) < 0.05  # each has noise of its own


def test_one_sample_at_the_very_start_has_a_stand_in(stems):
    """Welch's window is 0 there."""
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[0] = 0.5
    found = stand_ins({"click": click}, Segments((0, SAMPLE_RATE)), "mean")["click"]
    assert rms(found) == pytest.approx(rms(click), rel=0.01)


def test_silence_is_nothing_and_other_names_are_refused(stems):
    assert stand_ins(stems, SEGMENTS, "silence") == {}
    with pytest.raises(ParameterError, match=r"baseline='pink'"):
        stand_ins(stems, SEGMENTS, "pink")
