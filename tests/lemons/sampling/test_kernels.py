import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from lemons.sampling.kernels import shapley_kernel
from tests.lemons.exact.games import all_masks, game
from tests.lemons.sampling.test_estimates import exact_weights


def test_the_line_under_the_shapley_kernel_through_both_ends_has_shapley_values_as_weights(rng):
    values, masks = game(rng, 6), all_masks(6)
    weights = shapley_kernel(masks.sum(axis=1), 6)
    weights[[0, -1]] = 1e7  # for infinity; larger ones lose digits
    line = LinearRegression().fit(masks, values, sample_weight=weights)
    np.testing.assert_allclose(line.coef_, exact_weights(values)["shapley"], atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 30])
def test_the_ends_have_no_weight_of_their_own_and_sizes_are_symmetric(n):
    kernel = shapley_kernel(np.arange(n + 1), n)
    assert kernel[0] == kernel[-1] == 0
    assert (kernel[1:-1] > 0).all()
    np.testing.assert_allclose(kernel, kernel[::-1])
