"""Sums over all masks, by size and by the components that are on: one pass from which LIME and Shapley values follow.

LIME's kernel and Shapley's weights depend on a mask by its size alone. So all that they need of 2^K answers v(z) are,
for each size m, the sums over the masks of that size of v, v·z_i, v·z_i·z_j and v². To get them at the speed of matrix
products, a mask is split into its first and its last components: V[a, b] is the answer to the mask (a, b), and sums by
size and component of either half are products with tall matrices of zeros and ones.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lemons.exact.masks import mask_rows

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["Moments", "moments_of", "moments_of_few"]

CHUNK_VALUES = 2**20  # answers at once, in float64


@dataclass(frozen=True)
class Moments:
    """Sums of the answers v(z) over all masks z of each size m, from 0 to K.

    Attributes
    ----------
    total : np.ndarray [shape=(K + 1,)]
        of v
    single : np.ndarray [shape=(K + 1, K)]
        of v over masks with component i
    pair : np.ndarray [shape=(K + 1, K, K)]
        of v over masks with both components; the diagonal is ``single``
    square : np.ndarray [shape=(K + 1,)]
        of v²
    """

    total: np.ndarray
    single: np.ndarray
    pair: np.ndarray
    square: np.ndarray

    @property
    def n_components(self) -> int:
        """K."""
        return self.single.shape[1]


class _Half:
    """All masks (2^n,) of some components."""

    def __init__(self, n: int, device: "torch.device"):
        import torch

        self.n = n
        masks = torch.as_tensor(mask_rows(0, 2**n, n), device=device)
        self.of_size = torch.nn.functional.one_hot(masks.sum(dim=1), n + 1).double()  # (2^n, n + 1)
        self.parts = torch.cat([masks.new_ones(2**n, 1), masks], dim=1).double()  # (2^n, n + 1): 1, z_1 .. z_n
        self.sized_parts = _products(self.of_size, self.parts)

    def pairs(self, answers: "Tensor") -> "Tensor":
        """From sums by mask and the other half's size to (own size, other size, 1 + component, 1 + component)."""
        sums = _products(self.of_size, answers).T @ _products(self.parts, self.parts)
        return sums.view(self.n + 1, -1, self.n + 1, self.n + 1)


def _products(x: "Tensor", y: "Tensor") -> "Tensor":
    """All products of a column of x and one of y: (rows, x columns * y columns)."""
    return (x[:, :, None] * y[:, None, :]).flatten(1)


def moments_of(logits: "Tensor", n_components: int, *, sigmoid: bool = False) -> Moments:
    """The moments of all answers, accumulated in float64.

    Parameters
    ----------
    logits : Tensor [shape=(2**n_components,)]
        answers in the order of `lemons.exact.masks.mask_rows`
    n_components : int > 0
        K
    sigmoid : bool
        whether the answer is the logit's sigmoid instead

    Returns
    -------
    Moments
    """
    import torch

    logits = logits.detach()
    first = _Half(n_components // 2, logits.device)
    last = _Half(n_components - first.n, logits.device)
    table = logits.view(2**first.n, 2**last.n)
    zero = logits.new_zeros((), dtype=torch.float64)
    cross, by_last, squares, by_first = zero, zero, zero, []
    for rows in torch.arange(2**first.n, device=logits.device).split(max(CHUNK_VALUES >> last.n, 1)):
        answers = (table[rows].sigmoid() if sigmoid else table[rows]).double()
        sized = answers @ last.sized_parts
        cross = cross + first.sized_parts[rows].T @ sized
        by_last = by_last + answers.T @ first.of_size[rows]
        by_first.append(sized.view(len(rows), last.n + 1, last.n + 1)[:, :, 0])
        squares = squares + first.of_size[rows].T @ (answers.square_() @ last.of_size)
    cross = cross.view(first.n + 1, first.n + 1, last.n + 1, last.n + 1)
    own = first.pairs(torch.cat(by_first))  # (first size, last size, i, j)
    other = last.pairs(by_last)  # (last size, first size, i, j)

    sums = logits.new_zeros(n_components + 1, n_components + 1, n_components + 1, dtype=torch.float64)
    square = logits.new_zeros(n_components + 1, dtype=torch.float64)
    split = first.n + 1
    for a in range(first.n + 1):
        for b in range(last.n + 1):
            sums[a + b, :split, :split] += own[a, b]
            sums[a + b, :split, split:] += cross[a, :, b, 1:]
            sums[a + b, split:, :split] += cross[a, :, b, 1:].T
            sums[a + b, split:, split:] += other[b, a, 1:, 1:]
            square[a + b] += squares[a, b]
    found = sums.cpu().numpy()
    return Moments(found[:, 0, 0], found[:, 0, 1:], found[:, 1:, 1:], square.cpu().numpy())


def moments_of_few(answers: np.ndarray) -> Moments:
    """The moments of the answers (2**n_components,) to so few masks that they fit into memory; without PyTorch.

    >>> moments_of_few(np.array([0.0, 1.0, 2.0, 5.0])).total.tolist()
    [0.0, 3.0, 5.0]
    """
    n = len(answers).bit_length() - 1
    masks = mask_rows(0, len(answers), n).astype(np.float64)
    of_size = np.eye(n + 1)[masks.sum(axis=1).astype(int)]  # (2^n, n + 1)
    weighted = answers[:, None] * masks
    pair = np.stack([masks.T @ (weighted * size[:, None]) for size in of_size.T])
    return Moments(of_size.T @ answers, of_size.T @ weighted, pair, of_size.T @ answers**2)
