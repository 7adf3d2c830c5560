import numpy as np
import pytest
import torch

from lemons.errors import DataError, ParameterError
from lemons.exact.lime import lime_of_moments
from lemons.exact.moments import moments_of
from lemons.exact.shapley import shapley_of_moments
from lemons.sampling import (
    ESTIMATORS,
    SAMPLERS,
    bernoulli,
    distinct,
    estimate_lime,
    estimate_shapley,
    kernel_shap,
    leverage,
    paired,
)
from tests.lemons.exact.games import all_masks, game
from tests.lemons.sampling.test_samplers import PAIRS, numbers


def smooth_game(n):
    """Answers to all masks of a small network: main effects and interactions of every order."""
    rng = np.random.default_rng(440)
    return np.tanh(all_masks(n) @ rng.normal(size=(n, 8))) @ rng.normal(size=8)


def exact_weights(values):
    moments = moments_of(torch.as_tensor(values), len(values).bit_length() - 1)
    return {"lime": lime_of_moments(moments, alpha=0).weights, "shapley": shapley_of_moments(moments)}


def estimates(estimator, sampler, values, n_masks, n_seeds):
    n = len(values).bit_length() - 1
    drawn = [sampler(n, n_masks, seed=seed) for seed in range(n_seeds)]
    return [estimator(one, values[numbers(one.masks)]) for one in drawn]


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=[*ESTIMATORS])
@pytest.mark.parametrize("sampler", PAIRS.values(), ids=[*PAIRS])
def test_answers_that_are_a_line_are_found_from_few_masks_without_error(rng, estimator, sampler):
    effects = rng.normal(size=30)
    neighborhood = sampler(30, 120)
    estimate = estimator(neighborhood, neighborhood.masks @ effects + 0.5)
    np.testing.assert_allclose(estimate.weights, effects, atol=1e-9)
    np.testing.assert_allclose(estimate.standard_errors, 0, atol=1e-7)  # rounding, amplified where the masks are few
    assert estimate.intercept == pytest.approx(0.5)
    assert estimate.fidelity == pytest.approx(1)


@pytest.mark.parametrize("sampler", [distinct, leverage])
@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_all_masks_give_the_exact_weights_and_no_error(rng, sampler, name, n):
    values = game(rng, n)
    (estimate,) = estimates(ESTIMATORS[name], sampler, values, 2**n + 2, 1)
    np.testing.assert_allclose(estimate.weights, exact_weights(values)[name], atol=1e-9)
    assert not estimate.covariance.any()
    assert (estimate.confidence_intervals == estimate.weights[:, None]).all()
    assert estimate.n_masks == 2**n
    assert estimate.settled(1)


@pytest.mark.parametrize(
    ("name", "sampler"), [("lime", distinct), ("lime", bernoulli), ("shapley", leverage), ("shapley", kernel_shap)]
)
def test_intervals_hold_the_exact_weights_as_often_as_they_say(name, sampler):
    values = smooth_game(12)
    exact = exact_weights(values)[name]
    intervals = np.array([one.confidence_intervals for one in estimates(ESTIMATORS[name], sampler, values, 400, 40)])
    covered = (intervals[..., 0] <= exact) & (exact <= intervals[..., 1])
    # 480 intervals of 95 %, some of them about the same masks: within 0.03
    assert 0.92 <= covered.mean() <= 0.98


def test_for_shapley_values_leverage_errs_less_than_kernel_shap_and_that_less_than_plain_pairs():
    values = smooth_game(12)
    exact = exact_weights(values)["shapley"]
    errors = [
        np.mean([np.abs(one.weights - exact).mean() for one in estimates(estimate_shapley, sampler, values, 400, 10)])
        for sampler in (leverage, kernel_shap, paired)
    ]
    assert errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize("sampler", [paired, distinct])
def test_for_lime_a_pair_tells_more_than_two_masks_on_their_own(sampler):
    values = smooth_game(12)
    exact = exact_weights(values)["lime"]
    pairs, single = (
        np.mean([np.abs(one.weights - exact).mean() for one in estimates(estimate_lime, each, values, 400, 10)])
        for each in (sampler, bernoulli)
    )
    assert pairs < single


def test_errors_fall_with_the_root_of_the_number_of_masks():
    values = smooth_game(12)
    few, many = (
        np.mean([one.standard_errors.mean() for one in estimates(estimate_shapley, kernel_shap, values, size, 4)])
        for size in (500, 4500)
    )
    assert few / many == pytest.approx(3, rel=0.15)


@pytest.mark.parametrize("sampler", PAIRS.values(), ids=[*PAIRS])
def test_shapley_values_sum_to_what_all_components_add(rng, sampler):
    values = game(rng, 8)
    (estimate,) = estimates(estimate_shapley, sampler, values, 100, 1)
    assert estimate.weights.sum() == pytest.approx(values[-1] - values[0])
    assert estimate.intercept == values[0]


def test_the_top_is_settled_once_its_lead_exceeds_the_errors():
    lead = np.array([1.0, 0.5, 0.0, 0.0])
    neighborhood = distinct(4, 14, seed=0)
    answers = neighborhood.masks @ lead
    noise = np.random.default_rng(0).normal(size=len(answers))
    sure, unsure = (estimate_lime(neighborhood, answers + size * noise) for size in (1e-3, 1.0))
    assert sure.top(2) == (0, 1)
    assert [sure.settled(k) for k in (1, 2, 3, 4)] == [True, True, False, True]  # the last two are alike
    assert not unsure.settled(2)
    assert unsure.settled(2, risk=1.0) or not unsure.settled(2, risk=0.01)


@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=[*ESTIMATORS])
def test_what_cannot_be_estimated_is_named(estimator):
    neighborhood = paired(12, 60)
    answers = neighborhood.masks.sum(axis=1)
    with pytest.raises(ParameterError, match=r"answers=int64 \(59,\) must be a number for each of 60 masks"):
        estimator(neighborhood, answers[:-1])
    with pytest.raises(ParameterError, match="answers="):
        estimator(neighborhood, answers.astype(str))
    with pytest.raises(DataError, match="not numbers"):
        estimator(neighborhood, np.full(60, np.nan))
    few = paired(12, 16)
    with pytest.raises(ParameterError, match="16 masks are too few for the weights of 12 components"):
        estimator(few, np.zeros(16))
    estimate = estimator(neighborhood, answers)
    with pytest.raises(ParameterError, match="k=13 must be between 1 and 12, the components"):
        estimate.top(13)
    with pytest.raises(ParameterError, match="risk=0"):
        estimate.settled(1, risk=0)


def test_shapley_values_need_the_answer_to_silence():
    neighborhood = SAMPLERS["bernoulli"](12, 60)
    with pytest.raises(ParameterError, match="lacks the full mix or silence"):
        estimate_shapley(neighborhood, np.zeros(60))
