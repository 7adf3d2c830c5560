import numpy as np
import pandas as pd
import pytest

from lemons.library import open_library
from recsys.evaluation.baselines import baseline_scores, mel_scores, one_feature_scores, popularity
from recsys.metrics import roc_auc


def listens(*rows):
    return pd.DataFrame(rows, columns=["user", "track_id", "playcount"])


def test_popularity_counts_the_other_listeners_and_never_ones_own_plays(toy_library):
    library = open_library(toy_library)
    others = [("nina", "a", 90), ("paige", "a", 1), ("paige", "b", 7)]
    library.listens = listens(("marko", "b", 99), ("marko", "c", 5), *others)
    assert popularity(library, "marko", ["a", "b", "c", "d"]).tolist() == [2, 1, 0, 0]
    without = popularity(library, "marko", ["c"])
    library.listens = listens(*others)
    assert popularity(library, "marko", ["c"]) == without


def test_popularity_beyond_the_library_is_added_where_it_is_known_of_all(toy_library):
    library = open_library(toy_library)
    library.tracks["n_other_listeners"] = [str(i) for i in range(48)]
    # tone00 to tone23 were played by marko, noise24 to noise47 by nina
    assert popularity(library, "marko", ["tone03", "noise30"]).tolist() == [3, 31]
    assert popularity(library, "nina", ["tone03", "noise30"]).tolist() == [4, 30]
    library.tracks.loc["tone00", "n_other_listeners"] = ""
    assert popularity(library, "marko", ["tone03", "noise30"]).tolist() == [0, 1]


def test_a_listener_who_is_alone_has_no_popularity_to_go_by(toy_library):
    library = open_library(toy_library)
    library.listens = listens(("marko", "a", 1))
    assert popularity(library, "marko", ["a", "b"]).tolist() == [0, 0]


def test_the_colour_of_a_sound_is_learned_where_it_tells_and_chance_where_it_does_not(rng):
    labels = rng.integers(0, 2, 300)
    colour = rng.normal(size=(300, 40)) + np.outer(labels, np.arange(40) < 4)
    parts = slice(0, 200), slice(200, 250), slice(250, 300)

    def auc(features, labels):
        (train, val, test), (y_train, y_val, y_test) = ([x[part] for part in parts] for x in (features, labels))
        return roc_auc(y_test, mel_scores(train, y_train, val, y_val, test))

    assert auc(colour, labels) > 0.8  # four bands one deviation apart: 0.92 at best
    assert auc(colour * 1e3 - 50, labels) == pytest.approx(auc(colour, labels))  # features are standardized
    assert auc(colour, rng.permutation(labels)) == pytest.approx(0.5, abs=0.2)


def test_the_regularization_is_what_the_validation_tracks_call_for(rng):
    labels = rng.integers(0, 2, 300)
    noise = 10 * rng.normal(size=300)
    features = np.c_[labels + noise, noise]  # their difference tells; the strongest regularization looks at the first
    scores = mel_scores(features[:200], labels[:200], features[200:250], labels[200:250], features[250:])
    assert roc_auc(labels[250:], features[250:, 0]) < 0.7
    assert roc_auc(labels[250:], scores) == 1


def test_bands_that_never_sound_do_no_harm(rng):
    silent = np.full((40, 3), -100.0)
    labels = np.arange(40) % 2
    features = np.c_[silent, labels + rng.normal(0, 0.1, 40)]
    scores = mel_scores(features[:20], labels[:20], features[20:30], labels[20:30], features[30:])
    assert roc_auc(labels[30:], scores) == 1


def test_one_number_may_please_in_the_middle(rng):
    values = rng.uniform(-1, 1, 400)
    labels = np.abs(values) < 0.5
    assert roc_auc(labels[200:], one_feature_scores(values[:200], labels[:200], values[200:])) > 0.98
    noise = rng.permutation(labels)
    chance = roc_auc(noise[200:], one_feature_scores(values[:200], noise[:200], values[200:]))
    assert chance == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("known", [True, False])
def test_a_tempo_that_is_not_known_of_every_track_is_no_baseline(toy_library, rng, known):
    library = open_library(toy_library)
    library.tracks.loc["tone00", "tempo"] = "120" if known else ""
    labels = np.repeat([1.0, 0.0], 24)
    table = pd.DataFrame({"label": labels, "loudness": rng.normal(size=48), "mel": 0.0}, index=library.tracks.index)
    parts = {"train": table[::2], "val": table[1::4], "test": table[3::4]}
    scores = baseline_scores(library, "marko", parts, ["mel"])
    assert scores.index.equals(parts["test"].index)
    assert scores.columns.tolist() == ["popularity", "mel", "loudness", *(["tempo"] if known else [])]
