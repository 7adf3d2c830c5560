"""What FFmpeg decodes."""

import io
import sys
from functools import cache

import numpy as np
import pytest

from lemons.errors import DataError, MissingDecoderError
from tests.lemons.audio.encoded import DURATION_S, tone

KINDS = {"m4a": ("mp4", "aac"), "webm": ("webm", "libopus"), "wma": ("asf", "wmav2"), "aac": ("adts", "aac")}


@cache
def by_ffmpeg(kind, codec, sr=48000):
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


@pytest.mark.parametrize("suffix", KINDS)
def test_what_ffmpeg_decodes_is_read_whole_or_refused(read, suffix):
    content = by_ffmpeg(*KINDS[suffix])
    samples, sr = read(content, suffix)
    assert (sr, samples.shape[1]) == (48000, 2)
    assert abs(len(samples) / sr - DURATION_S) < 0.1  # encoders begin before the sound and end behind it
    assert np.abs(samples[2 * sr :]).max() > 0.3  # the loud part
    if suffix != "aac":  # frames without a container: nothing tells their number
        with pytest.raises(DataError, match="is damaged"):
            read(content[: len(content) // 2], suffix)


def test_without_pyav_a_sentence_says_what_to_install(read, monkeypatch):
    content = by_ffmpeg("mp4", "aac")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDecoderError, match=r"MP4 \(M4A\), which needs PyAV: pip .*\[formats\]', or convert"):
        read(content, "m4a")
