"""The answers of a model to all mixes of K components, as every method of the study reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.special import expit

from lemons.exact.masks import mask_rows
from lemons.exact.moments import Moments, moments_of

__all__ = ["Answers", "numbers_of"]


@dataclass(frozen=True)
class Answers:
    """The logits of all 2^K mixes.

    Attributes
    ----------
    logits : np.ndarray [shape=(2**K,), dtype=float64]
        in the order of `lemons.exact.masks.mask_rows`
    """

    logits: np.ndarray

    @property
    def n_components(self) -> int:
        """K."""
        return self.logits.size.bit_length() - 1

    @cached_property
    def probabilities(self) -> np.ndarray:
        """The logits' sigmoids."""
        return expit(self.logits)

    @cached_property
    def of_logit(self) -> Moments:
        """Sums by size, from which LIME and Shapley values follow."""
        return moments_of(torch.as_tensor(self.logits), self.n_components)

    @cached_property
    def of_probability(self) -> Moments:
        """Those of the probabilities."""
        return moments_of(torch.as_tensor(self.probabilities), self.n_components)

    def of(self, masks: np.ndarray) -> np.ndarray:
        """The logits of some masks (n_masks, K) of zeros and ones."""
        return self.logits[numbers_of(masks)]

    def of_groups(self, groups: Sequence[Sequence[int]]) -> "Answers":
        """Those to the mixes in which the components of a group are switched together.

        Parameters
        ----------
        groups : sequence of sequences of int
            components; what is in no group stays off

        Returns
        -------
        Answers
            with a component for each group
        """
        switched = np.zeros((len(groups), self.n_components), dtype=np.int64)
        for row, group in zip(switched, groups, strict=True):
            row[list(group)] = 1
        return Answers(self.of(mask_rows(0, 2 ** len(groups), len(groups)) @ switched))


def numbers_of(masks: np.ndarray) -> np.ndarray:
    """The number of each mask (n_masks, K): the inverse of `lemons.exact.masks.mask_rows`.

    >>> numbers_of(np.array([[0, 1, 1], [1, 0, 0]]))
    array([3, 4])
    """
    return np.asarray(masks, dtype=np.int64) @ (1 << np.arange(np.shape(masks)[1])[::-1])
