"""What the programs record, and that the record is enough to do it again."""

import json

import pytest

from lemons.checksums import read_own_json
from lemons.hashing import model_hash
from recsys import eval as evaluation_driver
from recsys import experiment as training_driver
from recsys.checkpoints import MODEL_FILE, load_checkpoint

pytestmark = pytest.mark.usefixtures("slim")
DRIVERS = [training_driver, evaluation_driver]
QUICK = {"n_epochs": 1, "input_length": 8000, "precision": "float32"}


@pytest.mark.parametrize("driver", DRIVERS)
def test_print_config_shows_every_parameter_with_its_meaning_and_needs_no_mongodb(program, capsys, driver):
    program(driver, "print_config", mongodb_url="mongodb://127.0.0.1:9")  # nobody listens there
    parameters = [line for line in capsys.readouterr().out.splitlines() if " = " in line]
    assert len(parameters) >= 8
    assert [line for line in parameters if "# " not in line] == []


@pytest.mark.parametrize("driver", DRIVERS)
def test_help_shows_the_options(program, capsys, driver):
    assert not program(driver, "--help")
    assert "--fallback=VALUE" in (shown := capsys.readouterr().out)
    assert driver.__doc__.splitlines()[0] in shown


def test_a_mongodb_that_is_away_ends_the_program_unless_files_are_to_replace_it(program, tmp_path, capsys, caplog):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    settings = ["with", *(f"{name}={value}" for name, value in QUICK.items())]
    assert program(training_driver, *settings, mongodb_url="mongodb://127.0.0.1:9") == 2
    assert capsys.readouterr().err.startswith("lemons: no MongoDB answers at mongodb://127.0.0.1:9")
    assert not (tmp_path / "runs").exists()
    arguments = ["--fallback", "files", *settings]
    assert program(training_driver, *arguments, mongodb_url="mongodb://127.0.0.1:9").status == "COMPLETED"
    assert "recording to files alone" in caplog.text
    assert (tmp_path / "runs" / "sacred" / "1" / "run.json").is_file()


def test_a_record_repeats_its_run(program, tmp_path):
    settings = QUICK | {"user_name": "nina", "training_seed": 7, "lr": 0.01}
    first = program(training_driver, "with", "demo", *(f"{name}={value}" for name, value in settings.items()))
    folder = tmp_path / "runs" / "sacred" / "1"
    record = json.loads((folder / "run.json").read_text())
    assert record["experiment"]["mainfile"] == "recsys/experiment.py"
    assert record["artifacts"] == [MODEL_FILE]
    info = json.loads((folder / "info.json").read_text())
    assert set(info) >= {"library", "split", "threads", "model"}
    elsewhere = f"experiments_path={tmp_path / 'again'}"
    again = program(training_driver, "--unobserved", "with", str(folder / "config.json"), elsewhere)
    hashes = [model_hash(load_checkpoint(run.info["model"])[0]) for run in (first, again)]
    assert hashes[0] == hashes[1] == model_hash(load_checkpoint(folder / MODEL_FILE)[0])
    assert len(list((tmp_path / "runs" / "sacred").glob("[0-9]*"))) == 1


def test_an_evaluation_is_recorded_with_its_files(program, tmp_path):
    settings = [f"{name}={value}" for name, value in QUICK.items()]
    program(training_driver, "--unobserved", "with", *settings)
    result = program(evaluation_driver).result
    folder = tmp_path / "runs" / "sacred" / "1"
    assert json.loads((folder / "run.json").read_text())["result"] == result
    assert read_own_json(folder / "evaluation.json") == result
    assert {"evaluation.csv", "evaluation_tracks.csv"} <= {file.name for file in folder.iterdir()}
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["test.roc_auc"]["values"] == [result["roc_auc"]]


def test_a_training_outlives_its_mongodb(program, tmp_path, monkeypatch):
    """The database is there when the training starts and gone when the first epoch is over."""
    pymongo = pytest.importorskip("pymongo", reason="pymongo is not installed")
    mongomock = pytest.importorskip("mongomock", reason="mongomock is not installed")
    pytest.importorskip("mongomock.gridfs").enable_gridfs_integration()

    class Client(mongomock.MongoClient):
        def __init__(self, url, **timeouts):
            super().__init__(url)

    monkeypatch.setattr(pymongo, "MongoClient", Client)

    def away(*_, **__):
        raise pymongo.errors.AutoReconnect("connection closed")

    save = training_driver.save_checkpoint

    def save_and_lose_the_database(*arguments):
        for name in ("update_one", "insert_one", "insert_many", "find", "find_one"):
            monkeypatch.setattr(mongomock.collection.Collection, name, away)
        save(*arguments)

    monkeypatch.setattr(training_driver, "save_checkpoint", save_and_lose_the_database)
    settings = [f"{name}={value}" for name, value in QUICK.items()]
    run = program(training_driver, "with", *settings, mongodb_url="mongodb://localhost")
    assert run.status == "COMPLETED"
    load_checkpoint(run.info["model"])
    folder = tmp_path / "runs" / "sacred" / "1"
    assert json.loads((folder / "run.json").read_text())["status"] == "COMPLETED"
    assert "val.roc_auc" in json.loads((folder / "metrics.json").read_text())
