"""Which segments every column of every feature map depends on, and the order of work that follows.

Level 0 is the spectrogram, level ``l`` the output of block ``l``. A column's dependence is a run of neighbouring
segments; neighbouring columns with the same run form a `Group`. A group of one segment is *pure*: it has one state for
each subset of the stems of that segment. A *mixed* group of several has the product of their numbers of states.
"""

import math
from collections.abc import Sequence
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
    n_columns : list of int
        columns of each level
    steps : list of Group
        the order of work: a pure group of level 0 stands for everything pure in its segment; mixed groups follow as
        soon as their inputs are computed
    last_reader : dict of Group to Group
        the step after which a group's values can be dropped; groups that no mixed one reads are missing
    """

    def __init__(self, local: LocalModel, spans: Sequence[tuple[int, int]], n_bands: int):
        self.kernels = [block.conv.kernel_size for block in local.blocks]
        self.pools = [block.pool for block in local.blocks]
        self.channels = [1, *(block.conv.out_channels for block in local.blocks)]
        first, last = self._frames(local, spans)
        self.levels, self.n_columns, self.n_bands = [], [], [n_bands]
        for level in range(len(local.blocks) + 1):
            if level:
                first, last = self._pooled(first, last, level)
                self.n_bands.append(self.n_bands[-1] // self.pools[level - 1][0])
            if not len(first) or not self.n_bands[-1]:
                raise ParameterError(f"{spans[-1][1]} samples are too few: nothing is left of them in block {level}")
            self.levels.append(self._runs(level, first, last))
            self.n_columns.append(len(first))
        steps = (group for groups in self.levels for group in groups if group.level == 0 or not group.pure)
        self.steps = sorted(steps, key=lambda group: (group.last, group.level, group.start))
        self.last_reader = {source: group for group in self.steps for source in self.sources(group)}

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

    def _pooled(self, first, last, level):
        columns = np.arange(len(first) // self.pools[level - 1][1])
        start, stop = self._inputs(level, columns, columns + 1)
        return first[np.maximum(start, 0)], last[np.minimum(stop, len(last)) - 1]

    def _inputs(self, level, start, stop):
        """Columns of the level below that columns ``start`` to ``stop`` read, zero padding included."""
        half, pool = self.kernels[level - 1][1] // 2, self.pools[level - 1][1]
        return pool * start - half, pool * stop + half

    @staticmethod
    def _runs(level, first, last):
        changes = 1 + np.flatnonzero((np.diff(first) != 0) | (np.diff(last) != 0))
        borders = [0, *changes.tolist(), len(first)]
        return [Group(level, int(first[start]), int(last[start]), start, stop) for start, stop in pairwise(borders)]

    @property
    def width(self) -> int:
        """The largest number of neighbouring segments that a column depends on."""
        return max(len(group.segments) for group in self.levels[-1])

    def inputs(self, group: Group) -> tuple[int, int]:
        """Columns of the level below that a group reads, zero padding left out."""
        start, stop = self._inputs(group.level, group.start, group.stop)
        return max(start, 0), min(stop, self.n_columns[group.level - 1])

    def padding(self, group: Group) -> tuple[int, int]:
        """Zero columns that a group reads before and after the track."""
        start, stop = self._inputs(group.level, group.start, group.stop)
        return max(-start, 0), max(stop - self.n_columns[group.level - 1], 0)

    def sources(self, group: Group) -> list[Group]:
        """Groups of the level below that a mixed group reads."""
        if group.level == 0 or group.pure:
            return []
        start, stop = self.inputs(group)
        return [source for source in self.levels[group.level - 1] if source.start < stop and source.stop > start]

    def edge(self, level: int) -> int:
        """Pure columns at either end of their group that mixed ones of the next level may read."""
        return self.kernels[level][1] + self.pools[level][1] - 2

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
                read = [(step.level, g, min(g.stop, stop) - max(g.start, start)) for g in self.sources(step)]
            elif step.pure:
                made = self.pure_groups(step.first)[1:]
                read = [(g.level, g, self.pools[g.level - 1][1] * (g.stop - g.start)) for g in made]
            else:
                read = []
            costs[step] = sum(
                math.prod(n_states[i] for i in group.segments) * columns * self._per_column(level)
                for level, group, columns in read
            )
        return costs

    def _per_column(self, level: int) -> int:
        taps = math.prod(self.kernels[level - 1])
        return taps * self.n_bands[level - 1] * self.channels[level - 1] * self.channels[level]

    def peak_bytes(self, n_states: Sequence[int], itemsize: int) -> int:
        """The most bytes of feature maps alive at once, by walking through the steps.

        Pure groups leave their edges only; while one is computed, one state of its two largest feature maps is alive.
        """
        alive, peak = {}, 0
        for step in self.steps:
            if step.level == 0 and step.pure:
                pure = self.pure_groups(step.first)
                working = sum(sorted(self.size(group) for group in pure)[-2:]) * itemsize
                for group in (group for group in pure if group in self.last_reader):
                    share = min(1, 2 * self.edge(group.level) / (group.stop - group.start))
                    alive[group] = n_states[step.first] * self.size(group) * share * itemsize
            else:
                working = math.prod(n_states[i] for i in step.segments) * self.size(step) * itemsize
                if step in self.last_reader:
                    alive[step], working = working, 0
            peak = max(peak, sum(alive.values()) + working)
            for source in self.sources(step):
                if self.last_reader[source] == step:
                    del alive[source]
        return int(peak)
