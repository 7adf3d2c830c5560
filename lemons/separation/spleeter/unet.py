"""Spleeter's U-Net: from the spectrogram of a mix to the mask of one stem.

Six convolutions halve time and frequency; six transposed ones double them again and see, beside what is below them,
what the convolution of their own size found (Jansson et al., "Singing voice separation with deep U-Net convolutional
networks", ISMIR 2017; Hennequin et al., "Spleeter", JOSS 5(50), 2020). Each stem has a network of its own.

Two things make it fast on a CPU and change no result. Channels come last in memory. And the two largest layers keep
the four *phases* of an image (even and odd rows, even and odd columns) as four channels of half the size: the last
transposed convolution, of stride 2, finds each phase by an ordinary convolution of its input, and the last
convolution, dilated by 2, finds each phase from one phase of its input. The phases meet at the very end.
"""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lemons.separation.spleeter.configuration import Configuration

__all__ = ["N_CHANNELS", "PHASES", "UNet", "dilated_in_phases", "doubling_in_phases"]

N_CHANNELS = 2
EPSILON = 1e-3  # of batch normalization, as Keras has it
ACTIVATIONS = {"ReLU": nn.ReLU(inplace=True), "LeakyReLU": nn.LeakyReLU(0.2, inplace=True), "ELU": nn.ELU(inplace=True)}
SAME = (1, 2, 1, 2)  # zeros that TensorFlow puts around an even image for stride 2 and 5 × 5: left, right, top, bottom
PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))  # first row and column of each, in the order of `F.pixel_shuffle`


class UNet(nn.Module):
    """The network of one stem, with fresh weights; it is not meant to be trained.

    Parameters
    ----------
    configuration : Configuration
        its filters and activations
    """

    def __init__(self, configuration: Configuration):
        super().__init__()
        filters = configuration.conv_n_filters
        self.down = nn.ModuleList(nn.Conv2d(i, o, 5, stride=2) for i, o in pairwise((N_CHANNELS, *filters)))
        self.down_norm = nn.ModuleList(nn.BatchNorm2d(n, EPSILON) for n in filters[:-1])
        wide = [filters[-1], *(2 * n for n in filters[-2::-1])]  # skip and what comes from below, side by side
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(i, o, 5, stride=2, padding=1) for i, o in zip(wide, filters[-2::-1], strict=False)
        )
        self.up_norm = nn.ModuleList(nn.BatchNorm2d(n, EPSILON) for n in filters[-2::-1])
        self.phases = nn.Conv2d(wide[-1], len(PHASES), 3, padding=1)
        self.phases_norm = nn.BatchNorm2d(len(PHASES), EPSILON)
        self.mask = nn.Conv2d(len(PHASES), N_CHANNELS * len(PHASES), 5, padding=2)
        self.down_activation = ACTIVATIONS[configuration.conv_activation]
        self.up_activation = ACTIVATIONS[configuration.deconv_activation]
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Find the logits of the stem's mask.

        Parameters
        ----------
        x : torch.Tensor [shape=(batch, 2, T, F)]
            magnitudes of the mix; T and F are multiples of 64

        Returns
        -------
        torch.Tensor [shape=(batch, 2, T, F)]
        """
        skips = [self.down[0](F.pad(x, SAME))]  # (batch, 16, T/2, F/2)
        for norm, convolution in zip(self.down_norm, self.down[1:], strict=True):
            # what is skipped to the other side is not normalized
            skips.append(convolution(F.pad(self.down_activation(norm(skips[-1])), SAME)))
        x = skips.pop()  # (batch, 512, T/64, F/64), neither normalized nor activated
        for convolution, norm in zip(self.up, self.up_norm, strict=True):
            x = norm(self.up_activation(convolution(x)))[..., :-1, :-1]
            x = torch.cat([skips.pop(), x], dim=1)
        x = self.phases_norm(self.up_activation(self.phases(x)))  # (batch, 4, T/2, F/2)
        return F.pixel_shuffle(self.mask(x).contiguous(), 2)


def doubling_in_phases(kernel: np.ndarray) -> np.ndarray:
    """A transposed 5 × 5 convolution of stride 2 as a 3 × 3 convolution that finds the four phases of its result.

    Parameters
    ----------
    kernel : np.ndarray [shape=(n_inputs, 1, 5, 5)]

    Returns
    -------
    np.ndarray [shape=(4, n_inputs, 3, 3)]
    """
    result = np.zeros((len(PHASES), len(kernel), 3, 3), np.float32)
    # the result's sample 2 m + p gets the input's sample m + d through the tap p - 2 d + 1, where there is one
    taps = {0: ((0, 3), (1, 1)), 1: ((0, 4), (1, 2), (2, 0))}  # phase: (d + 1, tap)
    for phase, (row, column) in enumerate(PHASES):
        for i, above in taps[row]:
            for j, left in taps[column]:
                result[phase, :, i, j] = kernel[:, 0, above, left]
    return result


def dilated_in_phases(kernel: np.ndarray) -> np.ndarray:
    """A 4 × 4 convolution, dilated by 2, as a 5 × 5 convolution of phases to phases.

    Parameters
    ----------
    kernel : np.ndarray [shape=(n_outputs, 1, 4, 4)]

    Returns
    -------
    np.ndarray [shape=(4 * n_outputs, 4, 5, 5)]
        the four phases of the first output, then of the next
    """
    result = np.zeros((len(kernel), len(PHASES), len(PHASES), 5, 5), np.float32)
    for phase, (row, column) in enumerate(PHASES):
        # taps are at -3, -1, 1, 3: even samples see odd ones, from two places before, and odd samples even ones
        other = PHASES.index((1 - row, 1 - column))
        result[:, phase, other, row : row + 4, column : column + 4] = kernel[:, 0]
    return result.reshape(-1, len(PHASES), 5, 5)
