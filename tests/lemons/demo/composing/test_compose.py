"""Is it music? Facts about scores and about how they sound."""

import numpy as np
import pytest

from lemons.audio import SAMPLE_RATE
from lemons.demo.composing.compose import DURATION_S, compose
from lemons.demo.genres.draw import GENRES
from lemons.demo.rendering.mixing import turn_beats

N_SAMPLES = 480000
FRAME = 160  # samples; 10 ms


def energy(y):
    """Energy in frames of 10 ms."""
    return (y[: len(y) // FRAME * FRAME].reshape(-1, FRAME) ** 2).sum(axis=1)


def centroid(y):
    """The middle of the spectrum, in Hz."""
    power = np.abs(np.fft.rfft(y)) ** 2
    return (np.fft.rfftfreq(len(y), 1 / SAMPLE_RATE) * power).sum() / power.sum()


def section(score, name):
    """The samples of the first section of this name."""
    start, end = next((start, end) for one, start, end in score.sections if one == name)
    return slice(int(start * SAMPLE_RATE), int(end * SAMPLE_RATE))


@pytest.mark.parametrize("genre", GENRES)
def test_a_score_fills_half_a_minute_with_playable_notes(genre):
    score = compose(0, 1, genre)
    names, starts, ends = zip(*score.sections, strict=True)
    assert starts[0] == 0
    assert ends[-1] == DURATION_S
    assert starts[1:] == ends[:-1]
    assert len(set(names)) >= 3
    assert {"drums", "bass"} <= {part.stem for part in score.parts}
    for part in score.parts:
        start_s, duration_s, pitch, velocity = np.array(part.notes).T
        assert (start_s >= 0).all()
        assert (start_s < DURATION_S).all()
        assert (duration_s > 0).all()
        assert ((pitch >= 12) & (pitch <= 108)).all()
        assert ((velocity >= 1) & (velocity <= 127)).all()


def test_the_same_seed_writes_the_same_music_and_another_one_does_not():
    assert compose(3, 5, "pop") == compose(3, 5, "pop")
    assert compose(3, 5, "pop").parts != compose(4, 5, "pop").parts
    assert compose(3, 5, "pop").parts != compose(3, 6, "pop").parts


def test_the_bass_lies_below_the_piano(tracks):
    _, stems = tracks["reggae"]
    assert centroid(stems["bass"]) < 0.7 * centroid(stems["piano"])


def test_reggae_skanks_off_the_beat(tracks):
    """Guitar and piano strike between the beats, kick and rim leave the first beat empty."""
    score, stems = tracks["reggae"]
    strokes = energy(stems["piano"])
    beat = 60 / score.tempo

    def after(offset, y):  # energy in the tenth of a second after every such point of a beat
        starts = ((np.arange(0, 26, beat) + offset * beat) * 100).astype(int)
        return sum(y[one : one + 10].sum() for one in starts)

    swung = max(after(offset, strokes) for offset in (0.5, 0.55, 0.6))
    assert swung > 3 * after(0.0, strokes)
    drum_times = [
        start for part in score.parts if part.stem == "drums" for start, _, pitch, _ in part.notes if pitch == 36
    ]
    place = np.array(drum_times) / beat % 4
    on_two_and_four = np.abs(place[:, None] - [1, 3]).min(axis=1) < 0.2
    assert on_two_and_four.mean() > 0.8  # fills may begin with a kick


def test_the_kick_keeps_the_tempo_of_the_score(tracks):
    score, stems = tracks["trance"]
    drop = section(score, "drop")
    backwards = score.traits["drums backwards"] > 0
    drums = turn_beats(stems["drums"], score.tempo) if backwards else stems["drums"]
    low = np.abs(np.fft.rfft(drums[drop]))
    hz = np.fft.rfftfreq(drop.stop - drop.start, 1 / SAMPLE_RATE)
    kick = np.fft.irfft(np.fft.rfft(drums[drop]) * (hz < 120))
    assert low[hz < 120].max() > 0
    onset = np.maximum(np.diff(np.log(energy(kick) + 1e-4)), 0)
    t = drop.start / SAMPLE_RATE + np.arange(len(onset)) / 100

    def agreement(tempo):  # 1 if all onsets fall on the same point of a beat
        return np.abs((onset * np.exp(2j * np.pi * t * tempo / 60)).sum()) / onset.sum()

    assert agreement(score.tempo) > 0.6
    assert agreement(score.tempo) > 2 * max(agreement(score.tempo * 0.9), agreement(score.tempo * 1.1))


def test_the_bass_of_trance_rests_where_the_kick_strikes(tracks):
    score, stems = tracks["trance"]
    drop = section(score, "drop")
    beat_s = 60 / score.tempo
    place = (np.arange(N_SAMPLES // FRAME) / 100 / beat_s) % 1
    bass = energy(stems["bass"])
    inside = slice(drop.start // FRAME, drop.stop // FRAME)
    on, off = ((low <= place[inside]) & (place[inside] < low + 0.2) for low in (0.02, 0.5))
    assert bass[inside][off].mean() > 2 * bass[inside][on].mean()


def test_the_chorus_of_post_hardcore_breaks_the_quiet(tracks):
    score, stems = tracks["post-hardcore"]
    mix = sum(stems.values())
    verse, chorus = mix[section(score, "verse")], mix[section(score, "chorus")]
    assert np.mean(chorus**2) > 2 * np.mean(verse**2)
    guitars = [stems["other"][section(score, name)] for name in ("intro", "chorus")]
    flatness = [np.median(np.exp(np.log(one).mean(axis=1)) / one.mean(axis=1)) for one in map(spectra, guitars)]
    assert flatness[1] > 1.5 * flatness[0]  # distortion fills the gaps between partials


def spectra(y):
    """Power spectra up to 4 kHz, frame by frame: partials stay sharp where the pitch climbs."""
    frames = y[: len(y) // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
    return (np.abs(np.fft.rfft(frames)) ** 2)[:, :256] + 1e-12
