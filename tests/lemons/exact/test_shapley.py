import itertools
import math

import numpy as np
import pytest
import torch

from lemons.exact.moments import moments_of
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments
from tests.lemons.exact.games import all_masks, game


def subsets(players):
    return itertools.chain.from_iterable(itertools.combinations(players, size) for size in range(len(players) + 1))


def answer(values, n, components):
    return values[sum(1 << (n - 1 - i) for i in components)]


@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_shapley_values_are_mean_marginal_contributions(rng, n):
    values = game(rng, n)
    found = shapley_of_moments(moments_of(torch.as_tensor(values), n))
    expected = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for subset in subsets(others):
            weight = math.factorial(len(subset)) * math.factorial(n - len(subset) - 1) / math.factorial(n)
            expected[i] += weight * (answer(values, n, (*subset, i)) - answer(values, n, subset))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert found.sum() == pytest.approx(values[-1] - values[0])


@pytest.mark.parametrize("n", [2, 3, 7])
def test_interactions_are_what_pairs_add_to_their_parts(rng, n):
    values = game(rng, n)
    found = interactions_of_moments(moments_of(torch.as_tensor(values), n))
    for i, j in itertools.combinations(range(n), 2):
        expected = 0
        for subset in subsets([k for k in range(n) if k not in (i, j)]):
            weight = math.factorial(len(subset)) * math.factorial(n - len(subset) - 2) / math.factorial(n - 1)
            gains = answer(values, n, (*subset, i, j)) + answer(values, n, subset)
            losses = answer(values, n, (*subset, i)) + answer(values, n, (*subset, j))
            expected += weight * (gains - losses)
        assert found[i, j] == pytest.approx(expected, abs=1e-12)
        assert found[j, i] == found[i, j]
    assert (np.diag(found) == 0).all()


def test_two_components_that_only_work_together_interact():
    masks = all_masks(7)
    moments = moments_of(torch.as_tensor(masks[:, 2] * masks[:, 5] + 0.5 * masks[:, 1], dtype=torch.float64), 7)
    expected = np.zeros((7, 7))
    expected[2, 5] = expected[5, 2] = 1
    np.testing.assert_allclose(interactions_of_moments(moments), expected, atol=1e-12)
    np.testing.assert_allclose(shapley_of_moments(moments), [0, 0.5, 0.5, 0, 0, 0.5, 0], atol=1e-12)
    assert interactions_of_moments(moments_of(torch.tensor([0.0, 1.0]), 1)).tolist() == [[0]]
