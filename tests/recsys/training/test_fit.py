"""Training on tones and noises that a small network tells apart at once."""

import io
import math

import numpy as np
import pytest
import torch

from lemons.errors import DataError, ParameterError
from recsys.checkpoints import load_checkpoint, model_hash, save_checkpoint
from recsys.data.crops import Crops, TrackSet
from recsys.metrics import roc_auc
from recsys.model import FCN
from recsys.relevance import track_logits
from recsys.training import trainer
from recsys.training.fit import fit
from recsys.training.step import SCHEDULES, TrainStep
from recsys.training.trainer import is_better, validation_scores

MEASURED = ("loss", "roc_auc", "average_precision")
N = 8000  # samples in a track and a crop: half a second


@pytest.fixture
def make_tracks(rng):
    """Tones, labelled 1, and noises, labelled 0, in turn, of any loudness."""

    def make(n):
        labels, audio = np.arange(n) % 2 == 0, []
        for is_tone in labels:
            tone = np.sin(2 * np.pi * rng.uniform(200, 3000) * np.arange(N) / 16000)
            y = tone if is_tone else rng.uniform(-1, 1, N)
            audio.append((rng.uniform(3000, 30000) * y).astype(np.int16))
        return TrackSet([f"T{i}" for i in range(n)], audio, labels.astype(np.float32))

    return make


@pytest.fixture
def tracks(make_tracks):
    return make_tracks(8)


def crops(tracks, *, seed=0, batch_size=4):
    return Crops(tracks, seed=seed, batch_size=batch_size, input_length=N)


def fresh_model(seed=0):
    torch.manual_seed(seed)
    return FCN()


def train(model, tracks, **settings):
    return fit(model, crops(tracks), tracks, quiet=True, **{"n_epochs": 1, "precision": "float32"} | settings)


def test_tones_are_told_from_noise(make_tracks):
    model, unheard = fresh_model(), make_tracks(20)
    result = fit(model, crops(make_tracks(16)), make_tracks(10), n_epochs=6, val_step=3, quiet=True)
    assert [scores["epoch"] for scores in result.history] == [3, 6]
    assert roc_auc(unheard.labels, track_logits(model, unheard.audio)) > 0.9
    assert result.snippets_per_s > 0


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


def test_precision_is_chosen(tracks):
    hashes = set()
    for precision in ("float32", "bfloat16"):
        model = fresh_model()
        train(model, tracks, precision=precision)
        hashes.add(model_hash(model))
        assert model(torch.zeros(1, N)).dtype == torch.float32
    assert len(hashes) == 2


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


def test_freeze_trains_the_head_alone(tracks):
    model = fresh_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    train(model, tracks, freeze=True)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"fc.weight", "fc.bias"}  # not even the running means of the normalizations


def test_dropout_is_other_at_every_step_and_the_learners_own(tracks):
    step, batch = TrainStep(fresh_model(), n_steps=9, lr=0.0, freeze=True), next(crops(tracks).batches(1))
    first, second = step.losses([batch, batch])  # nothing is learnt: only dropout can differ
    again = TrainStep(fresh_model(), n_steps=9, lr=0.0, freeze=True)
    losses = again.losses([batch, batch])
    drawn = torch.get_rng_state()
    assert next(losses) == first != second
    assert torch.equal(torch.get_rng_state(), drawn)
    torch.rand(9)
    assert next(losses) == second


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


def test_what_happens_is_logged(tracks):
    logged = []
    train(fresh_model(), tracks, n_epochs=2, val_step=2, log_step=3, log=lambda *entry: logged.append(entry))
    names = [(name, step) for name, _, step in logged]
    # 2 batches an epoch: the third is the first of epoch 2
    measures = [("val.loss", 2), ("val.roc_auc", 2), ("val.average_precision", 2)]
    assert names == [("train.avg_loss", 1), ("train.loss", 3), ("train.avg_loss", 2), *measures]


def through_a_file(state):
    """What comes back when a state is saved and read without unpickling foreign objects."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize(
    "settings",
    [{"precision": "float32"}, {"precision": "bfloat16"}, {"schedule": "onecycle", "val_step": 2}, {"freeze": True}],
    ids=str,
)
def test_whoever_goes_on_from_any_epoch_gets_the_same_weights(tracks, settings):
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


def test_each_measure_has_its_own_name():
    """By hand: three of four pairs are in order; the positives stand at 1 of 1 and 2 of 3."""
    found = validation_scores(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.9, 0.2, 0.3, 0.1]))
    assert found["roc_auc"] == pytest.approx(3 / 4)
    assert found["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["score"] == pytest.approx((3 / 4 + 5 / 6) / 2)
