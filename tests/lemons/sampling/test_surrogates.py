import numpy as np
import pytest

from lemons.errors import DataError, ParameterError
from lemons.exact.lime import fit_lime
from lemons.sampling import SURROGATES, distinct, estimate_lime, fit_surrogate
from lemons.sampling.kernels import kernel_of_size
from tests.lemons.sampling.test_estimates import smooth_game
from tests.lemons.sampling.test_samplers import numbers

N = 10


@pytest.fixture
def neighborhood():
    return distinct(N, 300, seed=1)


@pytest.fixture
def weights(neighborhood):
    return neighborhood.importance * kernel_of_size(neighborhood.masks.sum(axis=1), N)


def test_ridge_is_audiolimes(neighborhood):
    answers = smooth_game(N)[numbers(neighborhood.masks)]
    lime = fit_lime(neighborhood.masks, answers, alpha=1.0)
    kernel = kernel_of_size(neighborhood.masks.sum(axis=1), N)
    surrogate = fit_surrogate("ridge", neighborhood.masks, answers, kernel)
    np.testing.assert_allclose(surrogate.weights, lime.weights, atol=1e-9)
    assert surrogate.intercept == pytest.approx(lime.intercept)
    assert surrogate.fidelity == pytest.approx(lime.fidelity)


def test_least_squares_is_lime_without_a_ridge(neighborhood, weights):
    answers = smooth_game(N)[numbers(neighborhood.masks)]
    estimate = estimate_lime(neighborhood, answers)
    surrogate = fit_surrogate("least_squares", neighborhood.masks, answers, weights)
    np.testing.assert_allclose(surrogate.weights, estimate.weights, atol=1e-9)
    assert surrogate.fidelity == pytest.approx(estimate.fidelity)


def test_the_lasso_leaves_out_what_does_next_to_nothing(rng, neighborhood, weights):
    effects = np.array([2.0, -1.5, 1.0, 0, 0, 0, 0, 0, 0, 0])
    answers = neighborhood.masks @ effects + rng.normal(scale=0.3, size=len(neighborhood))
    lasso, line = (fit_surrogate(kind, neighborhood.masks, answers, weights) for kind in ("lasso", "least_squares"))
    assert set(np.flatnonzero(lasso.weights)) >= {0, 1, 2}
    assert (lasso.weights[3:] == 0).sum() >= 3
    assert line.weights.all()


def test_a_tree_says_that_two_components_are_needed_together_where_a_line_cannot(neighborhood, weights):
    answers = (neighborhood.masks[:, 2] * neighborhood.masks[:, 5]).astype(float)
    tree, line = (fit_surrogate(kind, neighborhood.masks, answers, weights) for kind in ("tree", "least_squares"))
    assert tree.fidelity == pytest.approx(1)
    assert line.fidelity < 0.8
    assert tree.weights is tree.intercept is None
    assert set(np.flatnonzero(tree.importances > 1e-9)) == {2, 5}  # rounding leaves variances of 1e-30 to split


@pytest.mark.parametrize("kind", SURROGATES)
def test_every_surrogate_says_how_good_it_is_and_what_it_uses(kind, neighborhood, weights):
    values = smooth_game(N)
    surrogate = fit_surrogate(kind, neighborhood.masks, values[numbers(neighborhood.masks)], weights)
    assert surrogate.importances.sum() == pytest.approx(1)
    assert (surrogate.importances >= 0).all()
    others = distinct(N, 200, seed=2)
    kernel = kernel_of_size(others.masks.sum(axis=1), N)
    held_out = surrogate.fidelity_on(others.masks, values[numbers(others.masks)], kernel)
    assert 0.3 < held_out < 1
    assert surrogate.predict(others.masks).shape == (200,)


@pytest.mark.parametrize("kind", SURROGATES)
def test_answers_that_never_change_have_no_cause(kind, neighborhood, weights):
    surrogate = fit_surrogate(kind, neighborhood.masks, np.full(300, 0.25), weights)
    assert not surrogate.importances.any()


def test_what_cannot_be_fitted_is_named(neighborhood, weights):
    masks, answers = neighborhood.masks, neighborhood.masks[:, 0]
    with pytest.raises(ParameterError, match="kind='forest' must be one of"):
        fit_surrogate("forest", masks, answers, weights)
    with pytest.raises(ParameterError, match=r"answers=int8 \(299,\)"):
        fit_surrogate("ridge", masks, answers[1:], weights)
    with pytest.raises(ParameterError, match="4 masks are too few for the lasso's cross-validation"):
        fit_surrogate("lasso", masks[:4], answers[:4], weights[:4])
    with pytest.raises(DataError, match="answers must be numbers"):
        fit_surrogate("tree", masks, np.full(300, np.inf), weights)
