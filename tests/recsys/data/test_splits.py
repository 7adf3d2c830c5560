import pandas as pd
import pytest

from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from recsys.data.splits import draw_split, load_or_draw_split


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


def rewrite(library, played):
    """Let marko have played these tracks alone."""
    listens = pd.DataFrame({"user": "marko", "track_id": played, "playcount": 1})
    listens.to_csv(library.path / "listens.csv", index=False)
    return open_library(library.path)


def of_tracks(library, track_ids):
    """Let the library have these tracks alone."""
    library.tracks.loc[track_ids].to_csv(library.path / "tracks.csv")
    return open_library(library.path)


def test_both_classes_are_split_eighty_ten_ten_and_no_track_twice():
    tracks = pd.Index([f"T{i:03}" for i in range(400)])
    played = pd.Series(range(1, 101), index=tracks[::4])
    split = draw_split(played, tracks, seed=3)
    counts = split.groupby(["split", split["playcount"] > 0]).size()
    assert counts.to_dict() == {(part, c): n for part, n in (("train", 80), ("val", 10), ("test", 10)) for c in (0, 1)}
    assert split["track_id"].is_unique
    assert split.set_index("track_id")["playcount"][played.index].equals(played)
    assert (split["seed"] == 3).all()


def test_a_split_follows_its_seed_and_not_the_order_of_the_tables():
    tracks = pd.Index([f"T{i:03}" for i in range(100)])
    played = pd.Series(1, index=tracks[:40])
    split = draw_split(played, tracks, seed=0)
    assert split.equals(draw_split(played[::-1], tracks[::-1], seed=0))
    assert set(split["track_id"]) != set(draw_split(played, tracks, seed=1)["track_id"])


def test_a_split_is_written_once_and_never_redrawn(library):
    split = load_or_draw_split(library, "marko", seed=0)
    written = (library.path / "splits" / "marko.csv").read_bytes()
    assert load_or_draw_split(library, "marko", seed=1).equals(split)
    assert (library.path / "splits" / "marko.csv").read_bytes() == written
    assert b",seed\n" in written.splitlines(keepends=True)[0]


def test_negatives_were_never_played(library):
    split = load_or_draw_split(library, "marko")
    assert split.groupby(split["playcount"] > 0).size().to_dict() == {False: 24, True: 24}
    assert split.loc[split["playcount"] == 0, "track_id"].str.startswith("noise").all()


def test_a_listener_who_played_most_tracks_is_compared_with_the_few_left(library):
    split = load_or_draw_split(rewrite(library, library.tracks.index[:44]), "marko")
    assert (split["playcount"] > 0).sum() == 44
    assert split.groupby(["split", split["playcount"] > 0]).size()[("test", False)] == 1


def test_published_splits_are_read(library, tmp_path):
    (tmp_path / "published").mkdir()
    rows = [("train", 1), ("train", 0), ("val", 0), ("val", 1), ("test", 1), ("test", 0)]
    lines = [f"TR{i},{part},{listened}\n" for i, (part, listened) in enumerate(rows)]
    (tmp_path / "published" / "marko.csv").write_text("track_id,split,listened\n" + "".join(lines))
    split = load_or_draw_split(library, "marko", folder=tmp_path / "published")
    assert split["playcount"].tolist() == [1, 0, 0, 1, 1, 0]
    assert split["track_id"].tolist() == [f"TR{i}" for i in range(6)]


@pytest.mark.parametrize("n_played", [2, 46, 48])
def test_a_listener_of_one_class_cannot_be_learned(library, n_played):
    with pytest.raises(DataError, match=rf"{n_played} of 48 tracks .* were played by marko; training needs at least 3"):
        load_or_draw_split(rewrite(library, library.tracks.index[:n_played]), "marko")
    assert not (library.path / "splits").exists()


def test_a_handful_of_tracks_is_too_few(library):
    library = of_tracks(library, library.tracks.index[15:34])
    with pytest.raises(DataError, match="has 19 tracks; training needs at least 20"):
        load_or_draw_split(library, "marko")


def test_an_unknown_listener_is_told_who_there_is(library):
    with pytest.raises(ParameterError, match="choose one of marko, nina"):
        load_or_draw_split(library, "bob")


def test_a_folder_that_is_not_there_is_not_made(library, tmp_path):
    with pytest.raises(DataError, match="no such folder of splits: .*; check meta_path"):
        load_or_draw_split(library, "marko", folder=tmp_path / "mistyped")


def test_a_split_of_other_listens_is_told(library):
    load_or_draw_split(library, "marko")
    with pytest.raises(DataError, match=r"drawn from other listens \(it calls tone00 played"):
        load_or_draw_split(rewrite(library, library.tracks.index[1:24]), "marko")


def test_what_was_played_since_the_split_was_drawn_is_told(library):
    load_or_draw_split(library, "marko")
    with pytest.raises(DataError, match=r"it calls noise24 not played, which listens\.csv does\); delete it"):
        load_or_draw_split(rewrite(library, library.tracks.index[:25]), "marko")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cannot be read as a split"),
        ("track_id,split\nT1,train\n", "cannot be read as a split"),
        ("track_id,split,playcount\nT1,train,often\n", "cannot be read as a split"),
        ("track_id,split,playcount\nT1,training,1\n", "names a part 'training'"),
        ("track_id,split,playcount\nT1,train,1\nT1,val,1\n", "lists T1 twice"),
        ("track_id,split,playcount\nT1,train,1\nT2,train,0\nT3,val,1\n", "the val part .* has only played tracks"),
        ("track_id,split,playcount\nT1,train,0\n", "the train part .* has no played track"),
        ("track_id,split,playcount\nT1,train,0\nT2,train,1\n", "the val part .* has no tracks"),
    ],
)
def test_malformed_splits_are_told_what_is_wrong(library, text, sentence):
    (library.path / "splits").mkdir()
    (library.path / "splits" / "marko.csv").write_text(text)
    with pytest.raises(DataError, match=sentence):
        load_or_draw_split(library, "marko")


@pytest.mark.parametrize(("n", "held_out"), [(3, 1), (14, 1), (16, 2), (24, 2), (26, 3), (57, 6)])
def test_a_tenth_is_rounded_to_the_nearest_and_at_least_one(n, held_out):
    tracks = pd.Index([f"T{i:03}" for i in range(200)])
    split = draw_split(pd.Series(1, index=tracks[:n]), tracks, seed=0)
    counts = split.loc[split["playcount"] > 0, "split"].value_counts()
    assert (counts["val"], counts["test"], counts["train"]) == (held_out, held_out, n - 2 * held_out)


def test_the_seed_asked_for_is_the_one_that_draws(library):
    drawn = draw_split(library.played("marko"), library.tracks.index, seed=5)
    pd.testing.assert_frame_equal(
        load_or_draw_split(library, "marko", seed=5), drawn[["track_id", "split", "playcount"]]
    )
    assert (library.path / "splits" / "marko.csv").read_text().startswith("track_id,split,playcount,seed\n")


def test_just_enough_tracks_are_enough(library):
    library = rewrite(library, library.tracks.index[:3])
    library = of_tracks(library, library.tracks.index[:20])
    assert load_or_draw_split(library, "marko").groupby("split").size().to_dict() == {"test": 2, "train": 2, "val": 2}


def test_a_track_called_like_a_number_or_like_nothing_keeps_its_name(library, tmp_path):
    parts = [
        f"{name},{part},{i % 2}"
        for i, (name, part) in enumerate(
            zip(("007", "NA", "1e3", "null", "x", "y"), ("train", "train", "val", "val", "test", "test"), strict=True)
        )
    ]
    (tmp_path / "marko.csv").write_text("\n".join(["track_id,split,listened", *parts]) + "\n")
    assert load_or_draw_split(library, "marko", folder=tmp_path)["track_id"].tolist() == [
        "007",
        "NA",
        "1e3",
        "null",
        "x",
        "y",
    ]
