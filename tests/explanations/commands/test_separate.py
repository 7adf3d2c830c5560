"""Separating from the command line."""

import json
import sys
import tarfile

import numpy as np
import pytest
import soundfile

from explanations.cli import main
from lemons.audio import quantize
from lemons.separation import cache, get_separator
from lemons.separation.cache import separate_file
from lemons.separation.writing import write_stems

SR = 22050


@pytest.fixture
def song(tmp_path, rng):
    soundfile.write(tmp_path / "song.wav", rng.uniform(-0.5, 0.5, (2 * SR, 2)), SR)
    return tmp_path / "song.wav"


def lemons(monkeypatch, *arguments):
    """Call the command in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["lemons", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        main()
        sys.exit(0)
    return exit_.value.code or 0


def mix_of(song):
    return quantize(soundfile.read(song, dtype="float32")[0].mean(axis=1))


def test_stems_are_written_at_the_files_rate_and_sum_to_the_mix(song, tmp_path, monkeypatch, capsys):
    assert lemons(monkeypatch, "separate", song, "--separator", "hpss", "--out", tmp_path / "out") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["separator"], report["sr"], report["gain"], report["bits"]) == ("hpss", SR, 1, 16)
    stems = []
    for name, stem in report["stems"].items():
        y, sr = soundfile.read(tmp_path / "out" / stem["file"], dtype="float32")
        assert (stem["file"], sr) == (f"{name}.flac", SR)
        assert stem["dbfs"] == pytest.approx(10 * np.log10(np.mean(y**2)), abs=0.01)
        stems.append(y)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "report.json",
        *(f"{n}.flac" for n in report["stems"]),
    }
    np.testing.assert_array_equal(sum(stems), mix_of(song))
    assert "harmonic low" in capsys.readouterr().out


def test_stems_beyond_full_scale_share_one_gain_and_24_bits(song, tmp_path):
    y, _ = soundfile.read(song)
    (tmp_path / "stems").mkdir()
    soundfile.write(tmp_path / "stems" / "loud.wav", 5 * y, SR, subtype="FLOAT")
    soundfile.write(tmp_path / "stems" / "other.wav", -4 * y, SR, subtype="FLOAT")
    separation = separate_file(song, get_separator("given", tmp_path / "stems"))
    write_stems(separation, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["gain"], report["bits"]) == (0.25, 24)
    loud, other = (soundfile.read(tmp_path / "out" / f"{name}.flac", dtype="float32")[0] for name in ("loud", "other"))
    np.testing.assert_array_equal(4 * (loud + other), mix_of(song))
    np.testing.assert_array_equal(4 * loud, separation.read("loud"))


def test_the_page_and_the_commands_share_what_was_separated(song, tmp_path, monkeypatch):
    separate_file(song, get_separator("hpss"))
    monkeypatch.setattr(cache, "_separate", None)  # nothing is separated again
    assert lemons(monkeypatch, "separate", song, "--separator", "hpss", "--out", tmp_path / "out") == 0


def test_the_list_of_separators(monkeypatch, capsys):
    assert lemons(monkeypatch, "separators") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["hpss", "ready"] for line in lines)
    assert any("lemons weights spleeter:5stems" in line for line in lines)


def test_missing_weights_are_one_sentence(song, tmp_path, monkeypatch, capsys):
    code = lemons(monkeypatch, "separate", song, "--separator", "spleeter:2stems", "--out", tmp_path / "out")
    errors = capsys.readouterr().err.splitlines()
    assert (code, len(errors)) == (2, 1)
    assert "`lemons weights spleeter:2stems`" in errors[0]
    assert not (tmp_path / "out").exists()


def test_weights_of_ones_own_are_told(tmp_path, monkeypatch, capsys):
    with tarfile.open(tmp_path / "w.tar.gz", "w:gz") as archive:
        for name in ("checkpoint", "model.index", "model.data-00000-of-00001"):
            (tmp_path / name).write_text(name)
            archive.add(tmp_path / name, name)
    assert lemons(monkeypatch, "weights", "spleeter:4stems", "--from", tmp_path / "w.tar.gz") == 0
    output = capsys.readouterr()
    assert output.out.strip().endswith("weights/spleeter/4stems")
    assert "not the official archive" in output.err
