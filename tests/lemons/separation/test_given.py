"""Stems that are there already."""

import numpy as np
import pytest
import soundfile

from lemons.audio import FULL_SCALE, load, quantize
from lemons.errors import DataError
from lemons.separation.cache import separate_file
from lemons.separation.given import Given

SR = 11025


@pytest.fixture
def track(tmp_path, rng):
    """A folder like those of MUSDB18-HQ: four stereo stems, and the mixture, which they sum to but for rounding."""
    # noise below 1.4 kHz: of white noise, which no music is, an MP3 file at its usual quality leaves out half
    stems = {name: smooth(rng.uniform(-0.5, 0.5, (2 * SR, 2))) for name in ("bass", "drums", "other", "vocals")}
    (tmp_path / "track").mkdir()
    for name, y in {**stems, "mixture": sum(stems.values())}.items():
        soundfile.write(tmp_path / "track" / f"{name}.wav", y, SR, subtype="PCM_16")
    (tmp_path / "track" / "notes.txt").write_text("not a stem")
    return tmp_path / "track"


def smooth(y):
    """The mean of eight neighbours."""
    return np.mean([np.roll(y, shift, axis=0) for shift in range(8)], axis=0)


def mixture(track):
    return soundfile.read(track / "mixture.wav", dtype="float32")[0].T


def test_the_stems_of_a_musdb_folder(track):
    stems = Given(track).separate(mixture(track), SR)
    assert list(stems) == ["vocals", "drums", "bass", "other"]
    np.testing.assert_array_equal(sum(stems.values()), quantize(mixture(track).mean(axis=0)))
    for name in ("vocals", "drums", "bass"):
        y = soundfile.read(track / f"{name}.wav", dtype="float32")[0]
        np.testing.assert_array_equal(stems[name], quantize(y.mean(axis=1)))


def test_what_the_stems_leave_is_reported_and_given_to_other(track):
    (track / "bass.wav").unlink()
    given = Given(track)
    (block,) = given.stream([mixture(track)], SR)
    assert given.residual_stem == "other"
    assert np.square(block.residual).mean() > 0.5 * np.square(block.stems[0]).mean()  # the bass


def test_without_a_stem_called_other_the_loudest_gets_the_residual(track):
    (track / "other.wav").unlink()
    y, _ = soundfile.read(track / "drums.wav")
    soundfile.write(track / "drums.wav", 2 * y, SR)
    assert Given(track).residual_stem == "drums"


def test_any_names_and_formats(track, tmp_path):
    y = mixture(track)[:, ::-1]
    soundfile.write(track / "theremin.flac", y.T, SR)
    assert Given(track).stems == ("vocals", "drums", "bass", "other", "theremin")
    np.testing.assert_allclose(
        Given(track).separate(mixture(track), SR)["theremin"], y.mean(axis=0), atol=1 / FULL_SCALE
    )


def test_a_stem_that_cannot_be_read_is_named(track):
    (track / "choir.m4a").write_bytes(b"no sound")
    with pytest.raises(DataError, match=r"choir\.m4a cannot be read as audio"):
        Given(track)
    (track / "choir.m4a").unlink()
    soundfile.write(track / "choir.wav", np.full(2 * SR, np.nan), SR, subtype="FLOAT")
    with pytest.raises(DataError, match=r"choir\.wav holds samples that are not numbers"):
        Given(track)


@pytest.mark.parametrize("gain", [1, 0.5])
@pytest.mark.parametrize("name", ["My song.wav", "My song.MP3", "My song.ogg"])
def test_sums_are_no_stems_by_whatever_name_and_told(track, name, gain, caplog):
    caplog.set_level("INFO")
    stems = {one: soundfile.read(track / f"{one}.wav")[0] for one in ("vocals", "drums", "bass", "other")}
    (track / "mixture.wav").rename(track / "my mix.wav")
    soundfile.write(track / name, gain * sum(stems.values()), SR)
    soundfile.write(track / "no_vocals.flac", gain * (stems["drums"] + stems["bass"] + stems["other"]), SR)
    given = Given(track)
    assert given.stems == ("vocals", "drums", "bass", "other")
    assert {one: set(parts) for one, parts in given.sums.items()} == {
        "my mix": set(stems),
        "My song": set(stems),
        "no_vocals": {"drums", "bass", "other"},
    }
    given.separate(soundfile.read(track / "my mix.wav", dtype="float32")[0].T, SR)
    assert sum("is no stem: it is " in line for line in caplog.messages) == 3


def test_a_stem_that_has_sound_of_its_own_is_no_sum(track, rng):
    drums, bass = (soundfile.read(track / f"{name}.wav")[0] for name in ("drums", "bass"))
    own = smooth(rng.uniform(-0.5, 0.5, drums.shape))
    # an eighth of its energy is its own: -9 dB; either of the two alone would leave -2.5 dB
    soundfile.write(track / "room.wav", (drums + bass + 0.53 * own) / 2, SR)
    assert "room" in Given(track).stems


def test_the_mix_is_told_among_many_stems(track, rng):
    stems = {f"track {i}": smooth(rng.uniform(-0.1, 0.1, (2 * SR, 2))) for i in range(16)}
    for name, y in {**stems, "all": sum(stems.values())}.items():
        soundfile.write(track / f"{name}.wav", y, SR)
    for name in ("vocals", "drums", "bass", "other"):
        (track / f"{name}.wav").unlink()
    assert set(Given(track).stems) == set(stems)


def test_the_mix_is_told_where_a_stem_is_missing(track, tmp_path):
    (track / "bass.wav").unlink()
    (track / "mixture.wav").rename(track / "a song.wav")
    assert Given(track).stems == ("vocals", "drums", "other", "a song")
    assert Given(track).of(track / "a song.wav").stems == ("vocals", "drums", "other")
    separation = separate_file(track / "a song.wav", Given(track), folder=tmp_path / "cache")
    assert separation.stems == ("vocals", "drums", "other")


def test_a_stem_near_to_the_mix_or_to_a_sum_is_a_stem_where_all_sum_to_the_mix(track):
    y = {name: soundfile.read(track / f"{name}.wav")[0] for name in ("vocals", "drums", "bass")}
    y |= {"drums": y["drums"] / 10, "bass": y["bass"] / 10, "other": (y["drums"] + y["bass"]) / 10}
    for name, stem in {**y, "mixture": sum(y.values())}.items():
        soundfile.write(track / f"{name}.wav", stem, SR)
    assert "other" in Given(track).sums
    assert Given(track).of(track / "mixture.wav").stems == ("vocals", "drums", "bass", "other")


def test_vocals_and_the_rest_beside_the_track(track):
    for name in ("drums", "bass", "other"):
        (track / f"{name}.wav").unlink()
    mix, vocals = mixture(track).T, soundfile.read(track / "vocals.wav")[0]
    soundfile.write(track / "instrumental.wav", mix - vocals, SR)
    (track / "mixture.wav").rename(track / "track.wav")
    assert Given(track).stems == ("vocals", "instrumental")


def test_doubled_quiet_and_silent_stems_are_stems(track):
    drums, _ = soundfile.read(track / "drums.wav")
    for name, y in {"drums 2": drums, "drums 3": drums / 2, "hum": drums[::-1] / 1000, "rest": 0 * drums}.items():
        soundfile.write(track / f"{name}.wav", y, SR)
    assert len(Given(track).stems) == 8
    for file in track.glob("*.wav"):
        if file.stem not in ("drums", "drums 2", "hum", "rest"):
            file.unlink()
    assert Given(track).stems == ("drums", "drums 2", "hum", "rest")


def test_other_sound_is_another_fingerprint(track):
    before = Given(track).fingerprint
    assert Given(track).fingerprint == before
    y, _ = soundfile.read(track / "bass.wav")
    soundfile.write(track / "bass.wav", y / 2, SR)
    assert Given(track).fingerprint != before


def test_stems_of_another_length_are_refused(track):
    mix = mixture(track)
    with pytest.raises(DataError, match=r"vocals\.wav is shorter than the mix"):
        Given(track).separate(np.concatenate([mix, mix], axis=1), SR)
    with pytest.raises(DataError, match=r"vocals\.wav is longer than the mix"):
        Given(track).separate(mix[:, :-1], SR)


def test_stems_of_another_rate_are_refused(track):
    with pytest.raises(DataError, match=r"vocals\.wav has 11025 samples per second, the mix has 44100"):
        Given(track).separate(np.tile(mixture(track), 2), 44100)


@pytest.mark.parametrize("kept", ["nothing", "mixture.wav"])
def test_a_folder_without_stems_is_refused(track, kept):
    for file in track.iterdir():
        if file.name != kept:
            file.unlink()
    with pytest.raises(DataError, match="holds no stems"):
        Given(track)


def test_two_files_of_one_stem_are_refused(track):
    soundfile.write(track / "bass.flac", np.ones(9), SR)
    with pytest.raises(DataError, match=r"two files of one stem \(bass\.flac, bass\.wav"):
        Given(track)


def test_what_is_no_folder_is_refused(track):
    with pytest.raises(DataError, match="no such folder of stems"):
        Given(track / "mixture.wav")


@pytest.mark.parametrize("peak", [0.9, 3, 1e30])
@pytest.mark.parametrize("suffix", ["wav", "npy"])
def test_nothing_of_float_stems_lands_in_other_whatever_their_level(tmp_path, rng, peak, suffix):
    stems = rng.uniform(-1, 1, (3, 44100)).astype(np.float32)
    stems = (stems * np.float32(peak / np.abs(stems.sum(axis=0)).max())).astype(np.float32)
    (tmp_path / "stems").mkdir()
    for name, y in zip(("vocals", "drums", "other"), stems, strict=True):
        if suffix == "npy":
            np.save(tmp_path / "stems" / f"{name}.npy", y)
        else:
            soundfile.write(tmp_path / "stems" / f"{name}.wav", y, 44100, subtype="FLOAT")
    mix = tmp_path / f"mix.{suffix}"
    if suffix == "npy":
        np.save(mix, stems.sum(axis=0))
    else:
        soundfile.write(mix, stems.sum(axis=0), 44100, subtype="FLOAT")
    separation = separate_file(mix, Given(tmp_path / "stems"), folder=tmp_path / "cache")
    gain = separation.report["mix_gain"]
    assert gain == 1 if peak < 1 else gain * peak <= 1
    # four roundings, each of a twelfth of a step's square, are -95 dBFS; arrays are rounded before they are scaled, too
    assert separation.report["residual_dbfs"] < -92
    for name, y in zip(("vocals", "drums", "other"), stems, strict=True):
        np.testing.assert_allclose(separation.read(name), y * np.float64(gain), atol=2.5 / FULL_SCALE)
    np.testing.assert_array_equal(sum(separation.load().values()), load(mix))


def test_every_stem_is_the_file_of_its_name_in_the_order_told(tmp_path):
    """Levels tell the stems apart: each comes out under its own name, in Spleeter's order, then by name."""
    levels = {"zither": 0.5, "piano": 0.25, "bass": 0.125, "vocals": 0.0625, "alto": 0.03125}
    for name, level in levels.items():
        soundfile.write(tmp_path / f"{name}.wav", np.full(SR, level), SR, subtype="PCM_16")
    given = Given(tmp_path)
    mix = np.full((2, SR), sum(levels.values()), np.float32)
    (block,) = given.estimates([mix], SR)
    assert given.stems == ("vocals", "piano", "bass", "alto", "zither")
    assert block[:, 0].tolist() == [levels[name] for name in given.stems]
    assert {name: y[0] for name, y in given.separate(mix, SR).items()} == levels
