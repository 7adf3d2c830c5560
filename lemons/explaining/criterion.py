"""What counts as recommended: the relevance that a mix must reach."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import expit, logit

from lemons.arguments import quoted
from lemons.errors import DataError, ParameterError

__all__ = ["HALF", "MEANINGS", "N_LISTED", "Criterion", "chosen", "half_the_odds", "listed", "value"]

N_LISTED = 10  # tracks on a listener's list
HALF = "half the odds"
MEANINGS = ("list", "value", HALF, "score")


@dataclass(frozen=True)
class Criterion:
    """A relevance, and what reaching it means.

    Attributes
    ----------
    relevance : float
        what a mix must reach: from 0 to 1, but for a score any number
    meaning : {"list", "value", "half the odds", "score"}
        whether it is that of the last of the other tracks beside which a mix is still on the listener's list; a number
        that somebody chose; the one at which the odds are half of those of the full mix; or a score that somebody chose
    """

    relevance: float
    meaning: str

    @property
    def logit(self) -> float:
        """The same before the sigmoid."""
        return float(logit(self.relevance))


def listed(others: Sequence[float], *, n: int = N_LISTED) -> Criterion:
    """The relevance with which a track is among the first n, beside the other tracks.

    Parameters
    ----------
    others : sequence of float
        relevance of every other track that could be recommended
    n : int > 0
        length of the list

    Returns
    -------
    Criterion
        the n-th largest relevance of the others, since with as much the track shares the last place; the smallest one
        if they are fewer

    Raises
    ------
    DataError
        if there are no others
    """
    if not len(others):
        raise DataError("no other track could be recommended, so any mix is first; choose a threshold, such as 0.5")
    return Criterion(float(sorted(others, reverse=True)[:n][-1]), "list")


def half_the_odds(full_logit: float) -> Criterion:
    """The relevance at which the odds of a recommendation are half of those of the full mix."""
    return Criterion(float(expit(full_logit - math.log(2))), HALF)


def chosen(threshold: float | str, full_logit: Callable[[], float]) -> Criterion:
    """Half the odds of the full mix, if that is the threshold, or else a relevance that somebody chose.

    Parameters
    ----------
    threshold : float or "half the odds"
    full_logit : callable
        asked for the full mix's logit where it is needed

    Raises
    ------
    ParameterError
        if the threshold is neither

    Examples
    --------
    >>> chosen("half the odds", lambda: 0.0).relevance
    0.3333333333333333
    """
    return half_the_odds(full_logit()) if threshold == HALF else value(threshold)


def value(relevance: float | str) -> Criterion:
    """A relevance that somebody chose; ParameterError if it is none."""
    try:
        found = float(relevance)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 < found < 1:
        wanted = f"{'list'!r}, {HALF!r} or a relevance between 0 and 1"
        raise ParameterError(f"threshold={quoted(relevance)} must be {wanted}")
    return Criterion(found, "value")
