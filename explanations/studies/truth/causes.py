"""Constructed models: functions of the mask with a planted cause among nuisances.

A track has 4 segments of 5 stems, K = 20 components, each with an activity drawn from [0.5, 1]: how much of the trait
it carries. A stem's feature is the share of its activity that is on, or the largest activity that is on; a sound's is
its switch. A *head* makes 6 times a form of one or two features of them, less half: its logit is about 3 where the
cause is there and -3 where it is not. *Nuisances* are effects of all five stems' shares and of all ten pairs of them,
each normal with a standard deviation of 6 σ. Without them any positive weight wins, and a method proves nothing.

A draw is a track, its cause and its nuisances; draws whose full mix is not recommended (p < ½) are drawn again, since
what is explained is why a track *is* recommended.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explanations.studies.truth.answers import Answers
from lemons.exact.masks import mask_rows

__all__ = ["CAUSES", "GAIN", "SIGMA", "STEMS", "Cause", "Draw", "Head", "K", "draw"]

N_SEGMENTS, N_STEMS = 4, 5
K = N_SEGMENTS * N_STEMS
STEMS = tuple(tuple(range(stem, K, N_STEMS)) for stem in range(N_STEMS))  # the components of each
GAIN = 6.0  # of the logit between cause and no cause
SIGMA = 0.1  # of the nuisances, relative to the gain

Head = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Cause:
    """What is planted.

    Attributes
    ----------
    name : str
    feature : {"mean", "max", "sound"}
        of a stem's components, or the switch of one component
    n_features : int
        how many stems or sounds the head hears
    head : callable
        from the features, arrays (2**K,), to logits (2**K,) without nuisances
    fact : {"sufficient", "necessary"}
        which smallest set should be the planted one
    n_for : int
        how many of the features speak for the track, the first ones
    """

    name: str
    feature: str
    n_features: int
    head: Head
    fact: str
    n_for: int


def _one(x):
    return GAIN * (x - 0.5)


def _and(x, y):
    return GAIN * (x * y - 0.5)


def _or(x, y):
    return GAIN * (x + y - x * y - 0.5)


def _xnor(x, y):
    return GAIN * (0.5 - x - y + 2 * x * y)


def _for_and_against(x, y):
    return GAIN * x - GAIN / 2 * y - 1


CAUSES = (
    Cause("one stem", "mean", 1, _one, "sufficient", 1),
    Cause("one sound in one segment", "sound", 1, _one, "sufficient", 1),
    Cause("AND of two stems", "mean", 2, _and, "sufficient", 2),
    Cause("OR of two stems", "mean", 2, _or, "necessary", 2),
    Cause("XNOR of two stems", "mean", 2, _xnor, "sufficient", 2),
    Cause("AND of two sounds", "sound", 2, _and, "sufficient", 2),
    Cause("OR of two sounds", "sound", 2, _or, "necessary", 2),
    Cause("XNOR of two sounds", "sound", 2, _xnor, "sufficient", 2),
    Cause("max pool of a stem", "max", 1, _one, "necessary", 1),
    Cause("for and against", "mean", 2, _for_and_against, "sufficient", 1),
)


@dataclass(frozen=True)
class Draw:
    """A track with a planted cause.

    Attributes
    ----------
    answers : Answers
        to all mixes of the 20 components
    planted : frozenset of int
        components that speak for it by design
    n_redrawn : int
        draws before this one that were not recommended
    """

    answers: Answers
    planted: frozenset[int]
    n_redrawn: int

    def of_stems(self) -> "Draw":
        """The same with whole stems as components."""
        planted = frozenset(stem for stem, components in enumerate(STEMS) if self.planted & set(components))
        return Draw(self.answers.of_groups(STEMS), planted, self.n_redrawn)


def _along(stem: int, values: np.ndarray) -> np.ndarray:
    """Values of the states of a stem, on its axis of the array of all mixes."""
    return values.reshape([-1 if axis == stem else 1 for axis in range(N_STEMS)])


def draw(cause: Cause, number: int, *, sigma: float = SIGMA, seed: int = 0) -> Draw:
    """A draw of a cause.

    Parameters
    ----------
    cause : Cause
    number : int >= 0
        of the draw; the same number, the same draw
    sigma : float >= 0
        strength of the nuisances
    seed : int >= 0
        another seed, other draws

    Returns
    -------
    Draw
    """
    rng = np.random.default_rng([seed, [one.name for one in CAUSES].index(cause.name), number])
    n_redrawn = 0
    while True:
        activities = rng.uniform(0.5, 1, (N_SEGMENTS, N_STEMS))
        stems = rng.permutation(N_STEMS)[: cause.n_features]
        segments = rng.integers(N_SEGMENTS, size=cause.n_features)
        singles, pairs = rng.normal(size=N_STEMS), np.triu(rng.normal(size=(N_STEMS, N_STEMS)), 1)
        nuisances = GAIN * sigma * np.array([*singles, *pairs[np.triu_indices(N_STEMS, 1)]])
        # all shares are 1 in the full mix, so that its nuisances are their sum
        if cause.head(*np.ones(cause.n_features)) + nuisances.sum() >= 0:
            break
        n_redrawn += 1
    states = mask_rows(0, 2**N_SEGMENTS, N_SEGMENTS).astype(np.float64)  # of a stem: which of its segments are on
    shares = states @ (activities / activities.sum(axis=0))  # (n_states, N_STEMS)
    if cause.feature == "sound":
        features = [_along(stem, states[:, segment]) for segment, stem in zip(segments, stems, strict=True)]
        planted = {segment * N_STEMS + stem for segment, stem in zip(segments, stems[: cause.n_for], strict=False)}
    else:
        maxima = (states[:, :, None] * (activities / activities.max(axis=0))).max(axis=1)
        of_stem = maxima if cause.feature == "max" else shares
        features = [_along(stem, of_stem[:, stem]) for stem in stems]
        planted = {component for stem in stems[: cause.n_for] for component in STEMS[stem]}
    logits = np.zeros((2**N_SEGMENTS,) * N_STEMS) + cause.head(*features)
    for one in range(N_STEMS):
        logits += GAIN * sigma * _along(one, singles[one] * shares[:, one])
        for other in range(one + 1, N_STEMS):
            logits += GAIN * sigma * pairs[one, other] * _along(one, shares[:, one]) * _along(other, shares[:, other])
    # an axis for each component, stem by stem; components are numbered segment by segment
    by_stem = logits.reshape((2,) * K).transpose(
        [stem * N_SEGMENTS + i for i in range(N_SEGMENTS) for stem in range(N_STEMS)]
    )
    logits = by_stem.ravel()
    return Draw(Answers(logits), frozenset(int(one) for one in planted), n_redrawn)
