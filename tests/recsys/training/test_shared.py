"""One trunk for all listeners: what is the same for all, what is each one's own, and what is as it is alone."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from lemons.config import Config
from lemons.errors import DataError, ParameterError
from lemons.hashing import model_hash
from recsys import experiment as training_driver
from recsys.all_listeners import train_all
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.data.crops import Crops
from recsys.model import FCN
from recsys.model_runs import finished_runs
from recsys.training.fit import fit
from recsys.training.shared import share
from recsys.training.step import TrainStep
from recsys.training.trainer import validation_scores
from tests.recsys.training.tones import N, crops, fresh_model

pytestmark = pytest.mark.usefixtures("slim")
QUICK = {"n_epochs": 2, "batch_size": 20, "input_length": N, "schedule": "onecycle", "shared_trunk": True}
QUICK_HEAD = {"batch_size": 20, "n_quiet": 1}


@pytest.fixture
def config(toy_library, tmp_path):
    yield Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    training_driver.ex.observers.clear()


def test_all_have_the_same_trunk_and_a_head_of_their_own(config, monkeypatch):
    models = train_all(config, updates=QUICK)
    assert list(models) == ["marko", "nina"]
    (marko, about), (nina, other) = (load_checkpoint(path) for path in models.values())
    assert all(torch.equal(value, nina.trunk_state()[name]) for name, value in marko.trunk_state().items())
    assert about["trunk"] == other["trunk"] == trunk_hash(marko)
    assert not torch.equal(marko.fc.weight, nina.fc.weight)
    ((run, record),) = finished_runs(config.experiments_path, "marko")
    assert {file.name for file in run.iterdir()} == {"best_model.pt", "training.json"}
    assert (record["trunk"], record["together"], record["best"]) == (about["trunk"], ["nina"], about["scores"])
    assert [scores["epoch"] for scores in record["history"]] == [1, 2]

    # one training has one record: of the means, with the models of all
    (folder,) = config.experiments_path.glob("sacred/[0-9]*")
    result = json.loads((folder / "run.json").read_text())["result"]
    assert result["score"] == pytest.approx((about["scores"]["score"] + other["scores"]["score"]) / 2)
    assert result["epoch"] == about["scores"]["epoch"] == other["scores"]["epoch"]
    assert {file.name for file in folder.glob("*.pt")} == {"marko_best_model.pt", "nina_best_model.pt"}
    assert list(config.experiments_path.glob("*shared*")) == []

    monkeypatch.setattr(training_driver.ex, "run", lambda **_: pytest.fail("done again"))
    assert train_all(config, updates=QUICK) == models


def test_a_trunk_is_not_trained_again_for_a_listener_whose_tracks_cannot_be_read(config, monkeypatch):
    library = config.library_path
    tracks, listens = pd.read_csv(library / "tracks.csv"), pd.read_csv(library / "listens.csv")
    damaged = tracks.head(12).assign(track_id=[f"damaged{i}" for i in range(12)], file="audio/damaged.flac")
    (library / "audio" / "damaged.flac").write_bytes(b"no sound")
    pd.concat([tracks, damaged]).to_csv(library / "tracks.csv", index=False)
    ida = pd.DataFrame({"user": "ida", "track_id": damaged["track_id"], "playcount": 1})
    pd.concat([listens, ida]).to_csv(library / "listens.csv", index=False)
    with pytest.raises(DataError, match="1 of 3 listeners"):
        train_all(config, updates=QUICK)
    assert len(list(config.experiments_path.glob("*/best_model.pt"))) == 2
    monkeypatch.setattr(training_driver.ex, "run", lambda **_: pytest.fail("trained again"))
    with pytest.raises(DataError, match="1 of 3 listeners"):
        train_all(config, updates=QUICK)


def test_the_heads_are_those_of_listeners_who_come_later_to_the_same_trunk(config, tmp_path):
    models = train_all(config, updates=QUICK | {"n_quiet": 1})
    later = Config(config.library_path, tmp_path / "later")
    (nina,) = train_all(later, ["nina"], updates=QUICK_HEAD | {"trunk_path": str(models["marko"])}).values()
    assert model_hash(load_checkpoint(nina)[0]) == model_hash(load_checkpoint(models["nina"])[0])


def test_an_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(config, tmp_path, monkeypatch, rng):
    whole = train_all(Config(config.library_path, tmp_path / "whole"), updates=QUICK)
    batches, n_before = Crops.batches, int(rng.integers(5, 8))  # of 4 batches in each of 2 epochs
    asked = []

    def interrupted(self, epoch):
        for batch in batches(self, epoch):
            asked.append(epoch)
            if len(asked) > n_before:
                raise KeyboardInterrupt
            yield batch

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Crops, "batches", interrupted)
        train_all(config, updates=QUICK)
    assert not list(config.experiments_path.glob("*/training.json"))
    resumed = train_all(config, updates=QUICK)
    for user, path in resumed.items():
        assert model_hash(load_checkpoint(path)[0]) == model_hash(load_checkpoint(whole[user])[0])
        ((_, record),) = finished_runs(config.experiments_path, user)
        assert record["resumed"] == [1]
    runs = {path.name.split("_")[-1] for path in config.experiments_path.glob("2*")}
    assert runs == {"marko", "nina"}  # neither a second run nor the trunk's folder is left


def test_a_trunk_that_one_listener_has_alone_is_a_training_alone(make_tracks):
    tracks, hashes = make_tracks(8), []
    for part in (tracks, share({"marko": tracks}, by_pair=True)):
        model = fresh_model()
        fit(model, crops(part), part, n_epochs=2, quiet=True)
        hashes.append(model_hash(model))
    assert hashes[0] == hashes[1]


def test_each_head_learns_from_the_labels_of_its_own_listener(make_tracks, rng):
    labels = torch.tensor([[1.0, torch.nan], [0.0, 1.0], [torch.nan, 0.0]])
    step = TrainStep(FCN(2).double(), n_steps=1)
    step.model.dropout.p = 0.0
    maps = torch.as_tensor(rng.normal(size=(3, step.model.fc.in_features // 2, 8, 1)))
    loss = step.loss(maps, labels)
    loss.backward()
    logits = step.model.head(step.model.pool(maps))
    pairs = [(0, 0), (1, 0), (1, 1), (2, 1)]  # the labels that are known, of (snippet, listener)
    each = [binary_cross_entropy_with_logits(logits[pair], labels[pair].double()) for pair in pairs]
    torch.testing.assert_close(loss, torch.stack(each).mean())  # in float64: to 1e-7
    of_first, of_second = torch.autograd.grad((each[0] + each[1]) / 4, step.model.fc.weight)[0]
    assert not of_second.any()
    torch.testing.assert_close(step.model.fc.weight.grad[0], of_first)


def test_validation_scores_are_each_listeners_own_and_their_means(rng):
    labels = np.array([[1, 1], [0, np.nan], [1, 0], [0, np.nan]])
    logits = rng.normal(size=(4, 2))
    found = validation_scores(labels, logits)
    assert found["listeners"][0] == validation_scores(labels[:, 0], logits[:, 0])
    assert found["listeners"][1] == validation_scores(labels[[0, 2], 1], logits[[0, 2], 1])
    assert found["score"] == pytest.approx(np.mean([one["score"] for one in found["listeners"]]))


def test_a_listener_of_the_network_answers_as_the_network_does_for_them(rng):
    model, y = FCN(3).eval(), torch.as_tensor(rng.uniform(-0.1, 0.1, (1, N)), dtype=torch.float32)
    with torch.no_grad():
        answers = torch.cat([model.of_listener(i)(y) for i in range(3)], dim=1)
        torch.testing.assert_close(answers, model(y))  # float32; the product with three heads may round otherwise


@pytest.mark.parametrize("wrong", [{"user_name": "nina"}, {"trunk_path": "marko.pt"}])
def test_what_a_shared_trunk_excludes_is_refused(config, wrong):
    with pytest.raises(ParameterError, match=r"does not go with shared_trunk=True; leave it out"):
        train_all(config, updates=QUICK | wrong)
    with pytest.raises(ParameterError, match=r"not both; choose one"):
        train_all(config, updates=QUICK, together=True)
