"""MP3 files are read whole, whatever their header says, or refused."""

import numpy as np
import pytest

from lemons.audio.formats import mpeg
from lemons.errors import DataError
from tests.lemons.audio.encoded import DURATION_S, ID3, ID3V1, SR, VARIABLE, encoded, wav

FRAME = 1152  # samples of an MP3 frame at this rate
EDGES = 3 * FRAME  # what a decoder adds before and behind the sound, where no header tells it


def without_header(content):
    return content[mpeg.read_frame(content).length :]


def with_frame_count(content, count):
    at = max(content.find(b"Xing"), content.find(b"Info")) + 8
    return content[:at] + count.to_bytes(4, "big") + content[at + 4 :]


@pytest.mark.parametrize(
    "change",
    [
        without_header,
        lambda mp3: with_frame_count(mp3, 0),
        lambda mp3: with_frame_count(mp3, 20),
        lambda mp3: with_frame_count(mp3, 5000),  # but its number of bytes is right
        lambda mp3: ID3 + mp3 + ID3V1,
        lambda mp3: bytes(range(256)) * 20 + mp3,  # what is no sound, before it and behind it
        lambda mp3: without_header(mp3) + b"\xff\xd8picture" * 20000,
        lambda mp3: wav(mp3, 0x55),
        lambda mp3: wav(without_header(mp3), 0x55, size=0),
    ],
)
def test_an_mp3_file_is_read_whole_whatever_its_header_says(mp3, read, change):
    samples, sr = read(change(mp3))
    assert sr == SR
    assert 0 <= len(samples) - DURATION_S * SR <= EDGES
    whole, _ = read(mp3)
    assert len(whole) == DURATION_S * SR
    loud = slice(2 * SR, 2 * SR + 500)
    shift = np.correlate(samples[2 * SR : 2 * SR + 500 + EDGES, 0], whole[loud, 0]).argmax()
    # the same sound, later by the encoder's delay
    np.testing.assert_allclose(samples[shift:][: 2 * SR], whole[: 2 * SR], atol=1e-6)


@pytest.mark.parametrize("sr", [48000, 32000, 24000, 16000, 11025])
def test_a_frame_is_as_long_as_its_version_says(read, sr):
    content = encoded(sr, **VARIABLE)
    samples, found = read(without_header(content))
    assert found == sr
    assert 0 <= len(samples) - DURATION_S * sr <= EDGES


@pytest.mark.parametrize("between", [b"", ID3, ID3V1, ID3V1 + ID3])
def test_joined_mp3_files_are_heard_one_after_the_other(mp3, read, between):
    once, _ = read(mp3)
    np.testing.assert_array_equal(read(mp3 + between + mp3)[0], np.concatenate([once, once]))
    samples, _ = read(without_header(mp3) + between + without_header(mp3))
    assert 0 <= len(samples) - 2 * DURATION_S * SR <= 2 * EDGES


def test_joined_files_may_differ_in_channels_but_not_in_rate(mp3, read):
    stereo, _ = read(encoded(channels=2, **VARIABLE))
    samples, _ = read(mp3 + encoded(channels=2, **VARIABLE))
    np.testing.assert_array_equal(samples, np.concatenate([np.tile(read(mp3)[0], 2), stereo]))
    with pytest.raises(DataError, match=r"song\.mp3 holds sound of 24000 and 44100 samples per second"):
        read(mp3 + encoded(24000, **VARIABLE))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_an_mp3_file_that_ends_before_its_header_says_is_refused(mp3, read, share):
    with pytest.raises(DataError, match=r"is damaged: of the 3\.\d\d s that it announces, [0-2]\.\d\d s can be read"):
        read(mp3[: int(len(mp3) * share)])


def test_an_mp3_file_that_lost_its_middle_is_refused(mp3, read):
    headless = without_header(mp3)
    third = len(headless) // 3
    with pytest.raises(DataError, match=r"is damaged: its sound is interrupted by \d+ bytes of something else"):
        read(headless[:third] + headless[third + 5000 :])
