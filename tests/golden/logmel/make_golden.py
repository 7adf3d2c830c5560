"""Make golden.npz: the decibel mel spectrogram of torchaudio, as the original LEMONS computes it.

Run in an environment where torchaudio imports: ``python tests/golden/logmel/make_golden.py``.
The stored file was made with torchaudio 2.9.1 and torch 2.9.1 on 2026-11-22.
"""

from pathlib import Path

import numpy as np
import torch
import torchaudio

SR = 16000  # Hz


def waveform() -> np.ndarray:
    """One second: noise, a falling tone, then half a second of digital silence but for one click."""
    rng = np.random.default_rng(440)
    time = np.arange(SR) / SR
    y = 0.1 * rng.standard_normal(SR) + 0.5 * np.sin(2 * np.pi * (4000 * time - 3000 * time**2))
    y[SR // 2 :] = 0
    y[3 * SR // 4] = 0.9
    return (np.rint(y * 2**15) / 2**15).clip(-1, 1 - 2**-15).astype(np.float32)


if __name__ == "__main__":
    y = waveform()
    mel = torchaudio.transforms.MelSpectrogram(sample_rate=SR, n_fft=512, f_min=0.0, f_max=8000.0, n_mels=256)
    db = torchaudio.transforms.AmplitudeToDB()(mel(torch.from_numpy(y)))
    np.savez_compressed(
        Path(__file__).with_name("golden.npz"),
        waveform=y,
        mel_db=db.numpy(),
        filters=mel.mel_scale.fb.numpy(),
        window=mel.spectrogram.window.numpy(),
        versions=np.array([torchaudio.__version__, torch.__version__]),
    )
