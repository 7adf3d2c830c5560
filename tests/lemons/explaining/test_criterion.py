import numpy as np
import pytest
from scipy.special import expit, logit

from lemons.errors import DataError, ParameterError
from lemons.explaining.criterion import half_the_odds, listed, value


def test_a_track_that_reaches_it_is_among_the_ten_whatever_place_it_has(rng):
    others = rng.uniform(size=24)
    limit = listed(others.tolist()).relevance
    for relevance in (limit, np.nextafter(limit, 1), np.nextafter(limit, 0), 0.0, 1.0):
        place = 1 + int((others > relevance).sum())
        assert (place <= 10) == (relevance >= limit)


def test_fewer_others_than_the_list_has_places_have_a_last_one():
    assert listed([0.5, 0.25]).relevance == 0.25
    with pytest.raises(DataError, match="no other track"):
        listed([])


def test_half_the_odds_are_half_of_them():
    full = 0.8  # odds of 4 to 1
    assert half_the_odds(float(logit(full))).relevance == pytest.approx(2 / 3)
    assert half_the_odds(0.0).relevance == pytest.approx(expit(-np.log(2)))


@pytest.mark.parametrize("text", ["0", "1", "-3", "nan", "often", None])
def test_what_is_no_relevance_is_refused(text):
    with pytest.raises(ParameterError, match=r"threshold=.* must be 'list', 'half the odds' or a relevance between"):
        value(text)


def test_a_relevance_may_come_as_text():
    assert value("0.75").relevance == 0.75
