import numpy as np
import pytest

from lemons.audio import write_flac
from lemons.library import open_library
from recsys.data import features as module
from recsys.data.features import MEL_FEATURES, loudness, mel_statistics, track_features


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


def test_loudness_is_the_level_of_the_whole_track():
    sine = np.sin(2 * np.pi * np.arange(16000) / 100)
    assert loudness((32767 * sine).astype(np.int16)) == pytest.approx(-3.01, abs=0.01)  # dB, a sine of full scale
    assert loudness((3276.7 * sine).astype(np.int16)) == pytest.approx(-23.01, abs=0.01)
    assert loudness(np.zeros(100, np.int16)) == -100


def test_a_tone_stands_in_its_band_and_does_not_move():
    tone = np.int16(16000 * np.sin(2 * np.pi * 2000 * np.arange(32000) / 16000))
    mean, std = mel_statistics(tone)[1:].reshape(2, 256)
    mel = 2595 * np.log10(1 + 2000 / 700)
    assert np.argmax(mean) == pytest.approx(257 * mel / (2595 * np.log10(1 + 8000 / 700)) - 1, abs=1)
    assert std[np.argmax(mean)] < 2  # dB; the ends are reflected
    half = mel_statistics(np.concatenate([tone, np.zeros_like(tone)]))[1:].reshape(2, 256)[1]
    assert half[np.argmax(mean)] > 40  # dB: the tone stops midway


@pytest.mark.parametrize("num_workers", [0, 2])
def test_each_track_is_heard_once_until_its_file_is_written_anew(library, monkeypatch, num_workers):
    ids, heard, steps = ["tone01", "noise30"], [], []
    monkeypatch.setattr(module, "mel_statistics", lambda samples: heard.append(len(samples)) or mel_statistics(samples))
    progress = lambda *step: steps.append(step)  # noqa: E731
    first = track_features(library, ids, num_workers=num_workers, progress=progress)
    assert first.index.tolist() == ids
    assert first.columns.tolist() == ["loudness", *MEL_FEATURES]
    assert first.equals(track_features(library, ids, num_workers=num_workers, progress=progress))
    assert len(heard) == 2
    assert steps == [(1, 2), (2, 2)]
    write_flac(library.audio_path("tone01"), np.full(16000, 0.25, np.float32))
    assert track_features(library, ids).at["tone01", "loudness"] == pytest.approx(-12.04, abs=0.01)
    assert len(heard) == 3
    (library.path / "cache" / "features" / "noise30.npy").write_bytes(b"damaged")
    assert track_features(library, ids).loc["noise30"].equals(first.loc["noise30"])


def test_tracks_that_cannot_be_heard_are_named(library, caplog):
    library.audio_path("tone02").write_bytes(b"not audio")
    write_flac(library.audio_path("tone03"), np.full(1600, 0.25, np.float32))
    table = track_features(library, ["tone01", "T99", "tone02", "tone03"])
    assert table.index.tolist() == ["tone01"]
    assert "3 of 4 tracks skipped: T99 (not in the library), tone02 (" in caplog.text
    assert "tone03 (too short)" in caplog.text
