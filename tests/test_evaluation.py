import json

import numpy as np
import pandas as pd
import pytest

from lemons.library import open_library
from recsys import evaluation
from recsys.baselines import loudness, one_feature_auc
from recsys.evaluation import evaluate, summarize


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


@pytest.fixture
def perfect(monkeypatch):
    """A model that knows marko's taste: tones."""

    def scores(checkpoint_path, library, track_ids, **_):
        return pd.Series([1.0 if one.startswith("tone") else -1.0 for one in track_ids], index=track_ids)

    monkeypatch.setattr(evaluation, "remembered_scores", scores)


def test_a_perfect_model_beats_loudness_and_tempo(library, perfect, tmp_path):
    results = evaluate(tmp_path / "best_model.pt", library, "marko")
    assert (results["user"], results["n_tracks"], results["n_played"]) == ("marko", 4, 2)
    assert results["roc_auc"] == results["average_precision"] == 1
    assert results["loss"] == pytest.approx(np.log1p(np.exp(-1)))
    assert json.loads((tmp_path / "evaluation.json").read_text()) == results
    assert pd.read_csv(tmp_path / "evaluation.csv").iloc[0].to_dict() == pytest.approx(results)


def test_a_library_without_tempo_has_no_tempo_baseline(library, perfect, tmp_path):
    library.tracks = library.tracks.drop(columns="tempo")
    results = evaluate(tmp_path / "best_model.pt", library, "marko")
    assert results["tempo_roc_auc"] is None
    assert results["loudness_roc_auc"] is not None


def test_a_tempo_that_gives_the_taste_away_is_found_out(library, perfect, tmp_path):
    library.tracks["tempo"] = np.where(library.tracks["genre"] == "tone", "120", "90")
    assert evaluate(tmp_path / "best_model.pt", library, "marko")["tempo_roc_auc"] == 1


def test_loudness_is_the_level_of_the_whole_track():
    sine = np.sin(2 * np.pi * np.arange(16000) / 100)
    assert loudness((32767 * sine).astype(np.int16)) == pytest.approx(-3.01, abs=0.01)  # dB, a sine of full scale
    assert loudness((3276.7 * sine).astype(np.int16)) == pytest.approx(-23.01, abs=0.01)
    assert loudness(np.zeros(100, np.int16)) == -100


def test_one_number_may_please_in_the_middle(rng):
    values = rng.uniform(-1, 1, 400)
    labels = np.abs(values) < 0.5
    assert one_feature_auc(values[:200], labels[:200], values[200:], labels[200:]) > 0.98
    noise = rng.permutation(labels)
    assert one_feature_auc(values[:200], noise[:200], values[200:], noise[200:]) == pytest.approx(0.5, abs=0.15)


def test_the_table_ends_with_mean_and_standard_deviation_over_the_listeners():
    row = {"average_precision": 0.5, "loudness_roc_auc": 0.6, "tempo_roc_auc": None, "n_tracks": 20}
    table = summarize([row | {"user": user, "roc_auc": auc} for user, auc in (("a", 0.7), ("b", 0.8), ("c", 0.9))])
    assert table.index.tolist() == ["a", "b", "c", "mean", "std"]
    assert table["roc_auc"].tolist() == pytest.approx([0.7, 0.8, 0.9, 0.8, np.std([0.7, 0.8, 0.9])])
    assert table["average_precision"]["std"] == 0
    assert table["tempo_roc_auc"].isna().all()
