"""What happens between epochs: validation, the best model, early stopping, the log."""

import io
import math

import numpy as np
import pytest
import torch

from lemons.errors import ParameterError
from lemons.hashing import model_hash
from recsys.training import trainer
from recsys.training.trainer import is_better, validation_scores
from tests.recsys.training.tones import fresh_model, train

MEASURED = ("loss", "roc_auc", "average_precision")


def through_a_file(state):
    """What comes back when a state is saved and read without unpickling foreign objects."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.7, 0.1), (0.9, 0.9), (0.8, 0.1)], 2),  # the score decides
        ([(0.8, 0.5), (0.8, 0.4), (0.8, 0.6)], 2),  # of equals the lower loss
        ([(0.8, 0.5), (0.8, 0.5), (0.8, 0.5)], 1),  # of equals in both the first
    ],
)
def test_the_best_epochs_weights_stand(tracks, monkeypatch, scores, best):
    coming = iter(scores)

    def validation_scores(labels, logits):
        score, loss = next(coming)
        return {"loss": loss, "roc_auc": score, "average_precision": score, "score": score}

    monkeypatch.setattr(trainer, "validation_scores", validation_scores)
    saved = {}
    model = fresh_model()
    result = train(model, tracks, n_epochs=3, on_best=lambda s: saved.update({s["epoch"]: model_hash(model)}))
    assert result.best["epoch"] == best == max(saved)
    assert model_hash(model) == saved[best]
    assert not model.training


def test_anything_beats_nothing():
    assert is_better({"score": 0.0, "loss": math.inf}, {})


def test_what_happens_is_logged(tracks):
    logged = []
    train(fresh_model(), tracks, n_epochs=2, val_step=2, log_step=3, log=lambda *entry: logged.append(entry))
    names = [(name, step) for name, _, step in logged]
    # 2 batches an epoch: the third is the first of epoch 2
    measures = [("val.loss", 2), ("val.roc_auc", 2), ("val.average_precision", 2)]
    assert names == [("train.avg_loss", 1), ("train.loss", 3), ("train.avg_loss", 2), *measures]


def test_no_better_model_for_a_while_stops_early_and_stays_stopped(tracks, monkeypatch):
    scores = [0.7, 0.9, 0.8, 0.9, 1.0]
    coming, states, saved = iter(scores), [], []
    monkeypatch.setattr(trainer, "validation_scores", lambda *_: dict.fromkeys(["score", *MEASURED], next(coming)))
    model, how = fresh_model(), {"n_epochs": 5, "patience": 2}
    on_epoch = lambda state: states.append(through_a_file(state))  # noqa: E731
    result = train(model, tracks, on_epoch=on_epoch, on_best=lambda _: saved.append(model_hash(model)), **how)
    assert result.stopped == "no better model in 2 validations"
    assert [one["score"] for one in result.history] == [0.7, 0.9, 0.8, 0.9]
    assert result.best["epoch"] == 2
    assert model_hash(model) == saved[-1]
    again = fresh_model(seed=7)  # killed after the last state was saved
    assert train(again, tracks, state=states[-1], **how).history == result.history
    assert model_hash(again) == model_hash(model)


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_epochs": 0},
        {"val_step": 0},
        {"log_step": -1},
        {"patience": -1},
        {"schedule": "'linear'"},
        {"precision": "'float16'"},
    ],
)
def test_impossible_settings_are_refused(tracks, wrong):
    (name, value), = wrong.items()  # fmt: skip
    with pytest.raises(ParameterError, match=f"{name}={value}"):
        train(fresh_model(), tracks, **{name: value.strip("'") if isinstance(value, str) else value})


def test_the_score_of_a_validation_is_the_mean_of_two_measures():
    """By hand: three of four pairs are in order; the positives stand at 1 of 1 and 2 of 3."""
    found = validation_scores(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.2, 0.3, 0.1]))
    assert found["roc_auc"] == pytest.approx(3 / 4)
    assert found["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["score"] == pytest.approx((3 / 4 + 5 / 6) / 2)


def test_the_state_has_the_names_of_files_since_the_first_version(tracks):
    states = []
    train(fresh_model(), tracks, on_epoch=states.append)
    assert [state.keys() for state in states] == [{"epoch", "training", "best_model", "learner"}] * 2


def test_logits_that_are_no_numbers_are_worse_than_any():
    labels = np.array([1.0, 0.0])
    diverged = validation_scores(labels, np.array([np.nan, 0.0]))
    assert diverged == {"loss": math.inf, "roc_auc": 0.0, "average_precision": 0.0, "score": 0.0}
    assert is_better(validation_scores(labels, np.array([-9.0, 9.0])), diverged)  # of all orders the wrong one
