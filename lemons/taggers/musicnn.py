"""musicnn (Pons, Serra, ISMIR 2019), a tagger that hears timbre and rhythm in parallel; without TensorFlow.

    waveform (batch, n_samples)
      -> spec   (batch, 1, 96, n_frames)        log-mel spectrogram, n_frames = n_samples // 256 + 1
      -> front  (batch, 561, 1, n_frames)       side by side, of all bands: 204 + 204 timbres, 7 frames of 38 and 67
                                                bands; 3 x 51 rhythms of 128, 64 and 32 frames, each the loudest band's
      -> middle (batch, 192, 1, n_frames)       three convolutions of 7 frames, two of them residual
      -> pool   (batch, 1506)                   maximum and mean over time of front and middle
      -> head   (batch, n_labels)               a hidden layer of 200; logits

BatchNorm comes after ReLU. A column depends on 146 frames, 2.35 s. The network has no fixed length; it was trained on
excerpts of 3 s, and the original averages the tags of such excerpts, while here the whole track is pooled.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lemons.arguments import quoted
from lemons.errors import ParameterError
from lemons.exact import Block, LocalModel
from lemons.taggers.log_mel import HOP_LENGTH, N_FFT, N_MELS, LogMel

__all__ = ["EPSILON", "Musicnn"]

EPSILON = 1e-3  # TensorFlow's, in every BatchNorm
TIMBRES = ((38, 7), (67, 7))  # bands x frames: 0.4 and 0.7 of the 96 bands
RHYTHMS = ((1, 128), (1, 64), (1, 32))
PIECE = 2048  # frames that are computed at once; a piece and its halo take some 200 MB
HALO = 73  # frames after a column's own that it depends on; before it, one less


class Layer(nn.Module):
    """Convolution, ReLU, BatchNorm; the frames stay as many, an even kernel reads one more after than before."""

    def __init__(self, n_in: int, n_out: int, kernel: tuple[int, int]):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, kernel, padding="same" if kernel[0] == 1 else (0, kernel[1] // 2))
        self.bn = nn.BatchNorm2d(n_out, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """Maps (batch, n_in, n_bands, n_frames) to (batch, n_out, n_bands - kernel_bands + 1, n_frames)."""
        _, (before, after) = self.block().padding  # by hand, since PyTorch warns of the copy that an even kernel takes
        x = F.conv2d(F.pad(x, (before, after)), self.conv.weight, self.conv.bias)
        return self.bn(torch.relu(x))

    def block(self, **connections) -> Block:
        """The layer as the exact engine takes it."""
        return Block(self.conv, post_norm=self.bn, **connections)


class Musicnn(nn.Module):
    """The network, with fresh weights; `lemons.taggers.load_tagger` gives it trained ones.

    Parameters
    ----------
    labels : sequence of str
        what it says of a track
    n_timbre, n_rhythm, n_middle, n_hidden : int > 0
        channels of each convolution, and the size of the hidden layer

    Attributes
    ----------
    n_pooled : int
        how many features it hears
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        *,
        n_timbre: int = 204,
        n_rhythm: int = 51,
        n_middle: int = 64,
        n_hidden: int = 200,
    ):
        super().__init__()
        self.labels = tuple(labels)
        self.spec = LogMel()
        self.spec_bn = nn.BatchNorm2d(1, eps=EPSILON)
        timbres = [Layer(1, n_timbre, kernel) for kernel in TIMBRES]
        self.front = nn.ModuleList([*timbres, *(Layer(1, n_rhythm, kernel) for kernel in RHYTHMS)])
        n_front = len(TIMBRES) * n_timbre + len(RHYTHMS) * n_rhythm
        self.middle = nn.ModuleList([Layer(n, n_middle, (1, 7)) for n in (n_front, n_middle, n_middle)])
        self.n_pooled = n_pooled = 2 * (n_front + len(self.middle) * n_middle)
        self.head: nn.Module = nn.Sequential(
            nn.BatchNorm1d(n_pooled, eps=EPSILON),
            nn.Linear(n_pooled, n_hidden),
            nn.ReLU(),
            nn.BatchNorm1d(n_hidden, eps=EPSILON),
            nn.Linear(n_hidden, len(labels)),
        )

    @property
    def layers(self) -> list[Layer]:
        """The convolutions, those of the front first."""
        return [layer for layer in (*self.front, *self.middle) if isinstance(layer, Layer)]

    def forward(self, y: Tensor) -> Tensor:
        """Logits (batch, n_labels) of waveforms (batch, n_samples), float32 in [-1, 1) at 16 kHz.

        Raises
        ------
        ParameterError
            if the shape is different, or a frame is longer than the waveform
        """
        return self.head(self.features(y))

    def features(self, y: Tensor) -> Tensor:
        """What the network hears of waveforms (batch, n_samples), whatever it is asked: (batch, 1506).

        The maximum over time of all 753 channels comes first, then their mean: a linear layer on it is a listener's
        head, see `lemons.exact.protocol`.
        """
        if y.ndim != 2 or y.shape[1] < N_FFT:
            expected = f"(batch, n_samples) with n_samples >= {N_FFT}"
            raise ParameterError(f"waveforms of shape {tuple(y.shape)} must be {expected}; pad them with silence")
        maps = torch.cat([self._in_pieces(track) for track in self._image(self.spec(y)).split(1)])
        return torch.cat([maps.amax(dim=2), maps.mean(dim=2)], dim=1)

    def only(self, label: str) -> "Musicnn":
        """The same network, asked about one label; in evaluation mode.

        Raises
        ------
        ParameterError
            if it has no such label
        """
        if label not in self.labels:
            raise ParameterError(f"label={quoted(label)} is unknown; choose one of {', '.join(self.labels)}")
        one = copy.deepcopy(self).eval()
        row = [self.labels.index(label)]
        assert isinstance(one.head, nn.Sequential)
        *_, last = one.head
        assert isinstance(last, nn.Linear)
        one.head[-1] = nn.Linear(last.in_features, 1, dtype=last.weight.dtype, device=last.weight.device)
        one.head[-1].load_state_dict({name: values[row] for name, values in last.state_dict().items()})
        one.labels = (label,)
        return one

    def local_model(self) -> LocalModel:
        """The network's parts for exact explanations of its only label, see `lemons.exact.protocol`."""
        if len(self.labels) > 1:
            raise ParameterError(f"explain one of the {len(self.labels)} labels: only({self.labels[0]!r})")
        return self.local_model_of(self.head)

    def local_model_of(self, head: nn.Module) -> LocalModel:
        """The network's parts with another head: one logit (batch, 1) of what `features` gives."""
        n_front = len(self.front)
        front = tuple(range(1, n_front + 1))
        blocks = [
            layer.block(reads=(0,), pool=(N_MELS - layer.conv.kernel_size[0] + 1, 1)) for layer in self.layers[:n_front]
        ]
        first, second, third = self.layers[n_front:]
        blocks += [first.block(reads=front), second.block(adds=n_front + 1), third.block(adds=n_front + 2)]
        return LocalModel(
            n_fft=N_FFT,
            hop_length=HOP_LENGTH,
            pad=N_FFT // 2,
            stft=self.spec.stft,
            columns=lambda spectrum: self._image(self.spec.columns(spectrum))[:, 0],
            blocks=blocks,
            pools=("max", "mean"),
            head=head,
            outputs=tuple(range(1, len(blocks) + 1)),
        )

    def _image(self, mel: Tensor) -> Tensor:
        return self.spec_bn(mel[:, None])

    def _maps(self, x: Tensor) -> Tensor:
        """Channels (batch, 753, n_frames) of images (batch, 1, 96, n_frames)."""
        front = torch.cat([layer(x).amax(dim=2, keepdim=True) for layer in self.front], dim=1)
        first, second, third = self.middle
        one = first(front)
        two = second(one) + one
        three = third(two) + two
        return torch.cat([front, one, two, three], dim=1)[:, :, 0]

    def _in_pieces(self, x: Tensor) -> Tensor:
        """`_maps` of one track, piece by piece: the same result in little memory. What lacks a frame is dropped."""
        n_frames = x.shape[-1]
        columns = []
        for first in range(0, n_frames, PIECE):
            last, before = min(first + PIECE, n_frames), max(first - HALO, 0)
            piece = self._maps(x[..., before : min(last + HALO, n_frames)])
            columns.append(piece[..., first - before : last - before])
        return torch.cat(columns, dim=-1)
