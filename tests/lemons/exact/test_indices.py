import numpy as np
import pytest
import torch

from lemons.exact.indices import INDICES, index_of_moments
from lemons.exact.moments import moments_of
from tests.lemons.exact.games import all_masks, game

EFFICIENT = ("SV", "k-SII", "STII", "FSII")  # that share out what all components add
OF_PAIRS = ("SII", "BII", "k-SII", "STII", "FSII", "FBII")


def moments(values):
    return moments_of(torch.as_tensor(values, dtype=torch.float64), len(values).bit_length() - 1)


def total(index):
    return index.single.sum() + np.triu(index.pair, 1).sum()


@pytest.mark.parametrize("name", EFFICIENT)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("n", [1, 2, 3, 8])
def test_an_efficient_index_shares_out_what_all_components_add(rng, name, order, n):
    values = game(rng, n)
    index = index_of_moments(moments(values), name, order)
    assert index.empty == 0
    assert total(index) == pytest.approx(values[-1] - values[0])


@pytest.mark.parametrize("name", OF_PAIRS)
def test_a_pair_that_only_works_together_is_a_pair_and_nothing_else(name):
    masks = all_masks(7)
    index = index_of_moments(moments(masks[:, 2] * masks[:, 5] + 0.5 * masks[:, 1]), name, 2)
    expected = np.zeros((7, 7))
    expected[2, 5] = expected[5, 2] = 1
    np.testing.assert_allclose(index.pair, expected, atol=1e-9)
    alone = 0.5 if name in ("SII", "BII") else 0.0  # those count what a pair does for its components as well
    np.testing.assert_allclose(index.single, [0, 0.5, alone, 0, 0, alone, 0], atol=1e-9)


@pytest.mark.parametrize("name", INDICES)
def test_a_component_that_changes_nothing_may_be_left_out(rng, name):
    values = game(rng, 6)
    index = index_of_moments(moments(values), name, 2)
    with_one = np.repeat(values, 2)  # a seventh component, the least significant bit
    without = index_of_moments(moments(with_one), name, 2)
    np.testing.assert_allclose(without.single, np.append(index.single, 0), atol=1e-9)
    np.testing.assert_allclose(without.pair[:6, :6], index.pair, atol=1e-9)
    np.testing.assert_allclose(without.pair[6], 0, atol=1e-9)
    assert without.empty == pytest.approx(index.empty)


@pytest.mark.parametrize("name", INDICES)
def test_an_index_is_of_the_game_less_silence(rng, name):
    values = game(rng, 5)
    one, other = (index_of_moments(moments(values + shift), name, 2) for shift in (0, 10))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-9)
