import numpy as np
import pytest

from lemons.quality.fidelity import cross_predictions, fresh_masks, weighted_r2


def test_weighted_r2_of_perfect_mean_and_constant_predictions(rng):
    answers, weights = rng.normal(size=9), rng.uniform(size=9)
    assert weighted_r2(answers, answers, weights) == 1
    mean = np.full(9, np.average(answers, weights=weights))
    assert weighted_r2(answers, mean, weights) == pytest.approx(0)
    assert weighted_r2(mean, mean, weights) == 1
    assert weighted_r2(np.zeros(9), np.ones(9), weights) == 0


def test_masks_without_weight_do_not_count():
    answers, predictions = np.array([0.0, 1.0, 5.0]), np.array([0.0, 1.0, -5.0])
    assert weighted_r2(answers, predictions, np.array([1.0, 1.0, 0.0])) == 1


def test_fresh_masks_are_new_and_distinct(rng):
    masks = rng.integers(0, 2, (40, 7))
    fresh = fresh_masks(masks, 20, seed=0)
    assert fresh.shape == (20, 7)
    assert len(np.unique(np.vstack([masks, fresh]), axis=0)) == len(np.unique(masks, axis=0)) + 20
    np.testing.assert_array_equal(fresh, fresh_masks(masks, 20, seed=0))


def test_no_mask_is_fresh_when_all_are_drawn():
    masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [0, 0]])
    assert fresh_masks(masks, 20, seed=0).shape == (0, 2)
    assert fresh_masks(masks[:2], 20, seed=0).shape == (2, 2)


def test_a_mask_left_out_does_not_predict_itself(rng):
    masks = np.vstack([rng.permuted(np.eye(3, dtype=int)), np.ones((2, 3), int), np.zeros((1, 3), int)])
    answers, weights = rng.normal(size=6), np.ones(6)
    before = cross_predictions(masks, answers, weights)
    answers[3:5] += 100  # both copies of the full mix
    after = cross_predictions(masks, answers, weights)
    np.testing.assert_allclose(after[3:5], before[3:5])
    assert (np.abs(after - before) > 1)[[0, 1, 2, 5]].all()
