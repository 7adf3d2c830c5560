"""One pass over a track that answers for every mask: see `score_table`."""

import copy
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lemons.arguments import as_array, function, quoted, waveform, whole
from lemons.errors import ParameterError
from lemons.exact.propagation import MAX_MEMORY, Pass
from lemons.exact.protocol import local_model_of
from lemons.exact.table import ScoreTable
from lemons.progress import Progress
from lemons.segments import Segments

__all__ = ["score_table", "score_tables"]


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

    Examples
    --------
    >>> from lemons.exact import Block, LocalModel
    >>> class Loudness(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.conv, self.fc = nn.Conv2d(1, 1, 3, padding=1), nn.Linear(1, 1)
    ...
    ...     def local_model(self):
    ...         def stft(y):
    ...             window = torch.ones(64, dtype=torch.float64)
    ...             return torch.stft(y.double(), 64, 32, window=window, center=False, return_complex=True)
    ...
    ...         def columns(spectrum):
    ...             return spectrum.abs().float()
    ...
    ...         return LocalModel(64, 32, 32, stft, columns, [Block(self.conv)], ("mean",), self.fc)
    >>> stems = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 4000)).astype(np.float32)
    >>> table = score_table(Loudness().eval(), stems, 2)
    >>> table.n_components, len(table.best(1).components)
    (4, 1)
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

    Examples
    --------
    Who likes what another dislikes, and as much, gives every mix the opposite answer.

    >>> from lemons.exact import Block, LocalModel
    >>> class Taste(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.conv, self.fc = nn.Conv2d(1, 1, 1), nn.Linear(1, 1, bias=False)
    ...
    ...     def local_model(self):
    ...         def stft(y):
    ...             window = torch.ones(64, dtype=torch.float64)
    ...             return torch.stft(y.double(), 64, 64, window=window, center=False, return_complex=True)
    ...
    ...         def columns(spectrum):
    ...             return spectrum.abs().float()
    ...
    ...         return LocalModel(64, 64, 0, stft, columns, [Block(self.conv)], ("mean",), self.fc)
    >>> one = Taste().eval()
    >>> other = copy.deepcopy(one)
    >>> other.fc.weight.data *= -1
    >>> stems = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 4000)).astype(np.float32)
    >>> tables = score_tables([one, other], stems, 2)
    >>> bool((tables[0].all_logits == -tables[1].all_logits).all())
    True
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
