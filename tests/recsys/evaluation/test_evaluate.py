import numpy as np
import pandas as pd
import pytest
import torch

from lemons.checksums import read_own_json
from lemons.errors import DataError, NotKeptError
from lemons.hashing import fingerprint
from lemons.library import open_library
from recsys.checkpoints import save_checkpoint
from recsys.evaluation import evaluate as evaluation
from recsys.evaluation.evaluate import BASELINES, MEASURES, evaluate, read_evaluation, read_scores, resampled, summarize
from recsys.model import FCN
from recsys.ranking import MEASURES as RANKING_MEASURES
from recsys.ranking import measure


@pytest.fixture
def library(toy_library):
    return open_library(toy_library)


@pytest.fixture
def perfect(monkeypatch):
    """A model that knows marko's taste: tones."""

    def scores(checkpoint_path, library, track_ids, **_):
        return pd.Series([1.0 if one.startswith("tone") else -1.0 for one in track_ids], index=track_ids)

    monkeypatch.setattr(evaluation, "cached_scores", scores)


@pytest.fixture
def model(tmp_path):
    save_checkpoint(tmp_path / "best_model.pt", FCN(), {"user": "marko"})
    return tmp_path / "best_model.pt"


def test_a_perfect_model_and_what_is_known_without_it(library, perfect, model):
    results = evaluate(model, library, "marko")
    assert (results["user"], results["n_tracks"], results["n_played"]) == ("marko", 4, 2)
    assert results["roc_auc"] == results["average_precision"] == 1
    assert results["loss"] == pytest.approx(np.log1p(np.exp(-1)))
    assert results["mel_roc_auc"] == 1  # a tone has another colour than noise
    assert results["popularity_roc_auc"] == 0  # nina plays the noises alone
    assert results["measures"]["model"]["ndcg@5"] == {"value": 1, "low": 1, "high": 1}
    assert list(results["measures"]) == ["model", *BASELINES]
    assert all(list(of_ranker) == list(RANKING_MEASURES) for of_ranker in results["measures"].values())
    for of_ranker in results["measures"].values():
        assert all(m["low"] <= m["value"] + 1e-12 and m["value"] <= m["high"] + 1e-12 for m in of_ranker.values())


def test_the_result_stands_beside_the_model_in_three_files_that_agree(library, perfect, model):
    results = evaluate(model, library, "marko")
    assert read_own_json(model.parent / "evaluation.json") == results
    table = pd.read_csv(model.parent / "evaluation.csv").set_index("ranker")
    scores = read_scores(model)
    assert scores["label"].sum() == 2
    for ranker, measures in results["measures"].items():
        again = measure(scores["label"], scores[ranker])
        for name in RANKING_MEASURES:
            assert measures[name]["value"] == pytest.approx(table.at[ranker, name]) == pytest.approx(again[name])
            assert measures[name]["high"] == pytest.approx(table.at[ranker, f"{name}_high"])


def test_a_library_without_tempo_has_no_tempo_baseline(library, perfect, model):
    library.tracks = library.tracks.drop(columns="tempo")
    results = evaluate(model, library, "marko")
    assert results["tempo_roc_auc"] is None
    assert "tempo" not in results["measures"]
    assert results["loudness_roc_auc"] is not None


def test_a_tempo_that_gives_the_taste_away_is_found_out(library, perfect, model):
    library.tracks["tempo"] = np.where(library.tracks["genre"] == "tone", "120", "90")
    assert evaluate(model, library, "marko")["tempo_roc_auc"] == 1


def test_resamples_are_the_same_for_all_rankers_and_others_for_each_listener(rng):
    scores = pd.DataFrame({"label": np.arange(20) % 2, "model": rng.normal(size=20)})
    scores["mel"] = 2 * scores["model"]
    marko, again, nina = (
        resampled(scores, *of)["roc_auc"] for of in (("model", "marko"), ("mel", "marko"), ("mel", "nina"))
    )
    np.testing.assert_array_equal(marko, again)
    assert abs(np.corrcoef(marko, nina)[0, 1]) < 0.15  # 1000 resamples: standard error 0.03


def test_what_was_evaluated_is_read_and_what_is_outdated_is_not(library, perfect, model):
    assert read_evaluation(model, library, "marko") is None
    results = evaluate(model, library, "marko")
    assert read_evaluation(model, library, "marko") == results
    assert read_evaluation(model, library, "nina") is None
    split = library.path / "splits" / "marko.csv"
    rows = split.read_text().splitlines()
    split.write_text("\n".join([rows[0], *rows[:0:-1]]))  # another split
    assert read_evaluation(model, library, "marko") is None


@pytest.mark.parametrize("old", ['{"user": "marko", "roc_auc": 0.9, "loudness_roc_auc": 0.5}', "{", "[]", ""])
def test_an_evaluation_of_an_earlier_version_or_a_damaged_one_is_none(library, model, old):
    (model.parent / "evaluation.json").write_text(old)
    assert read_evaluation(model, library, "marko") is None


def test_scores_that_cannot_be_read_say_what_to_do(model):
    with pytest.raises(DataError, match=r"evaluation_tracks\.csv cannot be read .* call `lemons evaluate`"):
        read_scores(model)


def test_a_part_of_which_one_class_is_left_is_refused(library, perfect, model):
    split = evaluation.load_or_draw_split(library, "marko").set_index("track_id")
    for track_id in split.index[(split["split"] == "test") & (split["playcount"] > 0)]:
        library.audio_path(track_id).write_bytes(b"not audio")
    with pytest.raises(DataError, match="the test part has 0 played and 2 other tracks whose audio can be read"):
        evaluate(model, library, "marko")


def test_a_model_is_not_judged_by_tracks_of_another_split(library, perfect, model):
    split = evaluation.load_or_draw_split(library, "marko")
    other = split.assign(split=split["split"].replace({"train": "test", "test": "train"}))
    for about, refused in [
        ({"user": "marko", "split": fingerprint(split)}, False),
        ({"user": "marko", "split": fingerprint(other)}, True),
        ({"user": "marko", "config": {"meta_path": "elsewhere"}}, True),  # from before splits were recorded
        ({"user": "marko", "config": {"meta_path": ""}}, False),
        ({"user": "nina", "split": fingerprint(other)}, False),
    ]:
        save_checkpoint(model, FCN(), about)
        if refused:
            with pytest.raises(DataError, match="was trained on another split, which may hold test tracks of this"):
                evaluate(model, library, "marko")
        else:
            evaluate(model, library, "marko")


def test_a_model_of_the_original_lemons_is_judged(library, perfect, model):
    torch.save(FCN().state_dict(), model)
    assert evaluate(model, library, "marko")["roc_auc"] == 1


def test_the_table_ends_with_mean_and_standard_deviation_over_the_listeners():
    row = dict.fromkeys(MEASURES, 0.6) | {"average_precision": 0.5, "tempo_roc_auc": None, "n_tracks": 20}
    table = summarize([row | {"user": user, "roc_auc": auc} for user, auc in (("a", 0.7), ("b", 0.8), ("c", 0.9))])
    assert table.index.tolist() == ["a", "b", "c", "mean", "std"]
    assert table["roc_auc"].tolist() == pytest.approx([0.7, 0.8, 0.9, 0.8, np.std([0.7, 0.8, 0.9])])
    assert table["average_precision"]["std"] == 0
    assert table["tempo_roc_auc"].isna().all()


def test_figures_over_fewer_tracks_say_so_and_are_taken_again(library, model, caplog):
    evaluate(model, library, "marko")  # features and scores are kept now
    split = evaluation.load_or_draw_split(library, "marko")
    track_id = split.loc[split["split"] == "test", "track_id"].iloc[0]
    content = library.audio_path(track_id).read_bytes()
    library.audio_path(track_id).unlink()
    results = evaluate(model, library, "marko")
    assert results["n_tracks"] == 3
    assert results["skipped"] == {"train": [], "val": [], "test": [track_id]}
    assert f"marko: the figures are over 3 of 4 test tracks, without {track_id}" in caplog.text
    assert read_evaluation(model, library, "marko") is None
    library.audio_path(track_id).write_bytes(content)
    results = evaluate(model, library, "marko")
    assert results["n_tracks"] == 4
    assert read_evaluation(model, library, "marko") == results


def test_an_evaluation_that_cannot_be_written_is_not_lost(library, perfect, model):
    (model.parent / "evaluation.csv").mkdir()
    with pytest.raises(NotKeptError, match=r"cannot write .*evaluation\.csv") as caught:
        evaluate(model, library, "marko")
    results, scores = caught.value.result
    assert results["roc_auc"] == 1
    assert len(scores) == 4
