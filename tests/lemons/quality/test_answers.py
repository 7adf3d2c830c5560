"""Answers from functions and tables."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from lemons.errors import DataError, ParameterError
from lemons.quality import Answers
from lemons.quality.answers import as_answers, as_weights, top_mask


class Table:
    """Answers with logits; remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def logits(self, masks):
        self.asked += masks.tolist()
        return masks @ np.array([1.0, 2.0, 4.0])


def test_each_distinct_mask_is_asked_about_once():
    table = Table()
    answers = Answers(table, 3)
    assert answers(np.array([[1, 0, 0], [0, 1, 1], [1, 0, 0]])).tolist() == [1, 6, 1]
    assert answers(np.array([[0, 1, 1], [1, 1, 1]])).tolist() == [6, 7]
    assert sorted(table.asked) == [[0, 1, 1], [1, 0, 0], [1, 1, 1]]
    assert answers.n_asked == 3


def test_logits_become_probabilities_and_values_of_a_function_stay():
    masks = np.array([[1, 1, 0]])
    assert Answers(Table(), 3, target="probability")(masks) == expit(3.0)
    assert Answers(lambda masks: masks.mean(axis=1), 2, target="probability")(masks[:, :2]) == 1


def test_silent_components_stay_off():
    answers = Answers(Table(), 2, sounding=np.array([True, False, True]))
    assert answers(np.array([[1, 1], [0, 1]])).tolist() == [5, 4]


def test_tensors_are_answers_as_good_as_arrays():
    assert Answers(lambda masks: torch.tensor(masks).sum(dim=1), 2)(np.array([[1, 1]])).tolist() == [2]


def test_no_masks_have_no_answers():
    assert Answers(Table(), 3)(np.zeros((0, 3))).shape == (0,)


def test_answers_remain_the_same_answers():
    answers = Answers(Table(), 3)
    assert as_answers(answers, 3) is answers


@pytest.mark.parametrize(
    ("source", "error", "match"),
    [
        (5, ParameterError, "answers=5 must be a function of masks"),
        (lambda masks: masks, ParameterError, "answers to 1 masks are"),
        (lambda masks: np.array(["a"]), ParameterError, "answers to 1 masks are"),
        (lambda masks: np.array([np.nan]), DataError, "not numbers"),
    ],
)
def test_what_is_no_answer_is_an_error(source, error, match):
    with pytest.raises(error, match=match):
        Answers(source, 2)(np.ones((1, 2)))


def test_masks_of_another_length_are_an_error():
    with pytest.raises(ParameterError, match=r"shape \(1, 2\) must have shape \(n_masks, 3\)"):
        Answers(Table(), 3)(np.ones((1, 2)))


def test_an_unknown_target_is_an_error():
    with pytest.raises(ParameterError, match="target='loudness'"):
        Answers(Table(), 3, target="loudness")


@pytest.mark.parametrize("weights", [[[1.0]], [], "abc", [1.0, np.inf], [[1], [1, 2]]])
def test_what_cannot_be_weights_is_an_error(weights):
    with pytest.raises(ParameterError, match="weights"):
        as_weights(weights)


def test_the_top_holds_positive_weights_only():
    assert top_mask(np.array([0.0, 2.0, -3.0, 1.0]), 3).tolist() == [0, 1, 0, 1]
