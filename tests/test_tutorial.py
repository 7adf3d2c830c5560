"""The tutorial's code runs from top to bottom, and finds what is in its song."""

import numpy as np
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, load, quantize, write_flac
from tests.test_readme import ROOT, blocks

LENGTH_S, BEAT_S = 16, 0.5


@pytest.fixture
def song(tmp_path, monkeypatch, rng):
    """A folder with song.wav and its stems: chords that change with the bar, and drums that are faint at first."""
    n_samples = LENGTH_S * SAMPLE_RATE
    time = np.arange(n_samples) / SAMPLE_RATE  # s
    bar = (time // (4 * BEAT_S)).astype(int) % 4
    chord = sum(np.sin(2 * np.pi * np.array([220, 262, 175, 196])[bar] * ratio * time) for ratio in (1, 1.25, 1.5))
    stroke = rng.uniform(-1, 1, n_samples) * np.exp(-30 * (time % BEAT_S))
    stems = {"chords": quantize(0.1 * chord), "drums": quantize(0.3 * stroke * np.where(time < LENGTH_S / 2, 0.1, 1))}
    for name, y in stems.items():
        write_flac(tmp_path / "stems" / f"{name}.flac", y)
    soundfile.write(tmp_path / "song.wav", sum(stems.values()), SAMPLE_RATE, subtype="PCM_16")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tutorial_runs_and_finds_the_drums_of_the_second_half(song, capsys):
    first, stems, beats = blocks(ROOT / "docs" / "tutorial.md", "python")
    assert len(first.split("predict(mixes):")[1].splitlines()) <= 15
    names = {}
    exec(first, names)
    best = names["best"]
    assert best.segment >= 3  # of five; the middle one is half of the first half
    why, mix = load("why.flac"), load("song.wav")
    start, stop = (round(at * SAMPLE_RATE) for at in (best.start_s, best.end_s))
    np.testing.assert_array_equal(why[start + 80 : stop - 80], mix[start + 80 : stop - 80])  # between the fades
    assert not why[: start - 80].any()
    exec(stems, names)
    top = names["why"].explanation.top(1)[0]
    assert (top.stem, top.segment) == ("drums", 1)
    assert load("stem.flac").any()
    exec(beats, names)
    assert names["best"].start_s >= LENGTH_S / 2 - 2 * BEAT_S  # a bar or less before it
    assert "from" in capsys.readouterr().out
