"""What an explanation and a contrast have in common: what can be said and heard of either."""

from typing import Protocol

from lemons.exact.facts import Facts
from lemons.explaining.component import Component, Pair
from lemons.segments import Segments

__all__ = ["Explained"]


class Explained(Protocol):
    """Components of a track with weights, and facts; see `lemons.explaining.explanation.Explanation` for each."""

    @property
    def sr(self) -> int: ...  # noqa: D102

    @property
    def kind(self) -> str: ...  # noqa: D102

    @property
    def baseline(self) -> str: ...  # noqa: D102

    @property
    def segments(self) -> Segments: ...  # noqa: D102

    @property
    def components(self) -> tuple[Component, ...]: ...  # noqa: D102

    @property
    def facts(self) -> Facts | None: ...  # noqa: D102

    @property
    def pair(self) -> Pair | None: ...  # noqa: D102

    @property
    def fidelity_held_out(self) -> float: ...  # noqa: D102

    @property
    def stems_hash(self) -> str: ...  # noqa: D102

    @property
    def track_id(self) -> str: ...  # noqa: D102

    def top(self, k: int) -> tuple[Component, ...]: ...  # noqa: D102
