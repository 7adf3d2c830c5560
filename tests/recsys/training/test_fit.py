"""Training on tones and noises that a small network tells apart at once."""

import io

import numpy as np
import pytest
import torch

from lemons.errors import DataError
from lemons.hashing import model_hash
from recsys.checkpoints import load_checkpoint, save_checkpoint
from recsys.data.crops import Crops, TrackSet
from recsys.metrics import roc_auc
from recsys.relevance import track_logits
from recsys.training.fit import fit
from tests.recsys.training.tones import N, crops, fresh_model, train


def test_tones_are_told_from_noise(make_tracks):
    model, unheard = fresh_model(), make_tracks(20)
    result = fit(model, crops(make_tracks(16)), make_tracks(10), n_epochs=6, val_step=3, quiet=True)
    assert [scores["epoch"] for scores in result.history] == [3, 6]
    assert roc_auc(unheard.labels, track_logits(model, unheard.audio)) > 0.9
    assert result.snippets_per_s > 0


@pytest.mark.usefixtures("slim")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_equal_seeds_give_equal_weights_and_others_others(tracks, precision):
    hashes = []
    for seed in (1, 1, 2):
        model = fresh_model(seed)
        train(model, tracks, precision=precision)
        hashes.append(model_hash(model))
    assert hashes[0] == hashes[1] != hashes[2]


def test_other_crops_give_other_weights(make_tracks):
    hashes = set()
    for seed in (0, 1):
        model, tracks = fresh_model(), make_tracks(8)
        tracks = TrackSet(tracks.track_ids, [np.tile(y, 2) for y in tracks.audio], tracks.labels)
        fit(model, crops(tracks, seed=seed), tracks, n_epochs=1, quiet=True)
        hashes.add(model_hash(model))
    assert len(hashes) == 2


class Failing(Crops):
    """Crops that go wrong from an epoch on."""

    def __init__(self, tracks, epoch, failure):
        super().__init__(tracks, seed=0, batch_size=4, input_length=N)
        self.epoch, self.failure = epoch, failure

    def batches(self, epoch):
        for y, labels in super().batches(epoch):
            yield self.failure(y) if epoch >= self.epoch else y, labels


def not_a_number(y):
    return y * torch.nan


def test_a_loss_that_is_no_number_stops_with_the_last_good_model(tracks, caplog):
    model, saved = fresh_model(), []
    result = fit(
        model,
        Failing(tracks, 3, not_a_number),
        tracks,
        n_epochs=9,
        lr=0.5e-3,
        on_best=lambda _: saved.append(model_hash(model)),
        quiet=True,
    )
    assert result.stopped == "the loss became nan in epoch 3; lower the learning rate lr=0.0005"
    assert f"the model of epoch {result.best['epoch']} is kept" in caplog.text
    assert model_hash(model) == saved[-1]
    assert all(value.isfinite().all() for value in model.state_dict().values())


def test_a_loss_that_never_was_a_number_is_refused(tracks):
    with pytest.raises(DataError, match=r"the loss became nan in epoch 1; .*: no model has been validated before"):
        fit(fresh_model(), Failing(tracks, 1, not_a_number), tracks, n_epochs=2, quiet=True)


def test_an_interrupt_leaves_the_best_model_so_far_whole(tracks, tmp_path):
    def interrupt(_y):
        raise KeyboardInterrupt

    model, path = fresh_model(), tmp_path / "best_model.pt"
    with pytest.raises(KeyboardInterrupt):
        fit(
            model,
            Failing(tracks, 2, interrupt),
            tracks,
            n_epochs=3,
            on_best=lambda scores: save_checkpoint(path, model, {"scores": scores}),
            quiet=True,
        )
    assert load_checkpoint(path)[1]["scores"]["epoch"] == 1
    assert list(tmp_path.iterdir()) == [path]


def through_a_file(state):
    """What comes back when a state is saved and read without unpickling foreign objects."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.usefixtures("slim")
@pytest.mark.parametrize(
    "settings",
    [{"precision": "float32"}, {"precision": "bfloat16"}, {"schedule": "onecycle", "val_step": 2}, {"freeze": True}],
    ids=str,
)
def test_a_training_resumed_from_any_epoch_ends_with_the_same_weights(tracks, settings):
    states, settings = [], {"n_epochs": 3} | settings
    model = fresh_model()
    whole = train(model, tracks, on_epoch=lambda state: states.append(through_a_file(state)), **settings)
    assert [state["epoch"] for state in states] == [0, 1, 2, 3]
    for state in states:
        resumed = fresh_model(seed=7)
        torch.rand(9)  # the global generator is in another state by now
        result = train(resumed, tracks, state=state, **settings)
        assert model_hash(resumed) == model_hash(model)
        assert result.history == whole.history
        assert result.best == whole.best
        assert result.resumed == [state["epoch"]] * (state["epoch"] < 3)  # after the last there is nothing to take up


def test_a_resumed_training_that_diverges_goes_back_to_the_best_model_from_before(tracks):
    states, model = [], fresh_model()
    train(model, tracks, n_epochs=2, on_epoch=lambda state: states.append(through_a_file(state)))
    resumed, failing = fresh_model(seed=7), Failing(tracks, 3, not_a_number)
    result = fit(resumed, failing, tracks, n_epochs=4, precision="float32", state=states[-1], quiet=True)
    assert "the loss became nan in epoch 3" in result.stopped
    assert model_hash(resumed) == model_hash(model)
