"""Stems as files: exact, at their own level or all scaled by one power of two."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from lemons.audio import load, quantize
from lemons.errors import DataError
from lemons.separation.cache import separate_file
from lemons.separation.separator import Separator
from lemons.separation.writing import read_stems, write_stems

SR = 22050


class Opposites(Separator):
    """Two stems that cancel each other where they are loud: so much of the left channel, and the rest of the mix."""

    name, residual_stem, fingerprint = "opposites", "AC/DC", "opposites 1"
    stems = ("vocals", "AC/DC")

    def __init__(self, gain):
        self.gain, self.fingerprint = gain, f"opposites {gain}"

    def estimates(self, blocks, sr) -> Iterator[np.ndarray]:
        for block in blocks:
            yield np.stack([self.gain * block[0], np.zeros_like(block[0])])


@pytest.fixture
def song(tmp_path, rng):
    path = tmp_path / "song.wav"
    soundfile.write(path, quantize(rng.uniform(-0.9, 0.9, (SR, 2))), SR)
    return path


@pytest.mark.parametrize(("level", "gain", "bits"), [(0.5, 1.0, 16), (3.0, 0.25, 24)])
def test_stems_are_written_exactly_and_sum_to_the_mix(song, tmp_path, level, gain, bits):
    separation = separate_file(song, Opposites(level), folder=tmp_path / "cache")
    paths = write_stems(separation, tmp_path / "stems")
    assert [path.name for path in paths] == ["vocals.flac", "AC%2FDC.flac", "report.json"]
    written = [soundfile.read(path)[0] for path in paths[:2]]
    for name, y in zip(separation.stems, written, strict=True):
        np.testing.assert_array_equal(y, gain * separation.read(name))
    mix = quantize(soundfile.read(song)[0].mean(axis=1))
    np.testing.assert_array_equal(sum(written), gain * mix)
    assert {soundfile.info(path).subtype for path in paths[:2]} == {f"PCM_{bits}"}
    report = json.loads(paths[2].read_text())
    assert (report["gain"], report["bits"]) == (gain, bits)
    assert report["stems"]["AC/DC"]["file"] == "AC%2FDC.flac"


def test_stems_that_vanished_are_one_sentence_and_no_file(song, tmp_path):
    separation = separate_file(song, Opposites(0.5), folder=tmp_path / "cache")
    (separation.folder / "1.flac").write_bytes(b"no sound any more")
    with pytest.raises(DataError, match=r"1\.flac has vanished or was damaged; separate the track again"):
        write_stems(separation, tmp_path / "stems")
    assert [file.name for file in (tmp_path / "stems").iterdir()] == ["vocals.flac"]


@pytest.mark.parametrize("level", [0.5, 3.0])
def test_stems_are_read_at_any_rate_and_sum_to_the_file_as_it_is_loaded(song, tmp_path, level):
    write_stems(separate_file(song, Opposites(level), folder=tmp_path / "cache"), tmp_path / "stems")
    for sr in (16000, SR):
        stems = read_stems(tmp_path / "stems", song, sr=sr)
        assert list(stems) == ["vocals", "AC/DC"]
        np.testing.assert_array_equal(sum(stems.values()), load(song, sr=sr))
    left = soundfile.read(song)[0][:, 0]
    # the vocals are the left channel at its own rate, rounded to 16 bits
    np.testing.assert_allclose(stems["vocals"], level * left, rtol=0, atol=2**-15)
