import numpy as np
import pytest

from lemons.audio import SAMPLE_RATE
from lemons.demo.genres.draw import GENRES
from lemons.demo.rendering.soundfont import DRUM_BANK, FONT_SHA256, Sampler, check_font, find_font
from lemons.errors import DataError, MissingDependencyError


@pytest.fixture(scope="module")
def sampler():
    return Sampler(find_font())


def fundamental(y):
    """The pitch of a steady sound in Hz, by the first strong peak of its autocorrelation."""
    spectrum = np.abs(np.fft.rfft(y, 4 * len(y))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(y) // 2]
    lags = np.arange(len(correlation))
    peaks = lags[1:-1][(correlation[1:-1] > correlation[:-2]) & (correlation[1:-1] >= correlation[2:])]
    first = peaks[correlation[peaks] > 0.8 * correlation[peaks].max()][0]
    before, here, after = correlation[first - 1 : first + 2]
    return SAMPLE_RATE / (first + 0.5 * (before - after) / (before - 2 * here + after))


@pytest.mark.parametrize("program", [0, 4, 29, 33, 56, 73, 81])
@pytest.mark.parametrize(("pitch", "hz"), [(57, 220.0), (69, 440.0)])
def test_a_note_has_its_pitch(sampler, program, pitch, hz):
    y = sampler.play([(0, 1.0, pitch, 100)], program=program, n_samples=SAMPLE_RATE)
    cents = 1200 * np.log2(fundamental(y[4000:12000]) / hz)
    assert abs(cents) < 25  # the font's own instruments are up to a fifth of a semitone out of tune


def test_a_stronger_stroke_is_louder_by_the_square_of_its_velocity(sampler):
    soft, strong = (sampler.play([(0, 0.5, 60, v)], program=0, n_samples=8000) for v in (50, 100))
    np.testing.assert_allclose(strong, 4 * soft, rtol=1e-5, atol=1e-7)


def test_a_note_starts_in_time_and_fades_when_it_is_let_go(sampler):
    y = sampler.play([(0.5, 0.25, 60, 100)], program=16, n_samples=2 * SAMPLE_RATE)
    assert not y[:8000].any()
    held, fading, after = y[10000:12000], y[12800:14800], y[12000 + 12000 :]
    assert np.abs(held).max() > 0.05
    assert np.abs(fading).max() < 0.3 * np.abs(held).max()
    assert not after.any()  # a release lasts 0.7 s at most


def test_what_comes_later_does_not_change_what_was_played(sampler):
    """The tone of a key is made in several lengths; all begin alike."""
    short, long = (sampler.play([(0, s, 55, 90)], program=48, n_samples=5 * SAMPLE_RATE) for s in (0.2, 4.0))
    np.testing.assert_array_equal(short[:3200], long[:3200])


def test_a_note_at_the_end_is_cut(sampler):
    whole = sampler.play([(0, 1.0, 60, 100)], program=0, n_samples=SAMPLE_RATE)
    cut = sampler.play([(0.9, 1.0, 60, 100)], program=0, n_samples=SAMPLE_RATE)
    np.testing.assert_array_equal(cut[14400:], whole[:1600])


def test_every_instrument_of_every_genre_sounds(sampler):
    genres = GENRES.values()
    layers = {layer for one in genres for layer in (*one.bass, *one.piano, *(x for some in one.other for x in some))}
    for program in {program for layer in layers for program in layer.programs}:
        assert sampler.play([(0, 0.2, 55, 100)], program=program, n_samples=4000).any()
    for kit in {kit for one in genres for kit in one.kits}:
        for pitch in (36, 38, 42):
            assert sampler.play([(0, 0.2, pitch, 100)], program=kit, bank=DRUM_BANK, n_samples=4000).any()


def test_without_pretty_midi_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr("lemons.extras.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"needs pretty_midi: pip install 'lemons-explanations\[demo\]'"):
        find_font()


def test_another_font_is_refused(tmp_path):
    with pytest.raises(DataError, match="no soundfont at"):
        check_font(tmp_path / "TimGM6mb.sf2")
    (tmp_path / "TimGM6mb.sf2").write_bytes(b"RIFF of another hand")
    with pytest.raises(DataError, match=f"another soundfont .*not {FONT_SHA256[:12]}"):
        check_font(tmp_path / "TimGM6mb.sf2")
