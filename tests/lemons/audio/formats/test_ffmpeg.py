"""What FFmpeg decodes."""

import sys

import numpy as np
import pytest

from lemons.errors import DataError, MissingDecoderError
from tests.lemons.audio.encoded import DURATION_S, by_ffmpeg

KINDS = {"m4a": ("mp4", "aac"), "webm": ("webm", "libopus"), "wma": ("asf", "wmav2"), "aac": ("adts", "aac")}


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
