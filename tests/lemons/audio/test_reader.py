"""A file read piece by piece is the file read at once, and what cannot be separated is refused before."""

import numpy as np
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, load, load_with_gain, quantize
from lemons.audio.reader import AudioReader
from lemons.errors import DataError


def save(path, y, sr=SAMPLE_RATE):
    """A file of floats, which holds any level."""
    soundfile.write(path, y, sr, subtype="FLOAT")
    return path


@pytest.mark.parametrize("length", [1, 997, 2**18])
def test_pieces_of_any_length_are_the_whole(tmp_path, rng, length):
    y = quantize(rng.uniform(-1, 1, SAMPLE_RATE))
    with AudioReader(save(tmp_path / "y.wav", y)) as reader:
        pieces = [reader.read(length) for _ in range(-(-len(y) // length))]
        assert not len(reader.read(1))
    np.testing.assert_array_equal(np.concatenate(pieces), y)


def test_two_channels_stay_and_any_others_become_two_equal_ones(tmp_path, rng):
    y = rng.uniform(-1, 1, (SAMPLE_RATE, 3)).astype(np.float32)
    with AudioReader(save(tmp_path / "two.wav", y[:, :2])) as reader:
        np.testing.assert_array_equal(np.concatenate(list(reader.blocks(5000)), axis=1), y[:, :2].T)
    with AudioReader(save(tmp_path / "three.wav", y)) as reader:
        left, right = np.concatenate(list(reader.blocks(5000)), axis=1)
    np.testing.assert_array_equal(left, y.mean(axis=1))
    np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("peak", [0.5, 1.7, 1e30])
def test_the_gain_that_a_check_finds_is_the_one_that_loading_takes(tmp_path, rng, n_channels, peak):
    path = save(tmp_path / "y.wav", peak * rng.uniform(-1, 1, (2 * 44100, n_channels)), 44100)
    with AudioReader(path) as reader:
        gain = reader.check()
    assert gain == load_with_gain(path)[1]
    assert (gain == 1) == (peak < 1)


def test_a_gain_scales_what_is_read(tmp_path):
    y = np.full(SAMPLE_RATE, 2, np.float32)
    for path in (save(tmp_path / "y.wav", y), tmp_path / "y.npy"):
        np.save(tmp_path / "y.npy", y)
        with AudioReader(path, gain=0.25) as reader:
            np.testing.assert_array_equal(reader.read(10), np.full(10, 0.5, np.float32))


def test_an_array_is_read_as_the_file_of_its_samples(tmp_path, rng):
    y = quantize(rng.uniform(-1, 1, SAMPLE_RATE))
    np.save(tmp_path / "y.npy", y)
    with AudioReader(tmp_path / "y.npy") as reader:
        assert (reader.sr, reader.n_samples, reader.check()) == (SAMPLE_RATE, len(y), 1.0)
    with AudioReader(tmp_path / "y.npy") as reader:
        np.testing.assert_array_equal(reader.read(len(y)), load(save(tmp_path / "y.wav", y)))


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (np.zeros(0), r"holds no audio \(0 samples\)"),
        (np.ones(SAMPLE_RATE - 1), r"lasts 1\.00 s; at least 1 s is needed"),
        (np.zeros(SAMPLE_RATE), "is silent"),
        (np.full(SAMPLE_RATE, 1e-6), "is silent"),  # at 16 bits
        (np.full(SAMPLE_RATE, np.nan), "samples that are not numbers"),
    ],
)
def test_what_cannot_be_separated_is_refused(tmp_path, y, sentence):
    with AudioReader(save(tmp_path / "y.wav", y)) as reader, pytest.raises(DataError, match=sentence):
        reader.check()


def test_a_rate_at_which_there_is_no_music_is_refused(tmp_path):
    path = save(tmp_path / "y.wav", np.ones(4000), 2000)
    with pytest.raises(DataError, match="has 2000 samples per second; convert it to a rate between 4000 and 768000"):
        AudioReader(path)
