"""LIME, Shapley values and interactions from sums by size, against their definitions on small games."""

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge

from lemons.errors import ParameterError
from lemons.exact.enumeration import cut
from lemons.exact.lime import fit_lime, kernel_of_size, lime_of_moments
from lemons.exact.masks import mask_rows, sample_pairs
from lemons.exact.moments import moments_of
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments


def all_masks(n):
    return np.array(list(itertools.product([0, 1], repeat=n)))


def game(rng, n):
    """Answers to all masks that no linear model explains."""
    return rng.normal(size=2**n) + all_masks(n) @ rng.normal(size=n)


def subsets(players):
    return itertools.chain.from_iterable(itertools.combinations(players, size) for size in range(len(players) + 1))


def answer(values, n, components):
    return values[sum(1 << (n - 1 - i) for i in components)]


@pytest.mark.parametrize("n", [1, 2, 3, 6, 7])
def test_moments_are_sums_over_masks_of_one_size(rng, n):
    values, masks = game(rng, n), all_masks(n)
    moments = moments_of(torch.as_tensor(values), n)
    for size in range(n + 1):
        chosen = masks.sum(axis=1) == size
        v, z = values[chosen], masks[chosen]
        np.testing.assert_allclose(moments.total[size], v.sum(), atol=1e-12)
        np.testing.assert_allclose(moments.single[size], v @ z, atol=1e-12)
        np.testing.assert_allclose(moments.pair[size], (z * v[:, None]).T @ z, atol=1e-12)
        np.testing.assert_allclose(moments.square[size], v @ v, atol=1e-12)


def test_moments_in_chunks_and_of_probabilities(rng, monkeypatch):
    values = game(rng, 9)
    whole = moments_of(torch.as_tensor(1 / (1 + np.exp(-values))), 9)
    monkeypatch.setattr("lemons.exact.moments.CHUNK_VALUES", 100)
    chunked = moments_of(torch.as_tensor(values), 9, sigmoid=True)
    for name in ("total", "single", "pair", "square"):
        np.testing.assert_allclose(getattr(chunked, name), getattr(whole, name), atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("alpha", [0, 1, 16.5])
def test_exhaustive_lime_is_weighted_ridge_over_all_masks(rng, n, alpha):
    values, masks = game(rng, n), all_masks(n)
    lime = lime_of_moments(moments_of(torch.as_tensor(values), n), alpha=alpha)
    theirs = Ridge(alpha=alpha) if alpha else LinearRegression()
    weights = kernel_of_size(masks.sum(axis=1), n)
    theirs.fit(masks, values, sample_weight=weights)
    np.testing.assert_allclose(lime.weights, theirs.coef_, rtol=0, atol=1e-9)
    assert lime.intercept == pytest.approx(theirs.intercept_, abs=1e-9)
    assert lime.fidelity == pytest.approx(theirs.score(masks, values, sample_weight=weights), abs=1e-9)
    assert (lime.exact, lime.n_masks) == (True, 2**n)
    assert (lime.confidence_intervals == lime.weights[:, None]).all()


def test_lime_of_given_masks_is_ridge_with_repetitions(rng):
    masks = rng.integers(0, 2, (300, 6))
    answers = rng.normal(size=300)
    lime = fit_lime(masks, answers, alpha=1.0)
    weights = kernel_of_size(masks.sum(axis=1), 6)
    theirs = Ridge(alpha=1).fit(masks, answers, sample_weight=weights)
    np.testing.assert_allclose(lime.weights, theirs.coef_, rtol=0, atol=1e-9)
    assert lime.fidelity == pytest.approx(theirs.score(masks, answers, sample_weight=weights))
    assert lime.confidence_intervals is None
    with pytest.raises(ParameterError, match="at least one mask"):
        fit_lime(masks[:0], answers[:0], alpha=1.0)


def test_a_linear_answer_is_explained_by_its_coefficients(rng):
    coefficients = rng.normal(size=8)
    lime = lime_of_moments(moments_of(torch.as_tensor(all_masks(8) @ coefficients + 3), 8), alpha=0)
    np.testing.assert_allclose(lime.weights, coefficients, atol=1e-10)
    assert lime.intercept == pytest.approx(3)
    assert lime.fidelity == pytest.approx(1)


def test_an_answer_that_never_changes_has_no_cause():
    moments = moments_of(torch.full((2**6,), 0.3), 6)
    lime = lime_of_moments(moments, alpha=0)
    np.testing.assert_allclose(lime.weights, 0, atol=1e-12)
    np.testing.assert_allclose(shapley_of_moments(moments), 0, atol=1e-12)


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


def test_pairs_are_complements_and_none_comes_twice():
    masks = sample_pairs(12, 2**11, seed=0)
    assert (masks[: 2**10] + masks[2**10 :] == 1).all()
    assert len(np.unique(masks, axis=0)) == 2**11
    assert (masks == sample_pairs(12, 2**11, seed=0)).all()
    assert (masks != sample_pairs(12, 2**11, seed=1)).any()
    for n_masks in (0, 3, 2**11 + 2):
        with pytest.raises(ParameterError, match=f"n_masks={n_masks} must be even and at most half"):
            sample_pairs(12, n_masks, seed=0)


def test_confidence_intervals_hold_the_exact_weights_as_often_as_they_say(rng):
    n, covered = 14, []
    values = game(rng, n)
    exact = lime_of_moments(moments_of(torch.as_tensor(values), n), alpha=0).weights
    for seed in range(60):
        masks = sample_pairs(n, 512, seed=seed)
        low, high = fit_lime(
            masks, values[masks @ (1 << np.arange(n)[::-1])], alpha=0, paired=True
        ).confidence_intervals.T
        covered.append((low <= exact) & (exact <= high))
    assert 0.92 < np.mean(covered) < 0.98


def test_the_cut_leaves_two_small_tables():
    spans = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4)]
    assert cut(spans, [32] * 5) == (2, 3)  # 32^3 rows on either side, one segment shared
    assert cut([(0, 0)], [32]) in {(0, 0), (1, 1)}  # nothing to cut
    assert cut([(0, 1)], [32, 32]) in {(0, 0), (1, 2)}  # everything is shared


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
