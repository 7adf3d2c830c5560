"""The spectrogram that musicnn was trained on: 96 Slaney mel bands, log10(1 + 10000 x) of their power.

Silence is 0, so nothing is ever below a floor. The original keeps the power in half precision before the logarithm, and
so does this module: the network never saw any other numbers.
"""

import librosa
import torch
import torch.nn.functional as F
from torch import nn

from lemons.audio import SAMPLE_RATE

__all__ = ["HOP_LENGTH", "N_FFT", "N_MELS", "LogMel"]

N_FFT = 512  # samples
HOP_LENGTH = 256  # samples
N_MELS = 96
GAIN = 10000  # of the power under the logarithm


class LogMel(nn.Module):
    """Logarithms of the power in 96 mel bands from 0 to 8000 Hz.

    The periodic Hann window has 512 samples, frames are centred and reflected at the ends, triangles have area 1.
    """

    window: torch.Tensor
    filters: torch.Tensor

    def __init__(self):
        super().__init__()
        filters = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
        self.register_buffer("window", torch.hann_window(N_FFT), persistent=False)
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)  # (96, 257)

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Images (batch, 96, n_samples // 256 + 1) of waveforms (batch, n_samples)."""
        return self.columns(self.stft(F.pad(y[:, None], (N_FFT // 2, N_FFT // 2), mode="reflect")[:, 0]))

    def stft(self, y: torch.Tensor) -> torch.Tensor:
        """Complex spectra (batch, 257, n_frames) of padded waveforms, in float64: see `lemons.exact.spectra`."""
        window = self.window.double()
        return torch.stft(y.double(), N_FFT, HOP_LENGTH, window=window, center=False, return_complex=True)

    def columns(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Images (batch, 96, n_frames) of complex spectra, frame by frame."""
        power = spectrum.real.square() + spectrum.imag.square()  # (batch, 257, n_frames)
        mel = (self.filters.double() @ power).half().to(self.filters.dtype)
        return torch.log10(GAIN * mel + 1)
