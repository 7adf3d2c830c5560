import numpy as np
import pytest
import torch

from lemons.errors import DataError, ParameterError
from recsys.metrics import average_precision, log_loss, roc_auc


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
