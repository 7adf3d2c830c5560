"""Infidelity worked out by hand."""

import numpy as np
import pytest

from lemons.errors import ParameterError
from lemons.exact.masks import mask_rows
from lemons.quality import infidelity

MASKS = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0]])


def one_and_a_pair(masks):
    """v(z) = 3 z0 + 2 z1 z2."""
    return 3.0 * masks[:, 0] + 2.0 * masks[:, 1] * masks[:, 2]


def test_infidelity_by_hand():
    """v(111) = 5 and w = (3, 1, 1).

    mask  went        lost  weights that went
    011   0           3     3
    101   1           2     1
    110   2           2     1
    000   0, 1, 2     5     5
    100   1, 2        2     2
    so the mean of the squares 0, 1, 1, 0, 0 is 2/5.
    """
    assert infidelity(one_and_a_pair, [3, 1, 1], MASKS) == 0.4


def test_infidelity_with_the_best_scale_by_hand():
    """β = (3·3 + 1·2 + 1·2 + 5·5 + 2·2) / (9 + 1 + 1 + 25 + 4) = 42/40 = 1.05.

    (3.15 - 3)² + 2 (1.05 - 2)² + (5.25 - 5)² + (2.1 - 2)² = 0.0225 + 1.805 + 0.0625 + 0.01 = 1.9; 1.9 / 5 = 0.38.
    """
    # a handful of roundings of numbers up to 25
    assert infidelity(one_and_a_pair, [3, 1, 1], MASKS, scaled=True) == pytest.approx(0.38, abs=1e-14)


def test_the_weights_of_a_sum_are_without_infidelity():
    masks = mask_rows(0, 8, 3)
    assert infidelity(lambda masks: 7 + masks @ [3, -2, 1], [3, -2, 1], masks) == 0


def test_scaled_infidelity_asks_for_proportions_only():
    masks = mask_rows(0, 8, 3)
    assert infidelity(lambda masks: masks @ [3, -2, 1], [6, -4, 2], masks, scaled=True) == 0


def test_without_weights_infidelity_is_the_mean_square_of_what_was_lost():
    """Losses 3, 2, 2, 5, 2: (9 + 4 + 4 + 25 + 4) / 5 = 9.2, and no scale changes that."""
    for scaled in (False, True):
        assert infidelity(one_and_a_pair, [0, 0, 0], MASKS, scaled=scaled) == 9.2


def test_no_masks_are_an_error():
    with pytest.raises(ParameterError, match="hold no mask"):
        infidelity(one_and_a_pair, [1, 1, 1], np.zeros((0, 3)))


def test_masks_of_another_length_are_an_error():
    with pytest.raises(ParameterError, match="must have shape"):
        infidelity(one_and_a_pair, [1, 1, 1], np.ones((4, 2)))
