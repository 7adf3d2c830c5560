"""Sums among sounds, recognised by their products with each other alone."""

import numpy as np
import pytest

from lemons.sums import MAX_SUBSETS, find_sums


@pytest.fixture
def stems(rng):
    """Four sounds that have nothing to do with each other, the first one the loudest."""
    return rng.standard_normal((4, 4000)) * np.array([[4], [3], [2], [1]])


def products(*sounds):
    sounds = np.vstack(sounds)
    return sounds @ sounds.T


def test_stems_are_no_sums_of_each_other(stems):
    assert find_sums(products(stems)) == {}


@pytest.mark.parametrize("gain", [0.3, 1, 3])
def test_a_sum_is_found_at_any_gain_with_its_parts(stems, gain):
    assert find_sums(products(stems, gain * (stems[1] + stems[2] + stems[3]))) == {4: (1, 2, 3)}


def test_a_gain_that_no_normalization_has_makes_no_sum(stems):
    assert find_sums(products(stems, 10 * (stems[1] + stems[2]))) == {}


@pytest.mark.parametrize(("residual_db", "found"), [(-13, {4: (0, 1)}), (-11, {})])
def test_what_a_sum_may_leave_ends_at_twelve_decibels(stems, rng, residual_db, found):
    total = stems[0] + stems[1]
    own = rng.standard_normal(4000)
    own *= 10 ** (residual_db / 20) * np.linalg.norm(total) / np.linalg.norm(own)
    assert find_sums(products(stems, total + own)) == found


def test_a_sum_of_sums_is_given_by_the_stems_themselves(stems):
    accompaniment = stems[1:].sum(axis=0)
    assert find_sums(products(stems, accompaniment, stems.sum(axis=0))) == {4: (1, 2, 3), 5: (0, 1, 2, 3)}


def test_a_copy_of_the_mix_is_found_beside_other_stems_where_the_mix_is_known(stems):
    mix = stems.sum(axis=0)  # its loudest stem is missing, so that the others do not sum to it
    assert find_sums(products(stems[1:], mix, mix), mix=4) == {3: (4,)}
    assert find_sums(products(stems[1:], mix)) == {}


def test_nothing_is_left_out_where_all_sum_to_the_mix(stems):
    sounds = [*stems[:3], stems[1] + stems[2]]  # the last stem happens to be a sum
    assert find_sums(products(*sounds)) == {3: (1, 2)}
    assert find_sums(products(*sounds, sum(sounds)), mix=4) == {}


def test_silence_and_doubles_are_no_sums(stems):
    assert find_sums(products(stems[:1], np.zeros(4000), stems[:1])) == {}
    assert find_sums(np.zeros((3, 3)), mix=0) == {}


def test_among_many_stems_the_sum_is_found_too(rng):
    many = rng.standard_normal((MAX_SUBSETS + 4, 4000))
    assert find_sums(products(many, many.sum(axis=0))) == {len(many): tuple(range(len(many)))}
