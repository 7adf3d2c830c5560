"""Sets of components said in groups: stems that sound throughout, whole segments, single components, and choices."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Choice", "Cover", "Description", "cover", "describe_sets"]


@dataclass(frozen=True)
class Cover:
    """A set of components, each in one group at least, and no group with a component that is not in the set.

    Attributes
    ----------
    stems : tuple of int
        stems that are in the set wherever they sound
    segments : tuple of int
        segments all of whose sounding stems are in the set, and more than one of these not among ``stems``
    components : tuple of int
        what is in no such group
    """

    stems: tuple[int, ...]
    segments: tuple[int, ...]
    components: tuple[int, ...]


@dataclass(frozen=True)
class Choice:
    """Any ``n_needed`` of some components: one of several is an OR of them, all of them an AND.

    Attributes
    ----------
    n_needed : int > 0
    n_of : int >= n_needed
        how many components there are to choose from
    of : Cover
        these
    """

    n_needed: int
    n_of: int
    of: Cover


@dataclass(frozen=True)
class Description:
    """The smallest sets of a kind, in groups.

    Attributes
    ----------
    sets : tuple of Cover
        one for each set
    choice : Choice or None
        what they are together, where they are all choices of so many from some components; None where they are not,
        where the only set is empty, and where not all are listed
    """

    sets: tuple[Cover, ...]
    choice: Choice | None


def cover(components: Sequence[int], sounding: np.ndarray) -> Cover:
    """Say a set in groups: whole stems first, then whole segments, then what is left.

    A stem that sounds in one segment only, of several, is no group: naming the component says more. The same holds for
    a segment of which the whole stems leave one component.

    Parameters
    ----------
    components : sequence of int
        numbers ``segment * n_stems + stem`` of sounding components
    sounding : np.ndarray of bool [shape=(n_segments, n_stems)]

    Returns
    -------
    Cover

    Examples
    --------
    Of three stems in two segments, the last stem throughout, and the others in segment 1.

    >>> cover([2, 3, 4, 5], np.ones((2, 3), dtype=bool))
    Cover(stems=(2,), segments=(1,), components=())
    """
    held = np.zeros_like(sounding)
    held.flat[list(components)] = True

    def whole(axis: int) -> np.ndarray:
        least = min(sounding.shape[axis], 2)
        return (held == sounding).all(axis=axis) & (sounding.sum(axis=axis) >= least)

    stems = whole(axis=0)
    left = held & ~stems
    segments = whole(axis=1) & (left.sum(axis=1) >= min(sounding.shape[1], 2))
    left &= ~segments[:, None]
    return Cover(*(tuple(np.flatnonzero(x).tolist()) for x in (stems, segments, left)))


def describe_sets(sets: Sequence[tuple[int, ...]], n_sets: int, sounding: np.ndarray) -> Description:
    """Sets of one size in groups, and what they are together.

    Parameters
    ----------
    sets : sequence of tuples of int
        different sets of the same size
    n_sets : int
        how many there are; more than are listed, perhaps
    sounding : np.ndarray of bool [shape=(n_segments, n_stems)]

    Returns
    -------
    Description

    Examples
    --------
    >>> describe_sets([(0,), (2,)], 2, np.ones((2, 2), dtype=bool)).choice
    Choice(n_needed=1, n_of=2, of=Cover(stems=(0,), segments=(), components=()))
    """
    covers = tuple(cover(components, sounding) for components in sets)
    union = sorted({component for components in sets for component in components})
    choice = None
    if union and len(sets) == n_sets == math.comb(len(union), len(sets[0])):
        choice = Choice(len(sets[0]), len(union), cover(union, sounding))
    return Description(covers, choice)
