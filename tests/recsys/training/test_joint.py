"""Listeners who are trained at once come to what each comes to alone."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lemons.config import Config
from lemons.hashing import model_hash
from recsys import experiment as training_driver
from recsys import model as network
from recsys.all_listeners import train_all
from recsys.checkpoints import load_checkpoint
from recsys.data.crops import Crops, TrackSet
from recsys.model import FCN
from recsys.model_runs import finished_runs
from recsys.training.fit import fit_jointly
from recsys.training.joint import joint_losses
from recsys.training.step import TrainStep
from recsys.training.trainer import Diverged, Trainer

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.usefixtures("slim")
N = 8000  # samples in a track and a crop: half a second
QUICK = {"n_epochs": 4, "batch_size": 20, "input_length": N, "val_step": 2, "schedule": "onecycle"}

# trains both listeners at once, and kills itself as the n-th batch is asked for
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from lemons.config import Config
from recsys import all_listeners, model
from recsys.data import crops

n, library, runs = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
updates, model.CHANNELS, model.N_FEATURES = json.loads(sys.argv[4])
calls, batches = 0, crops.Crops.batches

def deadly_batches(self, epoch):
    global calls
    for batch in batches(self, epoch):
        calls += 1
        if calls == n:
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch

crops.Crops.batches = deadly_batches
all_listeners.train_all(Config(library_path=library, experiments_path=runs), updates=updates, together=True)
"""


@pytest.fixture
def make_tracks(rng):
    """Noises, quiet ones labelled 1 and loud ones labelled 0."""

    def make(n):
        labels = np.arange(n) % 2 == 0
        audio = [(rng.uniform(-1, 1, N) * (3000 if quiet else 30000)).astype(np.int16) for quiet in labels]
        return TrackSet([f"T{i}" for i in range(n)], audio, labels.astype(np.float32))

    return make


@pytest.fixture
def listeners(make_tracks):
    """Crops of three listeners with batches of 2, 2, 1 - 2, 2, 2, 2 - 2, 1 snippets; each call makes equal models."""
    crops = [Crops(make_tracks(n), seed=n, batch_size=2, input_length=N) for n in (5, 8, 3)]

    def make(**settings):
        steps = []
        for seed in range(len(crops)):
            torch.manual_seed(seed)
            steps.append(TrainStep(FCN().double(), n_steps=9, schedule="onecycle", precision="float32", **settings))
        return steps, crops

    return make


def weights(step):
    state = step.state_dict()
    moments = state["optimizer"]["state"]
    return state["model"] | {f"{i}.{name}": value for i in moments for name, value in moments[i].items()}


@pytest.mark.parametrize("freeze", [False, True])
def test_together_they_learn_what_each_learns_alone(listeners, freeze):
    alone, crops = listeners(freeze=freeze)
    losses_alone = [[*one.losses(c.batches(1)), *one.losses(c.batches(2))] for one, c in zip(alone, crops, strict=True)]
    together, _ = listeners(freeze=freeze)
    losses, heard = [[], [], []], [0, 0, 0]
    for epoch in (1, 2):
        for i, loss, n in joint_losses(together, [c.batches(epoch) for c in crops]):
            losses[i].append(loss)
            heard[i] += n
    assert heard == [2 * c.n_snippets for c in crops]
    for mine, other, before, after in zip(alone, together, losses_alone, losses, strict=True):
        # Float64 rounds to 1e-16, gradients to some 1e-15. Where a gradient is rounding alone (a bias before its
        # normalization), Adam divides by its 1e-8 and multiplies by the rate 1e-3: 1e-10 a step, of 8 steps at most.
        # Means and variances of decibels are up to some hundreds, of which 1e-8 is as small.
        torch.testing.assert_close(torch.stack(after), torch.stack(before), rtol=1e-8, atol=1e-8)
        torch.testing.assert_close(weights(other), weights(mine), rtol=1e-8, atol=1e-8)
        assert torch.equal(other.state_dict()["chance"]["cpu"], mine.state_dict()["chance"]["cpu"])


def test_who_has_no_batch_left_stays_as_they_are(listeners):
    steps, crops = listeners()
    list(joint_losses(steps, [c.batches(1) for c in crops[:2]] + [[]]))
    before = {name: value.clone() for name, value in weights(steps[1]).items()}
    list(joint_losses(steps, [c.batches(2) if i != 1 else [] for i, c in enumerate(crops)]))
    torch.testing.assert_close(weights(steps[1]), before, rtol=0, atol=0)
    assert steps[1].state_dict()["step"] == 4


class Failing(Crops):
    """Crops that are no numbers from the second epoch on."""

    def batches(self, epoch):
        for y, labels in super().batches(epoch):
            yield y * (torch.nan if epoch > 1 else 1), labels


def test_a_listener_who_diverges_holds_up_nobody(make_tracks):
    tracks, trainers = make_tracks(4), {}
    for user, kind, val_step in (("marko", Crops, 1), ("nina", Failing, 1), ("paul", Failing, 3)):
        torch.manual_seed(0)
        crops = kind(tracks, seed=0, batch_size=4, input_length=N)
        trainers[user] = Trainer(FCN(), crops, tracks, n_epochs=3, val_step=val_step, precision="float32")
    fit_jointly(trainers, quiet=True)
    marko, nina = trainers["marko"].finish(), trainers["nina"].finish()
    assert ([one["epoch"] for one in marko.history], marko.stopped) == ([1, 2, 3], "")
    assert marko.together == ["nina", "paul"]
    assert nina.stopped.startswith("the loss became nan in epoch 2")
    assert nina.history == marko.history[:1]
    assert all(value.isfinite().all() for value in trainers["nina"].step.model.state_dict().values())
    with pytest.raises(Diverged, match="no model has been validated before"):
        trainers["paul"].finish()


@pytest.fixture
def config(toy_library, tmp_path):
    yield Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    training_driver.ex.observers.clear()


def test_what_is_trained_at_once_is_kept_as_what_is_trained_alone(config, tmp_path, monkeypatch):
    models = train_all(config, updates=QUICK, together=True)
    (alone,) = train_all(Config(config.library_path, tmp_path / "alone"), ["nina"], updates=QUICK).values()
    assert list(models) == ["marko", "nina"]
    assert {file.name for file in models["nina"].parent.iterdir()} == {file.name for file in alone.parent.iterdir()}
    mine, other = (json.loads(model.with_name("training.json").read_text()) for model in (models["nina"], alone))
    assert mine.keys() == other.keys()
    assert (mine["together"], mine["resumed"], other["together"]) == (["marko"], [], [])
    assert [one["epoch"] for one in mine["history"]] == [one["epoch"] for one in other["history"]] == [2, 4]
    assert load_checkpoint(models["nina"])[1].keys() == load_checkpoint(alone)[1].keys()
    assert load_checkpoint(models["nina"])[1]["scores"] == mine["best"]
    records = [json.loads(file.read_text()) for file in config.experiments_path.glob("sacred/[0-9]*/metrics.json")]
    assert [record["val.roc_auc"]["steps"] for record in records] == [[2, 4], [2, 4]]

    monkeypatch.setattr(training_driver.ex, "run", lambda **_: pytest.fail("done again"))
    assert train_all(config, updates=QUICK, together=True) == models


def test_a_joint_training_that_was_killed_ends_with_the_weights_of_one_never_killed(config, tmp_path, rng):
    whole = train_all(Config(config.library_path, tmp_path / "whole"), updates=QUICK, together=True)
    n = int(rng.integers(6, 17))  # 4 epochs of 2 batches of both
    settings = json.dumps([QUICK, network.CHANNELS, network.N_FEATURES])
    arguments = [str(n), str(config.library_path), str(config.experiments_path), settings]
    killed = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = train_all(config, updates=QUICK, together=True)
    for user, model in resumed.items():
        assert model_hash(load_checkpoint(model)[0]) == model_hash(load_checkpoint(whole[user])[0])
        ((_, record),) = finished_runs(config.experiments_path, user)
        assert record["resumed"] == [(n - 1) // 4]


def test_one_listener_who_cannot_be_trained_holds_up_nobody(config):
    listens = (config.library_path / "listens.csv").read_text().splitlines()
    few = [line for line in listens if not line.startswith("nina")] + ["nina,noise24,1", "nina,noise25,1"]
    (config.library_path / "listens.csv").write_text("\n".join(few) + "\n")
    with pytest.raises(Exception, match=r"1 of 2 listeners failed; nina: 2 of 48 tracks"):
        train_all(config, updates=QUICK, together=True)
    assert len(finished_runs(config.experiments_path, "marko")) == 1
