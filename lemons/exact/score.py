"""One pass over a track that answers for every mask: see `score_table`."""

import copy
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lemons.arguments import as_array, function, quoted, waveform, whole
from lemons.errors import DataError, ParameterError
from lemons.exact.layers import Layer, Piece
from lemons.exact.locality import Group, Locality
from lemons.exact.pooled import Pooled, PooledGroup
from lemons.exact.protocol import LocalModel, local_model_of
from lemons.exact.spectra import Spectra
from lemons.exact.table import ScoreTable
from lemons.progress import Progress
from lemons.segments import Segments

__all__ = ["MAX_MEMORY", "Pass", "score_table", "score_tables"]

MAX_MEMORY = 3 * 10**9  # bytes
MAX_BITS = 60  # components that a column may depend on
SPECTRA_ROWS = 2**12  # states of a border whose spectra are computed at once, in float64


@torch.no_grad()
def score_table(
    model: nn.Module,
    stems: np.ndarray,
    n_segments: int | Segments = 5,
    *,
    off: np.ndarray | None = None,
    device: str | torch.device | None = None,
    max_memory: int = MAX_MEMORY,
    progress: Progress | None = None,
) -> ScoreTable:
    """A model's answers to all mixes of a track's components.

    Parameters
    ----------
    model : nn.Module
        a fully convolutional model with global pooling, in evaluation mode; see `lemons.exact.protocol`
    stems : np.ndarray or Tensor [shape=(n_stems, n_samples), dtype=float32]
        waveforms at 16 kHz; their sum is the track
    n_segments : int > 0 or Segments
        stretches of equal length, at most as many as frames, cut hard as audioLIME cuts them, the remainder belonging
        to the last; or any others
    off : np.ndarray or Tensor [shape=(n_stems, n_samples), dtype=float32] or None
        what sounds in place of each stem where it is switched off, cut like it; None for silence. See
        `lemons.baselines`. With all components on, the mix is the track: exactly for waveforms on the 16-bit grid
    device : torch.device or None
        where to compute, on a copy of the model; None for where the model is
    max_memory : int > 0
        bytes of feature maps and tables that may be alive at once
    progress : callable or None
        ``progress(done, total)``, in multiply-adds; may raise to cancel

    Returns
    -------
    ScoreTable
        component ``segment * n_stems + stem`` is a stem in a segment

    Raises
    ------
    ParameterError
        if an argument is of another kind, the model is none that the engine takes, stems or ``off`` have no such shape,
        or the states of segments that are short beside the receptive field do not fit ``max_memory``
    DataError
        if the stems, ``off``, or the model's answers, hold values that are not numbers
    """
    started = time.perf_counter()
    max_memory = whole("max_memory", max_memory, least=1, hint=" bytes")
    if progress is not None:
        function("progress", progress)
    local_model_of(model)  # before it is copied
    local = local_model_of(_moved(model, device) if device is not None else model)
    stems = _check_stems(stems)
    segments = n_segments
    if not isinstance(segments, Segments):
        segments = Segments.equal(stems.shape[1], segments)
    n_frames = 1 + (stems.shape[1] + 2 * local.pad - local.n_fft) // local.hop_length
    if len(segments) > n_frames > 0 and stems.shape[1] > local.pad:
        raise ParameterError(f"n_segments={len(segments)} must be at most {n_frames}, the frames of the track")
    engine = Pass(local, stems, segments, off=_check_off(off, stems), max_memory=max_memory, progress=progress)
    pooled = engine.run()
    return ScoreTable(pooled, multiply_adds=engine.total, seconds=time.perf_counter() - started)


def score_tables(models: Sequence[nn.Module], stems: np.ndarray, *args: Any, **kwargs: Any) -> list[ScoreTable]:
    """The answers of several models that differ in their heads alone, from one pass.

    Parameters
    ----------
    models : sequence of nn.Module
        of one class, whose weights are equal but for those of the head of ``local_model()``
    stems, *args, **kwargs
        see `score_table`

    Returns
    -------
    list of ScoreTable
        of each model, bit for bit what `score_table` returns for it alone; ``seconds`` are those of the one pass

    Raises
    ------
    ParameterError
        if the models differ in more than their heads; see `score_table` for the other errors
    """
    if not models:
        return []
    first, *others = models
    trunk = _trunk_state(first)
    for i, other in enumerate(others, start=1):
        state = _trunk_state(other)
        alike = type(other) is type(first) and state.keys() == trunk.keys()
        if not alike or not all(torch.equal(state[name], value) for name, value in trunk.items()):
            raise ParameterError(f"models[{i}] differs from the first in more than its head; call score_table for it")
    table = score_table(first, stems, *args, **kwargs)
    device = table.pooled.groups[0].sums.device
    heads = (copy.deepcopy(local_model_of(other).head).to(device) for other in others)
    return [table, *(table.with_head(head) for head in heads)]


def _trunk_state(model: nn.Module) -> dict[str, Tensor]:
    """The state dict without the head."""
    own = local_model_of(model).head.state_dict(keep_vars=True).values()
    head = {id(value) for value in own}
    return {name: value for name, value in model.state_dict(keep_vars=True).items() if id(value) not in head}


def _moved(model: nn.Module, device) -> nn.Module:
    """A copy of the model on a device."""
    try:
        return copy.deepcopy(model).to(torch.device(device))
    except (RuntimeError, TypeError, AssertionError) as error:  # the last one for CUDA in a build without it
        reason = str(error).partition("\n")[0][:100]
        raise ParameterError(f"device={quoted(device)} cannot be used ({reason}); take 'cpu'") from error


def _check_stems(stems) -> np.ndarray:
    if isinstance(stems, list | tuple) and len({getattr(y, "shape", None) for y in stems}) == 1:
        stems = np.array([as_array(y) for y in stems])
    stems = waveform("stems", stems, n_dims=2)
    if len(stems) > stems.shape[1]:
        raise ParameterError(f"stems of shape {stems.shape} must be (n_stems, n_samples); give their transpose")
    return stems


def _check_off(off, stems: np.ndarray) -> np.ndarray | None:
    if off is None:
        return None
    off = waveform("off", off, n_dims=2)
    if off.shape != stems.shape:
        raise ParameterError(f"off of shape {off.shape} must have that of the stems, {stems.shape}")
    return off


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
        self.layers = [Layer(block, weight.device) for block in local.blocks]
        self.n_states = self.spectra.n_states
        self.itemsize = weight.element_size()
        self._check_states()
        self.costs = self.locality.multiply_adds(self.n_states)
        self.done, self.total = 0, sum(self.costs.values())
        self._check_memory(max_memory)
        self.pieces: dict[Group, list[Piece]] = defaultdict(list)
        self.groups: list[PooledGroup] = []

    def _bands(self, weight: Tensor) -> int:
        silence = torch.zeros(1, self.local.n_fft, device=weight.device, dtype=weight.dtype)
        return self.local.columns(self.local.stft(silence)).shape[1]

    def _check_states(self) -> None:
        """Refuse numbers of states that no memory holds; their product may exceed a float, too."""
        n_bits = max(sum(self.n_states[i].bit_length() - 1 for i in g.segments) for g in self.locality.levels[-1])
        if n_bits > MAX_BITS:
            raise ParameterError(
                f"columns of {self.locality.width} neighbouring segments with {self.n_stems} stems each have "
                f"2^{n_bits} states; take fewer segments or stems, or sample masks with lemons.audiolime"
            )

    def _check_memory(self, max_memory: int) -> None:
        rows = sum(math.prod(self.n_states[i] for i in group.segments) for group in self.locality.levels[-1])
        table = rows * self.locality.channels[-1] * (8 + self.itemsize)  # sums in float64, maxima
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
        if not all(group.sums.isfinite().all() for group in self.groups):
            raise DataError("the model answers with values that are not numbers (NaN or infinite); train it again")
        return Pooled(
            groups=self.groups,
            sounding=self.spectra.sounding.cpu().numpy(),
            n_cells=self.locality.n_columns[-1] * self.locality.n_bands[-1],
            head=self.local.head,
            pools=tuple(self.local.pools),
        )

    def _segment(self, step: Group) -> None:
        """Everything that depends on one segment alone, a few states at a time."""
        n_states = self.n_states[step.first]
        groups = self.locality.pure_groups(step.first)
        largest = max(self.locality.size(group) for group in groups) * self.itemsize
        rows = max(self.layers[0].tile_bytes // largest, 1)
        edges, sums, maxima = defaultdict(list), [], []
        for start, stop, x in self.spectra.images(step, rows):
            for below, group in zip([None, *groups], groups, strict=False):
                if below:
                    first, end = self.locality.inputs(group)
                    x = x[:, first - below.start : end - below.start]
                    x = self.layers[below.level].inside(x, *self.locality.padding(group))
                for piece in self._edges(group, x):
                    edges[group, piece.start].append(piece.values)
            if group.level == len(self.layers):
                sums.append(x.sum(dim=(1, 2), dtype=torch.float64))
                maxima.append(x.flatten(1, 2).amax(dim=1))
            self._advance(self.costs[step] * stop // n_states - self.costs[step] * start // n_states)
        for (group, column), values in edges.items():
            self.pieces[group].append(Piece(group, column, torch.cat(values)))
        if sums:
            self.groups.append(PooledGroup(step.first, step.last, torch.cat(sums), torch.cat(maxima)))

    def _edges(self, group: Group, x: Tensor) -> list[Piece]:
        """Copies of the columns of a pure group that mixed ones read; views would keep the whole alive."""
        if group not in self.locality.last_reader:
            return []
        edge = self.locality.edge(group.level)
        if x.shape[1] <= 2 * edge:
            return [Piece(group, group.start, x)]
        return [Piece(group, group.start, x[:, :edge].clone()), Piece(group, group.stop - edge, x[:, -edge:].clone())]

    def _border(self, step: Group) -> None:
        """One group that depends on several segments, for all their states."""
        if step.level == 0:
            x = torch.cat([image for _, _, image in self.spectra.images(step, SPECTRA_ROWS)])
        else:
            sources = self.locality.sources(step)
            inputs = self.locality.inputs(step)
            pieces = [piece.between(*inputs) for source in sources for piece in self.pieces[source]]
            x = self.layers[step.level - 1].across(step, [p for p in pieces if p.stop > p.start], self.n_states)
            for source in sources:
                if self.locality.last_reader[source] == step:
                    del self.pieces[source]
        if step.level == len(self.layers):
            sums, maxima = x.sum(dim=(1, 2), dtype=torch.float64), x.flatten(1, 2).amax(dim=1)
            self.groups.append(PooledGroup(step.first, step.last, sums, maxima))
        elif step in self.locality.last_reader:
            self.pieces[step] = [Piece(step, step.start, x)]
        self._advance(self.costs[step])

    def _advance(self, multiply_adds: int) -> None:
        self.done += multiply_adds
        if self.progress is not None:
            self.progress(self.done, self.total)
