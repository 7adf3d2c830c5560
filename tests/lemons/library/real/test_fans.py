"""Fans of a small world: two metal bands, an electronic musician, and composers who share their records."""

import pandas as pd
import pytest

from lemons.library.real.fans import Fan, find_fans, split_by

WORLD = {  # genre, artist, songs by album
    "metal": {"Iron": {"Iron I": 3, "Iron II": 2}, "Steel": {"Steel I": 5}},
    "electronic": {"Maxstack": {"One": 4, "Two": 4}},
    "orchestral": {
        "Anna Bach": {"OST": 3, "OST II": 2},
        "Zoe Bach": {"OST": 3, "OST II": 2},
        "Clara Wieck": {"OST": 2},
    },
}


@pytest.fixture
def tracks():
    rows = []
    for genre, artists in WORLD.items():
        for artist, albums in artists.items():
            for album, n_songs in albums.items():
                for number in range(n_songs):
                    song = f"{artist}/{album}/{number}"
                    about = {"artist": artist, "genre": genre, "album": album, "song": song}
                    rows += [{"track_id": f"{song}/{i}"} | about for i in range(3 + 2 * number)]
    return pd.DataFrame(rows).set_index("track_id")


def fan(tracks, name):
    return next(one for one in find_fans(tracks) if one.name == name)


def test_fans_are_named_after_what_they_love(tracks):
    # of the electronic music there is one artist: who loves it loves him; two Bachs need their whole names
    names = ["metal-fan", "orchestral-fan", "anna-bach-fan", "iron-fan", "maxstack-fan", "steel-fan", "zoe-bach-fan"]
    assert [one.name for one in find_fans(tracks)] == names
    assert set(tracks.loc[fan(tracks, "metal-fan").played, "artist"]) == {"Iron", "Steel"}


def test_a_composer_is_told_apart_from_others_of_the_same_style(tracks):
    bach = fan(tracks, "anna-bach-fan")
    assert set(tracks.loc[bach.others, "artist"]) == {"Zoe Bach", "Clara Wieck"}
    # nobody else plays electronic music here
    assert set(tracks.loc[fan(tracks, "maxstack-fan").others, "genre"]) == {"metal", "orchestral"}


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("column", ["song", "album"])
def test_no_song_and_no_album_is_on_both_sides(tracks, column, seed):
    drawn = {one.name: split_by(column, one, tracks, seed=seed) for one in find_fans(tracks)}
    drawn = {name: split for name, split in drawn.items() if split is not None}
    # by albums: a composer's records are those of the others, too, and of Steel there is one
    by_album = {"metal-fan", "maxstack-fan", "orchestral-fan"}
    assert set(drawn) == ({one.name for one in find_fans(tracks)} if column == "song" else by_album)
    for name, split in drawn.items():
        groups = split.assign(song=tracks.loc[split["track_id"], "song"].to_numpy())
        assert (groups.groupby("song")["split"].nunique() == 1).all()
        groups[column] = tracks.loc[split["track_id"], column].to_numpy()
        test = set(groups.loc[groups["split"] == "test", column])
        assert not test & set(groups.loc[groups["split"] != "test", column])
        for part in ("train", "val", "test"):
            labels = split.loc[split["split"] == part, "playcount"]
            assert 0 < (labels == 0).sum() <= (labels == 1).sum()
        mine = fan(tracks, name)
        assert set(split.loc[split["playcount"] == 1, "track_id"]) == set(mine.played)  # each in one part
        assert set(split.loc[split["playcount"] == 0, "track_id"]) <= set(mine.others)


def test_the_same_seed_draws_the_same_whatever_the_order_of_the_tracks(tracks):
    one = fan(tracks, "metal-fan")
    shuffled = tracks.sample(frac=1, random_state=1)
    same = Fan(one.name, one.played[::-1], one.others[::-1])
    first, second = split_by("song", one, tracks, seed=3), split_by("song", same, shuffled, seed=3)
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(split_by("song", one, tracks, seed=4))
