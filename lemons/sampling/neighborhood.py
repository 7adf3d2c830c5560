"""Masks that were drawn, and how many of all masks each of them stands for.

A sum over all 2^K masks is estimated without bias by the same sum over the drawn ones, each counted as often as its
*importance* says: one over the chance of its being drawn.

Reference: Horvitz & Thompson, "A generalization of sampling without replacement from a finite universe", 1952.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Neighborhood", "pooled"]


@dataclass(frozen=True)
class Neighborhood:
    """What a sampler draws.

    Attributes
    ----------
    masks : np.ndarray [shape=(n_masks, n_components)]
        zeros and ones
    importance : np.ndarray [shape=(n_masks,)]
        how many of all masks each stands for, > 0; a regression over all masks with some kernel is estimated by one
        over these, with the weights ``importance * kernel``
    draws : np.ndarray [shape=(n_masks,), dtype=int]
        number of the draw that each came from: that of a pair is the same for both of its masks
    uncertainty : np.ndarray [shape=(n_masks,)]
        finite population correction of variances, 1 less the mask's chance of being drawn: 0 for masks that every
        neighborhood holds, 1 where masks are drawn with replacement

    Examples
    --------
    >>> from lemons.sampling import distinct
    >>> neighborhood = distinct(20, 64, seed=0)
    >>> len(neighborhood), neighborhood.n_components, round(float(neighborhood.importance.sum())) == 2**20
    (64, 20, True)
    """

    masks: np.ndarray
    importance: np.ndarray = field(repr=False)
    draws: np.ndarray = field(repr=False)
    uncertainty: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def n_components(self) -> int:
        """Length of a mask."""
        return self.masks.shape[1]

    @property
    def n_distinct(self) -> int:
        """How many different masks there are: the model need not be asked more often."""
        return len(np.unique(np.packbits(self.masks.astype(bool), axis=1), axis=0))


def pooled(neighborhoods: Sequence[Neighborhood]) -> Neighborhood:
    """Independent neighborhoods of the same components as one, each counting as much as it has masks."""
    total = sum(len(one) for one in neighborhoods)
    n_draws = np.cumsum([0, *(one.draws.max() + 1 for one in neighborhoods)])
    return Neighborhood(
        np.concatenate([one.masks for one in neighborhoods]),
        np.concatenate([one.importance * (len(one) / total) for one in neighborhoods]),
        np.concatenate([one.draws + before for one, before in zip(neighborhoods, n_draws[:-1], strict=True)]),
        np.concatenate([one.uncertainty for one in neighborhoods]),
    )
