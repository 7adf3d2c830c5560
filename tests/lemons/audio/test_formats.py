"""What is whole is read whole, what was cut is refused, whatever the file says of itself."""

import io
import sys
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from lemons.audio.formats import mpeg
from lemons.audio.recording import Recording
from lemons.errors import DataError

SR = 44100
DURATION_S = 3
FRAME = 1152  # samples of an MP3 frame at this rate
EDGES = 3 * FRAME  # what a decoder adds before and behind the sound, where no header tells it
VARIABLE = {"format": "MP3", "bitrate_mode": "VARIABLE", "compression_level": 0.5}
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


@pytest.fixture(scope="module")
def mp3():
    return encoded(**VARIABLE)


@pytest.fixture
def read(tmp_path):
    """Write bytes to a file; what is read of it, its rate."""

    def read(content, suffix="mp3"):
        (tmp_path / f"song.{suffix}").write_bytes(content)
        with Recording(tmp_path / f"song.{suffix}") as recording:
            return np.concatenate([np.zeros((0, recording.n_channels)), *recording.blocks(10**5)]), recording.sr

    return read


def without_header(content):
    return content[mpeg.read_frame(content).length :]


def with_frame_count(content, count):
    at = max(content.find(b"Xing"), content.find(b"Info")) + 8
    return content[:at] + count.to_bytes(4, "big") + content[at + 4 :]


def wav(content, tag, *, size=None):
    """Put sound of any kind into a WAV file."""
    size = len(content) if size is None else size
    form = tag.to_bytes(2, "little") + b"\1\0" + SR.to_bytes(4, "little") + b"\0\x3e\0\0" + b"\1\0\0\0"
    return b"RIFF" + bytes(4) + b"WAVEfmt \x10\0\0\0" + form + b"data" + size.to_bytes(4, "little") + content


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


PLAIN = ["wav", "aiff", "au", "w64", "rf64", "caf"]


@pytest.mark.parametrize("suffix", [*PLAIN, "flac", "ogg"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_file_that_was_cut_is_refused(read, suffix, share):
    content = encoded(channels=2, format=suffix)
    whole, _ = read(content, suffix)
    assert len(whole) == DURATION_S * SR
    with pytest.raises(DataError, match=rf"song\.{suffix} is damaged"):
        read(content[: int(len(content) * share)], suffix)


@pytest.mark.parametrize("suffix", PLAIN)
def test_what_comes_behind_the_sound_costs_nothing(read, suffix):
    content = encoded(format=suffix, subtype="PCM_16")
    np.testing.assert_array_equal(read(content + ID3V1, suffix)[0], read(content, suffix)[0])


def patched(content, *places):
    for at, number in places:
        content = content[:at] + number + content[at + len(number) :]
    return content


def piped(suffix, unknown):
    """A file as programs write it to a pipe: with no sizes in it."""
    content = encoded(format=suffix, subtype="PCM_16")
    if suffix in ("wav", "aiff"):
        return patched(
            content, (4, unknown[:4]), (content.index(b"data" if suffix == "wav" else b"SSND") + 4, unknown[:4])
        )
    if suffix == "au":
        return patched(content, (8, unknown[:4]))
    if suffix == "rf64":
        return patched(content, (content.index(b"ds64") + 8, 2 * unknown))
    at = content.index(b"data") + {"w64": 16, "caf": 4}[suffix]
    return patched(content, (at, unknown))


@pytest.mark.parametrize(
    ("suffix", "unknown"),
    [(suffix, byte * 8) for suffix in PLAIN for byte in (b"\0", b"\xff") if (suffix, byte) != ("caf", b"\0")]
    + [("wav", b"\0\xf0\xff\x7f"), ("wav", b"\0\0\0\x80")],  # by sox and arecord
)
def test_a_file_that_was_written_to_a_pipe_is_read_whole(read, suffix, unknown):
    np.testing.assert_array_equal(
        read(piped(suffix, unknown), suffix)[0], read(encoded(format=suffix, subtype="PCM_16"), suffix)[0]
    )


def test_a_wav_file_with_no_sound_but_something_behind_it_is_empty(read):
    content = encoded(format="WAV")[:40] + bytes(4) + b"LIST\x04\0\0\0INFO"
    samples, _ = read(patched(content, (4, (len(content) - 8).to_bytes(4, "little"))), "wav")
    assert not len(samples)


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_a_chain_is_heard_to_its_last_stream(read, suffix):
    content = encoded(format=suffix)
    once, _ = read(content, suffix)
    np.testing.assert_array_equal(read(content + content, suffix)[0], np.concatenate([once, once]))
    with pytest.raises(DataError, match="22050 and 44100"):
        read(content + encoded(22050, format=suffix), suffix)


def without_last_page(content):
    return content[: content.rindex(b"OggS")]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_without_its_last_page_is_refused(read, subtype):
    file = io.BytesIO()
    soundfile.write(file, tone(48000), 48000, format="OGG", subtype=subtype)
    with pytest.raises(DataError, match="its last page is missing"):
        read(without_last_page(file.getvalue()), "ogg")


def in_ogg(flac):
    """FLAC in pages of its packets; their checksums stay empty, since the pages are taken off again."""
    starts = [42, *(at for at in range(42, len(flac) - 1) if flac[at : at + 2] == b"\xff\xf8"), len(flac)]
    packets = [b"\x7fFLAC\1\0\0\1" + flac[:42], *(flac[a:b] for a, b in pairwise(starts))]
    pages = []
    for number, packet in enumerate(packets):
        for start in range(0, len(packet), 255 * 255):
            part = packet[start : start + 255 * 255]
            flags = 2 if number == 0 else 4 if number == len(packets) - 1 else 0
            granule = DURATION_S * SR if flags == 4 else 0
            head = b"OggS\0" + bytes([flags]) + granule.to_bytes(8, "little") + bytes(4)
            lengths = bytes([255] * (len(part) // 255) + [len(part) % 255])[:255]
            pages.append(head + len(pages).to_bytes(4, "little") + bytes(4) + bytes([len(lengths)]) + lengths + part)
    return b"".join(pages)


def test_flac_in_ogg_and_flac_of_unknown_length_are_what_flac_is(read):
    flac = encoded(format="FLAC")
    samples, _ = read(flac, "flac")
    unknown = flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]  # the 36 bits before the checksum
    for content in (unknown, unknown + ID3V1, in_ogg(flac), in_ogg(unknown)):
        np.testing.assert_array_equal(read(content, "oga")[0], samples)
    with pytest.raises(DataError, match="does not end with a whole frame"):
        read(unknown[:-100], "flac")
    with pytest.raises(DataError, match="is damaged"):
        read(in_ogg(flac)[:-100], "oga")


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
    with pytest.raises(DataError, match=r"MP4 \(M4A\), which needs PyAV; install lemons-explanations\[formats\]"):
        read(content, "m4a")
