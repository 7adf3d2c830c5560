"""How a model describes its parts to the exact engine.

The engine takes any model of the form ::

    waveform --pad--> --stft--> complex frames --columns--> (bands x frames) image
             --blocks--> feature maps --global mean and/or max--> --head--> one logit

on two conditions. The short-time Fourier transform is linear, and what follows it looks at every frame by itself
(power, mel bands, decibels, BatchNorm in evaluation mode): then the image of a mix is known from its components'
transforms, frame by frame. And the blocks are local in time: then a column of a feature map depends on few neighbouring
frames.

The blocks follow each other, or read any that came before: branches side by side are blocks that read the same one, a
concatenation is a block that reads several, a residual connection is one that adds another's result to its own.

A model takes part by a method ``local_model()`` that returns a `LocalModel`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lemons.arguments import quoted, whole
from lemons.errors import ParameterError

__all__ = ["Block", "LocalModel", "fold", "local_model_of", "scaling"]

POOLINGS = ("mean", "max")
PRECISIONS = (torch.float32, torch.float64)


@dataclass(frozen=True)
class Block:
    """Convolution, BatchNorm, ReLU, BatchNorm, max-pooling, a sum; all but convolution and ReLU are optional.

    *Levels* number the images: level 0 is the spectrogram, level ``l`` the result of block ``l``, counted from 1.

    Attributes
    ----------
    conv : nn.Conv2d
        over (bands, frames); stride 1, any kernel, zero padding of less than the kernel or none; ``padding="same"``
        puts the odd one of an even kernel's zeros behind, as TensorFlow does
    norm : nn.BatchNorm2d or None
        before ReLU; in evaluation mode a constant scaling, which the engine folds into the convolution
    pool : (int, int)
        bands and frames per cell of the max-pooling, which does not overlap and drops what does not fill a cell;
        (1, 1) for none, all bands there are for a maximum over bands
    post_norm : nn.BatchNorm2d or None
        after ReLU and before the pooling
    reads : tuple of int
        levels that are concatenated, channels behind channels; empty for the level before
    adds : int or None
        level that is added to the result, channel by channel. (What is to be added before ReLU, as in a residual
        network, is another level to read: its part of the kernel is the identity.)

    Examples
    --------
    >>> Block(nn.Conv2d(1, 64, 3, padding=1), nn.BatchNorm2d(64), pool=(2, 2)).pool
    (2, 2)
    """

    conv: nn.Conv2d
    norm: nn.BatchNorm2d | None = None
    pool: tuple[int, int] = (1, 1)
    post_norm: nn.BatchNorm2d | None = None
    reads: tuple[int, ...] = ()
    adds: int | None = None

    @property
    def padding(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Zeros before and after the bands, and before and after the frames."""
        kernel, padding = self.conv.kernel_size, self.conv.padding
        if padding == "same":
            bands, frames = (((size - 1) // 2, size // 2) for size in kernel)
        else:
            bands, frames = ((int(size), int(size)) for size in ((0, 0) if padding == "valid" else padding))
        return bands, frames


@dataclass(frozen=True)
class LocalModel:
    """A fully convolutional model with global pooling, in the parts that the exact engine needs.

    Attributes
    ----------
    n_fft, hop_length : int > 0
        frame ``t`` reads samples ``t * hop_length`` to ``t * hop_length + n_fft`` of the padded waveform
    pad : int >= 0
        samples mirrored at each end of a waveform before frames are cut (``n_fft // 2`` for centred frames)
    stft : callable
        ``stft(y) -> spectrum``: padded waveforms (n, n_samples) to complex (n, n_bins, n_frames); linear in ``y``. In
        float64, or quiet bins are nothing but the rounding of loud ones (see `lemons.exact.spectra`).
    columns : callable
        ``columns(spectrum) -> image``: complex (n, n_bins, n_frames) to real (n, n_bands, n_frames), every frame by
        itself
    blocks : sequence of Block
        what follows, the first with one input channel
    pools : tuple of 'mean' and 'max'
        global poolings over bands and frames, in the order in which the head takes them
    head : nn.Module
        pooled features (n, len(pools) * n_channels) to logits (n, 1); enumeration is fastest for ``nn.Linear``
    outputs : tuple of int
        levels that are pooled, all of one size, channels behind channels; empty for the last

    Examples
    --------
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
    >>> local_model_of(Loudness().eval()).n_channels
    [1, 1]
    """

    n_fft: int
    hop_length: int
    pad: int
    stft: Callable[[Tensor], Tensor]
    columns: Callable[[Tensor], Tensor]
    blocks: Sequence[Block]
    pools: tuple[str, ...]
    head: nn.Module
    outputs: tuple[int, ...] = ()

    @property
    def reads(self) -> list[tuple[int, ...]]:
        """The levels that each level is convolved of; none for level 0."""
        return [(), *(block.reads or (level - 1,) for level, block in enumerate(self.blocks, start=1))]

    @property
    def pooled_levels(self) -> tuple[int, ...]:
        """The levels that are pooled."""
        return self.outputs or (len(self.blocks),)

    @property
    def n_channels(self) -> list[int]:
        """Channels of each level."""
        return [1, *(block.conv.out_channels for block in self.blocks)]


def local_model_of(model: nn.Module) -> LocalModel:
    """Ask a model for its parts and check that the engine's conditions hold.

    Parameters
    ----------
    model : nn.Module
        in evaluation mode, with a method ``local_model() -> LocalModel``

    Returns
    -------
    LocalModel

    Raises
    ------
    ParameterError
        if it is no model, does not describe itself, is in training mode, in half precision, or not local
    """
    if not isinstance(model, nn.Module):
        raise ParameterError(f"model={quoted(model)} must be a torch.nn.Module, such as what load_model returns")
    if not hasattr(model, "local_model"):
        raise ParameterError(f"{type(model).__name__} has no local_model(); explain it with lemons.audiolime instead")
    if model.training:
        raise ParameterError(f"{type(model).__name__} is in training mode, where BatchNorm mixes tracks; call eval()")
    describe_itself: Any = model.local_model
    local = describe_itself()
    if not isinstance(local, LocalModel):
        raise ParameterError(f"local_model() of {type(model).__name__} gives {quoted(local)}, not a LocalModel")
    whole("n_fft", local.n_fft, least=1)
    whole("hop_length", local.hop_length, least=1, most=local.n_fft, hint=", n_fft: frames leave no gap")
    whole("pad", local.pad, least=0)
    if not local.blocks:
        raise ParameterError("blocks=() must hold at least one block")
    if not local.pools or not set(local.pools) <= set(POOLINGS):
        raise ParameterError(f"pools={local.pools} must be some of {POOLINGS}")
    for number in range(len(local.blocks)):
        _check_block(local, number)
    if not set(local.outputs) <= set(range(1, len(local.blocks) + 1)) or len({*local.outputs}) < len(local.outputs):
        raise ParameterError(f"outputs={local.outputs} must be different levels from 1 to {len(local.blocks)}")
    return local


def _check_block(local: LocalModel, number: int) -> None:
    block, level, conv = local.blocks[number], number + 1, local.blocks[number].conv
    if conv.weight.dtype not in PRECISIONS:
        raise ParameterError(f"blocks[{number}] is of {conv.weight.dtype}, too coarse to be exact; call float()")
    padded = [max(sizes) for sizes in block.padding]
    plain = {*conv.stride, *conv.dilation, conv.groups} == {1} and conv.padding_mode == "zeros"
    if not plain or any(size >= kernel for size, kernel in zip(padded, conv.kernel_size, strict=True)):
        wanted = "stride 1, no dilation, no groups, and zero padding of less than the kernel"
        raise ParameterError(f"blocks[{number}] is {conv}; the exact engine needs {wanted}")
    reads = local.reads[level]
    before = set(range(level))
    if not set(reads) <= before or len(set(reads)) < len(reads) or not {block.adds} <= before | {None}:
        raise ParameterError(
            f"blocks[{number}] reads levels {reads} and adds {block.adds}; they must be different ones below {level}"
        )
    n_channels = [local.n_channels[read] for read in reads]
    if sum(n_channels) != conv.in_channels:
        raise ParameterError(f"blocks[{number}] is {conv}, but reads levels of {n_channels} channels")
    if block.adds is not None and local.n_channels[block.adds] != conv.out_channels:
        raise ParameterError(f"blocks[{number}] is {conv}, but adds a level of {local.n_channels[block.adds]} channels")


def fold(block: Block) -> tuple[Tensor, Tensor]:
    """The block's convolution with its BatchNorm multiplied in: weight (out, in, bands, frames) and bias (out,)."""
    weight = block.conv.weight.detach().double()
    bias = weight.new_zeros(len(weight)) if block.conv.bias is None else block.conv.bias.detach().double()
    if block.norm is not None:
        scale, shift = scaling(block.norm)
        weight, bias = weight * scale[:, None, None, None], bias * scale + shift
    return weight.to(block.conv.weight.dtype), bias.to(block.conv.weight.dtype)


def scaling(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What a BatchNorm does in evaluation mode: ``x * scale + shift``, both (n_channels,) in float64."""
    if norm.running_mean is None or norm.running_var is None:
        raise ParameterError(
            "a BatchNorm without running statistics has another answer in every batch; train it with them"
        )
    scale = torch.rsqrt(norm.running_var.double() + norm.eps)
    shift = -norm.running_mean.double() * scale
    if norm.affine:
        gain = norm.weight.detach().double()
        scale, shift = scale * gain, shift * gain + norm.bias.detach().double()
    return scale, shift
