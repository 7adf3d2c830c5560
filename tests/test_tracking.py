import sys

import pytest

from lemons.errors import ConfigError, MissingDependencyError
from recsys import tracking
from recsys.tracking import Log, make_experiment, make_observers


class Run:
    """What a run of sacred is asked for."""

    def __init__(self):
        self.numbers = []

    def log_scalar(self, name, value, step):
        self.numbers.append((name, value, step))


def test_records_are_files_by_default(tmp_path):
    experiment = make_experiment("toy")
    experiment.observers.extend(make_observers(tmp_path))

    @experiment.main
    def main(_run):
        _run.log_scalar("loss", 0.5, 1)
        return 3

    experiment.run()
    assert {file.name for file in (tmp_path / "sacred" / "1").iterdir()} >= {"config.json", "metrics.json", "run.json"}


def test_a_mongodb_that_is_away_is_told_at_once_and_without_its_password(tmp_path, monkeypatch):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    monkeypatch.setattr(tracking, "MONGODB_PATIENCE_MS", 100)
    url = "mongodb://marko:secret@127.0.0.1:9/?authSource=admin"  # port 9: nobody listens
    with pytest.raises(ConfigError, match=r"no MongoDB answers at mongodb://127\.0\.0\.1:9/") as caught:
        make_observers(tmp_path, mongodb_url=url)
    assert "secret" not in str(caught.value)


def test_a_malformed_url_is_told(tmp_path):
    pytest.importorskip("pymongo", reason="pymongo is not installed")
    with pytest.raises(ConfigError, match="no MongoDB answers at mongodb:/localhost"):
        make_observers(tmp_path, mongodb_url="mongodb:/localhost")


def test_missing_packages_name_the_extra_that_has_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "lemons-explanations\[mongodb\]"'):
        make_observers(tmp_path, mongodb_url="mongodb://localhost")
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "lemons-explanations\[train\]"'):
        Log(Run(), tensorboard_path=tmp_path)


def test_numbers_go_to_sacred_and_to_tensorboard_when_asked(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    for path in (None, tmp_path / "curves"):
        run = Run()
        with Log(run, tensorboard_path=path) as log:
            log("val.roc_auc", 0.9, 3)
        assert run.numbers == [("val.roc_auc", 0.9, 3)]
    assert [file.name.split(".")[0] for file in (tmp_path / "curves").iterdir()] == ["events"]
