"""The logits of all masks, from the pooled features of a track.

With a linear head, the mean's share of a logit is a sum of one number per group and state. What is left is the maximum
of each channel over the groups. A cut splits the groups into those that begin left of it and the others; both sides
have few segments, and share those that reach across. So tables of both sides are small (2^15 rows for 5 segments of 5
stems), and all masks are, for each state of the shared segments, all pairs of a left row and a right row: channel by
channel, the larger of two numbers times the head's weight.
"""

import math

import torch
from torch import Tensor, nn

from lemons.exact.pooled import Pooled

__all__ = ["cut", "enumerate_linear"]

TILE_VALUES = {"cpu": 2**17, "cuda": 2**26}  # masks at once: two arrays of them should stay in the cache


def cut(spans: list[tuple[int, int]], n_states: list[int]) -> tuple[int, int]:
    """Where to split: groups that begin before the first number end before the second; both tables are small.

    Parameters
    ----------
    spans : list of (int, int)
        first and last segment of every group
    n_states : list of int
        states of every segment

    Examples
    --------
    >>> cut([(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)], [32, 32, 32])
    (1, 2)
    """

    def end(start):
        return max([start, *(last + 1 for first, last in spans if first < start)])

    starts = range(len(n_states) + 1)
    start = min(starts, key=lambda start: math.prod(n_states[: end(start)]) + math.prod(n_states[start:]))
    return start, end(start)


@torch.no_grad()
def enumerate_linear(pooled: Pooled, head: nn.Linear) -> Tensor:
    """Logits of all masks, for a linear head: that of the model.

    Returns
    -------
    Tensor [shape=(2**n_sounding,)]
        in the model's precision; number ``i`` is the mask ``mask_rows(i, i + 1)`` of the sounding components
    """
    n_states = (1 << pooled.sounding.sum(axis=1)).tolist()
    weights = dict(zip(pooled.pools, head.weight[0].double().chunk(len(pooled.pools)), strict=True))
    dtype, device = head.weight.dtype, head.weight.device
    channels = pooled.groups[0].maxima.shape[1]
    start, stop = cut([(group.first, group.last) for group in pooled.groups], n_states)

    def side(groups, first, end):
        """A side's additive share (states,) and maxima (channels, states) for all states of its segments."""
        shape = n_states[first:end]
        total = torch.zeros(shape, dtype=torch.float64, device=device)
        maxima = torch.full([channels, *shape], -torch.inf, dtype=dtype, device=device)
        for group in groups:
            view = [n_states[i] if group.first <= i <= group.last else 1 for i in range(first, end)]
            if "mean" in weights:
                total += (group.sums @ weights["mean"] / pooled.n_cells).view(view)
            if "max" in weights:
                torch.maximum(maxima, group.maxima.T.reshape(channels, *view), out=maxima)
        return total, maxima

    left, left_maxima = side([g for g in pooled.groups if g.first < start], 0, stop)
    right, right_maxima = side([g for g in pooled.groups if g.first >= start], start, len(n_states))
    n_shared = math.prod(n_states[start:stop])
    left = left.view(-1, n_shared).T + (head.bias.double() if head.bias is not None else 0)  # (shared, left)
    right = right.view(n_shared, -1)  # (shared, right)
    left_maxima = left_maxima.view(channels, -1, n_shared).permute(2, 0, 1).contiguous()  # (shared, channels, left)
    right_maxima = right_maxima.view(channels, n_shared, -1).transpose(0, 1).contiguous()  # (shared, channels, right)

    logits = torch.empty(left.shape[1], n_shared, right.shape[1], dtype=dtype, device=device)
    rows = max(TILE_VALUES.get(device.type, 2**26) // right.shape[1], 1)
    larger = torch.empty(min(rows, left.shape[1]), right.shape[1], dtype=dtype, device=device)
    gains = weights["max"].tolist() if "max" in weights else []
    for state in range(n_shared):
        for row in range(0, left.shape[1], rows):
            tile = (left[state, row : row + rows, None] + right[state]).to(dtype)
            for channel, gain in enumerate(gains):
                mine, other = left_maxima[state, channel, row : row + rows, None], right_maxima[state, channel]
                tile.add_(torch.maximum(mine, other, out=larger[: len(tile)]), alpha=gain)
            logits[row : row + rows, state] = tile
    return logits.flatten()
