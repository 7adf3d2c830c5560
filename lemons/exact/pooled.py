"""What a pass leaves of a track: pooled features by group of neighbouring segments and by state of their components."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["Pooled", "PooledGroup"]


@dataclass(frozen=True)
class PooledGroup:
    """What the columns that depend on segments ``first`` to ``last`` give to the global pooling, for all their states.

    Attributes
    ----------
    sums : Tensor [shape=(n_states, n_channels), dtype=float64]
        over columns and bands
    maxima : Tensor [shape=(n_states, n_channels)]
    """

    first: int
    last: int
    sums: Tensor
    maxima: Tensor


@dataclass(frozen=True)
class Pooled:
    """The features of every mix, as those of groups of columns, and the head that makes a logit of them.

    Attributes
    ----------
    groups : list of PooledGroup
        every column of the last feature map belongs to one
    sounding : np.ndarray [shape=(n_segments, n_stems), dtype=bool]
        which components are not silent; a state is the bits of those of a group's segments
    n_cells : int
        columns times bands of the last feature map
    head : nn.Module
        from pooled features (batch, n_features) to logits (batch, 1)
    pools : tuple of {"mean", "max"}
        the poolings whose features the head takes, in this order
    """

    groups: list[PooledGroup]
    sounding: np.ndarray
    n_cells: int
    head: nn.Module
    pools: tuple[str, ...]

    @torch.no_grad()
    def logits(self, masks: np.ndarray) -> np.ndarray:
        """Logits (n_masks,), in the model's precision, of masks (n_masks, n_components) of zeros and ones."""
        device = self.groups[0].sums.device
        switches = masks.astype(np.int64).reshape(-1, *self.sounding.shape)
        sums = torch.zeros((), dtype=torch.float64, device=device)
        maxima = torch.full((), -torch.inf, device=device)
        for group in self.groups:
            segments = slice(group.first, group.last + 1)
            bits = switches[:, segments][:, self.sounding[segments]]
            row = torch.as_tensor(bits @ (1 << np.arange(bits.shape[1])[::-1]), device=device)
            sums = sums + group.sums[row]
            maxima = torch.maximum(group.maxima[row], maxima)
        features = {"mean": (sums / self.n_cells).to(maxima.dtype), "max": maxima}
        return self.head(torch.cat([features[pool] for pool in self.pools], dim=1))[:, 0].cpu().numpy()
