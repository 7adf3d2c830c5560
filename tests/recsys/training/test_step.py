"""One step: what it changes, how fast, how precisely, and by which random numbers."""

import copy

import numpy as np
import pytest
import torch

from lemons.hashing import model_hash
from recsys.data.crops import TrackSet
from recsys.training.step import SCHEDULES, TrainStep
from tests.recsys.training.tones import N, crops, fresh_model, train


def test_freeze_trains_the_head_alone(tracks):
    model = fresh_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train(model, tracks, freeze=True)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"fc.weight", "fc.bias"}  # not even the running means of the normalizations


def test_dropout_differs_at_every_step_and_has_a_random_state_of_its_own(tracks):
    step, batch = TrainStep(fresh_model(), n_steps=9, lr=0.0, freeze=True), next(crops(tracks).batches(1))
    first, second = step.losses([batch, batch])  # nothing is learnt: only dropout can differ
    again = TrainStep(fresh_model(), n_steps=9, lr=0.0, freeze=True)
    losses = again.losses([batch, batch])
    drawn = torch.get_rng_state()
    assert next(losses) == first != second
    assert torch.equal(torch.get_rng_state(), drawn)
    torch.rand(9)
    assert next(losses) == second


@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rates_stay_within_their_maximum(name):
    factors = [SCHEDULES[name](t) for t in np.linspace(0.01, 1, 100)]
    assert min(factors) >= 0
    assert max(factors) == pytest.approx(1, abs=0.001)
    assert factors[-1] == (1 if name == "constant" else pytest.approx(0))


def test_the_schedule_is_followed(tracks):
    """With the whole rate at the first of two steps and none at the second, the second changes no weight."""
    weights = {}
    for n_epochs in (1, 2):
        model = fresh_model()
        half = TrackSet(tracks.track_ids[:4], tracks.audio[:4], tracks.labels[:4])
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(SCHEDULES, "constant", lambda t, n=n_epochs: 1.0 if t <= 1 / n else 0.0)
            train(model, half, n_epochs=n_epochs, val_step=n_epochs, wd=0)
        weights[n_epochs] = model.layer1.conv.weight
    torch.testing.assert_close(weights[1], weights[2], rtol=0, atol=0)


def test_precision_is_chosen(tracks):
    hashes = set()
    for precision in ("float32", "bfloat16"):
        model = fresh_model()
        train(model, tracks, precision=precision)
        hashes.add(model_hash(model))
        assert model(torch.zeros(1, N)).dtype == torch.float32
    assert len(hashes) == 2


def test_a_restored_state_takes_the_same_steps(tracks):
    first, *others = crops(tracks, batch_size=2).batches(1)
    step = TrainStep(fresh_model(), n_steps=4, schedule="onecycle")
    list(step.losses([first]))
    state = copy.deepcopy(step.state_dict())
    assert state.keys() == {"step", "model", "optimizer", "chance"}  # as in files since the first version
    expected = torch.stack(list(step.losses(others)))
    resumed = TrainStep(fresh_model(seed=7), n_steps=4, schedule="onecycle")
    resumed.load_state_dict(state)
    torch.testing.assert_close(torch.stack(list(resumed.losses(others))), expected, rtol=0, atol=0)
    assert model_hash(resumed.model) == model_hash(step.model)
