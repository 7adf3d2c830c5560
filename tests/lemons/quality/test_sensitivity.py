"""How far weights move, worked out by hand and against the fits of the house."""

import numpy as np
import pytest

from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import ParameterError
from lemons.exact.lime import fit_lime
from lemons.quality import Answers, lime_weights, max_sensitivity, neighborhood_weights, perturbed_weights


def one_and_a_pair(masks):
    """v(z) = 3 z0 + 2 z1 z2."""
    return 3.0 * masks[:, 0] + 2.0 * masks[:, 1] * masks[:, 2]


def differences(masks, values):
    """What a model fitted to 10, 01 and 00, in this order, says of two components."""
    return np.array([values[0] - values[2], values[1] - values[2]])


CORNERS = np.array([[1, 0], [0, 1], [0, 0]])


def test_max_sensitivity_by_hand():
    """w = (3, 4, 0) has length 5; the others are 1, 3 and 1 away: 3/5."""
    assert max_sensitivity([3, 4, 0], [[3, 4, 1], [0, 4, 0], [3, 3, 0]]) == 0.6


def test_weights_of_length_0_count_as_1():
    assert max_sensitivity([0, 0], [[0, 2], [1, 0]]) == 2
    assert max_sensitivity([0, 0], [[0, 0]]) == 0


def test_lime_weights_are_those_of_the_house(rng):
    masks = draw_masks(6, 300, random_state=3)
    values = rng.normal(size=300)
    # two ways to solve the same 6 equations, in float64
    assert lime_weights(masks, values) == pytest.approx(fit_lime(masks, values, alpha=1.0).weights, abs=1e-10)


def test_each_seed_draws_its_neighborhood_and_no_mask_is_scored_twice():
    answers = Answers(one_and_a_pair, 3)
    found = neighborhood_weights(answers, 3, n_masks=64, seeds=(4, 5, 4))
    masks = draw_masks(3, 64, random_state=5)
    assert np.array_equal(found[0], found[2])
    assert not np.array_equal(found[0], found[1])
    assert found[1].tolist() == lime_weights(masks, one_and_a_pair(masks)).tolist()
    assert answers.n_asked == 8


def test_larger_neighborhoods_move_weights_less():
    moved = []
    for n_masks in (32, 2048):
        first, *others = neighborhood_weights(one_and_a_pair, 3, n_masks=n_masks, seeds=range(6))
        moved.append(max_sensitivity(first, others))
    assert moved[1] < moved[0] / 2  # 64 times the masks move weights about an eighth as far


def test_answers_move_by_no_more_than_the_radius():
    """Differences of two answers, each moved by at most 0.1, move by at most 0.2, and come near that in 300 draws."""
    values = np.array([1.0, 2.0, 0.0])
    found = perturbed_weights(CORNERS, values, radius=0.1, n_draws=300, fit=differences)
    moved = np.abs(found - [1, 2])
    assert found.shape == (300, 2)
    assert moved.max() <= 0.2 + 1e-15  # a rounding of numbers near 2
    assert moved.max() > 0.15  # each draw has a chance of 1/16 or more: none in 300 has one below 1e-8


def test_copies_of_a_mask_move_together():
    masks = CORNERS[[0, 1, 2, 0]]
    values = np.array([1.0, 2.0, 0.0, 1.0])
    found = perturbed_weights(masks, values, radius=1, fit=lambda masks, values: values[[0, 3]])
    assert np.array_equal(found[:, 0], found[:, 1])
    assert len(np.unique(found[:, 0])) == 5


def test_a_radius_of_0_moves_nothing():
    found = perturbed_weights(CORNERS, np.array([1.0, 2.0, 0.0]), radius=0, fit=differences)
    assert found.tolist() == [[1, 2]] * 5


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: max_sensitivity([1, 2], [[1, 2, 3]]), "2 and of 3 components"),
        (lambda: max_sensitivity([1, 2], [1, 2]), "shape"),
        (lambda: perturbed_weights(CORNERS, np.ones(3), radius=-1), "radius=-1"),
        (lambda: perturbed_weights(CORNERS, np.ones(3), radius=1, n_draws=0), "n_draws=0"),
        (lambda: neighborhood_weights(one_and_a_pair, 3, n_masks=1), "1"),
        (lambda: neighborhood_weights(one_and_a_pair, 3, seeds=()), "shape"),
    ],
)
def test_what_cannot_move_is_an_error(call, match):
    with pytest.raises(ParameterError, match=match):
        call()
