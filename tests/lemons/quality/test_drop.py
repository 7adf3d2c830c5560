"""What is lost, won and left, worked out by hand."""

import pytest

from lemons.errors import ParameterError
from lemons.quality import average_drop, average_gain, average_increase, rest_faithfulness

FULL = [0.8, 0.6, 0.5, 0.5]
KEPT = [0.6, 0.7, 0.5, 0.0]
ROUNDING = 1e-15  # of a mean of four numbers below 1


def test_drop_by_hand():
    """0.2 / 0.8, 0, 0, 0.5 / 0.5: (1/4 + 1) / 4."""
    assert average_drop(FULL, KEPT) == pytest.approx(0.3125, abs=ROUNDING)


def test_increase_by_hand():
    """The second alone is higher, the third is as high: 1 of 4."""
    assert average_increase(FULL, KEPT) == 0.25


def test_gain_by_hand():
    """0, 0.1 / 0.4, 0, 0: 1/16."""
    assert average_gain(FULL, KEPT) == pytest.approx(0.0625, abs=ROUNDING)


def test_faithfulness_of_the_rest_by_hand():
    """0.8 - 0.3 and 0.6 - 0.9: (0.5 - 0.3) / 2."""
    assert rest_faithfulness([0.8, 0.6], [0.3, 0.9]) == pytest.approx(0.1, abs=ROUNDING)


def test_of_nothing_nothing_is_lost_and_to_everything_nothing_is_won():
    assert average_drop(0.0, 0.5) == average_drop(0.0, 0.0) == 0
    assert average_gain(1.0, 0.5) == average_gain(1.0, 1.0) == 0


@pytest.mark.parametrize("measure", [average_drop, average_increase, average_gain, rest_faithfulness])
@pytest.mark.parametrize(
    ("full", "match"),
    [([0.5, 1.5], "squash logits"), ([], "probabilities"), ("high", "probabilities"), ([0.5], "as many"), ([2.0], "1")],
)
def test_what_are_no_probabilities_is_an_error(measure, full, match):
    with pytest.raises(ParameterError, match=match):
        measure(full, [0.5, 0.5])
