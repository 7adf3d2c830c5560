import numpy as np
import pytest

from lemons.errors import DataError, ParameterError
from lemons.hashing import fingerprint
from recsys.checkpoints import save_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.model import FCN
from recsys.recommend import recommend, relevance_of_others


@pytest.mark.parametrize("pool", ["test", "unheard"])
def test_tracks_that_were_trained_on_are_never_recommended(library, checkpoint, scored, pool):
    split = load_or_draw_split(library, "marko")
    save_checkpoint(checkpoint, FCN(), {"user": "marko", "split": fingerprint(split[::-1])})
    with pytest.raises(DataError, match="was trained on another split"):
        recommend(checkpoint, library, "marko", pool=pool)


def test_recommendations_are_the_held_out_tracks_by_relevance(library, checkpoint, scored):
    found = recommend(checkpoint, library, "marko")
    split = load_or_draw_split(library, "marko").set_index("track_id")
    assert found.columns.tolist() == [
        "rank", "track_id", "title", "artist", "genre", "relevance", "logit", "playcount"
    ]  # fmt: skip
    assert set(found["track_id"]) == set(split.index[split["split"] == "test"])
    assert found["rank"].tolist() == [1, 2, 3, 4]
    assert found["logit"].is_monotonic_decreasing
    np.testing.assert_allclose(found["relevance"], 1 / (1 + np.exp(-found["logit"])), rtol=1e-6)
    assert found["playcount"].tolist() == split["playcount"][found["track_id"]].tolist()
    assert found["title"].tolist() == library.tracks["title"][found["track_id"]].tolist()


def test_the_unheard_were_never_played_nor_trained_on(library, checkpoint, scored):
    found = recommend(checkpoint, library, "marko", pool="unheard", n=99)
    split = load_or_draw_split(library, "marko").set_index("track_id")["split"]
    assert (found["playcount"] == 0).all()
    assert set(split.reindex(found["track_id"]).dropna()) == {"test"}
    assert len(found) == 4 - 2  # half of the held-out tracks were played


def test_n_cuts_the_list(library, checkpoint, scored):
    assert recommend(checkpoint, library, "marko", n=1).equals(recommend(checkpoint, library, "marko", n=3).head(1))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [({"n": 0}, "n=0 must be at least 1"), ({"pool": "all"}, "pool='all' is unknown; choose one of test, unheard")],
)
def test_impossible_questions_are_refused(library, checkpoint, wrong, sentence):
    with pytest.raises(ParameterError, match=sentence):
        recommend(checkpoint, library, "marko", **wrong)


def test_unknown_listeners_and_missing_models_are_named(library, checkpoint):
    with pytest.raises(ParameterError, match="listener='bob' .* choose one of marko, nina"):
        recommend(checkpoint, library, "bob")
    with pytest.raises(DataError, match="no such model"):
        recommend(checkpoint.with_name("gone.pt"), library, "marko")


@pytest.mark.parametrize("pool", ["test", "unheard"])
def test_tracks_that_cannot_be_heard_are_named_and_the_others_ranked(library, checkpoint, caplog, pool):
    split = load_or_draw_split(library, "marko").set_index("track_id")
    damaged, vanished = split.index[(split["split"] == "test") & (split["playcount"] == 0)]
    content = bytearray(library.audio_path(damaged).read_bytes())
    content[-2000] ^= 1
    library.audio_path(damaged).write_bytes(content)
    library.audio_path(vanished).unlink()
    if pool == "unheard":  # which holds nothing else here
        with pytest.raises(DataError, match="none of the 2 tracks can be read; noise"):
            recommend(checkpoint, library, "marko", pool=pool)
        return
    found = recommend(checkpoint, library, "marko", pool=pool)
    assert len(found) == 2
    assert set(found.attrs["skipped"]) == {damaged, vanished}
    assert "is damaged" in found.attrs["skipped"][damaged]
    assert "2 of 4 tracks skipped: " in caplog.text
    assert caplog.text.count(vanished) >= 1
    recommend(checkpoint, library, "marko", pool=pool)
    assert len(np.load(checkpoint.with_name("relevance.npy"))) == 2  # the scores of the others are cached


def test_scores_that_cannot_be_kept_are_shown(library, checkpoint, scored, caplog):
    checkpoint.with_name("relevance.npy").mkdir()
    assert len(recommend(checkpoint, library, "marko")) == 4
    assert caplog.text.count("cannot write") == 1


def test_beside_a_track_stand_all_others_of_the_pool(library, checkpoint, scored):
    everything = recommend(checkpoint, library, "marko", n=99)
    first = everything["track_id"][0]
    others = relevance_of_others(checkpoint, library, "marko", first)
    np.testing.assert_array_equal(others, everything["relevance"][1:])  # the largest first, the track itself left out
    strange = relevance_of_others(checkpoint, library, "marko", "a file of somebody's")
    np.testing.assert_array_equal(strange, everything["relevance"])
