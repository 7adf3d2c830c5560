"""Heads that are fitted to a trunk as it is."""

import json

import numpy as np
import pytest
import torch
from scipy.special import expit

from lemons.config import Config
from lemons.hashing import model_hash
from lemons.library import open_library
from recsys import experiment as training_driver
from recsys.all_listeners import train_all
from recsys.checkpoints import load_checkpoint, save_checkpoint, trunk_hash
from recsys.data.splits import load_or_draw_split
from recsys.model import FCN
from recsys.model_runs import best_checkpoint
from recsys.training.head import QUIET_SAMPLES, STRENGTHS, QuietFeatures, fit_head, head_features, minimum
from tests.recsys.training.tones import fresh_model

pytestmark = pytest.mark.usefixtures("slim")


@pytest.fixture
def config(toy_library, tmp_path):
    yield Config(library_path=toy_library, experiments_path=tmp_path / "runs")
    training_driver.ex.observers.clear()


@pytest.mark.parametrize("strength", STRENGTHS)
def test_at_the_minimum_the_gradient_is_zero(rng, strength):
    features = rng.normal(size=(50, 8)) * rng.uniform(0.1, 10, 8) + rng.normal(size=8)
    labels = (features[:, 0] + rng.normal(size=50) > 0).astype(float)
    weights, bias = minimum(features, labels, C=strength)
    residuals = expit(features @ weights + bias) - labels
    gradient = strength * features.T @ residuals + weights * features.var(axis=0)
    # sums of 50 terms of some tens, times C; Newton's last step squares an error below 1e-4
    assert np.abs([*gradient, strength * residuals.sum()]).max() < 1e-6 * max(strength, 1)


def test_rounding_is_not_told_from_rounding(rng):
    features, labels = rng.normal(size=(50, 2)), np.arange(50) % 2
    rounded = [3 + 1e-7 * labels, 1e-8 * labels]  # tell the classes, in the last bit of float32
    alone, _ = minimum(features, labels, C=10.0)
    weights, _ = minimum(np.column_stack([features, *rounded]), labels, C=10.0)
    # standardized they differ by less than a thousandth of what the others do
    np.testing.assert_allclose(weights[:2], alone, atol=2e-3)
    assert np.abs(weights[2:] * 1e-7).max() < 1e-2  # of logits


def test_silence_among_the_negatives_is_not_recommended(toy_library):
    library = open_library(toy_library)
    model, split = fresh_model(), load_or_draw_split(library, "nina")
    features = head_features(model, library, split)
    silence = torch.zeros(1, QUIET_SAMPLES)
    relevance = {}
    for quiet in (0, 0.25):
        training = fit_head(model, library, split, features, quiet=QuietFeatures(model, quiet=quiet, seed=0))
        with torch.no_grad():
            relevance[quiet] = float(model(silence).sigmoid())
        assert training.best["loss"] == min(one["loss"] for one in training.history)
    assert relevance[0.25] < min(relevance[0], 0.1)


def test_a_new_listener_gets_a_head_on_a_trunk_as_it_is(config, tmp_path, monkeypatch):
    save_checkpoint(tmp_path / "trunk.pt", fresh_model(), {})
    updates = {"trunk_path": str(tmp_path / "trunk.pt")}
    (nina,) = train_all(config, ["nina"], updates=updates).values()
    model, about = load_checkpoint(nina)
    assert about["trunk"] == trunk_hash(model) == trunk_hash(fresh_model())
    assert not torch.equal(model.fc.weight, fresh_model().fc.weight)
    record = json.loads(nina.with_name("training.json").read_text())
    assert [one["C"] for one in record["history"]] == STRENGTHS.tolist()
    assert record["best"] == about["scores"]
    assert record["best"]["roc_auc"] == 1  # tones are told from noises by what a random trunk makes of them
    assert best_checkpoint(config.experiments_path, "nina", library=open_library(config.library_path)) == nina

    # no track is heard again, be it for another listener, and the same head is found without a random number
    heard, trunk = [], FCN.trunk
    monkeypatch.setattr(FCN, "trunk", lambda self, mel: heard.append(len(mel)) or trunk(self, mel))
    torch.manual_seed(7)
    (again,) = train_all(Config(config.library_path, tmp_path / "again"), ["nina"], updates=updates).values()
    assert heard == []
    assert model_hash(load_checkpoint(again)[0]) == model_hash(model)
    assert list(train_all(config, updates=updates)) == ["marko", "nina"]
    assert sum(heard) <= 4  # of 44 tracks: nina's for testing, which are among marko's for training or validation
