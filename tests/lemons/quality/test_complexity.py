"""Complexity and sparseness worked out by hand."""

import math

import numpy as np
import pytest

from lemons.errors import ParameterError
from lemons.quality import complexity, sparseness

ROUNDING = 1e-14  # some roundings of numbers around 1


def test_complexity_by_hand():
    """Shares 1/2, 1/4, 1/4, 0: ln(2)/2 + 2·ln(4)/4 = 3/2 ln 2."""
    assert complexity([2, -1, 1, 0]) == pytest.approx(1.5 * math.log(2), abs=ROUNDING)


def test_sparseness_by_hand():
    """Sorted shares 0, 1/4, 1/4, 1/2 times 3.5/4, 2.5/4, 1.5/4, 0.5/4: 5/32 + 3/32 + 2/32 = 10/32; 1 - 20/32 = 3/8."""
    assert sparseness([2, -1, 1, 0]) == pytest.approx(3 / 8, abs=ROUNDING)


@pytest.mark.parametrize("n", [1, 2, 5, 25])
def test_one_component_is_least_complex_and_equal_ones_are_most(n):
    one, equal = np.eye(n)[0] * -3, np.full(n, 0.2)
    assert complexity(one) == 0
    assert complexity(equal) == pytest.approx(math.log(n), abs=ROUNDING)
    assert sparseness(one) == pytest.approx(1 - 1 / n, abs=ROUNDING)
    assert sparseness(equal) == pytest.approx(0, abs=ROUNDING)


@pytest.mark.parametrize("measure", [complexity, sparseness])
def test_neither_scale_nor_order_nor_sign_matters(measure, rng):
    weights = rng.normal(size=6)
    for other in (5 * weights, weights[::-1], -weights, weights * 1e-300, weights * 1e307):
        # tiny and huge weights lose nothing: they are divided by the largest first
        assert measure(other) == pytest.approx(measure(weights), abs=ROUNDING)


@pytest.mark.parametrize("measure", [complexity, sparseness])
def test_nothing_is_neither_complex_nor_sparse(measure):
    assert math.isnan(measure(np.zeros(3)))
    with pytest.raises(ParameterError, match="shape"):
        measure(np.zeros((2, 2)))


def test_weights_at_the_end_of_the_range_of_floats_have_shares():
    """Their sum is beyond the range."""
    assert complexity([1.5e308, -1.5e308]) == pytest.approx(math.log(2), abs=ROUNDING)
    assert sparseness([1.5e308, -1.5e308]) == pytest.approx(0, abs=ROUNDING)
