"""Spectrogram columns of every state of a segment, from one transform of each component.

The short-time Fourier transform is linear, so the transform of a mix is the sum of its components' transforms; a frame
across a border sums the parts of both sides. Power and decibels come after the sum. What sounds where components are
off is the same in every mix: one more transform, which is added to all of them.

Precision. Decibels turn the relative error of a bin into an absolute one, down to the floor of 1e-10. In float32 a bin
that is quiet beside a loud one holds rounding noise (a full-scale sine of magnitude 128 leaves about 1e-5, the power of
the floor), and the sum of transforms has another noise than the transform of the sum: up to tenths of a decibel, and
thousandths of a logit. Hence the transform, its power and the mel bands belong in float64, here as in the model; they
are a hundredth of the work. Where a component is exactly silent its transform is exactly zero and stays so.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from lemons.exact.locality import Group
from lemons.exact.protocol import LocalModel
from lemons.segments import Segments

__all__ = ["Spectra"]


class Spectra:
    """Transforms of all components, and images of their mixes.

    A stem that is silent throughout a segment changes nothing there: switching it gives the same state, which is
    computed once. So each segment has 2^(sounding stems) distinct *states*, numbered by the bits of the stems that
    sound, the first stem being the most significant.

    Parameters
    ----------
    local : LocalModel
        whose ``stft`` and ``columns`` apply
    stems : np.ndarray [shape=(n_stems, n_samples)]
        what is mixed
    background : np.ndarray [shape=(n_samples,)] or None
        what sounds in every mix; None for nothing
    segments : Segments
        how the stems are cut
    dtype : torch.dtype
        of the images
    device : torch.device
        where the images are made

    Attributes
    ----------
    sounding : Tensor [shape=(n_segments, n_stems), dtype=bool]
        which components are not silent throughout
    n_states : list of int
        distinct states of each segment, powers of two
    """

    def __init__(
        self,
        local: LocalModel,
        stems: np.ndarray,
        background: np.ndarray | None,
        segments: Segments,
        dtype: torch.dtype,
        device: torch.device,
    ):
        self.local, self.dtype = local, dtype
        # which sample of the track each padded sample repeats
        places = torch.as_tensor(np.pad(np.arange(stems.shape[1]), local.pad, mode="reflect"), device=device)
        self.starts: list[int] = []
        self.parts: list[Tensor] = []
        sounding: list[Tensor] = []
        for s, (start, stop) in enumerate(segments.spans):
            part = torch.as_tensor(segments.part(stems, s), device=device)
            inside = (places >= start) & (places < stop)
            first, end = self._frames_touching(inside)
            samples = slice(first * local.hop_length, (end - 1) * local.hop_length + local.n_fft)
            padded = part[:, (places[samples] - start).clamp(0, stop - start - 1)] * inside[samples]
            sounding.append(part.any(dim=1))
            self.starts.append(first)
            # selected after the transform, since an empty selection cannot be transformed
            self.parts.append(local.stft(padded)[sounding[-1]])
        self.sounding = torch.stack(sounding)
        self.n_states = [2 ** int(stems.sum()) for stems in sounding]
        self.background = None
        if background is not None:
            padded = torch.as_tensor(background, device=device)[places]
            self.background = torch.view_as_real(local.stft(padded[None])[0])  # (n_bins, n_frames, 2)

    @property
    def n_bytes(self) -> int:
        """Memory that the transforms take."""
        kept = self.parts if self.background is None else [*self.parts, self.background]
        return sum(part.numel() * part.element_size() for part in kept)

    def _frames_touching(self, inside: Tensor) -> tuple[int, int]:
        touched = inside.unfold(0, self.local.n_fft, self.local.hop_length).any(dim=1).nonzero()
        return int(touched[0]), int(touched[-1]) + 1

    def images(self, group: Group, rows: int) -> Iterator[tuple[int, int, Tensor]]:
        """Images of all states of a group's columns, some at a time.

        Parameters
        ----------
        group : Group
            of level 0
        rows : int > 0
            how many states at a time

        Yields
        ------
        start, stop : int
            which states, numbered by the concatenated bits of the group's segments
        image : Tensor [shape=(stop - start, n_columns, n_bands, 1)]
        """
        parts = [self.parts[i][..., group.start - self.starts[i] : group.stop - self.starts[i]] for i in group.segments]
        real = torch.view_as_real(torch.cat(parts).contiguous())  # (sounding stems, n_bins, n_columns, 2)
        n_bits = len(real)
        for start in range(0, 2**n_bits, rows):
            stop = min(start + rows, 2**n_bits)
            mixes = _binary(torch.arange(start, stop), n_bits).to(real) @ real.flatten(1)
            mixes = mixes.view(-1, *real.shape[1:])
            if self.background is not None:
                mixes += self.background[:, group.start : group.stop]
            mixes = torch.view_as_complex(mixes)
            image = self.local.columns(mixes).to(self.dtype)
            yield start, stop, image.transpose(1, 2).unsqueeze(-1).contiguous()


def _binary(numbers: Tensor, n_bits: int) -> Tensor:
    """The bits (len(numbers), n_bits) of some numbers, the most significant first."""
    return (numbers[:, None] >> torch.arange(n_bits - 1, -1, -1)) & 1
