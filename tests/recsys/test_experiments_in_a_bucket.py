"""Experiments in a bucket: what is trained is put there as a whole, and found from everywhere."""

import shutil

import pytest

pytest.importorskip("pyarrow", reason="buckets are asked by pyarrow")

from lemons.config import Config
from lemons.errors import DataError, NotHereError
from lemons.hashing import model_hash
from lemons.storage import is_there, open_folder
from recsys.all_listeners import report_all, train_all
from recsys.checkpoints import MODEL_FILE, load_checkpoint, save_checkpoint
from recsys.evaluation.evaluate import EVALUATION_FILE, TABLE_FILE, TRACKS_FILE
from recsys.fleet.networks import network_units
from recsys.model import FCN
from recsys.model_runs import best_checkpoint, finish_run, finished_runs, new_run

EVALUATION = (EVALUATION_FILE, TABLE_FILE, TRACKS_FILE)
QUICK = {"n_epochs": 1, "batch_size": 4, "device": "cpu"}


@pytest.fixture
def config(short_library, s3):
    return Config(library_path=short_library.path, experiments_path=open_folder(s3.url("lab")).path)


def test_what_is_trained_is_put_there_whole_and_found_elsewhere(config, short_library, s3, slim):
    since = len(s3.server.requests())
    model = train_all(config, ["marko"], updates=QUICK)["marko"]
    wrote = s3.written(since)
    run = model.parent.name
    assert wrote[:2] == [f"lab/{run}/best_model.pt", f"lab/{run}/training.json"]  # the last one makes it a run
    assert wrote[-1].startswith("lab/sacred/20")
    assert wrote[-1].endswith("/run.json")
    content = model.read_bytes()
    shutil.rmtree(config.experiments_path)  # another machine has nothing
    found = best_checkpoint(config.experiments_path, "marko", library=short_library)
    assert found == model
    assert found.read_bytes() == content
    since = len(s3.server.requests())
    assert train_all(config, ["marko"], updates=QUICK) == {"marko": model}  # and trains nothing again
    assert not [path for method, path in s3.asked(since) if method != "GET"]
    with pytest.raises(DataError, match=r"no model of nina .* in s3://[^?]*/lab; train one"):
        best_checkpoint(config.experiments_path, "nina", library=short_library)


def test_an_evaluation_is_put_beside_its_model_and_read_elsewhere(config, short_library, s3, slim):
    train_all(config, ["marko"], updates=QUICK)
    report = report_all(config, ["marko"])
    assert {name.rpartition("/")[2] for name in s3.written()} >= {*EVALUATION, "report.json", "report.csv"}
    shutil.rmtree(config.experiments_path)
    since = len(s3.server.requests())
    assert report_all(config, ["marko"]).equals(report)
    assert {name.rpartition("/")[2] for name in s3.written(since)} == {
        "report.json",
        "report.csv",
    }  # and evaluates nothing


def test_a_run_that_cannot_be_put_is_none_yet_and_is_put_when_it_is_finished_again(config, short_library, s3_server):
    run = new_run(config.experiments_path, "marko")
    save_checkpoint(run / MODEL_FILE, FCN(), {})
    record = {"user": "marko", "library": short_library.fingerprint, "best": {"score": 0.5}}
    s3_server.ask("POST", "moto-api/reset-auth", b"0")  # from now on our keys are none
    try:
        with pytest.raises(NotHereError, match=r"cannot write s3://.*/best_model.pt .*check the keys"):
            finish_run(run, record)
    finally:
        s3_server.ask("POST", "moto-api/reset-auth", b"inf")
    assert [file.name for file in run.iterdir()] == [MODEL_FILE]
    finish_run(run, record)
    assert [one for one, _ in finished_runs(config.experiments_path, "marko")] == [run]


def test_a_run_of_which_a_part_is_there_is_none(config, s3):
    s3.put("lab/2026-01-01_00-00-00_marko/best_model.pt", b"half an upload")
    assert finished_runs(config.experiments_path, "marko") == []


def test_a_worker_trains_to_the_bucket_and_names_the_model_by_its_url(config, short_library, slim):
    (unit,), _ = network_units(short_library, config, listeners=["marko"], updates=QUICK)
    assert unit.arguments["experiments"] == open_folder(config.experiments_path).place
    (row,) = unit.function(**unit.arguments).to_pylist()
    assert row["model"].startswith("s3://")
    assert is_there(row["model"])
    assert model_hash(load_checkpoint(row["model"])[0]) == row["model_hash"]
    assert not is_there(row["model"].replace("best_model.pt", "another.pt"))
