"""The subset of k components that keeps the answer highest: all of that size are compared."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lemons.arguments import quoted, whole
from lemons.errors import ParameterError
from lemons.exact.masks import mask_rows

__all__ = ["Best", "best_mask"]

MAX_SUBSETS = 10**6  # candidates that are compared where not all logits are known


@dataclass(frozen=True)
class Best:
    """The components that together keep the answer highest: their numbers, ascending, and that answer.

    >>> Best((0, 3), 1.5).components
    (0, 3)
    """

    components: tuple[int, ...]
    value: float


def best_mask(k: int, n: int, *, logits: Tensor | None, answer: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The mask (n,) of the best k of n components, from all logits (2^n,) or by asking for every candidate.

    Raises
    ------
    ParameterError
        if ``k`` is no number of components, or there are too many candidates to ask for
    """
    if not n:
        raise ParameterError(f"k={quoted(k)} of 0 components: all of them are silent, none can be the best")
    k = whole("k", k, least=1, most=n, hint=", the components that sound")
    if logits is not None:
        numbers = np.flatnonzero(np.bitwise_count(np.arange(2**n, dtype=np.uint32)) == k)
        winner = int(numbers[int(logits[torch.as_tensor(numbers, device=logits.device)].argmax())])
        return mask_rows(winner, winner + 1, n)[0]
    if math.comb(n, k) > MAX_SUBSETS:
        raise ParameterError(f"k={k} of {n} components are {math.comb(n, k)} subsets, more than {MAX_SUBSETS}")
    subsets = np.array(list(itertools.combinations(range(n), k)))
    masks = np.zeros((len(subsets), n), dtype=np.int8)
    np.put_along_axis(masks, subsets, 1, axis=1)
    return masks[answer(masks).argmax()]
