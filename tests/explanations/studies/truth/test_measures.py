"""What the measures say of weights and sets that are known to be right, wrong, or no answer."""

import numpy as np
import pytest

from explanations.studies.truth.measures import auc, mean_with_interval, set_scores, top_share
from lemons.exact import facts_of
from recsys.metrics import roc_auc


def test_the_auc_is_that_of_the_recommender_s_evaluation(rng):
    for _ in range(20):
        weights = rng.integers(0, 5, 12)  # with ties
        planted = set(rng.choice(12, 4, replace=False).tolist())
        assert auc(weights, planted) == pytest.approx(roc_auc([i in planted for i in range(12)], weights))


def test_weights_that_say_the_same_of_all_are_worth_a_guess():
    weights = np.ones(10)
    assert auc(weights, {1, 2}) == 0.5
    assert top_share(weights, {1, 2}, 1) == pytest.approx(0.2)


def test_what_does_not_speak_for_a_track_is_not_at_the_top():
    assert top_share(np.array([0.0, -1.0, -2.0]), {0}, 1) == 0
    assert top_share(np.array([0.1, -1.0, -2.0]), {0}, 3) == 1


def test_ties_at_the_edge_of_the_top_are_broken_at_random(rng):
    weights, planted = np.array([3.0, 1.0, 1.0, 1.0, 0.5]), {0, 2}
    drawn = []
    for _ in range(4000):
        order = np.lexsort((rng.random(5), -weights))[:3]
        drawn.append(len(planted & set(order.tolist())) / 2)
    # a share's standard error here is below 0.004
    assert top_share(weights, planted, 3) == pytest.approx(np.mean(drawn), abs=0.02)


def test_a_smallest_set_is_exact_only_if_it_is_the_only_one():
    both = facts_of(np.array([0.0, 0.0, 0.0, 1.0]), 0.5)  # AND
    either = facts_of(np.array([0.0, 1.0, 1.0, 1.0]), 0.5)  # OR
    assert set_scores(both.sufficient, {0, 1}) == {"exact": 1, "precision": 1, "recall": 1, "size": 2}
    assert set_scores(either.sufficient, {0}) == {"exact": 0, "precision": 0.5, "recall": 0.5, "size": 1}
    nothing = facts_of(np.zeros(4), 0.5)
    assert set_scores(nothing.sufficient, {0}) == {"exact": 0, "precision": 0, "recall": 0, "size": -1}


def test_intervals_hold_the_mean_and_narrow_with_the_root_of_the_number(rng):
    few, many = (mean_with_interval(rng.normal(size=n)) for n in (25, 2500))
    for found in (few, many):
        assert found["low"] < found["mean"] < found["high"]
    # standard errors of 0.2 and 0.02; each width is 3.92 of them, give or take a third
    assert few["high"] - few["low"] == pytest.approx(0.78, rel=0.33)
    assert many["high"] - many["low"] == pytest.approx(0.078, rel=0.33)
    assert mean_with_interval([1.0, 1.0, 1.0])["low"] == 1


def test_the_interval_of_models_that_differ_is_that_of_models_and_not_of_tracks(rng):
    """Three models, whose tracks agree: all that is unsure is which models one gets."""
    values, seeds = np.repeat([0.0, 1.0, 1.0], 14), np.repeat([0, 1, 2], 14)
    over_tracks, over_models = mean_with_interval(values), mean_with_interval(values, seeds=seeds)
    assert over_models["by_seed"] == [0, 1, 1]
    assert (over_models["low"], over_models["high"]) == (0, 1)  # each has a chance of 1/27 or more
    assert over_tracks["low"] > 0.45
    # where models are alike the two agree: the standard error of 42 tracks is 0.15
    alike = rng.normal(size=42)
    wide, narrow = (mean_with_interval(alike, seeds=of) for of in (seeds, np.zeros(42, int)))
    assert narrow["high"] - narrow["low"] <= wide["high"] - wide["low"] < 2.5 * (narrow["high"] - narrow["low"])
