"""One block of the trunk, applied to columns of many states.

Feature maps are stored as (states, columns, bands, channels): to PyTorch a channels-last image whose rows are
columns of time. Then runs of columns are contiguous, zero columns before and after are skipped by the convolution
instead of multiplied, and the long side of the image is the frequency axis even where few columns are left.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from lemons.exact.locality import Group
from lemons.exact.protocol import Block, fold, scaling

__all__ = ["Layer", "Piece"]

TILE_BYTES = {"cpu": 2**23, "cuda": 2**28}  # of a convolution's result: it should still be in the cache when pooled


@dataclass
class Piece:
    """Some columns of a group, from ``start`` on: values (n_states, n_columns, n_bands, n_channels)."""

    group: Group
    start: int
    values: Tensor

    @property
    def stop(self) -> int:
        """The column after the last."""
        return self.start + self.values.shape[1]

    def between(self, start: int, stop: int) -> "Piece":
        """The columns of this piece between two columns of the level."""
        start, stop = max(start, self.start), min(stop, self.stop)
        return Piece(self.group, start, self.values[:, start - self.start : max(stop, start) - self.start])


class Layer:
    """A block with its BatchNorm folded in; bias and ReLU come after the pooling, on a quarter of the values.

    Where a second BatchNorm stands between the two, they come before: a negative factor turns the maximum around.

    Parameters
    ----------
    block : Block
        what to apply
    reads : dict of int to int
        channels of the levels that it reads, in their order
    device : torch.device
        where
    """

    def __init__(self, block: Block, reads: dict[int, int], device: torch.device):
        weight, bias = fold(block)
        weight = weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)  # (out, in, time, bands)
        self.weight, self.bias = weight.to(device), bias.to(device)
        slices = self.weight.split(list(reads.values()), dim=1)
        self.weights = {
            level: part.contiguous(memory_format=torch.channels_last) for level, part in zip(reads, slices, strict=True)
        }
        self.post_norm = None
        if block.post_norm is not None:
            self.post_norm = [values.to(self.bias) for values in scaling(block.post_norm)]
        self.bands, (self.before, _) = block.padding
        self.kernel = weight.shape[2]
        self.pool_bands, self.pool = block.pool
        self.tile_bytes = TILE_BYTES.get(device.type, 2**28)

    def convolve(self, x: Tensor, weight: Tensor, zero_columns: int = 0) -> Tensor:
        """Convolution without bias: (n, T, bands, in) -> (n, T + 2 * zero_columns - kernel + 1, new bands, out)."""
        image = x.permute(0, 3, 1, 2)
        low, high = self.bands
        if low != high:
            image = F.pad(image, (0, high - low))
        image = F.conv2d(image, weight, padding=(zero_columns, low))
        return image.permute(0, 2, 3, 1).contiguous()

    def conv_bands(self, n_bands: int) -> int:
        """Bands of the convolution's result."""
        return n_bands + sum(self.bands) - self.weight.shape[3] + 1

    def pooled_bands(self, n_bands: int) -> int:
        """Bands that the pooling leaves."""
        return self.conv_bands(n_bands) // self.pool_bands

    def bytes_per_column(self, n_bands: int) -> int:
        """Of a convolution's result."""
        return self.conv_bands(n_bands) * len(self.weight) * self.weight.element_size()

    def _finish(self, columns: Sequence[Tensor], out: Tensor) -> None:
        """Pool the columns of a cell, given as tensors (..., bands, channels) that broadcast; add bias, apply ReLU."""
        if self.post_norm is not None:
            scale, shift = self.post_norm
            columns = [torch.addcmul(shift, torch.relu(column + self.bias), scale) for column in columns]
        x = reduce(torch.maximum, columns)
        x = x[..., : x.shape[-2] // self.pool_bands * self.pool_bands, :]
        x = x.unflatten(-2, (-1, self.pool_bands)).amax(dim=-2)
        if self.post_norm is not None:
            out.copy_(x.expand(out.shape))
        else:
            torch.add(x.expand(out.shape), self.bias, out=out).clamp_(min=0)

    def inside(self, x: Tensor, before: int = 0, after: int = 0) -> Tensor:
        """The block on a run of columns: whatever their window covers, and the zeros beyond the ends of the track.

        Parameters
        ----------
        x : Tensor [shape=(n, n_columns, n_bands, n_channels)]
            input columns
        before, after : int >= 0
            zero columns at the start and the end

        Returns
        -------
        Tensor [shape=(n, (before + n_columns + after - kernel + 1) // pool, n_bands // pool_bands, n_outputs)]
        """
        n, n_columns, n_bands, _ = x.shape
        n_out = (before + n_columns + after - self.kernel + 1) // self.pool
        out = x.new_empty(n, n_out, self.pooled_bands(n_bands), len(self.weight))
        for rows, start, stop in self._tiles(n, n_out, n_bands):
            low, high = self.pool * start - before, self.pool * stop - before + self.kernel - 1
            window = x[rows, max(low, 0) : min(high, n_columns)]
            if low < 0 or high > n_columns:
                window = F.pad(window, (0, 0, 0, 0, max(-low, 0), max(high - n_columns, 0)))
            y = self.convolve(window, self.weight)
            self._finish([y[:, i :: self.pool] for i in range(self.pool)], out[rows, start:stop])
        return out

    def _tiles(self, n: int, n_out: int, n_bands: int) -> Iterator[tuple[slice, int, int]]:
        """Rows of states and columns whose convolution fills a tile: whole states if they fit, else one at a time."""
        columns = max(self.tile_bytes // (self.pool * self.bytes_per_column(n_bands)), 1)
        rows = max(columns // n_out, 1)
        columns = math.ceil(n_out / math.ceil(n_out / columns))  # of equal size
        for row in range(0, n, rows):
            for start in range(0, n_out, columns):
                yield slice(row, row + rows), start, min(start + columns, n_out)

    def across(
        self, group: Group, pieces: Sequence[Piece], n_states: Sequence[int], added: Sequence[Piece] = ()
    ) -> Tensor:
        """The block on columns that depend on several segments, for all their states.

        A convolution is a sum over its columns and channels of input. Those that depend on fewer segments have fewer
        states: each piece is convolved for its own states alone, and the parts are added for every combination.

        Parameters
        ----------
        group : Group
            whose columns are wanted
        pieces : sequence of Piece
            all inputs of these columns, no column of a level twice
        n_states : sequence of int
            states of every segment of the track, powers of two
        added : sequence of Piece
            the columns that are added to the result

        Returns
        -------
        Tensor [shape=(product of n_states over the group, n_columns, new bands // pool_bands, n_outputs)]
        """
        counts = [n_states[i] for i in group.segments]
        n, n_bands = math.prod(counts), pieces[0].values.shape[2]
        rows = min(self._rows(pieces, n), n)
        parts = [self._spread(piece, piece.values) if len(piece.values) < n else None for piece in pieces]
        out = pieces[0].values.new_empty(n, group.stop - group.start, self.pooled_bands(n_bands), len(self.weight))
        for row in range(0, n, rows):
            grid = _grid(counts, row, rows)
            views = []
            for piece, part in zip(pieces, parts, strict=True):
                chosen, shape = _own(piece.group, group, counts, grid)
                part = self._spread(piece, piece.values[chosen]) if part is None else part[chosen]
                views.append((piece.start + self.before - self.kernel + 1, part.view(*shape, *part.shape[1:])))
            views.sort(key=lambda view: -view[1].numel())  # sums have their full shape from the first on
            residual = []
            for piece in added:
                chosen, shape = _own(piece.group, group, counts, grid)
                residual.append((piece.start, piece.values[chosen].view(*shape, *piece.values.shape[1:])))
            for column in range(group.start, group.stop):
                cell = range(self.pool * column, self.pool * (column + 1))
                target = out[row : row + rows, column - group.start]
                target = target.view(*map(len, grid), *target.shape[1:])
                self._finish([self._column(views, place) for place in cell], target)
                if residual:
                    target += self._column(residual, column)
        return out

    def _rows(self, pieces: Sequence[Piece], n: int) -> int:
        """How many states fill a tile, a power of two: of the pieces that have all states, if any, else of a column."""
        spread = [piece.values.shape[1] + self.kernel - 1 for piece in pieces if len(piece.values) == n]
        bytes_per_state = max(spread, default=1) * self.bytes_per_column(pieces[0].values.shape[2])
        return 2 ** int(math.log2(max(self.tile_bytes // bytes_per_state, 1)))

    def _spread(self, piece: Piece, values: Tensor) -> Tensor:
        """What values of a piece contribute to all columns that read it, from the first to the last of these."""
        return self.convolve(values, self.weights[piece.group.level], zero_columns=self.kernel - 1)

    @staticmethod
    def _column(views: Sequence[tuple[int, Tensor]], place: int) -> Tensor:
        """The sum of all parts that reach one column of the convolution's result."""
        reaching = (part[..., place - start, :, :] for start, part in views if 0 <= place - start < part.shape[-3])
        return reduce(torch.add, reaching)


def _own(source: Group, group: Group, counts: Sequence[int], grid: Sequence[range]) -> tuple[slice, list[int]]:
    """Which states of a source some rows of a group need, and the shape in which they combine with other sources."""
    own = range(source.first - group.first, source.last - group.first + 1)
    first = reduce(lambda index, j: index * counts[j] + grid[j].start, own, 0)
    shape = [len(states) if j in own else 1 for j, states in enumerate(grid)]
    return slice(first, first + math.prod(shape)), shape


def _grid(counts: Sequence[int], row: int, rows: int) -> list[range]:
    """Which states of each segment are combined in some rows of all combinations; all numbers are powers of two.

    Examples
    --------
    >>> _grid([4, 8], row=16, rows=8)
    [range(2, 3), range(0, 8)]
    """
    grid: list[range] = []
    for count in reversed(counts):
        grid.insert(0, range(row % count, row % count + min(rows, count)))
        row, rows = row // count, max(rows // count, 1)
    return grid
