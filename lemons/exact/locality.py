"""Which segments every column of every feature map depends on, and the order of work that follows.

Level 0 is the spectrogram, level ``l`` the result of block ``l``. A column's dependence is a run of neighbouring
segments; neighbouring columns with the same run form a `Group`. A group of one segment is *pure*: it has one state for
each subset of the stems of that segment. A *mixed* group of several has the product of their numbers of states.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lemons.errors import ParameterError
from lemons.exact.protocol import LocalModel

__all__ = ["Group", "Locality"]


@dataclass(frozen=True)
class Group:
    """Columns ``start`` to ``stop`` of a level; they depend on the segments ``first`` to ``last``, both included."""

    level: int
    first: int
    last: int
    start: int
    stop: int

    @property
    def pure(self) -> bool:
        """Whether one segment alone matters."""
        return self.first == self.last

    @property
    def segments(self) -> range:
        """The segments that matter."""
        return range(self.first, self.last + 1)


class Locality:
    """The groups of a model and a track, and the work of computing them.

    Parameters
    ----------
    local : LocalModel
        whose receptive fields count
    spans : sequence of (int, int)
        first sample, and first sample after each segment; together the whole track, neighbours may overlap
    n_bands : int > 0
        rows of the spectrogram

    Attributes
    ----------
    levels : list of list of Group
        by level, from left to right
    reads : list of tuple of int
        the levels that each level is convolved of
    adds : list of int or None
        the level that is added to each
    n_columns, n_bands : list of int
        size of each level
    steps : list of Group
        the order of work: a pure group of level 0 stands for everything pure in its segment; mixed groups follow as
        soon as their inputs are computed
    last_reader : dict of Group to Group
        the step after which a group's values can be dropped; groups that no mixed one reads are missing
    edges : dict of Group to list of (int, int)
        the columns of pure groups that mixed ones read: runs from a first column to the one after the last
    """

    def __init__(self, local: LocalModel, spans: Sequence[tuple[int, int]], n_bands: int):
        self.blocks, self.reads, self.channels = local.blocks, local.reads, local.n_channels
        self.adds = [None, *(block.adds for block in local.blocks)]
        self.pooled_levels = local.pooled_levels
        first, last = self._frames(local, spans)
        depends = [(first, last)]
        self.n_columns, self.n_bands, self.conv_bands = [len(first)], [n_bands], [n_bands]
        for level in range(1, len(local.blocks) + 1):
            self._size(level, n_samples=spans[-1][1])
            depends.append(self._depends(level, depends))
        if len({(self.n_bands[level], self.n_columns[level]) for level in self.pooled_levels}) > 1:
            raise ParameterError(f"outputs={self.pooled_levels} are levels of different sizes, which cannot be pooled")
        self.levels = [self._runs(level, *ends) for level, ends in enumerate(depends)]
        steps = (group for groups in self.levels for group in groups if group.level == 0 or not group.pure)
        self.steps = sorted(steps, key=lambda group: (group.last, group.level, group.start))
        self.last_reader = {source: group for group in self.steps for source in self.sources(group)}
        self.edges = self._edges()

    @staticmethod
    def _frames(local, spans):
        starts, stops = np.transpose(spans)
        samples = np.arange(stops[-1])
        if len(samples) <= local.pad or len(samples) + 2 * local.pad < local.n_fft:
            raise ParameterError(f"{len(samples)} samples are too few for a frame of n_fft={local.n_fft}")

        def frames(owner):
            padded = np.pad(owner, local.pad, mode="reflect")
            return np.lib.stride_tricks.sliding_window_view(padded, local.n_fft)[:: local.hop_length]

        first = frames(np.searchsorted(stops, samples, side="right")).min(axis=1)
        return first, frames(np.searchsorted(starts, samples, side="right") - 1).max(axis=1)

    def _size(self, level: int, n_samples: int) -> None:
        """Note how many bands and columns a level has."""
        block = self.blocks[level - 1]
        sizes = {(self.n_bands[read], self.n_columns[read]) for read in self.reads[level]}
        if len(sizes) > 1:
            raise ParameterError(f"blocks[{level - 1}] reads levels of different (bands, columns): {sorted(sizes)}")
        conv = [
            size + sum(zeros) - kernel + 1
            for size, zeros, kernel in zip(sizes.pop(), block.padding, block.conv.kernel_size, strict=True)
        ]
        n_bands, n_columns = (size // pool for size, pool in zip(conv, block.pool, strict=True))
        if n_bands < 1 or n_columns < 1:
            raise ParameterError(f"{n_samples} samples are too few: nothing is left of them in block {level}")
        if block.adds is not None and (self.n_bands[block.adds], self.n_columns[block.adds]) != (n_bands, n_columns):
            raise ParameterError(f"blocks[{level - 1}] adds level {block.adds}, which has another size than its result")
        self.conv_bands.append(conv[0])
        self.n_bands.append(n_bands)
        self.n_columns.append(n_columns)

    def _depends(self, level, depends):
        """The first and the last segment that each column of a level depends on, from those of the levels below."""
        columns = np.arange(self.n_columns[level])
        start, stop = self._inputs(level, columns, columns + 1)
        places = [(read, np.maximum(start, 0), stop - 1) for read in self.reads[level]]
        if self.adds[level] is not None:
            places.append((self.adds[level], columns, columns))
        first = np.min([depends[read][0][start] for read, start, _ in places], axis=0)
        last = np.max([depends[read][1][np.minimum(end, self.n_columns[read] - 1)] for read, _, end in places], axis=0)
        return first, last

    def _inputs(self, level, start, stop):
        """Columns that columns ``start`` to ``stop`` of a level are convolved of, zero padding included."""
        block = self.blocks[level - 1]
        before, pool = block.padding[1][0], block.pool[1]
        return pool * start - before, pool * stop - before + block.conv.kernel_size[1] - 1

    @staticmethod
    def _runs(level, first, last):
        changes = 1 + np.flatnonzero((np.diff(first) != 0) | (np.diff(last) != 0))
        borders = [0, *changes.tolist(), len(first)]
        return [Group(level, int(first[start]), int(last[start]), start, stop) for start, stop in pairwise(borders)]

    @property
    def pooled_runs(self) -> set[tuple[int, int]]:
        """First and last segment of the groups that are pooled."""
        return {(group.first, group.last) for level in self.pooled_levels for group in self.levels[level]}

    @property
    def width(self) -> int:
        """The largest number of neighbouring segments that a column depends on."""
        return max(last - first + 1 for first, last in self.pooled_runs)

    def inputs(self, group: Group) -> tuple[int, int]:
        """Columns of the levels below that a group is convolved of, zero padding left out."""
        start, stop = self._inputs(group.level, group.start, group.stop)
        return max(start, 0), min(stop, self.n_columns[self.reads[group.level][0]])

    def padding(self, group: Group) -> tuple[int, int]:
        """Zero columns that a group reads before and after the track."""
        start, stop = self._inputs(group.level, group.start, group.stop)
        return max(-start, 0), max(stop - self.n_columns[self.reads[group.level][0]], 0)

    def sources(self, group: Group) -> list[Group]:
        """Groups of the levels below that a mixed group reads, each once."""
        return list(dict.fromkeys(source for source, _, _ in self._columns_read(group)))

    def _columns_read(self, group: Group) -> Iterator[tuple[Group, int, int]]:
        """The groups that a mixed one reads, with the first of the columns read and the one after the last."""
        if group.level == 0 or group.pure:
            return
        read = [(level, *self.inputs(group)) for level in self.reads[group.level]]
        if (added := self.adds[group.level]) is not None:
            read.append((added, group.start, group.stop))
        for level, start, stop in read:
            for source in self.levels[level]:
                if source.start < stop and source.stop > start:
                    yield source, max(start, source.start), min(stop, source.stop)

    def _edges(self) -> dict[Group, list[tuple[int, int]]]:
        read = [read for step in self.steps for read in self._columns_read(step) if read[0].pure]
        runs: dict[Group, list[tuple[int, int]]] = {}
        for source, start, stop in sorted(read, key=lambda read: read[1:]):
            own = runs.setdefault(source, [])
            if own and start <= own[-1][1]:
                own[-1] = own[-1][0], max(stop, own[-1][1])
            else:
                own.append((start, stop))
        return runs

    def pure_groups(self, segment: int) -> list[Group]:
        """The groups that depend on one segment alone, level after level up to the last that has one."""
        return [group for groups in self.levels for group in groups if group.first == group.last == segment]

    def size(self, group: Group) -> int:
        """Values of a group's columns, for one state."""
        return (group.stop - group.start) * self.n_bands[group.level] * self.channels[group.level]

    def multiply_adds(self, n_states: Sequence[int]) -> dict[Group, int]:
        """Multiply-adds of every step, for the numbers of states of the segments.

        A mixed group costs what its pieces of input cost, each for its own states.
        """
        costs = {}
        for step in self.steps:
            if step.level:
                start, stop = self.inputs(step)
                read = [
                    (step.level, group, min(group.stop, stop) - max(group.start, start))
                    for level in self.reads[step.level]
                    for group in self.levels[level]
                    if group.start < stop and group.stop > start
                ]
            elif step.pure:
                read = [
                    (made.level, group, self.blocks[made.level - 1].pool[1] * (made.stop - made.start))
                    for made in self.pure_groups(step.first)[1:]
                    for group in self.pure_groups(step.first)
                    if group.level in self.reads[made.level]
                ]
            else:
                read = []
            costs[step] = sum(
                math.prod(n_states[i] for i in group.segments) * columns * self._per_column(level, group.level)
                for level, group, columns in read
            )
        return costs

    def _per_column(self, level: int, read: int) -> int:
        taps = math.prod(self.blocks[level - 1].conv.kernel_size)
        return taps * self.conv_bands[level] * self.channels[read] * self.channels[level]

    def _parts(self, group: Group, n_states: Sequence[int]) -> int:
        """Values of what the pieces of a mixed group contribute, as far as they are kept: see `Layer.across`."""
        if not group.level:
            return 0
        n, kernel = math.prod(n_states[i] for i in group.segments), self.blocks[group.level - 1].conv.kernel_size[1]
        read = (
            (math.prod(n_states[i] for i in g.segments), end - start) for g, start, end in self._columns_read(group)
        )
        columns = sum(states * (width + kernel - 1) for states, width in read if states < n)
        return columns * self.conv_bands[group.level] * self.channels[group.level]

    def last_use(self, level: int) -> int:
        """The last level that reads a level, or itself."""
        readers = (k for k in range(level + 1, len(self.levels)) if level in (*self.reads[k], self.adds[k]))
        return max(readers, default=level)

    def peak_bytes(self, n_states: Sequence[int], itemsize: int) -> int:
        """The most bytes of feature maps alive at once, by walking through the steps.

        Pure groups leave their edges only; while one is computed, one state of the maps that are still read is alive.
        """
        alive, peak = {}, 0
        for step in self.steps:
            if step.level == 0 and step.pure:
                pure = self.pure_groups(step.first)
                working = max(
                    sum(self.size(group) for group in pure if group.level <= made.level <= self.last_use(group.level))
                    for made in pure
                )
                working *= itemsize
                for group in pure:
                    kept = sum(stop - start for start, stop in self.edges.get(group, []))
                    if kept:
                        share = kept / (group.stop - group.start)
                        alive[group] = n_states[step.first] * self.size(group) * share * itemsize
            else:
                made = math.prod(n_states[i] for i in step.segments) * self.size(step) * itemsize
                working = self._parts(step, n_states) * itemsize
                if step in self.last_reader:
                    alive[step] = made
                else:
                    working += made
            peak = max(peak, sum(alive.values()) + working)
            for source in self.sources(step):
                if self.last_reader[source] == step:
                    del alive[source]
        return int(peak)
