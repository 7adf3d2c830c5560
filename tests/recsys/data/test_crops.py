import logging

import numpy as np
import pytest

from lemons.audio import write_flac
from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from recsys.data.crops import Crops, TrackSet, load_tracks
from recsys.data.splits import load_or_draw_split

N = 8000  # samples in a crop


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


@pytest.fixture
def ramps():
    """Three tracks whose every sample tells track and position: 10000 t + position / 10."""
    audio = [(10_000 * t + np.arange(N + 200 * t) // 10).astype(np.int16) for t in range(3)]
    return TrackSet(["a", "b", "c"], audio, np.float32([1, 0, 1]))


def all_crops(crops, epoch):
    batches = list(crops.batches(epoch))
    return np.concatenate([y for y, _ in batches]), np.concatenate([labels for _, labels in batches])


def test_a_part_is_its_tracks_with_their_labels(library):
    split = load_or_draw_split(library, "marko")
    tracks = load_tracks(library, split, "val")
    assert tracks.track_ids == split.loc[split["split"] == "val", "track_id"].tolist()
    assert [track_id.startswith("tone") for track_id in tracks.track_ids] == tracks.labels.astype(bool).tolist()
    for track_id, samples in zip(tracks.track_ids, tracks.audio, strict=True):
        np.testing.assert_array_equal(samples, library.load_audio(track_id))


def test_workers_change_nothing(library):
    split = load_or_draw_split(library, "marko")
    alone, helped = (load_tracks(library, split, "train", num_workers=n) for n in (0, 3))
    assert alone.track_ids == helped.track_ids
    assert all(map(np.array_equal, alone.audio, helped.audio))


def test_missing_damaged_and_short_tracks_are_named_skipped_and_counted(library, caplog):
    split = load_or_draw_split(library, "marko")
    gone, damaged, short = split.loc[split["split"] == "train", "track_id"].iloc[:3]
    library.tracks = library.tracks.drop(gone)
    library.audio_path(damaged).write_bytes(b"not music")
    write_flac(library.audio_path(short), np.full(9000, 0.5, np.float32))
    with caplog.at_level(logging.WARNING):
        tracks = load_tracks(library, split, "train", min_samples=16000)
    assert len(tracks.audio) == 40 - 3  # of 24 tracks of each class, 2 + 2 are held out
    assert not {gone, damaged, short} & set(tracks.track_ids)
    assert "3 of 40 train tracks skipped" in caplog.text
    assert f"{gone} (not in the library)" in caplog.text
    assert f"{damaged}.flac cannot be read as audio" in caplog.text
    assert f"{short} (shorter than 1 s)" in caplog.text


def test_a_part_left_with_one_class_is_refused(library):
    split = load_or_draw_split(library, "marko")
    library.tracks = library.tracks[library.tracks["genre"] == "tone"]
    with pytest.raises(DataError, match="the test part has 2 played and 0 other tracks"):
        load_tracks(library, split, "test")


def test_each_epoch_has_n_crops_of_each_track_with_its_label(ramps):
    y, labels = all_crops(Crops(ramps, seed=0, batch_size=4, input_length=N, n_crops=3), epoch=1)
    track = np.rint(y[:, 0] * 2**15 // 10_000).astype(int)
    assert np.bincount(track).tolist() == [3, 3, 3]
    np.testing.assert_array_equal(labels[:, 0], ramps.labels[track])
    assert y.dtype == labels.dtype == np.float32


def test_a_crop_is_a_stretch_of_its_track(ramps):
    y, _ = all_crops(Crops(ramps, seed=0, input_length=N, n_crops=50), epoch=1)
    assert y.shape == (150, N)
    samples = np.rint(y * 2**15).astype(np.int64)
    starts = set()
    for crop in samples:
        t = crop[0] // 10_000
        start = next(s for s in range(200 * t + 1) if np.array_equal(ramps.audio[t][s : s + N], crop))
        starts.add((t, start // 10))
    assert len(starts) > 30  # track 0 has one place, the others 21 and 41 that can be told apart


def test_the_first_and_the_last_stretch_are_in_reach():
    audio = np.zeros(N + 1, np.int16)
    audio[-1] = 1
    tracks = TrackSet(["a"], [audio], np.float32([1]))
    y, _ = all_crops(Crops(tracks, seed=0, input_length=N, n_crops=30), epoch=1)
    assert set(y[:, -1] * 2**15) == {0, 1}


def test_crops_are_a_function_of_seed_and_epoch(ramps):
    def first(seed, epoch):
        return all_crops(Crops(ramps, seed=seed, input_length=N, n_crops=9), epoch)[0]

    np.testing.assert_array_equal(first(5, 2), first(5, 2))
    assert not np.array_equal(first(5, 2), first(5, 3))
    assert not np.array_equal(first(5, 2), first(6, 2))


@pytest.mark.parametrize(("batch_size", "sizes"), [(2, [2, 1]), (3, [3]), (20, [3])])
def test_the_last_batch_has_what_is_left(ramps, batch_size, sizes):
    crops = Crops(ramps, seed=0, batch_size=batch_size, input_length=N)
    assert [len(y) for y, _ in crops.batches(1)] == sizes
    assert len(crops) == len(sizes)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"n_crops": 0}, {"input_length": 7000}])
def test_impossible_crops_are_refused(ramps, wrong):
    (name, value), = wrong.items()  # fmt: skip
    with pytest.raises(ParameterError, match=f"{name}={value} must be a whole number of at least"):
        Crops(ramps, seed=0, **wrong)


def test_quiet_snippets_join_each_batch_as_not_played_and_leave_the_crops_alone(ramps):
    plain = list(Crops(ramps, seed=1, batch_size=2, input_length=N).batches(3))
    quiet = list(Crops(ramps, seed=1, batch_size=2, input_length=N, n_quiet=40).batches(3))
    for (y, labels), (more, more_labels) in zip(plain, quiet, strict=True):
        np.testing.assert_array_equal(more[: len(y)], y)
        np.testing.assert_array_equal(more_labels[: len(y)], labels)
        added = more[len(y) :].numpy()
        assert added.shape == (40, N)
        assert not more_labels[len(y) :].any()
        silent = ~added.any(axis=1)
        assert 8 < silent.sum() < 32  # half of them; 4 standard deviations of 40 draws are 12.6
        levels = 20 * np.log10(np.sqrt((added[~silent] ** 2).mean(axis=1)))
        assert (levels < -34).all()  # QUIET_DB's upper end, and the spread of the level of 8000 samples


def test_quiet_snippets_are_others_in_every_epoch_and_the_same_again(ramps):
    crops = Crops(ramps, seed=1, batch_size=2, input_length=N, n_quiet=6)
    first, again, later = (all_crops(crops, epoch)[0] for epoch in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first[:, 0] != later[:, 0]).any()
