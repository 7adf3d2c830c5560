"""Networks in units of work are those of `lemons train`, one listener at a time."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from lemons.config import Config
from lemons.errors import ParameterError
from lemons.fleet import Results, run_here
from lemons.hashing import model_hash
from recsys.all_listeners import train_all
from recsys.checkpoints import load_checkpoint
from recsys.fleet.networks import network_units
from recsys.model_runs import STATE_FILE, best_checkpoint
from recsys.training.resume import Run

SHORT = {"n_epochs": 2, "precision": "float32"}


@pytest.mark.usefixtures("slim")
def test_networks_are_those_of_lemons_train_and_one_that_was_killed_goes_on(short_library, tmp_path, monkeypatch):
    config = Config(library_path=short_library.path, experiments_path=tmp_path / "fleet")
    alone = Config(library_path=short_library.path, experiments_path=tmp_path / "alone")
    units, failures = network_units(short_library, config, listeners=["marko", "nobody"], updates=SHORT)
    assert [failure.name for failure in failures] == ["nobody"]
    results = Results(tmp_path / "results")

    def save(self, state):
        whole(self, state)
        if state["epoch"] == 1:
            raise KeyboardInterrupt  # what a kill leaves, the lock aside

    with monkeypatch.context() as killed:
        whole = Run.save
        killed.setattr(Run, "save", save)
        with pytest.raises(KeyboardInterrupt):
            run_here(units, results)
    (state,) = tmp_path.glob(f"fleet/*/{STATE_FILE}")
    assert run_here(units, results) == []
    (row,) = results.read(units[0].key).to_pylist()
    assert Path(row["model"]).parent == state.parent  # taken up, not started over
    assert row["model"] == str(best_checkpoint(config.experiments_path, "marko", library=short_library))
    expected, about = load_checkpoint(train_all(alone, ["marko"], updates=SHORT)["marko"])
    assert row["model_hash"] == model_hash(expected)
    assert (row["epoch"], row["val_roc_auc"]) == (about["scores"]["epoch"], about["scores"]["roc_auc"])

    shutil.rmtree(tmp_path / "results")
    monkeypatch.setattr("recsys.experiment.train_one", None)
    assert run_here(units, results) == []  # trained before: found, not trained
    assert results.read(units[0].key).to_pylist() == [row]


def test_parameters_decide_the_key_and_wrong_ones_are_refused(short_library, tmp_path):
    config = Config(library_path=short_library.path, experiments_path=tmp_path)
    keys = {
        network_units(short_library, config, listeners=["marko"], **how)[0][0].key
        for how in ({}, {"schedule": "demo"}, {"updates": SHORT}, {"updates": {"num_workers": 1}})
    }
    assert len(keys) == 3  # the number of threads that read tracks changes no result
    with pytest.raises(ParameterError, match="schedule 'long' is unknown"):
        network_units(short_library, config, schedule="long")
