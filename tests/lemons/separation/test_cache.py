"""Files separated once, kept whole, and kept within bounds."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from lemons.audio import FULL_SCALE, load, quantize
from lemons.errors import DataError
from lemons.separation.cache import IN_USE_S, REPORT, separate_file
from lemons.separation.separator import Separator

SR = 22050


class Sides(Separator):
    """Twice the left channel, and what that leaves: louder than full scale; counts how often it is asked."""

    name, stems, residual_stem, fingerprint = "sides", ("left/loud", "rest"), "rest", "1"

    def __init__(self):
        self.calls = 0

    def estimates(self, blocks, sr):
        self.calls += 1
        for block in blocks:
            yield np.stack([3 * block[0], 0 * block[0]])


@pytest.fixture
def song(tmp_path, rng):
    """A stereo file at another rate than LEMONS' own."""
    soundfile.write(tmp_path / "song.wav", rng.uniform(-0.9, 0.9, (2 * SR, 2)), SR)
    return tmp_path / "song.wav"


def entries(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_stems_at_16_khz_sum_to_what_lemons_hears(song, tmp_path):
    stems = separate_file(song, Sides(), folder=tmp_path / "cache").load()
    assert list(stems) == ["left/loud", "rest"]
    np.testing.assert_array_equal(sum(stems.values()), load(song))
    for y in stems.values():
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y * FULL_SCALE, np.rint(y * FULL_SCALE))


def test_stems_are_kept_at_the_files_rate_bit_for_bit_beyond_full_scale(song, tmp_path):
    kept = separate_file(song, Sides(), folder=tmp_path / "cache")
    stereo, _ = soundfile.read(song, dtype="float32")
    expected = Sides().separate(stereo.T, SR)
    assert kept.sr == SR
    assert np.abs(kept.read("left/loud")).max() > 2
    for stem in kept.stems:
        np.testing.assert_array_equal(kept.read(stem), expected[stem])


def test_the_report_tells_the_levels(song, tmp_path):
    separator = Sides()
    report = separate_file(song, separator, folder=tmp_path / "cache").report
    stereo, _ = soundfile.read(song, dtype="float32")
    left = 3 * stereo[:, 0]
    stem = report["stems"]["left/loud"]
    assert stem["dbfs"] == pytest.approx(10 * np.log10(np.mean(left**2)), abs=0.01)
    assert (stem["lowest"], stem["highest"]) == pytest.approx((left.min(), left.max()), abs=1 / FULL_SCALE)
    assert report["residual_dbfs"] == report["stems"]["rest"]["dbfs"]  # the estimate of the rest is silence
    assert report["residual_stem"] == "rest"
    assert (report["separator"], report["n_samples"]) == ("sides", 2 * SR)


def test_the_same_file_is_separated_once_whatever_its_name(song, tmp_path):
    separator = Sides()
    first = separate_file(song, separator, folder=tmp_path / "cache")
    renamed = song.rename(tmp_path / "renamed.wav")
    second = separate_file(renamed, separator, folder=tmp_path / "cache")
    assert separator.calls == 1
    assert (first.folder, first.report) == (second.folder, second.report)
    np.testing.assert_array_equal(sum(second.load().values()), load(renamed))


def test_another_fingerprint_or_another_file_is_another_entry(song, tmp_path, rng):
    separate_file(song, Sides(), folder=tmp_path / "cache")
    other = Sides()
    other.fingerprint = "2"
    separate_file(song, other, folder=tmp_path / "cache")
    soundfile.write(song, rng.uniform(-0.9, 0.9, (SR, 2)), SR)
    separate_file(song, other, folder=tmp_path / "cache")
    assert other.calls == 2
    assert len(entries(tmp_path / "cache")) == 3


@pytest.mark.parametrize("damage", ["report", "stem", "missing"])
def test_a_damaged_entry_is_made_again(song, tmp_path, damage):
    separator = Sides()
    kept = separate_file(song, separator, folder=tmp_path / "cache")
    whole = kept.load()
    if damage == "report":
        (kept.folder / REPORT).write_text('{"stems": ')
    elif damage == "stem":
        content = bytearray((kept.folder / "1.flac").read_bytes())
        content[-100] ^= 1
        (kept.folder / "1.flac").write_bytes(content)
    else:
        (kept.folder / "0.flac").unlink()
    again = separate_file(song, separator, folder=tmp_path / "cache").load()
    assert separator.calls == 2
    for stem, y in whole.items():
        np.testing.assert_array_equal(again[stem], y)


def test_what_was_not_used_for_longest_goes_first(song, tmp_path):
    made = []
    for number in range(3):
        separator = Sides()
        separator.fingerprint = str(number)
        made.append(separate_file(song, separator, folder=tmp_path / "cache").folder)
    size = sum(file.stat().st_size for file in made[0].iterdir())
    for age, folder in zip((300, 500, 400), made, strict=True):
        os.utime(folder / REPORT, (time.time() - age,) * 2)
    newest = Sides()
    newest.fingerprint = "newest"
    newest = separate_file(song, newest, folder=tmp_path / "cache", max_bytes=int(2.5 * size)).folder
    assert entries(tmp_path / "cache") == sorted([made[0].name, newest.name])
    # what was used a moment ago may be about to be read, and what was just made stays, be it too large
    os.utime(made[0] / REPORT, (time.time() - IN_USE_S / 2,) * 2)
    again = separate_file(song, Sides(), folder=tmp_path / "cache", max_bytes=0).folder
    assert entries(tmp_path / "cache") == sorted([made[0].name, newest.name, again.name])


def test_half_made_entries_are_removed_when_they_are_old(song, tmp_path):
    for name, age in (("old", 1e6), ("new", 10)):
        (tmp_path / "cache" / f".{name}.1-1").mkdir(parents=True)
        os.utime(tmp_path / "cache" / f".{name}.1-1", (time.time() - age,) * 2)
    kept = separate_file(song, Sides(), folder=tmp_path / "cache")
    assert entries(tmp_path / "cache") == sorted([".new.1-1", kept.folder.name])


def test_an_interrupt_leaves_nothing(song, tmp_path):
    def cancel(done, total):
        assert total == 2 * SR
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        separate_file(song, Sides(), folder=tmp_path / "cache", progress=cancel)
    assert entries(tmp_path / "cache") == []


def test_two_at_once_do_not_disturb_each_other(song, tmp_path):
    both_began = threading.Barrier(2, timeout=30)

    class Together(Sides):
        def estimates(self, blocks, sr):
            both_began.wait()
            yield from super().estimates(blocks, sr)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(separate_file, song, Together(), folder=tmp_path / "cache") for _ in range(2)]
        made = [future.result() for future in futures]
    assert entries(tmp_path / "cache") == [made[0].folder.name]
    for one in made:
        np.testing.assert_array_equal(sum(one.load().values()), load(song))


@pytest.mark.parametrize(
    ("samples", "message"),
    [(np.zeros((SR, 2)), "silent"), (np.ones((SR - 1, 1)), "at least 1 s"), (np.zeros((0, 1)), "0 samples")],
)
def test_what_cannot_be_separated_is_refused_and_not_kept(tmp_path, samples, message):
    soundfile.write(tmp_path / "bad.wav", samples, SR)
    with pytest.raises(DataError, match=message):
        separate_file(tmp_path / "bad.wav", Sides(), folder=tmp_path / "cache")
    assert not (tmp_path / "cache").exists() or not entries(tmp_path / "cache")


def test_a_damaged_file_is_refused_before_it_is_separated(tmp_path, rng):
    soundfile.write(tmp_path / "song.ogg", rng.uniform(-0.3, 0.3, 20 * SR), SR)
    content = (tmp_path / "song.ogg").read_bytes()
    (tmp_path / "song.ogg").write_bytes(content[: len(content) // 2] + content[len(content) * 6 // 10 :])
    separator = Sides()
    with pytest.raises(DataError, match=r"song\.ogg is damaged"):
        separate_file(tmp_path / "song.ogg", separator, folder=tmp_path / "cache")
    assert separator.calls == 0
    assert not (tmp_path / "cache").exists()


def test_what_is_no_audio_is_refused(tmp_path):
    (tmp_path / "notes.wav").write_text("do re mi")
    with pytest.raises(DataError, match=r"notes\.wav cannot be read as audio"):
        separate_file(tmp_path / "notes.wav", Sides())
    with pytest.raises(DataError, match="no such audio file"):
        separate_file(tmp_path / "nothing.wav", Sides())


@pytest.mark.parametrize("n_channels", [1, 6])
def test_any_number_of_channels(tmp_path, rng, n_channels):
    soundfile.write(tmp_path / "y.wav", rng.uniform(-0.3, 0.3, (SR, n_channels)), SR)
    kept = separate_file(tmp_path / "y.wav", Sides())
    channels, _ = soundfile.read(tmp_path / "y.wav", dtype="float32", always_2d=True)
    np.testing.assert_array_equal(kept.read("left/loud") + kept.read("rest"), quantize(channels.mean(axis=1)))


@pytest.mark.parametrize("suffix", [".mp3", ".ogg", ".flac"])
def test_compressed_formats_are_heard_as_everywhere_else(tmp_path, rng, suffix):
    soundfile.write(tmp_path / f"y{suffix}", rng.uniform(-0.3, 0.3, (7 * 44100, 2)), 44100)
    stems = separate_file(tmp_path / f"y{suffix}", Sides()).load()
    np.testing.assert_array_equal(sum(stems.values()), load(tmp_path / f"y{suffix}"))


def test_a_library_saved_as_arrays(tmp_path, rng):
    samples = rng.integers(-20000, 20000, 20000).astype(np.int16)
    np.save(tmp_path / "y.npy", samples)
    np.testing.assert_array_equal(
        sum(separate_file(tmp_path / "y.npy", Sides()).load().values()), samples / np.float32(FULL_SCALE)
    )
