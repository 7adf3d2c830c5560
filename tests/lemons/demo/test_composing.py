"""Is it music? Facts about scores and about how they sound."""

import numpy as np
import pytest

from lemons.audio import SAMPLE_RATE
from lemons.demo.composing.compose import DURATION_S, compose
from lemons.demo.composing.guitars_and_leads import FIGURES
from lemons.demo.composing.keys_and_bass import STYLES
from lemons.demo.composing.score import Syllable
from lemons.demo.genres.draw import GENRES, draw_genres
from lemons.demo.genres.drum_patterns import DRUM_KEYS, PATTERNS
from lemons.demo.genres.genre import PLANS
from lemons.demo.rendering.mixing import GRID, PEAK, STEM_NAMES, master, render
from lemons.demo.rendering.soundfont import Sampler, find_font
from lemons.demo.rendering.voice import render_voice

N_SAMPLES = 480000
FRAME = 160  # samples; 10 ms


def choose(genre, wanted):
    """The first track of a genre that is as wanted."""
    return next((n, score) for n in range(200) if wanted(score := compose(0, n, genre)))


@pytest.fixture(scope="module")
def tracks():
    """A few tracks of pure genres: score and stems."""
    sampler = Sampler(find_font())
    found = {
        "reggae": choose("reggae", lambda one: one.choices["drums"] == "one drop" and one.choices["piano"] == "skank"),
        "trance": choose("trance", lambda one: one.choices["drums"] == "trance" and one.tempo < 135),
        "post-hardcore": choose(
            "post-hardcore", lambda one: one.traits["screamed"] and one.choices["other"] == "arpeggio"
        ),
    }
    return {
        genre: (score, {name: y / 32768 for name, y in render(score, sampler, seed=0, number=n).items()})
        for genre, (n, score) in found.items()
    }


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


def test_the_data_of_the_genres_fit_together():
    styles = STYLES | FIGURES
    for genre in GENRES.values():
        assert set(genre.drums) <= set(PATTERNS)
        assert set(genre.plans) <= set(PLANS)
        assert set(genre.cousins) <= set(GENRES)
        layers = [*genre.bass, *genre.piano, *(layer for some in genre.other for layer in some)]
        assert {layer.style for layer in layers} <= set(styles)
    for pattern in PATTERNS.values():
        lines = [line for half in pattern.values() for line in half.values()]
        assert len({len(line) for line in lines}) == 1
        assert {name for half in pattern.values() for name in half} <= set(DRUM_KEYS)


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


def test_genres_come_in_proportion(rng):
    drawn = draw_genres(440, rng)
    assert len(drawn) == 440
    total = sum(genre.share for genre in GENRES.values())
    for name, genre in GENRES.items():
        assert abs(drawn.count(name) - 440 * genre.share / total) < 1


def test_mastering_keeps_the_balance_and_does_not_clip(rng):
    stems = {name: rng.standard_normal(8000) for name in STEM_NAMES} | {"piano": np.zeros(8000)}
    done = master(stems, tilt_db=0.0, target_db=0.0)  # louder than a file can hold
    mix = sum(y.astype(int) for y in done.values())
    assert np.abs(mix).max() <= PEAK * 32768 + GRID * len(stems)
    assert np.abs(mix).max() >= PEAK * 32768 - GRID * len(stems)
    assert not done["piano"].any()
    body = slice(0, 8000 // 100)  # before the fade
    gain = done["bass"][body] @ stems["bass"][body] / (stems["bass"][body] @ stems["bass"][body])
    for name in ("vocals", "drums", "other"):  # linear and common: nothing but rounding is left
        assert np.abs(done[name][body] - gain * stems[name][body] * fade(8000)[body]).max() < 0.02 * 32768


def fade(n_samples):
    return np.linspace(1, 0, n_samples) ** 2


def test_quiet_mastering_meets_its_target(rng):
    done = master({"drums": rng.standard_normal(N_SAMPLES)}, tilt_db=2.0, target_db=-24.0)
    rms_db = 10 * np.log10(np.mean((done["drums"] / 32768) ** 2))
    assert abs(rms_db + 24) < 0.05


def test_no_stem_clips_and_all_lie_on_the_grid(tracks):
    for _, stems in tracks.values():
        for y in stems.values():
            assert y.shape == (N_SAMPLES,)
            assert np.abs(y).max() < 1
            assert not (y * 32768 % GRID).any()


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
    low = np.abs(np.fft.rfft(stems["drums"][drop]))
    hz = np.fft.rfftfreq(drop.stop - drop.start, 1 / SAMPLE_RATE)
    kick = np.fft.irfft(np.fft.rfft(stems["drums"][drop]) * (hz < 120))
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
    flatness = [np.exp(np.mean(np.log(one))) / np.mean(one) for one in map(spectrum, guitars)]
    assert flatness[1] > 1.5 * flatness[0]  # distortion fills the gaps between partials


def spectrum(y):
    """Mean power spectrum up to 4 kHz."""
    frames = y[: len(y) // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
    return (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0)[:256] + 1e-12


@pytest.mark.parametrize("pitch", [45, 57, 69])
def test_the_voice_sings_in_tune(rng, pitch):
    y = render_voice([Syllable(0.1, 1.0, pitch, 100, "a", "", "sing")], 2 * SAMPLE_RATE, rng, woman=False)
    steady = y[6400:12800] * np.hanning(6400)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(steady, 16384)) ** 2)
    expected = SAMPLE_RATE / (440 * 2 ** ((pitch - 69) / 12))
    lags = np.arange(int(0.75 * expected), int(1.4 * expected))
    found = lags[np.argmax(correlation[lags])]
    assert abs(12 * np.log2(found / expected)) < 0.7  # vibrato and whole samples
    assert not y[int(1.3 * SAMPLE_RATE) :].any()


def test_vowels_differ_in_their_first_resonance(rng):
    first = {}
    for vowel in "ai":
        y = render_voice([Syllable(0, 1.0, 45, 100, vowel, "", "sing")], SAMPLE_RATE, rng, woman=False)
        first[vowel] = centroid(np.fft.irfft(np.fft.rfft(y) * (np.arange(8001) < 1200)))
    assert first["a"] > 1.5 * first["i"]  # 730 and 270 Hz


def test_a_scream_is_noise_where_a_song_has_partials(rng):
    sung, screamed = (
        render_voice([Syllable(0, 2.0, 57, 100, "a", "", manner)], 2 * SAMPLE_RATE, rng, woman=False)
        for manner in ("sing", "scream")
    )
    flat = [np.exp(np.mean(np.log(one))) / np.mean(one) for one in map(spectrum, (sung, screamed))]
    assert flat[1] > 3 * flat[0]


def test_nobody_sings_without_syllables(rng):
    assert not render_voice([], 1000, rng, woman=True).any()
