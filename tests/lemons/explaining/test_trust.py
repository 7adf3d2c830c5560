from dataclasses import replace

import pytest

from lemons.explaining.component import Pair
from lemons.explaining.trust import fidelity_in_words, line_holds


@pytest.mark.parametrize(
    ("fidelity", "words"), [(1, "nearly additive"), (0.7, "mostly additive"), (0.3, "roughly additive")]
)
def test_where_r2_is_high_the_line_holds_whatever_interacts(explanation, fidelity, words):
    for pair in (None, Pair(0, 1, 3.0, 2.5)):
        judged = replace(explanation, fidelity_held_out=fidelity, pair=pair)
        assert line_holds(judged)
        assert fidelity_in_words(judged) == words


@pytest.mark.parametrize(("ratio", "words"), [(0.4, "hardly additive"), (1.01, "not additive")])
def test_where_r2_is_low_the_strongest_interaction_decides(explanation, ratio, words):
    """Such as a hum that alone makes the relevance: R² is low for the sigmoid's sake, and no two parts interact."""
    judged = replace(explanation, fidelity_held_out=0.15, pair=Pair(0, 1, -0.5, ratio))
    assert line_holds(judged) == (ratio < 1)
    assert fidelity_in_words(judged) == words


def test_a_low_r2_of_some_masks_alone_is_not_trusted(explanation):
    assert not line_holds(replace(explanation, fidelity_held_out=0.29, pair=None))
