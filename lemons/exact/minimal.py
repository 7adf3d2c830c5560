"""Minimal sets: those of a family of which no part is in it, counted and listed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lemons.exact.lattice import Family
from lemons.exact.masks import mask_rows
from lemons.exact.threshold import Threshold

__all__ = ["Lister", "MinimalSets"]


@dataclass(frozen=True)
class MinimalSets:
    """All sets of one kind of which no part is of that kind; counted exactly, listed up to a limit.

    Attributes
    ----------
    n_by_size : tuple of int
        how many there are of 0, 1, .. K components
    sets : tuple of tuples of int
        components, ascending; smaller sets first, those of equal size in the order of their components
    values : tuple of float
        for each of ``sets``, the answer that counts; see `lemons.exact.facts.Facts`
    margins : tuple of float >= 0
        for each of ``sets``: while all answers are off by less, it is a minimal set of this kind
    margin : float >= 0
        while all answers are off by less, these are all minimal sets of this kind, and the counts hold
    """

    n_by_size: tuple[int, ...]
    sets: tuple[tuple[int, ...], ...]
    values: tuple[float, ...]
    margins: tuple[float, ...]
    margin: float

    @property
    def n_sets(self) -> int:
        """How many there are."""
        return sum(self.n_by_size)

    @property
    def size(self) -> int | None:
        """Components of the smallest; None where there is no set."""
        return next((size for size, n in enumerate(self.n_by_size) if n), None)

    @property
    def n_smallest(self) -> int:
        """How many have that size."""
        return 0 if self.size is None else self.n_by_size[self.size]

    @property
    def smallest(self) -> tuple[tuple[int, ...], ...]:
        """Those, or as many of them as are listed."""
        return self.sets[: self.n_smallest]


@dataclass(frozen=True)
class Lister:
    """Writes families of sets as components of the table.

    Attributes
    ----------
    sounding : np.ndarray of int [shape=(K,)]
        numbers of the sounding components
    threshold : Threshold
    limit : int > 0
        sets to list
    """

    sounding: np.ndarray
    threshold: Threshold
    limit: int

    def components(self, number: int) -> tuple[int, ...]:
        """The set of a number."""
        on = mask_rows(number, number + 1, len(self.sounding))[0].astype(bool)
        return tuple(self.sounding[on].tolist())

    def first(self, family: Family) -> tuple[int, ...] | None:
        """One of the smallest sets of a family, the first in the order of components; None if it is empty."""
        size = next(iter(np.flatnonzero(family.sizes()).tolist()), None)
        return None if size is None else self.components(int(family.of_size(size, 1)[0]))

    def minimal_sets(self, family: Family, answers: Callable[[np.ndarray], np.ndarray], margin: float) -> MinimalSets:
        """List a family of minimal sets.

        Parameters
        ----------
        family : Family
        answers : callable
            from numbers of sets (n,) to the stored answers (n,) that decide whether they, or a set that they contain,
            are of this kind
        margin : float
            of the result
        """
        n_by_size = family.sizes().tolist()
        found: list[int] = []
        for size, n in enumerate(n_by_size):
            if n and len(found) < self.limit:
                found += family.of_size(size, self.limit - len(found)).tolist()
        numbers = np.array(found, dtype=np.int64)
        bits = 1 << np.arange(len(self.sounding), dtype=np.int64)
        parts = numbers & ~bits[:, None]  # (K, n), each set less one component; the set itself where it lacks that
        nearest = [self.threshold.distances(answers(some)) for some in (numbers, *parts)]
        return MinimalSets(
            n_by_size=tuple(n_by_size),
            sets=tuple(self.components(number) for number in found),
            values=tuple(self.threshold.meaning(answers(numbers)).tolist()),
            margins=tuple(np.min(nearest, axis=0).tolist()),
            margin=margin,
        )
