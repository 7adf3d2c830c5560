"""Joint training: one step of several listeners' models at once.

One model's batch is too little work to fill a GPU. Here the layers of several models are computed as one layer: the
maps of all models are side by side as channels, so a convolution with as many groups as models, and a normalization of
all channels, equal those of each model alone. Gradients go back to each model's own weights, and each model has its own
`TrainStep`: optimiser, learning rate, dropout and state are those of a single training, and no model affects another.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from recsys.model import FCN
from recsys.training.step import TrainStep

__all__ = ["joint_losses"]

Batch = tuple[torch.Tensor, torch.Tensor]  # waveforms (batch, n_samples) and labels (batch, 1)


def joint_losses(
    steps: Sequence[TrainStep], batches: Sequence[Iterable[Batch]]
) -> Iterator[tuple[int, torch.Tensor, int]]:
    """Train each model on its own batches, those of equal shape at once.

    Parameters
    ----------
    steps : sequence of TrainStep
        of each model; on one device, of equal ``freeze`` and precision
    batches : sequence of iterables
        for each model, waveforms (batch, n_samples) and labels (batch, 1). A batch whose shape differs from that of the
        others, as the last one of an epoch may, is computed on its own; a model without batches left does not change

    Yields
    ------
    model : int
        its index
    loss : torch.Tensor
        of one batch, on the device
    n : int
        number of snippets in the batch
    """
    for at_once in zip_longest(*batches):
        of_shape: dict[torch.Size, list[tuple[int, Batch]]] = defaultdict(list)
        for i, batch in enumerate(at_once):
            if batch is not None:
                of_shape[batch[0].shape].append((i, batch))
        for shape, found in of_shape.items():
            losses = _step([steps[i] for i, _ in found], [batch for _, batch in found])
            yield from ((i, loss, shape[0]) for (i, _), loss in zip(found, losses, strict=True))


def _step(steps: list[TrainStep], batches: list[Batch]) -> list[torch.Tensor]:
    first, models = steps[0], [step.model for step in steps]
    for step in steps:
        step.begin_step()
    y = torch.cat([y for y, _ in batches]).to(first.device)
    with torch.set_grad_enabled(not first.freeze):
        mel = first.model.spec(y).unflatten(0, (len(steps), -1))  # (models, batch, 256, n_frames)
        with first.autocast():
            maps = _trunk(models, mel)
    losses = [step.loss(x, labels) for step, x, (_, labels) in zip(steps, maps, batches, strict=True)]
    torch.stack(losses).sum().backward()  # of each model's weights, only its own loss has a gradient
    for step in steps:
        step.end_step()
    return [loss.detach() for loss in losses]


def _trunk(models: list[FCN], mel: torch.Tensor) -> Sequence[torch.Tensor]:
    """`FCN.trunk` of each model, in training, on its own spectrograms (models, batch, 256, n_frames)."""
    x = _normalize([model.spec_bn for model in models], mel.transpose(0, 1))  # (batch, models, 256, n_frames)
    for layers in zip(*(model.layers for model in models), strict=True):
        x = _convolve([layer.conv for layer in layers], x)  # (batch, models * n_out, ...)
        x = torch.relu(torch.max_pool2d(_normalize([layer.bn for layer in layers], x), 2))
    return x.unflatten(1, (len(models), -1)).unbind(1)


def _convolve(convs: list[nn.Conv2d], x: torch.Tensor) -> torch.Tensor:
    weight, bias = (_concatenated(convs, name) for name in ("weight", "bias"))
    return F.conv2d(x, weight, bias, padding=convs[0].padding, groups=len(convs))


def _normalize(norms: list[nn.BatchNorm2d], x: torch.Tensor) -> torch.Tensor:
    first = norms[0]
    mean, var = (_concatenated(norms, name) for name in ("running_mean", "running_var"))
    weight, bias = (_concatenated(norms, name) for name in ("weight", "bias"))
    momentum = cast(float, first.momentum)  # None, for cumulative averages, is not used in an FCN
    x = F.batch_norm(x, mean, var, weight, bias, training=first.training, momentum=momentum, eps=first.eps)
    if first.training:  # batch_norm has updated the concatenated copies of the running statistics
        for norm, its_mean, its_var in zip(norms, mean.chunk(len(norms)), var.chunk(len(norms)), strict=True):
            buffers = dict(norm.named_buffers())
            buffers["running_mean"].copy_(its_mean)
            buffers["running_var"].copy_(its_var)
            buffers["num_batches_tracked"].add_(1)
    return x


def _concatenated(modules: Sequence[nn.Module], name: str) -> torch.Tensor:
    return torch.cat([getattr(module, name) for module in modules])
