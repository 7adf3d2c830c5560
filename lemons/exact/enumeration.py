"""The logits of all masks, from the pooled features of a track.

With a linear head, the mean's share of a logit is a sum of one number per group and state. What is left is the maximum
of each channel over the groups. A cut splits the groups into those that begin left of it and the others; both sides
have few segments, and share those that reach across. So tables of both sides are small (2^15 rows for 5 segments of 5
stems), and all masks are, for each state of the shared segments, all pairs of a left row and a right row: channel by
channel, the larger of two numbers times the head's weight.

A head of several layers that begins with a linear one is fed in the same way: the mean's share of the hidden layer is a
sum, and the maxima of all channels are multiplied by the layer's matrix, for every mask. That is as much more work as
the layer has units, so fewer masks are enumerated.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lemons.exact.pooled import Pooled
from lemons.exact.protocol import scaling

__all__ = ["cut", "enumerate_layered", "enumerate_linear", "first_layer"]

TILE_VALUES = {"cpu": 2**18, "cuda": 2**26}  # masks at once: two arrays of them should stay in the cache


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
    weights = dict(zip(pooled.pools, head.weight[0].double().chunk(len(pooled.pools)), strict=True))
    left, right = _sides(pooled, weights.get("mean"), head.weight)
    left_sums = left.sums + (head.bias.double() if head.bias is not None else 0)
    n_shared, n_left, n_right = *left_sums.shape, right.sums.shape[1]
    dtype, device = head.weight.dtype, head.weight.device
    logits = torch.empty(n_left, n_shared, n_right, dtype=dtype, device=device)
    rows = max(TILE_VALUES.get(device.type, 2**26) // n_right, 1)
    larger = torch.empty(min(rows, n_left), n_right, dtype=dtype, device=device)
    gains = weights["max"].tolist() if "max" in weights else []
    for state in range(n_shared):
        others = right.maxima[state].unbind()
        for row in range(0, n_left, rows):
            tile = (left_sums[state, row : row + rows, None] + right.sums[state]).to(dtype)
            out = larger[: len(tile)]
            mine = left.maxima[state, :, row : row + rows, None].unbind()
            for gain, one, other in zip(gains, mine, others, strict=False):  # without a maximum, no gains
                tile.add_(torch.maximum(one, other, out=out), alpha=gain)
            logits[row : row + rows, state] = tile
    return logits.flatten()


def first_layer(head: nn.Module) -> tuple[nn.Linear, nn.Module] | None:
    """A head as a linear layer and what follows it, a BatchNorm before the layer being folded in; None for others."""
    if not isinstance(head, nn.Sequential):
        return None
    layers = list(head)
    norms = [layer for layer in layers[:1] if isinstance(layer, nn.BatchNorm1d)]
    layers = layers[len(norms) :]
    if not layers or not isinstance(layers[0], nn.Linear):
        return None
    weight = layers[0].weight.double()
    bias = weight.new_zeros(len(weight)) if layers[0].bias is None else layers[0].bias.double()
    for norm in norms:
        scale, shift = scaling(norm)
        weight, bias = weight * scale, bias + weight @ shift
    folded = nn.Linear(weight.shape[1], len(weight), device="meta")
    folded.weight, folded.bias = (nn.Parameter(values.to(layers[0].weight.dtype)) for values in (weight, bias))
    return folded, nn.Sequential(*layers[1:])


@torch.no_grad()
def enumerate_layered(pooled: Pooled, first: nn.Linear, rest: nn.Module) -> Tensor:
    """Logits of all masks, for the two parts of a head of several layers: see `first_layer` and `enumerate_linear`."""
    shares = first.weight.T.double().chunk(len(pooled.pools))  # (channels, units)
    weights = dict(zip(pooled.pools, shares, strict=True))
    left, right = _sides(pooled, weights.get("mean", torch.zeros_like(shares[0])), first.weight)
    n_shared, n_left, n_right = *left.sums.shape[:2], right.sums.shape[1]
    dtype, device = first.weight.dtype, first.weight.device
    logits = torch.empty(n_left, n_shared, n_right, dtype=dtype, device=device)
    rows = max(TILE_VALUES.get(device.type, 2**26) // (n_right * first.in_features), 1)
    gains = weights["max"].to(dtype) if "max" in weights else None
    for state in range(n_shared):
        mine, other = (side.maxima[state].T.contiguous() for side in (left, right))  # (rows, channels)
        for row in range(0, n_left, rows):
            hidden = (left.sums[state, row : row + rows, None] + right.sums[state]).to(dtype) + first.bias
            if gains is not None:
                hidden += torch.maximum(mine[row : row + rows, None], other) @ gains
            logits[row : row + rows, state] = rest(hidden.flatten(0, 1)).view(-1, n_right)
    return logits.flatten()


@dataclass(frozen=True)
class _Side:
    """What the groups on one side of the cut give, for all states of its segments, those that are shared apart.

    Attributes
    ----------
    sums : Tensor [shape=(n_shared, n_states, ...), dtype=float64]
        the mean's share of the head's first layer
    maxima : Tensor [shape=(n_shared, n_channels, n_states)]
    """

    sums: Tensor
    maxima: Tensor


def _sides(pooled: Pooled, mean_weights: Tensor | None, like: Tensor) -> tuple[_Side, _Side]:
    """Both sides of the cut, in precision and place of the head's weights; the mean's are (n_channels, ...)."""
    n_states = (1 << pooled.sounding.sum(axis=1)).tolist()
    channels = pooled.groups[0].maxima.shape[1]
    units = () if mean_weights is None else mean_weights.shape[1:]
    start, stop = cut([(group.first, group.last) for group in pooled.groups], n_states)

    def side(groups, first, end):
        shape = n_states[first:end]
        total = torch.zeros([*shape, *units], dtype=torch.float64, device=like.device)
        maxima = torch.full([channels, *shape], -torch.inf, dtype=like.dtype, device=like.device)
        for group in groups:
            view = [n_states[i] if group.first <= i <= group.last else 1 for i in range(first, end)]
            if mean_weights is not None:
                total += (group.sums @ mean_weights / pooled.n_cells).view([*view, *units])
            if "max" in pooled.pools:
                torch.maximum(maxima, group.maxima.T.reshape(channels, *view), out=maxima)
        return total, maxima

    n_shared = math.prod(n_states[start:stop])
    left, left_maxima = side([g for g in pooled.groups if g.first < start], 0, stop)
    right, right_maxima = side([g for g in pooled.groups if g.first >= start], start, len(n_states))
    return (
        _Side(
            left.view(-1, n_shared, *units).transpose(0, 1),
            left_maxima.view(channels, -1, n_shared).permute(2, 0, 1).contiguous(),
        ),
        _Side(
            right.view(n_shared, -1, *units),
            right_maxima.view(channels, n_shared, -1).transpose(0, 1).contiguous(),
        ),
    )
