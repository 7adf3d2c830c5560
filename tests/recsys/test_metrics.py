from itertools import product

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from lemons.errors import DataError, ParameterError
from recsys.metrics import average_precision, count_levels, log_loss, roc_auc


@pytest.mark.parametrize("measure", [roc_auc, average_precision])
def test_a_perfect_order_is_one_and_only_the_order_counts(measure, rng):
    logits = np.sort(rng.normal(size=20))
    labels = np.arange(20) >= 12
    assert measure(labels, logits) == 1
    assert measure(labels, -logits) < 0.5
    shuffled = rng.permutation(labels)
    assert measure(shuffled, logits) == measure(shuffled, 1 / (1 + np.exp(-logits)))


def test_equal_scores_are_chance():
    assert roc_auc([1, 0, 0, 1], [3, 3, 3, 3]) == 0.5
    assert average_precision([1, 0, 0, 0], [3, 3, 3, 3]) == 0.25


def test_the_loss_is_that_of_training(rng):
    logits, labels = rng.normal(0, 30, 50), rng.integers(0, 2, 50).astype(float)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor(logits), torch.tensor(labels))
    assert log_loss(labels, logits) == pytest.approx(expected.item())


@pytest.mark.parametrize("measure", [roc_auc, average_precision, log_loss])
@pytest.mark.parametrize(
    ("labels", "scores", "error", "sentence"),
    [
        ([1, 1], [0.1, 0.2], DataError, "only played tracks among the 2"),
        ([0, 0, 0], [0.1, 0.2, 0.3], DataError, "no played tracks among the 3"),
        ([0, 1], [np.nan, 0.2], DataError, "1 of 2 scores are not numbers"),
        ([0, 1], [0.1], ParameterError, "must be alike"),
    ],
)
def test_what_cannot_be_measured_is_refused(measure, labels, scores, error, sentence):
    with pytest.raises(error, match=sentence):
        measure(labels, scores)


def test_labels_and_scores_may_be_whole_numbers_booleans_or_lists_of_texts_of_numbers():
    for labels, scores in (
        ([True, False], [2, 1]),
        (np.array([1, 0], np.int8), np.float16([2, 1])),
        (["1", "0"], "21"),
    ):
        assert roc_auc(labels, list(scores)) == 1


def test_how_many_scores_are_no_numbers_is_counted():
    with pytest.raises(DataError, match="1 of 3 scores"):
        roc_auc([1, 0, 1], [0.5, np.nan, 0.25])


@pytest.mark.parametrize("ties", [False, True])
def test_measures_are_those_of_scikit_learn(rng, ties):
    labels = rng.integers(0, 2, 50)
    scores = rng.normal(size=50) + labels
    scores = np.round(scores) if ties else scores
    # sums of some fifty terms in [0, 1], in another order
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), rel=1e-14)
    assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores), rel=1e-14)


def test_equal_roc_aucs_of_different_orders_are_equal_to_the_last_bit():
    """The numbers of pairs are whole or half numbers, so there is one rounding, that of the quotient."""
    scores = np.arange(8, 0, -1)
    found = {}
    for labels in product([0, 1], repeat=8):
        n_relevant = sum(labels)
        if 0 < n_relevant < 8:
            n_pairs = sum(labels[i] > labels[j] for i in range(8) for j in range(i, 8))
            found.setdefault((n_relevant, n_pairs), set()).add(roc_auc(labels, scores))
    assert {len(values) for values in found.values()} == {1}


def test_tracks_are_counted_at_each_score_by_their_weights():
    labels, scores = [1, 0, 1, 0], [0.1, 0.5, 0.5, 0.9]
    relevant, others = count_levels(labels, scores, [[1, 1, 1, 1], [2, 0, 3, 1]])
    np.testing.assert_array_equal(relevant, [[0, 1, 1], [0, 3, 2]])  # the best score first
    np.testing.assert_array_equal(others, [[1, 1, 0], [1, 0, 0]])
