import numpy as np
import pytest

from lemons.errors import ParameterError
from lemons.exact.masks import mask_rows, sample_pairs
from tests.lemons.exact.games import all_masks


def test_pairs_are_complements_and_none_comes_twice():
    masks = sample_pairs(12, 2**11, seed=0)
    assert (masks[: 2**10] + masks[2**10 :] == 1).all()
    assert len(np.unique(masks, axis=0)) == 2**11
    assert (masks == sample_pairs(12, 2**11, seed=0)).all()
    assert (masks != sample_pairs(12, 2**11, seed=1)).any()
    for n_masks in (0, 3, 2**11 + 2):
        with pytest.raises(ParameterError, match=f"n_masks={n_masks} must be even and at most half"):
            sample_pairs(12, n_masks, seed=0)


def test_masks_count_with_the_first_component_in_front():
    assert (mask_rows(0, 2**5, 5) == all_masks(5)).all()


def test_as_many_pairs_are_drawn_as_there_are_at_most_half_of_all():
    """Of three components: 4 of 8 masks, in 2 pairs of 4; not one more, and no single mask."""
    for n_masks in (2, 4):
        masks = sample_pairs(3, n_masks, seed=7)
        assert len(np.unique(masks, axis=0)) == n_masks
        np.testing.assert_array_equal(masks[: n_masks // 2] + masks[n_masks // 2 :], 1)
        assert masks.dtype == np.int8
    for n_masks in (0, 1, 3, 5, 6):
        with pytest.raises(ParameterError, match=rf"n_masks={n_masks} must be even and at most half of the 2\^3 masks"):
            sample_pairs(3, n_masks, seed=7)
