"""Cutting a sound into components that sum to it."""

import numpy as np
import pytest

from lemons.audio import write_flac
from lemons.audiolime import StemFactorization, TimeOnlyFactorization, compute_segments
from lemons.errors import ParameterError

SR = 100  # Hz; toys need no more


@pytest.mark.parametrize("n_samples", [30, 31, 39])
def test_segments_cover_every_sample_once(n_samples):
    segments, explained_length = compute_segments(np.zeros(n_samples), SR, 10)
    covered = np.concatenate([np.arange(start, end) for start, end in segments])
    np.testing.assert_array_equal(covered, np.arange(n_samples))
    assert explained_length == n_samples


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 1), (3, 3), (30, 10)])
def test_segments_last_a_second_unless_there_are_more_than_ten(seconds, expected):
    assert len(compute_segments(np.zeros(int(seconds * SR)), SR)[0]) == expected


def test_segments_by_hand():
    params = {"type": "manual", "manual_segments": [(2, 5), (5, 9)]}
    assert compute_segments(np.zeros(10), SR, params) == ([(2, 5), (5, 9)], 9)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (0, "segments=0"),
        (11, "segments=11"),
        ({"type": "beats"}, "'beats'"),
        ({"type": "manual", "manual_segments": [(5, 11)]}, r"\(5, 11\)"),
        ({"type": "manual", "manual_segments": [(5, 5)]}, r"\(5, 5\)"),
        ({"type": "manual", "manual_segments": []}, "at least one"),
    ],
)
def test_impossible_segments(params, message):
    with pytest.raises(ParameterError, match=message):
        compute_segments(np.zeros(10), SR, params)


def test_components_are_counted_by_segment_then_stem(stems):
    factorization = StemFactorization(stems, SR, 3)
    names = ["vocals0", "drums0", "vocals1", "drums1", "vocals2", "drums2"]
    assert factorization.get_ordered_component_names() == names
    assert factorization.get_number_components() == 6
    np.testing.assert_array_equal(factorization.compose_model_input([3]), [0, 0, 0.5, 0.5, 0, 0, 0])
    np.testing.assert_array_equal(factorization.compose_model_input([0, 1, 4]), [0.75, 0.75, 0, 0, 0.25, 0.25, 0.25])


def test_components_sum_to_the_mix_tail_included(rng):
    stems = {name: np.round(rng.uniform(-3000, 3000, 1003)).astype(np.float32) / 2**15 for name in "abcde"}
    factorization = StemFactorization(stems, SR, 5)
    mix = sum(stems.values())
    np.testing.assert_array_equal(factorization.compose_model_input(), mix)
    np.testing.assert_array_equal(factorization.compose_model_input(range(25)), mix)
    np.testing.assert_array_equal(sum(factorization.retrieve_components()), mix)


@pytest.mark.parametrize("kind", ["time", "source"])
def test_all_off_is_silence(stems, kind):
    factorization = TimeOnlyFactorization(stems["drums"], SR, 3) if kind == "time" else StemFactorization(stems, SR, 3)
    silence = factorization.compose_model_input([])
    assert silence.shape == (7,)
    assert not silence.any()


def test_components_hold_no_copies_of_the_stems(stems):
    factorization = StemFactorization(stems, SR, 5)
    assert all(np.shares_memory(factorization.original_components[i], y) for i, y in enumerate(stems.values()))
    assert len(factorization.components) == 10
    np.testing.assert_array_equal(factorization.components[-1], [0, 0, 0, 0, 0.5, 0.5, 0.5])  # made just now
    np.testing.assert_array_equal(factorization.components[:2], factorization.retrieve_components([0, 1]))
    assert not any(isinstance(value, np.ndarray) for value in vars(factorization.components).values())


def test_the_composition_makes_the_models_input(stems):
    factorization = StemFactorization(stems, SR, 1, composition_fn=lambda y: y[:2] * 2)
    np.testing.assert_array_equal(factorization.compose_model_input([0]), [0.5, 0.5])


def test_a_part_of_the_stems_can_be_prepared(rng):
    stems = {"a": rng.normal(size=20).astype(np.float32)}
    factorization = StemFactorization(stems, SR, {"type": "manual", "manual_segments": [(0, 4), (4, 8)]})
    factorization.prepare_components(10, 8)
    np.testing.assert_array_equal(factorization.compose_model_input([1]), [0, 0, 0, 0, *stems["a"][14:18]])


def test_a_file_is_cut_like_its_waveform(tmp_path, rng):
    y = np.round(rng.uniform(-9000, 9000, 16000)).astype(np.float32) / 2**15
    write_flac(tmp_path / "y.flac", y)
    factorization = TimeOnlyFactorization(str(tmp_path / "y.flac"), 16000, 4)
    np.testing.assert_array_equal(factorization.compose_model_input([3])[12000:], y[12000:])


@pytest.mark.parametrize("component", [-1, 6])
def test_a_component_that_is_not_there(stems, component):
    with pytest.raises(ParameterError, match=f"component {component} .* 6"):
        StemFactorization(stems, SR, 3).compose_model_input([component])
