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
    """All masks (2^n,) of some components, in the order of their sizes: those of one size are neighbours."""

    def __init__(self, n: int, device: "torch.device"):
        import torch

        self.n = n
        masks = torch.as_tensor(mask_rows(0, 2**n, n), device=device)
        sizes = masks.sum(dim=1)
        self.sizes, self.order = sizes.sort(stable=True)
        self.counts = sizes.bincount(minlength=n + 1).tolist()
        self.parts = torch.cat([masks.new_ones(2**n, 1), masks], dim=1)[self.order].double()  # 1, z_1 .. z_n

    def by_size(self, answers: "Tensor", parts: "Tensor") -> "Tensor":
        """Products (n + 1, any, any) of answers (any, 2^n) and parts (2^n, any), summed over the masks of each size."""
        import torch

        sized = zip(answers.split(self.counts, dim=1), parts.split(self.counts), strict=True)
        return torch.stack([some @ of_some for some, of_some in sized])

    def pairs(self, answers: "Tensor") -> "Tensor":
        """From sums (other sizes, 2^n) to (own size, other size, 1 + component, 1 + component)."""
        products = (self.parts[:, :, None] * self.parts[:, None, :]).flatten(1)
        return self.by_size(answers, products).unflatten(2, (self.n + 1, self.n + 1))


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
    n_first, n_last = first.n + 1, last.n + 1  # sizes of either half
    cross = logits.new_zeros(n_first, n_first, n_last, n_last, dtype=torch.float64)  # sizes and components of both
    by_first = logits.new_zeros(n_last, 2**first.n, dtype=torch.float64)
    by_last = logits.new_zeros(n_first, 2**last.n, dtype=torch.float64)
    squares = logits.new_zeros(n_first, n_last, dtype=torch.float64)
    for rows in torch.arange(2**first.n, device=logits.device).split(max(CHUNK_VALUES >> last.n, 1)):
        answers = table[first.order[rows]][:, last.order]
        answers = (answers.sigmoid() if sigmoid else answers).double()
        sizes, parts = first.sizes[rows], first.parts[rows]
        sized = last.by_size(answers, last.parts)  # (last size, row, 1 + last component)
        for size in sizes.unique().tolist():
            of_size = sizes == size
            cross[size] += torch.einsum("ri,brj->ibj", parts[of_size], sized[:, of_size])
        by_first[:, rows] = sized[:, :, 0]
        by_last.index_add_(0, sizes, answers)
        sums = torch.stack([some.sum(dim=1) for some in answers.square_().split(last.counts, dim=1)], dim=1)
        squares.index_add_(0, sizes, sums)
    own = first.pairs(by_first)  # (first size, last size, i, j)
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
