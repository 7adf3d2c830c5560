"""audioLIME on toy models whose answers are known on paper."""

import numpy as np
import pytest

from lemons.audiolime import LimeAudioExplainer, StemFactorization
from lemons.errors import ParameterError

SR = 100  # Hz; toys need no more


def test_an_integer_random_state_explains_the_same_at_every_call_whatever_numpys_state(stems, counting):
    factorization = StemFactorization(stems, SR, 3)

    def explain(explainer):
        return explainer.explain_instance(factorization, counting, num_reg_targets=1, num_samples=20)

    for state in (4, None):
        explainer = LimeAudioExplainer(random_state=state)
        first, second = explain(explainer), explain(explainer)
        np.testing.assert_array_equal(first.neighborhood_data, second.neighborhood_data)
    goes_on = LimeAudioExplainer(random_state=np.random.RandomState(4))
    first, second = explain(goes_on), explain(goes_on)
    assert (first.neighborhood_data != second.neighborhood_data).any()


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
def test_questions_that_cannot_be_answered(stems, arguments, message, counting):
    with pytest.raises(ParameterError, match=message):
        LimeAudioExplainer().explain_instance(StemFactorization(stems, SR, 1), counting, **arguments)
