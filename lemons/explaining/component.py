"""What can be switched in a track, what it weighs, and which weights count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["NOISE", "Component", "Pair", "components_against", "least_weight", "top_components"]

# what rounding can make of a weight: the engine's logits are within 0.001 of the model's, and the sigmoid's slope is at
# most 1/4; a weight is a mean of differences of answers
NOISE = {"logit": 1e-3, "probability": 2.5e-4, "difference": 2e-3, "score": 0.0}  # two models' logits; any unit
LEAST_SHARE = 0.01  # of the largest weight: LIME gives components without influence up to 0.004 of it (docs/exact.md)


@dataclass(frozen=True)
class Component:
    """A part of a track that can be switched, and what the explanation says of it.

    Attributes
    ----------
    index : int >= 0
        its number: stems of the first segment first, then those of the second
    stem : str
        name of the stem; ``"mix"`` where only time is cut
    segment : int >= 0
        number of the segment; 0 where only stems are separated
    start_s, end_s : float
        when it sounds, in seconds
    weight : float
        how much it speaks for the recommendation, in units of the target: negative when against, 0 when it is silent
    margin : float >= 0 or None
        half-width of the 95 % confidence interval of the weight over all masks; 0 when they were all fitted, None for
        LIME, whose single sample does not say
    """

    index: int
    stem: str
    segment: int
    start_s: float
    end_s: float
    weight: float
    margin: float | None = None


@dataclass(frozen=True)
class Pair:
    """The two components that interact most, by their pairwise Shapley interaction of the logit.

    Attributes
    ----------
    first, second : int >= 0
        numbers of the components
    interaction : float
        how much more the logit rises with both than with each of them: positive when they count only together, negative
        when either will do
    ratio : float >= 0
        its size, relative to the largest Shapley value of a component; above 1 no sum of parts describes the model
    """

    first: int
    second: int
    interaction: float
    ratio: float


def least_weight(components: Iterable[Component], target: str) -> float:
    """The size up to which weights of these components are nothing; see `Explanation.least_weight`."""
    return max(NOISE[target], LEAST_SHARE * max((abs(c.weight) for c in components), default=0.0))


def top_components(components: Sequence[Component], k: int, *, target: str) -> tuple[Component, ...]:
    """The k components of largest positive weight that is not nothing, the largest first; on ties the first."""
    least = least_weight(components, target)
    return tuple(sorted((c for c in components if c.weight > least), key=lambda c: -c.weight)[:k])


def components_against(components: Sequence[Component], k: int, *, target: str) -> tuple[Component, ...]:
    """The k components of the most negative weight that is not nothing, that one first; on ties the first."""
    least = least_weight(components, target)
    return tuple(sorted((c for c in components if c.weight < -least), key=lambda c: c.weight)[:k])
