"""The recommender: a small fully convolutional network (FCN) on a log-mel spectrogram.

    waveform (batch, n_samples)
      -> spec   (batch, 256, n_frames)              log-mel spectrogram, n_frames = n_samples // 256 + 1
      -> trunk  (batch, 64, 8, n_frames // 32)      five times: 3 x 3 convolution, batch norm, ReLU, 2 x 2 max pooling
      -> pool   (batch, 128)                        mean and maximum over all positions
      -> head   (batch, 1)                          the logit; its sigmoid is the track's relevance for the listener

Several listeners may share a trunk: then there is a head for each, and a logit (batch, n_listeners).

The architecture is that of LEMONS (Melchiorre, Haunschmid, Schedl, Widmer, ECIR 2021), as are the names in its state
dict (``spec_bn``, ``layer1`` ... ``layer5`` with ``conv`` and ``bn``, ``fc``), so that its published weights load.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lemons.audio import SAMPLE_RATE
from lemons.errors import ParameterError
from lemons.exact import LocalModel, protocol
from recsys.network import Network

__all__ = ["FCN", "LogMel", "check_device", "mel_filters"]

N_FFT = 512  # samples
HOP_LENGTH = 256  # samples; 1 s gives 63 frames
N_MELS = 256
F_MAX = 8000.0  # Hz
FLOOR = 1e-10  # power; -100 dB

CHANNELS = (1, 64, 128, 128, 128, 64)
N_FEATURES = 2 * CHANNELS[-1]  # of a track: mean and maximum of each channel
STRIDE = 2 ** (len(CHANNELS) - 1)  # frames from one column of the trunk's output to the next
MIN_SAMPLES = (STRIDE - 1) * HOP_LENGTH  # 0.5 s; a shorter waveform has no column left after pooling
LONG = 2**24  # samples, 17 min; spectra of longer tracks are computed in stretches of this length, to save memory
PIECE = 8 * STRIDE  # frames; the layers of a piece stay in the processor's cache: half the time of a whole track


class LogMel(nn.Module):
    """Mel spectrogram in decibels: 10 log10 of the power in 256 HTK mel bands from 0 to 8000 Hz, -100 dB at least.

    The periodic Hann window has 512 samples, frames are centred and reflected at the ends, triangles have height 1.
    With so short a window, 27 of the 256 triangles (all below 704 Hz) are between two bins and their bands are always
    at the floor; they are kept, since the published weights were trained with them. Values equal those of torchaudio's
    MelSpectrogram and AmplitudeToDB.
    """

    window: torch.Tensor
    filters: torch.Tensor

    def __init__(self):
        super().__init__()
        # neither is learned or saved: they belong to the definition
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Decibels (batch, 256, n_samples // 256 + 1) of waveforms (batch, n_samples), float32 in [-1, 1)."""
        y = F.pad(y.unsqueeze(1), (N_FFT // 2, N_FFT // 2), mode="reflect").squeeze(1)
        if y.shape[1] <= LONG + N_FFT:
            return self.decibels(self.stft(y))
        n_frames, step = (y.shape[1] - N_FFT) // HOP_LENGTH + 1, LONG // HOP_LENGTH
        ends = [(first, min(first + step, n_frames)) for first in range(0, n_frames, step)]
        stretches = (y[:, first * HOP_LENGTH : (last - 1) * HOP_LENGTH + N_FFT] for first, last in ends)
        return torch.cat([self.decibels(self.stft(stretch)) for stretch in stretches], dim=2)

    def stft(self, y: torch.Tensor) -> torch.Tensor:
        """Complex spectra (batch, 257, n_frames) of padded waveforms, in float64.

        In float32 a quiet bin beside a loud one is rounding noise, which the logarithm turns into tenths of a decibel:
        the spectrum of a mix and the sum of its stems' spectra would give logits a thousandth apart.
        """
        window = self.window.double()
        return torch.stft(y.double(), N_FFT, HOP_LENGTH, window=window, center=False, return_complex=True)

    def decibels(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Mel bands (batch, 256, n_frames) of complex spectra, frame by frame."""
        power = spectrum.real.square() + spectrum.imag.square()  # (batch, 257, n_frames)
        mel = self.filters.T.double() @ power
        return 10 * torch.log10(mel.to(self.filters.dtype).clamp(min=FLOOR))

    def _load_from_state_dict(self, state_dict, prefix, _metadata, _strict, _missing, unexpected, errors):
        """Accept window and filters in a state dict of the original, if they equal those of this module."""
        for name in [name for name in state_dict if name.startswith(prefix)]:
            ours = {"window": self.window, "fb": self.filters}.get(name.rsplit(".", 1)[-1])
            if ours is None:
                unexpected.append(name)
            elif state_dict[name].shape != ours.shape or not torch.allclose(state_dict[name].to(ours), ours, atol=1e-4):
                errors.append(f"{name} is not that of a {N_FFT}-sample Hann window and {N_MELS} HTK mel bands")


def mel_filters() -> torch.Tensor:
    """Triangles of height 1 with corners equally spaced on the HTK mel scale, 2595 log10(1 + f / 700).

    Returns
    -------
    torch.Tensor [shape=(257, 256), dtype=float32]
        weight of each bin of the spectrum in each band

    Examples
    --------
    >>> filters = mel_filters()
    >>> filters.shape, int((filters.sum(dim=0) == 0).sum())
    (torch.Size([257, 256]), 27)
    """
    # float32 in every step, as in torchaudio: rounding decides whether a bin at a triangle's corner is inside
    bins = torch.linspace(0, SAMPLE_RATE // 2, N_FFT // 2 + 1)  # Hz
    mels = torch.linspace(0, 2595 * np.log10(1 + F_MAX / 700), N_MELS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)  # Hz
    widths = corners.diff()
    distances = corners - bins[:, None]  # (257, 258)
    return torch.minimum(-distances[:, :-2] / widths[:-1], distances[:, 2:] / widths[1:]).clamp(min=0)


class Block(nn.Module):
    """Convolution, batch normalization, ReLU, max pooling; halves frequency and time."""

    def __init__(self, n_in: int, n_out: int):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.bn = nn.BatchNorm2d(n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (batch, n_in, n_bands, n_frames) to (batch, n_out, n_bands // 2, n_frames // 2)."""
        # ReLU and maximum commute, and after pooling ReLU has a quarter of the values
        return torch.relu(torch.max_pool2d(self.bn(self.conv(x)), 2))


class FCN(Network):
    """The network, with fresh weights: Xavier-uniform with gain √2, zero biases.

    Parameters
    ----------
    n_listeners : int > 0
        heads on the trunk; a listener's own network has one
    """

    def __init__(self, n_listeners=1):
        super().__init__()
        self.spec = LogMel()
        self.spec_bn = nn.BatchNorm2d(1)
        for i, (n_in, n_out) in enumerate(pairwise(CHANNELS), start=1):
            setattr(self, f"layer{i}", Block(n_in, n_out))
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(N_FEATURES, n_listeners)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight, gain=sqrt(2))
                nn.init.zeros_(module.bias)
        self.to(memory_format=torch.channels_last)  # the faster layout for these shapes, on CPU and GPU

    @property
    def layers(self) -> list[Block]:
        """The five blocks, from the input on."""
        return [getattr(self, f"layer{i}") for i in range(1, len(CHANNELS))]

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Logits (batch, n_listeners) of waveforms (batch, n_samples), float32 in [-1, 1).

        Raises
        ------
        ParameterError
            if the shape is different, or ``n_samples`` is less than 7936 (0.5 s)
        """
        if y.ndim != 2 or y.shape[1] < MIN_SAMPLES:
            expected = f"(batch, n_samples) with n_samples >= {MIN_SAMPLES}"
            raise ParameterError(f"waveforms of shape {tuple(y.shape)} must be {expected}; pad them with silence")
        return self.head(self.pool(self.trunk(self.spec(y))))

    def local_model(self) -> LocalModel:
        """The network's parts for exact explanations, see `lemons.exact.protocol`."""
        return LocalModel(
            n_fft=N_FFT,
            hop_length=HOP_LENGTH,
            pad=N_FFT // 2,
            stft=self.spec.stft,
            columns=lambda spectrum: self.spec_bn(self.spec.decibels(spectrum).unsqueeze(1)).squeeze(1),
            blocks=[protocol.Block(layer.conv, layer.bn, pool=(2, 2)) for layer in self.layers],
            pools=("mean", "max"),
            head=self.fc,
        )

    def trunk(self, mel: torch.Tensor) -> torch.Tensor:
        """Feature maps (batch, 64, 8, n_frames // 32) of log-mel spectrograms (batch, 256, n_frames)."""
        x = mel.unsqueeze(1)  # (batch, 1, 256, n_frames)
        if self.training or x.is_cuda:
            return self._blocks(x)
        return torch.cat([self._in_pieces(track) for track in x.split(1)])

    def pooled(self, tracks: Sequence[torch.Tensor]) -> torch.Tensor:
        """See `Network.pooled`."""
        return self.pool(self.trunk(torch.cat([self.spec(y[None]) for y in tracks])))

    def pool(self, maps: torch.Tensor) -> torch.Tensor:
        """Mean and maximum (batch, 128) of feature maps over frequency and time."""
        return torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)

    def head(self, pooled: torch.Tensor) -> torch.Tensor:
        """Logits (batch, n_listeners) of pooled features (batch, 128)."""
        return self.fc(self.dropout(pooled))

    def _blocks(self, x: torch.Tensor) -> torch.Tensor:
        x = self.spec_bn(x)
        for layer in self.layers:
            x = layer(x)
        return x

    def _in_pieces(self, x: torch.Tensor) -> torch.Tensor:
        """The trunk of one track, piece by piece: same result, little memory, and no dependence on the batch.

        A column of the output depends on the frames from 31 before its own 32 to 31 after them. So a piece is computed
        with one more column on either side, which lacks some of its frames and is dropped.
        """
        n_frames = x.shape[-1]
        n_columns = n_frames // STRIDE
        columns = []
        for first in range(0, n_columns, PIECE // STRIDE):
            last = min(first + PIECE // STRIDE, n_columns)
            before = max(first - 1, 0)
            piece = self._blocks(x[..., STRIDE * before : min(STRIDE * (last + 1), n_frames)])
            columns.append(piece[..., first - before : last - before])
        return torch.cat(columns, dim=-1)


def check_device(device: str) -> None:
    """Raise an error for a device that PyTorch does not know or this machine does not have.

    Raises
    ------
    ParameterError
        with PyTorch's reason
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        hint = "choose cpu, or cuda:0 for a GPU"
        raise ParameterError(f"device={device!r} cannot be used here ({reason}); {hint}") from error
