"""Several listeners' models that take a step at once.

One model's batch is too little work to fill a GPU. Here the layers of several models are computed as one layer: the
maps of all lie side by side as channels, so a convolution in as many groups as there are models, and a normalization
of all channels, are those of each model alone. Gradients go back to each model's own weights, and each has its own
`TrainStep`: optimiser, learning rate, dropout and state are as they are alone, and nothing passes from one to another.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import torch
import torch.nn.functional as F
from torch import nn

from recsys.model import FCN
from recsys.training.step import TrainStep


def joint_losses(
    steps: Sequence[TrainStep], batches: Sequence[Iterable[tuple[torch.Tensor, torch.Tensor]]]
) -> Iterator[tuple[int, torch.Tensor, int]]:
    """Train each model on its own batches, those of equal shape at once.

    Parameters
    ----------
    steps : sequence of TrainStep
        on one device, of equal ``freeze`` and precision
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
        how many snippets the batch had
    """
    for at_once in zip_longest(*batches):
        alike = defaultdict(list)
        for i, batch in enumerate(at_once):
            if batch is not None:
                alike[batch[0].shape].append(i)
        for shape, indices in alike.items():
            losses = _step([steps[i] for i in indices], [at_once[i] for i in indices])
            yield from ((i, loss, shape[0]) for i, loss in zip(indices, losses, strict=True))


def _step(steps: list[TrainStep], batches: list[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
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
    weight, bias = torch.cat([conv.weight for conv in convs]), torch.cat([conv.bias for conv in convs])
    return F.conv2d(x, weight, bias, padding=convs[0].padding, groups=len(convs))


def _normalize(norms: list[nn.BatchNorm2d], x: torch.Tensor) -> torch.Tensor:
    one = norms[0]
    mean, var, weight, bias = (
        torch.cat([getattr(norm, name) for norm in norms]) for name in ("running_mean", "running_var", "weight", "bias")
    )
    x = F.batch_norm(x, mean, var, weight, bias, training=one.training, momentum=one.momentum, eps=one.eps)
    if one.training:  # it has moved the copies of the running statistics
        for norm, its_mean, its_var in zip(norms, mean.chunk(len(norms)), var.chunk(len(norms)), strict=True):
            norm.running_mean.copy_(its_mean)
            norm.running_var.copy_(its_var)
            norm.num_batches_tracked += 1
    return x
