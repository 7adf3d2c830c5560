"""One file has one sound, however it is read; one that is damaged has none."""

import os

import numpy as np
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, load
from lemons.audio.reader import AudioReader
from lemons.audio.recording import BLOCK_LENGTH, Recording
from lemons.errors import DataError, NotHereError

SR = 44100
CONSTANT = {"bitrate_mode": "CONSTANT", "compression_level": 0.5}  # half-way between 320 and 32 kbit/s


@pytest.fixture
def song(rng):
    """Six seconds: a quiet tone, then loud noise, which takes more bits."""
    y = 0.2 * np.sin(2 * np.pi * 220 * np.arange(6 * SR) / SR)
    y[3 * SR :] += rng.uniform(-0.5, 0.5, 3 * SR)
    return y


@pytest.fixture
def write(song, tmp_path):
    """Write the song in a format, its bytes changed by a function."""

    def write(suffix, change=lambda content: content, **options):
        path = tmp_path / f"song.{suffix}"
        soundfile.write(path, song, SR, **options)
        path.write_bytes(change(path.read_bytes()))
        return path

    return write


def with_hole(content):
    """Lose a tenth in the middle."""
    return content[: len(content) // 2] + content[len(content) * 6 // 10 :]


def overwritten(content):
    return content[: len(content) // 2] + bytes(2000) + content[len(content) // 2 + 2000 :]


def one_byte_changed(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def cut_off(content):
    return content[: len(content) * 2 // 3]


def read(path, length):
    with Recording(path) as recording:
        return np.concatenate(list(recording.blocks(length)))


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("wav", {}),
        ("flac", {}),
        ("ogg", {}),
        ("mp3", CONSTANT),
        ("mp3", CONSTANT | {"bitrate_mode": "VARIABLE"}),  # where a decoder finds a place again by guess only
    ],
)
def test_what_is_read_in_blocks_is_what_is_read_at_once(write, suffix, options):
    path = write(suffix, **options)
    once, _ = soundfile.read(path, dtype="float32", always_2d=True)
    for length in (1000, 2**16, 10 * SR):
        np.testing.assert_array_equal(read(path, length), once)


@pytest.mark.parametrize("damage", [with_hole, overwritten, one_byte_changed])
def test_an_ogg_file_with_a_hole_is_refused_with_what_is_left_of_it(write, damage):
    path = write("ogg", damage)
    with pytest.raises(DataError, match=r"song\.ogg is damaged: of the 6\.00 s that it announces, [345]\.\d\d s can"):
        load(path)
    with pytest.raises(DataError, match="is damaged"):
        read(path, 1000)


@pytest.mark.parametrize("damage", [with_hole, overwritten, one_byte_changed, cut_off])
def test_a_damaged_flac_file_is_refused(write, damage):
    with pytest.raises(DataError, match=r"song\.flac is damaged \(.*\); export it again or get another copy"):
        load(write("flac", damage))


@pytest.mark.parametrize("damage", [overwritten, cut_off])
def test_an_mp3_file_of_which_much_is_missing_is_refused(write, damage):
    with pytest.raises(DataError, match=r"song\.mp3 is damaged"):
        load(write("mp3", damage))


def test_an_mp3_file_without_a_length_is_read_to_its_end(write):
    """Its frames are counted: libsndfile would estimate its length from its size, here as of 24 samples too many."""

    def without_first_frame(content):  # which holds the length; frames begin with eleven ones
        return content[content.index(content[:2], 4) :]

    path = write("mp3", without_first_frame, **CONSTANT)
    samples = read(path, 1000)
    with Recording(path) as recording:
        assert recording.n_samples == len(samples)
    assert len(samples) == pytest.approx(6 * SR, abs=3 * 1152)  # frames that begin or end it are no longer left out


def test_a_wav_header_of_an_unfinished_recording_is_not_believed(write, song):
    def claim(content):
        size = content.index(b"data") + 4
        return content[:size] + (2**32 - 1).to_bytes(4, "little") + content[size + 4 :]

    assert len(load(write("wav", claim), sr=SR)) == len(song)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_what_comes_behind_the_sound_is_no_sound(write, song, suffix):
    tagged = write(suffix, lambda content: content + b"TAG" + bytes(125))
    assert len(load(tagged, sr=SR)) == len(song)


@pytest.mark.parametrize("n_more", [0, 1, BLOCK_LENGTH // 2])
def test_no_sample_of_the_last_block_is_lost(tmp_path, n_more):
    """A track of whole blocks, of one sample more, and of half a block more, read at once and piece by piece."""
    y = (np.arange(BLOCK_LENGTH + n_more) % 30000 - 15000).astype(np.int16)
    soundfile.write(tmp_path / "long.flac", y, SAMPLE_RATE)
    np.testing.assert_array_equal(load(tmp_path / "long.flac"), y / 2**15)
    for length in (BLOCK_LENGTH, 100_000):
        with AudioReader(tmp_path / "long.flac") as reader:
            blocks = list(reader.blocks(length))
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1)[0], y / 2**15)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="finds its own open files as Linux shows them")
def test_a_disk_that_does_not_answer_is_no_damage(write):
    path = write("flac")
    with Recording(path) as recording, open(os.devnull, "wb") as nothing_to_read:
        (open_file,) = (fd for fd in os.listdir("/proc/self/fd") if _link(fd) == str(path))
        os.dup2(nothing_to_read.fileno(), int(open_file))
        with pytest.raises(NotHereError, match="cannot be read"):
            list(recording.blocks())
    assert np.concatenate(list(Recording(path).blocks())).shape == (6 * SR, 1)


def _link(fd):
    try:
        return os.readlink(f"/proc/self/fd/{fd}")
    except OSError:  # of the listing itself
        return ""
