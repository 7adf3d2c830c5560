"""Cutting time: parts that sum to the track, without clicks, at bars where bars are asked for."""

import numpy as np
import pytest
import torch

from lemons.audio import SAMPLE_RATE, quantize
from lemons.audiolime import StemFactorization, TimeOnlyFactorization
from lemons.errors import DataError, ParameterError
from lemons.exact import score_table
from lemons.segments import FADE, Segments, find_bars, find_segments
from recsys.model import FCN


def together(segments, y):
    """All parts at their places."""
    total = np.zeros_like(y)
    for s, (start, stop) in enumerate(segments.spans):
        total[..., start:stop] += segments.part(y, s)
    return total


@pytest.mark.parametrize("fade", [0, 1, 2, 161, 10**6])
@pytest.mark.parametrize("borders", [(0, 7000), (0, 1, 2, 7000), (0, 3000, 3040, 7000), (0, 6999, 7000)])
def test_the_parts_sum_to_the_track_bit_for_bit(rng, borders, fade):
    y = quantize(rng.uniform(-1, 1, (3, 7000)))
    segments = Segments(borders, fade)
    np.testing.assert_array_equal(together(segments, y), y)
    for s in range(len(segments)):
        np.testing.assert_array_equal(segments.part(y, s), quantize(segments.part(y, s)))


def test_a_part_is_the_track_but_at_its_fades_which_do_not_meet(rng):
    y = quantize(rng.uniform(-1, 1, 9000))
    segments = Segments((0, 3000, 6000, 9000), fade=160)
    assert segments.spans == [(0, 3080), (2920, 6080), (5920, 9000)]
    np.testing.assert_array_equal(segments.part(y, 1)[160:-160], y[3080:5920])
    assert Segments((0, 100, 200, 300), fade=160).spans == [(0, 150), (50, 250), (150, 300)]
    assert Segments((0, 100, 200), fade=0).spans == [(0, 100), (100, 200)]


def test_a_fade_ends_without_a_step_where_a_cut_has_one():
    """A sine cut at its crest: the hard cut jumps by the amplitude, the fade by no more than the sine's own steps."""
    y = 0.5 * np.cos(2 * np.pi * 100 * np.arange(16000) / SAMPLE_RATE)  # 160 samples a period
    own = np.abs(np.diff(y)).max()
    hard, soft = (Segments((0, 8000, 16000), fade).part(quantize(y), 1) for fade in (0, FADE))
    assert hard[0] == 0.5
    assert np.abs(np.diff(soft, prepend=0)).max() < own + 2**-14  # rounding to 16 bits adds a step at most


@pytest.mark.parametrize("kind", [TimeOnlyFactorization, StemFactorization])
def test_the_model_hears_the_fades_that_are_played(rng, kind):
    y = quantize(0.3 * rng.uniform(-1, 1, 9001))
    segments = Segments.equal(9001, 3, fade=FADE)
    factorization = kind(y if kind is TimeOnlyFactorization else {"mix": y}, SAMPLE_RATE, segments)
    assert factorization.temporal_segments == [(0, 3000), (3000, 6000), (6000, 9001)]
    for s, (start, stop) in enumerate(segments.spans):
        expected = np.zeros_like(y)
        expected[start:stop] = segments.part(y, s)
        np.testing.assert_array_equal(factorization.compose_model_input([s]), expected)
    np.testing.assert_array_equal(factorization.compose_model_input([0, 1, 2]), y)


@pytest.mark.parametrize("segments", [Segments.equal(40001, 3, fade=FADE), Segments((0, 9000, 40001), fade=1600)])
def test_the_exact_engine_hears_them_too(rng, segments):
    """Components that overlap in time: still each column depends on the segments that its frames touch."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(0)
        model = FCN().double().eval()
    stems = quantize(0.2 * rng.uniform(-1, 1, (2, 40001))).astype(np.float64)
    stems[1, segments.borders[1] - 10 :] = 0  # sounds in the second segment by a fade alone
    table = score_table(model, stems, segments)
    factorization = StemFactorization(dict(zip("ab", stems, strict=True)), SAMPLE_RATE, segments)
    masks = rng.integers(0, 2, (12, 2 * len(segments)))
    mixes = np.stack([factorization.compose_model_input(np.flatnonzero(mask)) for mask in masks]).astype(np.float64)
    with torch.inference_mode():
        plain = model(torch.from_numpy(mixes))[:, 0].numpy()
    # float64 throughout
    np.testing.assert_allclose(table.logits(masks), plain, rtol=0, atol=1e-9)


@pytest.mark.parametrize("wanted", [3, "3", " 3 "])
def test_a_number_makes_equal_segments(wanted):
    assert find_segments(wanted, np.zeros(10)) == Segments((0, 3, 6, 10), FADE)


def test_seconds_are_where_segments_begin():
    y = np.zeros(3 * SAMPLE_RATE)
    assert find_segments("0, 0.5,2", y, fade=7) == Segments((0, 8000, 32000, 48000), 7)
    assert find_segments(Segments((0, 48000)), y) == Segments((0, 48000))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("five", "segments='five' must be a number such as 5, bars"),
        ("0,x", "must be a number"),
        ("beats:", "must be a number"),
        ("0,inf", "must be a number"),
        ("0,nan", "must be a number"),
        ("1,2", "must begin with 0"),
        ("0,2,1", "must begin with 0, increase"),
        ("0,3", r"stay within the track's 3\.00 s"),
        (0, "segments=0 must be between 1 and"),
        ("-2", "segments=-2 must be between"),
        (48001, "segments=48001 must be between"),
        ("beats:0", "at least 1"),
        (Segments((0, 10)), "end at sample 10, the track at 48000"),
    ],
)
def test_what_fits_no_track_is_said(wanted, message):
    with pytest.raises(ParameterError, match=message):
        find_segments(wanted, np.zeros(3 * SAMPLE_RATE))


@pytest.mark.parametrize(("borders", "fade"), [((0,), 0), ((1, 2), 0), ((0, 2, 2), 0), ((0, 2), -1)])
def test_impossible_segments(borders, fade):
    with pytest.raises(ParameterError, match=r"must (increase|be at least 0)"):
        Segments(borders, fade)


def test_another_track_has_other_segments():
    with pytest.raises(ParameterError, match="the waveform has 9 samples, its segments 10"):
        Segments((0, 10)).part(np.zeros(9), 0)


def song(bpm, *, n_bars, first_beat_s):
    """A click on every beat and a new chord on every fourth, after a pause: bars are known."""
    period = 60 / bpm
    times = np.arange(int((first_beat_s + n_bars * 4 * period + 0.5) * SAMPLE_RATE)) / SAMPLE_RATE
    beat = (times - first_beat_s) / period
    bar = np.clip(beat // 4, 0, None).astype(int)
    roots = np.array([220.0, 261.63, 293.66, 329.63])[bar % 4]
    chord = sum(np.sin(2 * np.pi * np.cumsum(roots * ratio) / SAMPLE_RATE) for ratio in (1, 1.25, 1.5))
    decay = np.exp(-30 * (beat % 1) * period) * (beat >= 0)
    click = decay * np.sin(2 * np.pi * 1000 * times)
    return quantize(0.1 * chord * (beat >= 0) + 0.4 * click)


@pytest.mark.parametrize(("bpm", "first_beat_s"), [(120, 0.3), (100, 1.1)])
def test_bars_begin_where_the_harmony_changes(bpm, first_beat_s):
    y = song(bpm, n_bars=10, first_beat_s=first_beat_s)
    bar = 240 / bpm
    late = (find_bars(y) / SAMPLE_RATE - first_beat_s + bar / 2) % bar - bar / 2
    assert len(late) >= 8
    # at most three hops of the tracker before the beat, never after it, where its attack would be cut off
    assert (late <= 0.005).all()
    assert (late >= -0.05).all()


def test_segments_of_bars_are_about_equal_and_begin_with_a_bar():
    y = song(120, n_bars=12, first_beat_s=0.3)
    segments = find_segments("beats:4", y)
    assert len(segments) == 4
    assert set(segments.borders[1:-1]) <= set(find_bars(y).tolist())
    lengths = np.diff(segments.borders) / SAMPLE_RATE
    # a border is at most half a bar of 2 s from where equal segments have it, so a segment at most one bar off
    assert np.abs(lengths - lengths.mean()).max() <= 2
    assert len(find_segments("beats:100", y)) <= 12  # there are no more bars


def test_noise_without_a_beat_has_no_bars():
    with pytest.raises(DataError, match="0 beats were found .* take a number of equal segments"):
        find_segments("beats:4", np.zeros(2 * SAMPLE_RATE))


def test_the_fade_is_half_a_cosine_taken_at_the_middle_of_each_sample():
    """Of ones, what is kept is the curve itself: cos² of a quarter turn over the fade."""
    n = 160
    kept = Segments((0, 8000, 16000), fade=n).part(np.ones(16000), 0)[-n:]
    expected = np.cos(np.pi / 2 * (np.arange(n) + 0.5) / n) ** 2
    np.testing.assert_allclose(kept, expected, rtol=0, atol=2**-16)  # half a step of 16 bits
    np.testing.assert_allclose(kept + kept[::-1], 1, rtol=0, atol=2**-15)  # as much is lost as is gained


def test_as_many_segments_as_samples_and_a_single_one_are_possible():
    assert Segments.equal(3, 3) == Segments((0, 1, 2, 3), fade=0)
    assert Segments.equal(3, 1) == Segments((0, 3))


def test_bars_keep_the_fade_that_is_asked_for():
    assert find_segments("beats:3", song(120, n_bars=6, first_beat_s=0.3), fade=7).fade == 7


def test_a_part_has_the_precision_of_its_track():
    for dtype in (np.float32, np.float64):
        assert Segments((0, 20, 40), fade=4).part(np.ones(40, dtype), 1).dtype == dtype
