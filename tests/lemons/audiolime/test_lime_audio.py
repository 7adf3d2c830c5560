"""audioLIME on toy models whose answers are known on paper."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from lemons.audio import write_flac
from lemons.audiolime import LimeAudioExplainer, StemFactorization, TimeOnlyFactorization, compute_segments
from lemons.audiolime.evaluation import compute_complexity
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import DataError, ParameterError

SR = 100  # Hz; toys need no more


@pytest.fixture
def stems():
    """Two stems of constants, so that what a mix holds can be read off; 7 samples do not divide by 3."""
    return {"vocals": np.full(7, 0.25, np.float32), "drums": np.full(7, 0.5, np.float32)}


def constant_stems(levels, n_samples):
    return {f"stem {i}": np.full(n_samples, level, np.float32) for i, level in enumerate(levels)}


class Counting:
    """A model that adds up what it hears and remembers all of it."""

    def __init__(self):
        self.heard = []

    def __call__(self, inputs):
        self.heard.extend(map(bytes, inputs))
        return inputs.sum(axis=1, keepdims=True, dtype=np.float64)


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
    assert not any(isinstance(part, np.ndarray) for component in factorization.components for part in component)


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


@pytest.mark.parametrize(
    ("stems", "error", "message"),
    [
        ({}, ParameterError, "no stems"),
        ({"a": np.zeros(5), "b": np.zeros(6)}, ParameterError, "'b': 6"),
        ({"a": np.zeros((2, 5))}, ParameterError, "'a'"),
        ({"a": np.zeros(5, int)}, ParameterError, "'a'"),
        ({"a": np.zeros(5), "b": np.array([0, np.nan])}, DataError, "'b'.*NaN"),
    ],
)
def test_stems_that_make_no_mix(stems, error, message):
    with pytest.raises(error, match=message):
        StemFactorization(stems, SR, 1)


@pytest.mark.parametrize("component", [-1, 6])
def test_a_component_that_is_not_there(stems, component):
    with pytest.raises(ParameterError, match=f"component {component} .* 6"):
        StemFactorization(stems, SR, 3).compose_model_input([component])


def test_a_linear_model_has_its_own_coefficients_as_weights():
    levels = [0.5, -0.25, 0.125]
    factorization = StemFactorization(constant_stems(levels, 8), SR, 1)
    found = LimeAudioExplainer(random_state=0).explain_instance(
        factorization, Counting(), num_reg_targets=1, num_samples="exhaustive", model_regressor=LinearRegression()
    )
    # the sum of 8 samples per stem; least squares without shrinkage finds it exactly
    assert dict(found.local_exp[0]) == pytest.approx({0: 4.0, 1: -2.0, 2: 1.0})
    assert found.intercept[0] == pytest.approx(0, abs=1e-12)
    assert found.score[0] == pytest.approx(1)


def test_ridge_shrinks_weights_as_computed_by_hand():
    factorization = StemFactorization(constant_stems([0.5], 2), SR, 1)
    found = LimeAudioExplainer().explain_instance(
        factorization, Counting(), num_reg_targets=1, num_samples="exhaustive"
    )
    # masks 1 and 0, answers 1 and 0, kernel weights 1 and exp(-8) = e: the weighted variance of the mask (its sum) is
    # e / (1 + e), and so is its covariance with the answer; alpha = 1 adds 1 to the denominator
    e = np.exp(-8)
    weight = (e / (1 + e)) / (e / (1 + e) + 1)
    assert found.local_exp[0][0][1] == pytest.approx(weight)
    assert found.intercept[0] == pytest.approx((1 - weight) / (1 + e))


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_no_mask_is_scored_twice_and_the_mix_is_first(batch_size):
    factorization = StemFactorization(constant_stems([0.5, 0.25, 0.125, 0.0625], 4), SR, 1)
    model = Counting()
    LimeAudioExplainer(random_state=0).explain_instance(
        factorization, model, num_reg_targets=1, num_samples=2048, batch_size=batch_size
    )
    assert len(model.heard) == len(set(model.heard)) == 16  # every stem has another level: each mask sounds different
    assert model.heard[0] == bytes(factorization.compose_model_input())


@pytest.mark.parametrize("batch_size", [1, 7, 500])
def test_the_batch_size_changes_nothing(rng, batch_size):
    stems = {name: rng.normal(size=30).astype(np.float32) for name in "abc"}
    factorization = StemFactorization(stems, SR, 3)
    explainer = LimeAudioExplainer(random_state=5)
    found, expected = (
        explainer.explain_instance(factorization, Counting(), num_reg_targets=1, num_samples=100, batch_size=size)
        for size in (batch_size, 10)
    )
    np.testing.assert_array_equal(found.neighborhood_labels, expected.neighborhood_labels)
    assert found.local_exp == expected.local_exp


def test_every_row_has_the_answer_to_its_own_mask(rng):
    levels = 2.0 ** -np.arange(6)
    factorization = StemFactorization(constant_stems(levels, 1), SR, 1)
    found = LimeAudioExplainer().explain_instance(factorization, Counting(), num_reg_targets=1, num_samples=300)
    np.testing.assert_array_equal(found.neighborhood_labels[:, 0], found.neighborhood_data @ levels)


def test_an_integer_random_state_explains_the_same_at_every_call_whatever_numpys_state(stems):
    factorization = StemFactorization(stems, SR, 3)

    def explain(explainer):
        return explainer.explain_instance(factorization, Counting(), num_reg_targets=1, num_samples=20)

    for state in (4, None):
        explainer = LimeAudioExplainer(random_state=state)
        first, second = explain(explainer), explain(explainer)
        np.testing.assert_array_equal(first.neighborhood_data, second.neighborhood_data)
    goes_on = LimeAudioExplainer(random_state=np.random.RandomState(4))
    first, second = explain(goes_on), explain(goes_on)
    assert (first.neighborhood_data != second.neighborhood_data).any()


def test_progress_counts_distinct_masks_and_may_cancel(stems):
    factorization, steps = StemFactorization(stems, SR, 1), []
    explainer = LimeAudioExplainer()
    arguments = {"num_reg_targets": 1, "num_samples": 100, "batch_size": 3}
    explainer.explain_instance(factorization, Counting(), progress=lambda *step: steps.append(step), **arguments)
    assert steps == [(3, 4), (4, 4)]

    def cancel(done, total):
        raise KeyboardInterrupt

    model = Counting()
    with pytest.raises(KeyboardInterrupt):
        explainer.explain_instance(factorization, model, progress=cancel, **arguments)
    assert len(model.heard) == 3


@pytest.fixture
def explained():
    """Weights 4, 1, -2 and 0 of four stems, for label 1 of 2."""
    factorization = StemFactorization(constant_stems([0.5, 0.125, -0.25, 0], 8), SR, 1)
    model = Counting()
    return LimeAudioExplainer().explain_instance(
        factorization,
        lambda inputs: np.hstack([-model(inputs), model(inputs)]),
        labels=[1],
        num_samples="exhaustive",
        model_regressor=LinearRegression(),
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [0, 1, 3, 2]),
        ({"num_components": 2}, [0, 1]),
        ({"negative_components": False, "min_abs_weight": 1e-9}, [0, 1]),
        ({"positive_components": False, "min_abs_weight": 1e-9}, [2]),
        ({"min_abs_weight": 1.5}, [0, 2]),
        ({"num_components": 0}, []),
    ],
)
def test_components_are_sorted_by_weight(explained, arguments, expected):
    sounds, indices = explained.get_sorted_components(1, return_indeces=True, **arguments)
    assert indices.tolist() == expected
    stems = list(explained.factorization.original_components)
    expected_sounds = [stems[i] for i in expected] or [np.zeros(8)]  # nothing selected sounds like silence
    np.testing.assert_array_equal(sounds, expected_sounds)


def test_a_component_of_weight_zero_speaks_neither_for_nor_against(explained):
    explained.local_exp[1] = [(2, 0.5), (0, 0.0), (1, -0.5)]
    _, positive = explained.get_sorted_components(1, negative_components=False, return_indeces=True)
    _, negative = explained.get_sorted_components(1, positive_components=False, return_indeces=True)
    assert (positive.tolist(), negative.tolist()) == ([2], [1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": 0}, r"label=0 .*\[1\]"),
        ({"label": 1, "positive_components": False, "negative_components": False}, "both"),
        ({"label": 1, "num_components": "auto"}, "'auto'"),
    ],
)
def test_components_that_cannot_be_sorted(explained, arguments, message):
    with pytest.raises(ParameterError, match=message):
        explained.get_sorted_components(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing to explain"),
        ({"labels": [0], "num_reg_targets": 1}, "labels and num_reg_targets"),
        ({"labels": [1]}, "label=1"),
        ({"num_reg_targets": 1, "num_samples": 0}, "num_samples=0"),
        ({"num_reg_targets": 1, "num_samples": "all"}, "num_samples='all'"),
        ({"num_reg_targets": 1, "batch_size": 0}, "batch_size=0"),
        ({"num_reg_targets": 1, "num_features": 0}, "num_features=0"),
    ],
)
def test_questions_that_cannot_be_answered(stems, arguments, message):
    with pytest.raises(ParameterError, match=message):
        LimeAudioExplainer().explain_instance(StemFactorization(stems, SR, 1), Counting(), **arguments)


def test_feature_selection_that_does_not_exist():
    with pytest.raises(ParameterError, match="feature_selection='best' must be one of"):
        LimeAudioExplainer(feature_selection="best")


def test_models_that_answer_nonsense(stems):
    factorization, explainer = StemFactorization(stems, SR, 1), LimeAudioExplainer()
    with pytest.raises(DataError, match="NaN"):
        explainer.explain_instance(factorization, lambda x: np.full((len(x), 1), np.nan), num_reg_targets=1)
    with pytest.raises(ParameterError, match=r"\(4,\)"):
        explainer.explain_instance(factorization, lambda x: np.zeros(len(x)), num_reg_targets=1)


def test_too_many_components_for_every_mask():
    with pytest.raises(ParameterError, match=r"2\^21"):
        draw_masks(21, "exhaustive", random_state=0)


def test_complexity_of_one_and_of_equal_weights(explained):
    assert compute_complexity(explained, 1) == pytest.approx(  # shares 4/7, 1/7, 2/7 of four components
        -(4 / 7 * np.log(4 / 7) + 1 / 7 * np.log(1 / 7) + 2 / 7 * np.log(2 / 7)) / np.log(4), abs=1e-6
    )
    explained.local_exp[1] = [(0, 0.3), (1, -0.3)]
    assert compute_complexity(explained, 1) == pytest.approx(1)
    explained.local_exp[1] = [(0, 0.3), (1, 0.0)]
    assert compute_complexity(explained, 1) == 0
