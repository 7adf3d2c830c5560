import json
from dataclasses import replace

import pandas as pd
import pytest

from explanations.commands import recommend as recommender
from lemons.config import Config
from lemons.errors import ConfigError, DataError, NotKeptError, ParameterError
from lemons.library import open_library
from recsys import eval as evaluation_driver
from recsys import experiment as training_driver
from recsys.all_listeners import evaluate_all, report_all, train_all
from recsys.data.splits import draw_split
from recsys.evaluation.evaluate import MEASURES
from recsys.records import sacred_experiment as tracking

pytestmark = pytest.mark.usefixtures("slim")
QUICK = {"n_epochs": 1, "input_length": 8000, "precision": "float32"}


@pytest.fixture
def config(toy_library, tmp_path):
    yield Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    training_driver.ex.observers.clear()
    evaluation_driver.ex.observers.clear()


def test_all_listeners_are_trained_and_evaluated_once(config, monkeypatch):
    models = train_all(config, named_config="demo", updates=QUICK)
    assert list(models) == ["marko", "nina"]
    assert all(model.is_file() for model in models.values())
    table = evaluate_all(config)
    assert table.index.tolist() == ["marko", "nina", "mean", "std"]
    assert table.columns.tolist() == list(MEASURES)
    (written,) = config.experiments_path.glob("results/toy-????????/results.csv")
    pd.testing.assert_frame_equal(pd.read_csv(written, index_col="user"), table)
    assert len(list((config.experiments_path / "sacred").glob("[0-9]*"))) == 4  # a record of each

    for driver in (training_driver, evaluation_driver):
        monkeypatch.setattr(driver.ex, "run", lambda **_: pytest.fail("done again"))
    assert train_all(config, named_config="demo", updates=QUICK) == models
    assert evaluate_all(config).equals(table)
    report = report_all(config)  # of what was evaluated
    of_marko = report[(report["user"] == "marko") & (report["ranker"] == "mel") & (report["measure"] == "roc_auc")]
    assert of_marko["value"].tolist() == [table.at["marko", "mel_roc_auc"]]
    assert written.with_name("report.json").is_file()


def test_results_on_one_library_leave_those_on_another_alone(config):
    train_all(config, ["nina"], named_config="demo", updates=QUICK)
    report_all(config, ["nina"])
    (first,) = (config.experiments_path / "results").iterdir()
    before = {file.name: file.read_bytes() for file in first.iterdir()}
    assert set(before) == {"report.csv", "report.json"}

    listens = config.library_path / "listens.csv"  # the same place, another library
    listens.write_text(listens.read_text() + "nina,noise24,1\n")
    train_all(config, ["nina"], named_config="demo", updates=QUICK)
    report_all(config, ["nina"])
    second, third = sorted((config.experiments_path / "results").iterdir(), key=lambda folder: folder != first)
    assert {file.name: file.read_bytes() for file in second.iterdir()} == before
    assert third.name.startswith("toy-")


@pytest.mark.parametrize("user", ["123", "1e3", "True", "null"])
def test_a_listener_may_be_called_like_a_number(config, user):
    listens = pd.read_csv(config.library_path / "listens.csv").replace({"user": {"nina": user}})
    listens.to_csv(config.library_path / "listens.csv", index=False)
    assert train_all(config, updates=QUICK).keys() == {"marko", user}
    assert evaluate_all(config, [user]).index.tolist() == [user, "mean", "std"]
    assert report_all(config)["user"].unique().tolist() == ["marko", user, "mean of listeners"]


def test_evaluations_of_an_earlier_version_are_made_anew(config):
    model = train_all(config, ["nina"], named_config="demo", updates=QUICK)["nina"]
    model.with_name("evaluation.json").write_text('{"user": "nina", "roc_auc": 0.123, "loudness_roc_auc": 0.5}')
    table = evaluate_all(config, ["nina"])
    assert table.at["nina", "roc_auc"] == json.loads(model.with_name("evaluation.json").read_text())["roc_auc"] != 0.123


def test_another_schedule_is_another_training_and_other_workers_are_not(config, monkeypatch):
    models = train_all(config, ["nina"], updates=QUICK)
    trained = []
    run = training_driver.ex.run
    monkeypatch.setattr(training_driver.ex, "run", lambda **how: trained.append(how) or run(**how))
    assert train_all(config, ["nina"], updates=QUICK | {"num_workers": 2}) == models
    assert trained == []
    assert train_all(config, ["nina"], updates=QUICK | {"lr": 1e-4}) != models
    assert len(trained) == 1


@pytest.mark.parametrize("together", [False, True])
def test_another_split_is_another_training(config, tmp_path, together):
    models = train_all(config, ["nina"], updates=QUICK, together=together)
    evaluate_all(config, ["nina"])
    library = open_library(config.library_path)
    draw_split(library.played("nina"), library.tracks.index, seed=3).to_csv(library.path / "splits" / "nina.csv")
    with pytest.raises(DataError, match="no model of nina trained on .* and the split in"):
        evaluate_all(config, ["nina"])
    again = train_all(config, ["nina"], updates=QUICK, together=together)
    assert again != models
    assert train_all(config, ["nina"], updates=QUICK | {"data_seed": 9}, together=together) == again


def test_a_mongodb_that_is_away_is_an_error_or_files_are(config, monkeypatch):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    monkeypatch.setattr(tracking, "PATIENCE_MS", 100)
    config = replace(config, mongodb_url="mongodb://127.0.0.1:9")  # nobody listens there
    with pytest.raises(ConfigError, match="no MongoDB answers"):
        train_all(config, ["nina"], updates=QUICK)
    assert not config.experiments_path.exists()
    train_all(config, ["nina"], updates=QUICK, fallback="files")
    assert report_all(config, ["nina"], fallback="files")["n_tracks"].unique().tolist() == [4]
    assert len(list((config.experiments_path / "sacred").glob("[0-9]*"))) == 2


def test_one_listener_who_cannot_be_trained_holds_up_nobody(config, caplog):
    listens = pd.read_csv(config.library_path / "listens.csv")
    listens = listens[(listens["user"] == "marko") | (listens.index % 24 < 2)]  # nina played two tracks
    listens.to_csv(config.library_path / "listens.csv", index=False)
    with pytest.raises(DataError, match=r"1 of 2 listeners failed; nina: 2 of 48 tracks .* were played by nina"):
        train_all(config, ["nina", "marko"], updates=QUICK)
    (record,) = config.experiments_path.glob("*/training.json")
    assert json.loads(record.read_text())["user"] == "marko"
    assert "nina: 2 of 48 tracks" in caplog.text


def test_who_has_no_model_or_too_few_tracks_for_one_is_left_out_of_the_others_table(config, caplog):
    listens = config.library_path / "listens.csv"
    listens.write_text(listens.read_text() + "bob,tone00,1\n")
    train_all(config, ["marko"], updates=QUICK)
    assert evaluate_all(config).index.tolist() == ["marko", "mean", "std"]
    assert "nina: no model of nina trained on" in caplog.text
    assert "bob: 1 of 48 tracks" in caplog.text  # training, which cannot be, is not advised
    assert "no model of bob" not in caplog.text
    assert "left out, for the reasons above: nina, bob" in caplog.text
    assert report_all(config)["user"].unique().tolist() == ["marko", "mean of listeners"]
    with pytest.raises(DataError, match=r"^2 of 2 listeners failed; bob: 1 of 48 tracks .* a model needs at least 3"):
        evaluate_all(config, ["bob", "nina"])
    with pytest.raises(DataError, match=r"^1 of 48 tracks"):
        report_all(config, ["bob"])


def test_evaluation_before_training_says_the_command_once(config, caplog):
    with pytest.raises(DataError, match=r"no model of nina trained on .* `python recsys/experiment\.py with user_name"):
        evaluate_all(config, ["nina"])
    assert caplog.text == ""


def test_an_unknown_schedule_is_refused(config):
    with pytest.raises(ParameterError, match="schedule 'quick' is unknown; choose one of demo"):
        train_all(config, named_config="quick")


def test_results_that_cannot_be_kept_are_shown(config, monkeypatch, capsys):
    model = train_all(config, ["nina"], named_config="demo", updates=QUICK)["nina"]
    (config.experiments_path / "results").write_text("no folder")
    model.with_name("evaluation.json").mkdir()
    monkeypatch.setattr(recommender, "read_config", lambda: config)
    for command, words in ((recommender.evaluate, "roc_auc"), (recommender.report, "ROC-AUC")):
        with pytest.raises(NotKeptError, match="cannot write"):
            command(["nina"])
        assert words in capsys.readouterr().out
