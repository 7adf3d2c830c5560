import json
import logging
import shutil
import socket
import sys
from pathlib import Path

import pytest
import torch

from lemons.errors import ConfigError, DataError, MissingDependencyError, ParameterError
from lemons.library import open_library
from recsys.data.splits import load_or_draw_split
from recsys.records import sacred_experiment as tracking
from recsys.records.sacred_experiment import Log, make_experiment, make_observers, record_data


class Run:
    """What a run of sacred is asked for."""

    def __init__(self):
        self.numbers = []

    def log_scalar(self, name, value, step):
        self.numbers.append((name, value, step))


def test_records_are_files_by_default(tmp_path):
    experiment = make_experiment("toy", file=tracking.__file__, doc="A toy.")
    experiment.observers.extend(make_observers(tmp_path))

    @experiment.main
    def main(_run):
        _run.log_scalar("loss", 0.5, 1)
        return 3

    experiment.run()
    folder = tmp_path / "sacred" / "1"
    assert {file.name for file in folder.iterdir()} >= {"config.json", "metrics.json", "run.json"}
    record = json.loads((folder / "run.json").read_text())
    assert record["experiment"]["mainfile"] == "recsys/records/sacred_experiment.py"
    versions = dict(line.split("==") for line in record["experiment"]["dependencies"])
    assert versions["torch"] == torch.__version__
    assert {"numpy", "librosa", "lemons-explanations"} <= set(versions)
    stored = dict(record["experiment"]["sources"])
    kept = tmp_path / "sacred" / stored["recsys/records/sacred_experiment.py"]
    assert kept.read_text() == Path(tracking.__file__).read_text()


@pytest.fixture
def toy(tmp_path):
    """An experiment, without a main function, that is recorded to ``tmp_path / "runs"``."""
    experiment = make_experiment("toy", file=tracking.__file__, doc="A toy.")
    experiment.observers.extend(make_observers(tmp_path / "runs"))
    return experiment


def test_where_nothing_can_be_recorded_nothing_runs(toy, tmp_path):
    toy.main(lambda: pytest.fail("ran without a record"))
    (tmp_path / "runs").write_text("a file in place of the folder")
    with pytest.raises(DataError, match=r"cannot record to .*runs/sacred \(Not a directory\); choose another exp"):
        toy.run()


def test_a_record_that_is_deleted_meanwhile_is_missed_and_ends_nothing(toy, tmp_path, caplog):
    toy.main(lambda: shutil.rmtree(tmp_path / "runs") or 3)
    assert toy.run().result == 3
    assert "runs/sacred/1 cannot be completed and may be lost (No such file or directory)" in caplog.text


def test_a_record_names_the_data(toy_library):
    class Run:
        info = {}  # noqa: RUF012

    library = open_library(toy_library)
    record_data(Run, library, load_or_draw_split(library, "marko"))
    assert Run.info["library"] == {"path": str(toy_library), "fingerprint": library.fingerprint}
    assert {name: Run.info["split"][name] for name in ("train", "val", "test")} == {"train": 40, "val": 4, "test": 4}
    assert Run.info["threads"] == torch.get_num_threads()


def test_a_mongodb_that_is_away_is_told_at_once_and_without_its_password(tmp_path, monkeypatch):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    monkeypatch.setattr(tracking, "PATIENCE_MS", 100)
    url = "mongodb://marko:secret@127.0.0.1:9/?authSource=admin"  # port 9: nobody listens
    with pytest.raises(ConfigError, match=r"no MongoDB answers at mongodb://127\.0\.0\.1:9/") as caught:
        make_observers(tmp_path, mongodb_url=url)
    assert "secret" not in str(caught.value)


def test_a_mongodb_that_hangs_is_away(tmp_path, monkeypatch):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    monkeypatch.setattr(tracking, "PATIENCE_MS", 200)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes a call and says nothing
        url = f"mongodb://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ConfigError, match="no MongoDB answers .* with --fallback files"):
            make_observers(tmp_path, mongodb_url=url)


def test_a_mongodb_that_is_away_may_be_replaced_by_files(tmp_path, monkeypatch, caplog):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    monkeypatch.setattr(tracking, "PATIENCE_MS", 100)
    caplog.set_level(logging.WARNING)
    (observer,) = make_observers(tmp_path, mongodb_url="mongodb://127.0.0.1:9", fallback="files")
    assert isinstance(observer, tracking.FileObserver)
    assert "no MongoDB answers at mongodb://127.0.0.1:9" in caplog.text
    assert "recording to files alone" in caplog.text


def test_nothing_but_files_replaces_a_mongodb(tmp_path):
    with pytest.raises(ParameterError, match="fallback='paper' is unknown; it is files, or left out"):
        make_observers(tmp_path, fallback="paper")


def test_a_malformed_url_is_told(tmp_path):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    with pytest.raises(ConfigError, match="no MongoDB answers at mongodb:/localhost"):
        make_observers(tmp_path, mongodb_url="mongodb:/localhost")


def test_missing_packages_name_the_extra_that_has_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(MissingDependencyError, match=r"needs pymongo: pip install 'lemons-explanations\[mongodb\]'"):
        make_observers(tmp_path, mongodb_url="mongodb://localhost")
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(
        MissingDependencyError, match=r"needs tensorboard: pip install 'lemons-explanations\[recommender\]'"
    ):
        Log(Run(), tensorboard_path=tmp_path)


def test_numbers_go_to_sacred_and_to_tensorboard_when_asked(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    for path in (None, tmp_path / "curves"):
        run = Run()
        with Log(run, tensorboard_path=path) as log:
            log("val.roc_auc", 0.9, 3)
        assert run.numbers == [("val.roc_auc", 0.9, 3)]
    assert [file.name.split(".")[0] for file in (tmp_path / "curves").iterdir()] == ["events"]
