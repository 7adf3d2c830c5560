"""The pass itself: from stems to the pooled features of all mixes."""

import math
from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

from lemons.errors import DataError, ParameterError
from lemons.exact.layers import Layer, Piece
from lemons.exact.locality import Group, Locality
from lemons.exact.pooled import Pooled, PooledGroup
from lemons.exact.protocol import LocalModel
from lemons.exact.spectra import Spectra
from lemons.progress import Progress
from lemons.segments import Segments

__all__ = ["MAX_MEMORY", "Pass"]

MAX_MEMORY = 3 * 10**9  # bytes
MAX_BITS = 60  # components that a column may depend on
SPECTRA_ROWS = 2**12  # states of a border whose spectra are computed at once, in float64


class Pass:
    """From stems to pooled features, segment by segment and border by border.

    What depends on one segment alone goes through all blocks a few states at a time, leaving only the columns that
    borders will read. Then the columns across the border to its left follow, block by block.
    """

    def __init__(
        self,
        local: LocalModel,
        stems: np.ndarray,
        segments: Segments,
        *,
        off: np.ndarray | None = None,
        max_memory: int = MAX_MEMORY,
        progress: Progress | None = None,
    ):
        weight = local.blocks[0].conv.weight
        self.local, self.n_stems, self.progress = local, len(stems), progress
        # a component that is on brings its sound and takes away what sounds in its place
        switched, background = (stems, None) if off is None else (stems - off, off.sum(axis=0))
        self.spectra = Spectra(local, switched, background, segments, weight.dtype, weight.device)
        self.locality = Locality(local, segments.spans, self._bands(weight))
        self.layers = [
            Layer(block, {level: local.n_channels[level] for level in reads}, weight.device)
            for block, reads in zip(local.blocks, local.reads[1:], strict=True)
        ]
        self.n_states = self.spectra.n_states
        self.itemsize = weight.element_size()
        self._check_states()
        self.costs = self.locality.multiply_adds(self.n_states)
        self.done, self.total = 0, sum(self.costs.values())
        self._check_memory(max_memory)
        self.pieces: dict[Group, list[Piece]] = defaultdict(list)
        # by run of segments, then by level: sums and maxima of its columns
        self.pooled: dict[tuple[int, int], dict[int, tuple[Tensor, Tensor]]] = defaultdict(dict)

    def _bands(self, weight: Tensor) -> int:
        silence = torch.zeros(1, self.local.n_fft, device=weight.device, dtype=weight.dtype)
        return self.local.columns(self.local.stft(silence)).shape[1]

    def _check_states(self) -> None:
        """Refuse numbers of states that no memory holds; their product may exceed a float, too."""
        runs = self.locality.pooled_runs
        n_bits = max(sum(self.n_states[i].bit_length() - 1 for i in range(a, b + 1)) for a, b in runs)
        if n_bits > MAX_BITS:
            raise ParameterError(
                f"columns of {self.locality.width} neighbouring segments with {self.n_stems} stems each have "
                f"2^{n_bits} states; take fewer segments or stems, or sample masks with lemons.audiolime"
            )

    def _check_memory(self, max_memory: int) -> None:
        rows = sum(math.prod(self.n_states[first : last + 1]) for first, last in self.locality.pooled_runs)
        n_channels = sum(self.local.n_channels[level] for level in self.local.pooled_levels)
        table = rows * n_channels * (8 + self.itemsize)  # sums in float64, maxima
        needed = table + self.spectra.n_bytes + self.locality.peak_bytes(self.n_states, self.itemsize)
        if needed > max_memory:
            raise ParameterError(
                f"columns of {self.locality.width} neighbouring segments with {self.n_stems} stems each need "
                f"{needed / 1e9:.1f} GB, more than max_memory={max_memory / 1e9:.1f} GB; "
                "take fewer segments or stems, or sample masks with lemons.audiolime"
            )

    def run(self) -> Pooled:
        """Take all steps."""
        for step in self.locality.steps:
            if step.level == 0 and step.pure:
                self._segment(step)
            else:
                self._border(step)
        groups = [self._pooled_group(*run) for run in self.pooled]
        if not all(group.sums.isfinite().all() for group in groups):
            raise DataError("the model answers with values that are not numbers (NaN or infinite); train it again")
        level = self.local.pooled_levels[0]
        return Pooled(
            groups=groups,
            sounding=self.spectra.sounding.cpu().numpy(),
            n_cells=self.locality.n_columns[level] * self.locality.n_bands[level],
            head=self.local.head,
            pools=tuple(self.local.pools),
        )

    def _pooled_group(self, first: int, last: int) -> PooledGroup:
        """All levels' columns that depend on a run of segments; a level that has none adds nothing."""
        found = self.pooled[first, last]
        n, (some_sums, some_maxima) = math.prod(self.n_states[first : last + 1]), next(iter(found.values()))
        parts = []
        for level in self.local.pooled_levels:
            shape = n, self.local.n_channels[level]
            nothing = some_sums.new_zeros(shape), some_maxima.new_full(shape, -torch.inf)
            parts.append(found.get(level, nothing))
        sums, maxima = (torch.cat(values, dim=1) for values in zip(*parts, strict=True))
        return PooledGroup(first, last, sums, maxima)

    def _segment(self, step: Group) -> None:
        """Everything that depends on one segment alone, a few states at a time."""
        n_states = self.n_states[step.first]
        groups = {group.level: group for group in self.locality.pure_groups(step.first)}
        largest = max(self.locality.size(group) for group in groups.values()) * self.itemsize
        rows = max(self.layers[0].tile_bytes // largest, 1)
        edges, pooled = defaultdict(list), defaultdict(list)
        for start, stop, image in self.spectra.images(step, rows):
            maps: dict[int, Tensor] = {}
            for level, group in groups.items():
                maps[level] = self._inside(group, groups, maps) if level else image
                for piece in self._edges(group, maps[level]):
                    edges[group, piece.start].append(piece.values)
                if level in self.local.pooled_levels:
                    pooled[level].append(_pool(maps[level]))
                for read in [read for read in maps if self.locality.last_use(read) <= level]:
                    del maps[read]
            self._advance(self.costs[step] * stop // n_states - self.costs[step] * start // n_states)
        for (group, column), values in edges.items():
            self.pieces[group].append(Piece(group, column, torch.cat(values)))
        for level, found in pooled.items():
            sums, maxima = (torch.cat(parts) for parts in zip(*found, strict=True))
            self.pooled[step.first, step.last][level] = sums, maxima

    def _inside(self, group: Group, groups: dict[int, Group], maps: dict[int, Tensor]) -> Tensor:
        """Columns of a level that depend on one segment, from those of the levels below."""

        def columns(level: int, start: int, stop: int) -> Tensor:
            return maps[level][:, start - groups[level].start : stop - groups[level].start]

        locality = self.locality
        read = [columns(level, *locality.inputs(group)) for level in locality.reads[group.level]]
        x = self.layers[group.level - 1].inside(
            read[0] if len(read) == 1 else torch.cat(read, dim=3), *locality.padding(group)
        )
        added = locality.adds[group.level]
        return x if added is None else x.add_(columns(added, group.start, group.stop))

    def _edges(self, group: Group, x: Tensor) -> list[Piece]:
        """Copies of the columns of a pure group that mixed ones read; views would keep the whole alive."""
        return [
            Piece(group, start, x[:, start - group.start : stop - group.start].clone())
            for start, stop in self.locality.edges.get(group, [])
        ]

    def _border(self, step: Group) -> None:
        """One group that depends on several segments, for all their states."""
        if step.level == 0:
            x = torch.cat([image for _, _, image in self.spectra.images(step, SPECTRA_ROWS)])
        else:
            locality, added = self.locality, self.locality.adds[step.level]
            sources = locality.sources(step)
            x = self.layers[step.level - 1].across(
                step,
                self._between(sources, locality.reads[step.level], *locality.inputs(step)),
                self.n_states,
                self._between(sources, (added,), step.start, step.stop),
            )
            for source in sources:
                if locality.last_reader[source] == step:
                    del self.pieces[source]
        if step.level in self.local.pooled_levels:
            self.pooled[step.first, step.last][step.level] = _pool(x)
        if step in self.locality.last_reader:
            self.pieces[step] = [Piece(step, step.start, x)]
        self._advance(self.costs[step])

    def _between(self, sources: list[Group], levels: tuple[int | None, ...], start: int, stop: int) -> list[Piece]:
        """What is kept of some groups of some levels, between two columns."""
        pieces = [p.between(start, stop) for source in sources if source.level in levels for p in self.pieces[source]]
        return [piece for piece in pieces if piece.stop > piece.start]

    def _advance(self, multiply_adds: int) -> None:
        self.done += multiply_adds
        if self.progress is not None:
            self.progress(self.done, self.total)


def _pool(x: Tensor) -> tuple[Tensor, Tensor]:
    """Sums and maxima (n, n_channels) over columns and bands of feature maps (n, n_columns, n_bands, n_channels)."""
    return x.sum(dim=(1, 2), dtype=torch.float64), x.flatten(1, 2).amax(dim=1)
