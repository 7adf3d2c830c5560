"""Curves of deletion and insertion, worked out by hand, and their control."""

import itertools

import numpy as np
import pytest

from lemons.errors import ParameterError
from lemons.quality import Answers, aopc, curve_area, deletion_curve, insertion_curve, random_curves


def one_and_a_pair(masks):
    """v(z) = 3 z0 + 2 z1 z2."""
    return 3.0 * masks[:, 0] + 2.0 * masks[:, 1] * masks[:, 2]


WEIGHTS = np.array([3.0, 1.0, 1.0])


def test_deletion_by_hand():
    """The order is 0, 1, 2 (a tie goes to the first): v(111) = 5, v(011) = 2, v(001) = 0, v(000) = 0.

    Area: ((5 + 2) / 2 + (2 + 0) / 2 + (0 + 0) / 2) / 3 = 4.5 / 3 = 1.5.
    AOPC over three steps: (0 + 3 + 5 + 5) / 4 = 3.25; over one: (0 + 3) / 2 = 1.5.
    """
    curve = deletion_curve(one_and_a_pair, WEIGHTS)
    assert curve.tolist() == [5, 2, 0, 0]
    assert curve_area(curve) == 1.5
    assert aopc(curve) == 3.25
    assert aopc(curve, 1) == 1.5


def test_insertion_by_hand():
    """v(000) = 0, v(100) = 3, v(110) = 3, v(111) = 5; area (1.5 + 3 + 4) / 3 = 17/6."""
    curve = insertion_curve(one_and_a_pair, WEIGHTS)
    assert curve.tolist() == [0, 3, 3, 5]
    assert curve_area(curve) == pytest.approx(17 / 6, abs=1e-15)  # two roundings of numbers near 3


def test_signs_count_a_component_that_speaks_against_goes_last():
    """v(z) = 2 z0 - 4 z1: first component 0 goes, then 1: -2, -4, 0."""
    curve = deletion_curve(lambda masks: masks @ [2.0, -4.0], np.array([2.0, -4.0]))
    assert curve.tolist() == [-2, -4, 0]


def test_no_order_of_a_sum_deletes_better_than_that_of_its_own_weights(rng):
    weights = rng.normal(size=5)
    areas = [
        curve_area(deletion_curve(lambda masks: masks @ weights, np.array(other)))
        for other in itertools.permutations(range(5))
    ]
    # a sum of five normal numbers in another order is off by roundings
    assert curve_area(deletion_curve(lambda masks: masks @ weights, weights)) <= min(areas) + 1e-12


def test_a_deletion_curve_backwards_is_the_insertion_curve_of_the_reverse_order():
    """Which is why one control serves both."""
    backwards = insertion_curve(one_and_a_pair, -np.array([3.0, 2.0, 1.0]))[::-1]
    assert deletion_curve(one_and_a_pair, np.array([3.0, 2.0, 1.0])).tolist() == backwards.tolist()


def test_random_orders_of_a_sum_lose_the_same_at_each_step_on_average():
    """v(z) = 3 z0 + 2 z1 + z2: 6, 4, 2, 0, since each component has each place once in a round."""
    curves = random_curves(lambda masks: masks @ [3.0, 2.0, 1.0], 3, n_rounds=2)
    assert curves.shape == (6, 4)
    assert curves.mean(axis=0).tolist() == [6, 4, 2, 0]
    assert curve_area(curves).mean() == 3
    assert aopc(curves).mean() == 3


def test_a_round_of_three_components_has_all_masks():
    """Two of three that are on are 01, 02 or 12: (3 + 3 + 2) / 3; one of three: (3 + 0 + 0) / 3."""
    mean = random_curves(one_and_a_pair, 3, n_rounds=1).mean(axis=0)
    assert mean == pytest.approx([5, 8 / 3, 1, 0], abs=1e-15)  # a rounding of a number near 3


def test_many_rounds_approach_the_mean_over_all_orders():
    """Of a pair among six, both are among the m that are on with a chance of m (m - 1) / 30."""
    curves = random_curves(lambda masks: masks[:, 1] * masks[:, 4], 6, n_rounds=2000)
    sizes = np.arange(6, -1, -1)
    # the mean of a round is between 0 and 1, so its deviation at most 1/2, and that of 2000 rounds at most 0.011
    assert curves.mean(axis=0) == pytest.approx(sizes * (sizes - 1) / 30, abs=0.05)


def test_random_curves_depend_on_their_seed_only(rng):
    weights = rng.normal(size=6)
    first, again, other = (random_curves(lambda masks: masks @ weights, 6, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_curve_never_asks_about_a_mask_twice():
    answers = Answers(one_and_a_pair, 3)
    deletion_curve(answers, WEIGHTS)
    random_curves(answers, 3, n_rounds=50)
    assert answers.n_asked == 8


def test_a_single_component_has_a_curve():
    assert deletion_curve(lambda masks: 2.0 * masks[:, 0], [1.0]).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: deletion_curve(one_and_a_pair, []), r"shape \(0,\)"),
        (lambda: deletion_curve(one_and_a_pair, [np.nan, 1, 2]), "not numbers"),
        (lambda: deletion_curve("marko", [1.0]), "answers='marko' must be a function"),
        (lambda: curve_area([1.0]), "at least two answers"),
        (lambda: aopc([1.0, 0.0], 2), "n_steps=2 must be between 1 and 1"),
        (lambda: random_curves(one_and_a_pair, 3, n_rounds=0), "n_rounds=0"),
        (lambda: random_curves(one_and_a_pair, 0), "n_components=0"),
    ],
)
def test_what_cannot_be_a_curve_is_an_error(call, match):
    with pytest.raises(ParameterError, match=match):
        call()
