from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from lemons.errors import DataError, ParameterError
from recsys import ranking
from recsys.ranking import MEASURES, interval, measure, resamples


@pytest.fixture(params=["all different", "ties"])
def ranked(rng, request):
    labels = rng.integers(0, 2, 30)
    scores = rng.normal(size=30) + labels
    return labels, scores if request.param == "all different" else np.round(scores)


def test_measures_are_those_of_scikit_learn_ties_included(ranked):
    labels, scores = ranked
    values = measure(labels, scores)
    assert values["roc_auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert values["average_precision"] == pytest.approx(average_precision_score(labels, scores))
    for k in (5, 10, 20):
        assert values[f"ndcg@{k}"] == pytest.approx(ndcg_score([labels], [scores], k=k))


def test_a_ranking_worked_out_on_paper():
    labels = [0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    values = measure(labels, np.arange(12, 0, -1))
    assert values["recall@5"] == pytest.approx(2 / 3)
    assert values["precision@10"] == pytest.approx(3 / 10)
    assert values["precision@20"] == pytest.approx(3 / 12)  # there are no more than 12
    assert values["hit_rate@5"] == 1
    assert values["mrr"] == pytest.approx(1 / 2)
    best = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert values["ndcg@5"] == pytest.approx((1 / np.log2(3) + 1 / np.log2(6)) / best)


def test_equal_scores_count_as_the_mean_over_all_their_orders(monkeypatch):
    monkeypatch.setattr(ranking, "CUTOFFS", (2, 3))
    monkeypatch.setattr(ranking, "MEASURES", ("ndcg@2", "recall@3", "precision@2", "hit_rate@2", "hit_rate@3", "mrr"))
    labels = [0, 1, 0, 0, 1, 0]
    orders = [measure([0, *order, 0], range(6, 0, -1)) for order in permutations(labels[1:5])]
    tied = measure(labels, [9, 5, 5, 5, 5, 1])
    for name, value in tied.items():
        assert value == pytest.approx(np.mean([order[name] for order in orders])), name


@pytest.mark.parametrize("better", [1, -1])
def test_a_perfect_order_is_one_and_its_reverse_finds_nothing(better):
    labels = np.arange(60) < 25
    values = measure(labels, -better * np.arange(60))
    best = {name: 1 for name in MEASURES} | {f"recall@{k}": k / 25 for k in (5, 10, 20)}
    expected = best if better == 1 else {name: 0 for name in best} | {"mrr": 1 / 36}
    expected["average_precision"] = values["average_precision"] if better == -1 else 1  # never 0
    assert {name: float(value) for name, value in values.items()} == pytest.approx(expected)


def test_a_track_drawn_twice_counts_like_two_tracks(ranked, rng):
    labels, scores = ranked
    weights = resamples(labels, seed=1, n_resamples=4)
    together = measure(labels, scores, weights)
    for row, counts in enumerate(weights):
        alone = measure(np.repeat(labels, counts), np.repeat(scores, counts))
        for name in MEASURES:
            assert together[name][row] == pytest.approx(alone[name]), name


def test_resamples_keep_both_classes_and_depend_on_the_seed_alone():
    labels = np.array([1, 0, 0, 1, 0, 0, 0])
    counts = resamples(labels, seed=3)
    assert counts.shape == (1000, 7)
    assert (counts[:, labels == 1].sum(axis=1) == 2).all()
    assert (counts[:, labels == 0].sum(axis=1) == 5).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.15)  # standard error 0.03
    np.testing.assert_array_equal(counts, resamples(labels, seed=3))
    assert (counts != resamples(labels, seed=4)).any()


def test_the_interval_is_as_wide_as_the_measure_is_uncertain(rng):
    """The standard error of ROC-AUC by Hanley and McNeil (1982), for normal scores one deviation apart."""
    labels = np.repeat([0, 1], 100)
    scores = rng.normal(size=200) + labels
    auc = measure(labels, scores)["roc_auc"]
    low, high = interval(measure(labels, scores, resamples(labels, seed=0))["roc_auc"])
    assert low < auc < high
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    error = np.sqrt((auc * (1 - auc) + 99 * (q1 - auc**2) + 99 * (q2 - auc**2)) / 100**2)
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(DataError, match="no played tracks among the 2"):
        measure([0, 0], [1, 2])
    with pytest.raises(ParameterError, match=r"weights of shape \(3,\) must have one column for each of 2 tracks"):
        measure([0, 1], [1, 2], [1, 1, 1])


@pytest.mark.parametrize("place", [5, 6, 10, 11, 20, 21])
def test_a_single_relevant_track_is_found_by_the_cutoffs_that_reach_its_place(place):
    n = 30
    found = measure(np.arange(1, n + 1) == place, -np.arange(n))
    for k in (5, 10, 20):
        assert found[f"hit_rate@{k}"] == found[f"recall@{k}"] == (place <= k)
        assert found[f"precision@{k}"] == (place <= k) / k
        assert found[f"ndcg@{k}"] == pytest.approx((place <= k) / np.log2(1 + place))
    assert found["mrr"] == pytest.approx(1 / place)


def test_an_interval_leaves_out_half_of_the_rest_at_either_end():
    # 2.5 % and 97.5 % of 0 ... 1000; confidence 1 leaves nothing out
    assert interval(np.arange(1001.0)) == pytest.approx((25, 975))
    assert interval(np.arange(1001.0), confidence=1) == (0, 1000)
