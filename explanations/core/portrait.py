"""What a listener's model listens for: facts and weights of explanations by sources, summed up over tracks.

A share of n tracks has Wilson's 95 % score interval, since resampling tracks would say of 10 in 10 that there is no
doubt; a mean has a percentile bootstrap interval over tracks. Both say how much other recommended tracks might change
the figure, with the model as it is.

References: Wilson, "Probable inference, the law of succession, and statistical inference", 1927; Efron & Tibshirani,
"An Introduction to the Bootstrap", 1993.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from lemons.baselines import SILENCE
from lemons.errors import DataError, ParameterError
from lemons.exact import Facts
from lemons.explaining.explanation import Explanation
from lemons.explaining.trust import line_holds
from lemons.markup import table_html
from recsys.ranking import CONFIDENCE, N_RESAMPLES, interval

__all__ = ["KIND", "Estimate", "Habit", "Portrait", "portrait_of", "usable"]

KIND = "source"  # components are whole stems
MOST = 0.8  # of the tracks in which some stem is enough alone: so many the stems of `Portrait.either` account for


@dataclass(frozen=True)
class Estimate:
    """A figure and the limits of its 95 % interval; numbers of tracks or, for a share, from 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Habit:
    """What a stem has to do with the recommendations of a model.

    Attributes
    ----------
    stem : str
    n_sounding : int
        tracks in which it is not silent
    enough : Estimate
        tracks in which it is enough alone: a smallest sufficient set by itself
    needed : Estimate
        tracks in which it is in one of the smallest necessary sets
    idle : Estimate
        tracks in which it sounds and is in no minimal sufficient set: whatever is enough is enough without it
    share : Estimate or None
        of what speaks for a track: its positive weight over the sum of all, on average over the tracks of which a
        linear model holds; None where it holds of none
    """

    stem: str
    n_sounding: int
    enough: Estimate
    needed: Estimate
    idle: Estimate
    share: Estimate | None


@dataclass(frozen=True)
class Portrait:
    """What a model listens for, by explanations of tracks that it recommends; plain values, which JSON takes.

    Attributes
    ----------
    listener : str
        whose model it is
    meaning : str
        what counts as recommended; see `lemons.explaining.criterion.Criterion`
    track_ids : tuple of str
        the tracks that it is about, all of which reach the criterion
    n_line : int
        how many of them a linear model describes, so that weights count
    n_silence : int
        in how many of them silence alone would be recommended as well
    n_any : int
        in how many of them every mix would be, so that no stem matters
    habits : tuple of Habit
        one for each stem; those that are enough most often first, then those of the largest share
    either : tuple of str
        the fewest stems of which one is enough in most of the tracks in which any is; empty where none ever is. They
        are chosen by these tracks, so that on others they may do a little worse than the interval says.
    either_enough : Estimate
        tracks in which one of those is enough alone
    """

    listener: str
    meaning: str
    track_ids: tuple[str, ...]
    n_line: int
    n_silence: int
    n_any: int
    habits: tuple[Habit, ...]
    either: tuple[str, ...]
    either_enough: Estimate

    @property
    def n_tracks(self) -> int:
        """How many tracks it is about."""
        return len(self.track_ids)

    def _repr_html_(self) -> str:
        counts = [[_text(one) for one in (habit.enough, habit.needed, habit.idle)] for habit in self.habits]
        rows = [[habit.stem, str(habit.n_sounding), *row] for habit, row in zip(self.habits, counts, strict=True)]
        caption = f"What {self.listener or 'the model'} listens for, in {self.n_tracks} recommended tracks"
        header = ["stem", "sounds", "is enough", "is needed", "is in nothing that is enough"]
        return table_html(caption, header, rows, note="Numbers of tracks, with 95 % intervals.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dataclasses.asdict(self)


def usable(explanations: Iterable[Explanation], *, meaning: str = "list") -> list[Explanation]:
    """Those that a portrait is made of: by sources, with facts, of tracks that reach a criterion of that meaning.

    Parameters
    ----------
    explanations : iterable of Explanation
        of any model; of several of one track and one separator the last counts
    meaning : str
        what counts as recommended

    Returns
    -------
    list of Explanation
        by one separator, the one of most tracks, since stems of others are other stems
    """
    by_separator: dict[str, dict[str, Explanation]] = {}
    for one in explanations:
        fits = (one.kind, one.baseline, _meaning(one)) == (KIND, SILENCE, meaning)
        if fits and one.facts is not None and one.facts.full_reaches:
            by_separator.setdefault(one.separator, {})[one.track_id] = one
    return list(max(by_separator.values(), key=len, default={}).values())


def _text(estimate: Estimate) -> str:
    return f"{estimate.value:.0f} [{estimate.low:.0f}, {estimate.high:.0f}]"


def _meaning(explanation: Explanation) -> str:
    """What counts as recommended; empty where nothing does."""
    return "" if explanation.criterion is None else explanation.criterion.meaning


def portrait_of(explanations: Sequence[Explanation], *, listener: str = "") -> Portrait:
    """Sum up explanations of one model.

    Parameters
    ----------
    explanations : sequence of Explanation
        as `usable` gives them, one for each track
    listener : str
        whose model it is; a name only

    Returns
    -------
    Portrait

    Raises
    ------
    ParameterError
        if they are of several models, not by sources, or of tracks that do not reach their criterion
    DataError
        if there are none
    """
    if not explanations:
        raise DataError("no recommended track was explained by its sources; explain some first, with --kind source")
    if len({(one.model_hash, _meaning(one)) for one in explanations}) > 1:
        raise ParameterError("a portrait is of one model and one criterion; give explanations of one")
    if any(one.kind != KIND or one.facts is None or not one.facts.full_reaches for one in explanations):
        raise ParameterError("a portrait needs facts by sources about recommended tracks; choose them with usable()")
    facts = [one.facts for one in explanations if one.facts is not None]
    named = [{component.index: component.stem for component in one.components} for one in explanations]
    enough = [_enough(found, names) for found, names in zip(facts, named, strict=True)]
    shares = [_shares(one) for one in explanations if line_holds(one)]
    shares = [one for one in shares if one]
    stems = list(dict.fromkeys(stem for names in named for stem in names.values()))
    habits = [_habit(stem, facts, named, enough, shares) for stem in stems]
    habits.sort(key=lambda one: (-one.enough.value, -(one.share.value if one.share else 0.0)))
    either = _fewest(stems, enough)
    return Portrait(
        listener=listener,
        meaning=_meaning(explanations[0]),
        track_ids=tuple(one.track_id for one in explanations),
        n_line=len(shares),
        n_silence=sum(one.silence_reaches for one in facts),
        n_any=sum(one.every_mix_reaches for one in facts),
        habits=tuple(habits),
        either=either,
        either_enough=_count([bool(found & set(either)) for found in enough]),
    )


def _enough(facts: Facts, names: Mapping[int, str]) -> set[str]:
    """The stems that are enough alone."""
    return {names[one[0]] for one in facts.sufficient.smallest if len(one) == 1}


def _habit(
    stem: str,
    facts: Sequence[Facts],
    named: Sequence[Mapping[int, str]],
    enough: Sequence[set[str]],
    shares: Sequence[Mapping[str, float]],
) -> Habit:
    needed, idle, sounding = [], [], []
    for found, names in zip(facts, named, strict=True):
        roles = {names[part.component]: part.role for part in found.parts}
        sounding.append(stem in roles)
        idle.append(roles.get(stem) == "none")
        needed.append(any(names[index] == stem for one in found.necessary.smallest for index in one))
    share = _mean([one.get(stem, 0.0) for one in shares]) if shares else None
    return Habit(stem, sum(sounding), _count([stem in one for one in enough]), _count(needed), _count(idle), share)


def _shares(explanation: Explanation) -> dict[str, float]:
    """What each stem contributes to what speaks for a track; empty where nothing does."""
    positive = {one.stem: max(one.weight, 0.0) for one in explanation.components}
    total = sum(positive.values())
    return {stem: weight / total for stem, weight in positive.items()} if total > 0 else {}


def _fewest(stems: Sequence[str], enough: Sequence[set[str]]) -> tuple[str, ...]:
    """The fewest stems that account for `MOST`; of as few, those that do so most often."""
    wanted = MOST * sum(map(bool, enough))
    if not wanted:
        return ()
    for size in range(1, len(stems) + 1):
        groups = itertools.combinations(stems, size)
        n_tracks, best = max(((sum(bool(one & set(group)) for one in enough), group) for group in groups), key=_first)
        if n_tracks >= wanted:
            break
    return tuple(sorted(best, key=lambda stem: -sum(stem in one for one in enough)))


def _first(pair: tuple[int, tuple[str, ...]]) -> int:
    return pair[0]


def _count(occurs: Sequence[bool]) -> Estimate:
    """In how many tracks something is so."""
    n, k = len(occurs), sum(occurs)
    limits = binomtest(k, n).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(float(k), n * float(limits.low), n * float(limits.high))


def _mean(values: Sequence[float]) -> Estimate:
    """The mean over tracks; its interval is the same whatever the order of the tracks."""
    drawn = np.random.default_rng(0).integers(len(values), size=(N_RESAMPLES, len(values)))
    low, high = interval(np.sort(values)[drawn].mean(axis=1))
    return Estimate(float(np.mean(values)), low, high)
