import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge

from lemons.errors import ParameterError
from lemons.exact.lime import fit_lime, kernel_of_size, lime_of_moments
from lemons.exact.masks import sample_pairs
from lemons.exact.moments import moments_of
from lemons.exact.shapley import shapley_of_moments
from tests.lemons.exact.games import all_masks, game


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
