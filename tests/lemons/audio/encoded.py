"""A tone in many formats."""

import io
from functools import cache

import numpy as np
import pytest
import soundfile

SR = 44100
DURATION_S = 3
VARIABLE = {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.5}
PLAIN = ["wav", "aiff", "au", "w64", "rf64", "caf"]
ID3 = b"ID3\x04\0\0\0\0\x10\0" + bytes(2048)
ID3V1 = b"TAG" + bytes(125)


def tone(sr=SR, channels=1):
    """A quiet beginning, which an encoder of variable bit rate gives few bits, then loud noise."""
    n_samples = DURATION_S * sr
    y = 0.001 * np.sin(np.arange(n_samples) / 20)
    y[n_samples // 3 :] += np.random.default_rng(440).uniform(-0.5, 0.5, n_samples - n_samples // 3)
    return np.tile(y[:, None], channels)


@cache
def encoded(sr=SR, channels=1, **options):
    file = io.BytesIO()
    soundfile.write(file, tone(sr, channels), sr, **options)
    return file.getvalue()


def wav(content, tag, *, size=None):
    """Put sound of any kind into a WAV file."""
    size = len(content) if size is None else size
    form = tag.to_bytes(2, "little") + b"\1\0" + SR.to_bytes(4, "little") + b"\0\x3e\0\0" + b"\1\0\0\0"
    return b"RIFF" + bytes(4) + b"WAVEfmt \x10\0\0\0" + form + b"data" + size.to_bytes(4, "little") + content


@cache
def by_ffmpeg(kind, codec, sr=48000):
    """A tone as FFmpeg encodes it."""
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=sr, layout="stereo", bit_rate=128000)
        resampler = av.AudioResampler(stream.format, "stereo", sr, stream.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(np.float32(tone(sr, 2)).reshape(1, -1), "flt", "stereo")
        frame.sample_rate, frame.pts = sr, 0
        for one in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return file.getvalue()
