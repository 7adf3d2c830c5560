"""One trunk for all listeners: what is the same for all, what is each one's own, and what stays as it is alone."""

import json
from pathlib import Path

import pytest
import torch

from lemons.config import Config
from recsys import experiment as training_driver
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.fleet import train_all
from recsys.model import trunk_state
from recsys.model_runs import finished_runs
from tests.recsys.training.tones import N

ROOT = Path(__file__).resolve().parents[3]
QUICK = {"n_epochs": 4, "batch_size": 20, "input_length": N, "val_step": 2, "schedule": "onecycle"}
SHARED = QUICK | {"shared_trunk": True}


@pytest.fixture
def config(toy_library, tmp_path):
    yield Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    training_driver.ex.observers.clear()


def test_all_have_the_same_trunk_and_a_head_of_their_own(config, monkeypatch):
    models = train_all(config, updates=SHARED)
    assert list(models) == ["marko", "nina"]
    (marko, about), (nina, other) = (load_checkpoint(path) for path in models.values())
    assert all(torch.equal(value, trunk_state(nina)[name]) for name, value in trunk_state(marko).items())
    assert about["trunk"] == other["trunk"] == trunk_hash(marko)
    assert not torch.equal(marko.fc.weight, nina.fc.weight)
    ((run, record),) = finished_runs(config.experiments_path, "marko")
    assert {file.name for file in run.iterdir()} == {"best_model.pt", "training.json"}
    assert (record["trunk"], record["together"], record["best"]) == (about["trunk"], ["nina"], about["scores"])

    # one training, one record: of the means, with the models of all
    (folder,) = config.experiments_path.glob("sacred/[0-9]*")
    result = json.loads((folder / "run.json").read_text())["result"]
    assert result["score"] == pytest.approx((about["scores"]["score"] + other["scores"]["score"]) / 2)
    assert result["epoch"] == about["scores"]["epoch"] == other["scores"]["epoch"]
    assert {file.name for file in folder.glob("*.pt")} == {"marko_best_model.pt", "nina_best_model.pt"}
    assert [path.name for path in config.experiments_path.glob("*shared*")] == []

    monkeypatch.setattr(training_driver.ex, "run", lambda **_: pytest.fail("done again"))
    assert train_all(config, updates=SHARED) == models


def test_a_new_listener_gets_a_head_on_a_trunk_that_is_trained(config):
    trunk = train_all(config, updates=SHARED)["marko"]
    (nina,) = train_all(config, ["nina"], updates={"trunk_path": str(trunk)}).values()
    model, about = load_checkpoint(nina)
    assert about["trunk"] == trunk_hash(model) == load_checkpoint(trunk)[1]["trunk"]
