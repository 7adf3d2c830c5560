"""Explanations from the exact engine: equal to hearing every mix, and open about what they are."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from lemons.audio import quantize
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import DataError, ParameterError
from lemons.exact import Block, LocalModel
from lemons.exact.masks import sample_pairs, spread
from lemons.explaining import engine, question
from lemons.explaining.clips import clips
from lemons.explaining.components import factorize
from lemons.explaining.explain import explain
from lemons.explaining.explanation import load_explanation
from lemons.explaining.passes import ExactScores
from lemons.explaining.question import KINDS, N_FRESH_MASKS, ask
from lemons.quality.fidelity import fresh_masks, weighted_r2
from lemons.sampling.kernels import kernel_of_size
from lemons.segments import Segments

N_SAMPLES = 16001


class Loudness(nn.Module):
    """Mean power of frames that touch each other but do not overlap, through two layers that leave it as it is."""

    def __init__(self, gain=1.0, *, described_gain=None):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)
        self.fc, self.described = nn.Linear(1, 1), nn.Linear(1, 1)
        for layer, weight in ((self.conv, 1.0), (self.fc, gain), (self.described, described_gain or gain)):
            nn.init.constant_(layer.weight, weight)
            nn.init.constant_(layer.bias, 0.0 if layer is self.conv else -2.0)
        self.eval()

    @staticmethod
    def stft(y):
        return torch.stft(y.double(), 64, 64, window=torch.ones(64).double(), center=False, return_complex=True)

    @staticmethod
    def columns(spectrum):
        return spectrum.abs().square().sum(dim=1, keepdim=True).float()

    def forward(self, y):
        return self.fc(self.columns(self.stft(y)).mean(dim=2))

    def local_model(self):
        return LocalModel(64, 64, 0, self.stft, self.columns, [Block(self.conv)], ("mean",), self.described)


class Undescribed(nn.Module):
    """What another model answers, without saying what it is made of."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.eval()

    def forward(self, y):
        return self.model(y)


@pytest.fixture
def stems(rng):
    """Three stems of different loudness; the drums pause in the first half."""
    levels = {"vocals": 0.2, "drums": 0.1, "bass": 0.05}
    stems = {name: quantize(level * rng.uniform(-1, 1, N_SAMPLES)) for name, level in levels.items()}
    stems["drums"][: N_SAMPLES // 2] = 0
    return stems


def weights(explanation):
    return np.array([c.weight for c in explanation.components])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", ["probability", "logit"])
def test_it_is_the_weighted_least_squares_over_every_mix(fcn, stems, kind, target):
    """Every mix is composed and heard, and the linear model is fitted by somebody else."""
    explanation = explain(fcn, stems, kind=kind, segments=2, target=target)
    factorization = factorize(stems, kind=kind, segments=explanation.segments)
    n = factorization.get_number_components()
    audible = [i for i in range(n) if factorization.compose_model_input([i]).any()]
    masks = np.array(list(itertools.product([0, 1], repeat=len(audible))))
    mixes = [factorization.compose_model_input([audible[i] for i in np.flatnonzero(mask)]) for mask in masks]
    with torch.no_grad():
        logits = torch.cat([fcn(torch.from_numpy(mix)[None]) for mix in mixes])[:, 0].double().numpy()
    values = logits if target == "logit" else expit(logits)
    roots = np.exp(-((1 - np.sqrt(masks.mean(axis=1))) ** 2) / 0.25**2 / 4)  # of audioLIME's kernel, sqrt(exp(-d²/σ²))
    design = np.column_stack([np.ones(len(masks)), masks])
    intercept, *expected = np.linalg.lstsq(roots[:, None] * design, roots * values, rcond=None)[0]
    np.testing.assert_allclose(weights(explanation)[audible], expected, atol=1e-4)  # of float32 logits of size 10
    assert explanation.intercept == pytest.approx(intercept, abs=1e-4)
    assert set(np.flatnonzero(weights(explanation))) <= set(audible)
    assert (explanation.method, explanation.neighborhood, explanation.held_out) == ("exact", "all", "none")
    assert explanation.n_masks == 2 ** len(audible)
    assert {c.margin for c in explanation.components} == {0.0}
    assert explanation.fidelity_held_out == explanation.fidelity <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_masks_that_lime_draws_both_ways_give_the_same_weights(fcn, stems, kind):
    drawn = explain(fcn, stems, kind=kind, method="lime", segments=2, n_masks=100, seed=5)
    table = ExactScores(ask(fcn, stems, kind=kind, segments=2), fcn, stems).table
    sounding = table.sounding.ravel()
    masks = spread(draw_masks(int(sounding.sum()), 100, random_state=5), sounding)
    np.testing.assert_allclose(table.lime_on(masks).weights, weights(drawn), atol=1e-5)


def test_the_more_masks_lime_draws_the_closer_it_comes(fcn, stems):
    exact = weights(explain(fcn, stems, kind="time+source", segments=2))
    missed = []
    for n_masks in (32, 512, 8192):
        options = {"kind": "time+source", "segments": 2, "method": "lime", "n_masks": n_masks}
        found = [weights(explain(fcn, stems, **options, seed=seed)) for seed in range(3)]
        missed.append(np.abs(np.array(found) - exact).max())
    assert missed[0] > missed[1] > missed[2]
    assert missed[2] < 0.1 * np.abs(exact).max()


@pytest.mark.parametrize("kind", KINDS)
def test_the_clips_have_the_logits_that_the_model_gives_them(fcn, stems, kind):
    explanation = explain(fcn, stems, kind=kind, segments=2)
    sounds, gain = clips(explanation, stems)
    assert gain == 1
    with torch.no_grad():
        heard = {name: fcn(torch.from_numpy(y)[None]).item() for name, y in sounds.items()}
        heard["silence"] = fcn(torch.zeros(1, len(sounds["mix"]))).item()
    assert heard == pytest.approx(explanation.clip_logits | {"mix": explanation.logit}, abs=1e-3)


def test_it_hears_what_power_adds_up_to():
    """Stems whose powers add: a model of power is linear, and the weights are known."""
    t = np.arange(6400)
    stems = {"a": quantize(0.25 * np.sign(np.sin(np.pi * (t + 0.5) / 4))), "b": quantize(0.5 * (-1.0) ** t)}
    stems = {name: np.tile(y, 3) for name, y in stems.items()}
    explanation = explain(Loudness(), stems, kind="time+source", segments=Segments.equal(19200, 3), target="logit")
    for component in explanation.components:  # 64 samples, 64 bins, half of which are left
        power = np.mean(stems[component.stem] ** 2) * 64 * 32 / 3
        # a square wave's bins 0 and 32 are counted once and not twice
        assert component.weight == pytest.approx(power * (2 if component.stem == "b" else 1), rel=0.01)
    assert explanation.fidelity == pytest.approx(1, abs=1e-6)


def test_same_inputs_same_bytes_whatever_lime_would_draw(fcn, stems):
    first = explain(fcn, stems, kind="source")
    assert first.to_json() == explain(fcn, stems, kind="source", n_masks=64, seed=7).to_json()
    doubled = {name: y.astype(float) for name, y in stems.items()}
    assert first == explain(fcn, doubled, kind="source", method="exact")


def test_a_model_that_does_not_say_what_it_is_made_of_is_asked_by_lime(fcn, stems):
    explanation = explain(Undescribed(fcn), stems, kind="source")
    assert (explanation.method, explanation.neighborhood) == ("lime", "drawn")
    assert {c.margin for c in explanation.components} == {None}
    with pytest.raises(ParameterError, match=r"Undescribed has no local_model.*method='lime'"):
        explain(Undescribed(fcn), stems, kind="source", method="exact")


def test_states_that_do_not_fit_the_memory_are_left_to_lime(fcn, stems, monkeypatch):
    monkeypatch.setattr(engine, "MAX_MEMORY", 10**4)
    assert explain(fcn, stems, kind="source", n_masks=16).method == "lime"
    with pytest.raises(ParameterError, match=r"GB.*method='lime'"):
        explain(fcn, stems, kind="source", method="exact")


def test_a_model_that_says_it_is_another_is_found_out(stems):
    with pytest.raises(ParameterError, match=r"Loudness answers .* as its local_model\(\) describes it"):
        explain(Loudness(1.0, described_gain=1.2), stems, kind="time")


def test_a_model_that_has_gone_wrong_is_found_out(stems):
    with pytest.raises(DataError, match="NaN"):
        explain(Loudness(float("nan")), stems, kind="time")


def test_too_many_masks_are_drawn_and_the_weights_have_margins(stems):
    """28 segments: 2^28 masks. The model is linear in the masks but for fades, and frames across borders."""
    explanation = explain(Loudness(), stems, kind="time", segments=28, target="logit")
    assert (explanation.method, explanation.neighborhood, explanation.held_out) == ("exact", "drawn", "fresh_masks")
    assert explanation.n_masks == 2**18
    assert 0.998 < explanation.fidelity_held_out < 1
    scores = ExactScores(ask(Loudness(), stems, kind="time", segments=28), Loudness(), stems)
    fresh = fresh_masks(sample_pairs(28, 2**18, seed=0), N_FRESH_MASKS, seed=0)
    predictions, proximity = explanation.intercept + fresh @ weights(explanation), kernel_of_size(fresh.sum(axis=1), 28)
    expected = weighted_r2(scores.logits(fresh), predictions, proximity)
    assert explanation.fidelity_held_out == pytest.approx(expected)
    assert explanation.fidelity != pytest.approx(expected, rel=1e-9)  # of the masks that were fitted
    margins = np.array([c.margin for c in explanation.components])
    assert (margins > 0).all()
    power = np.array([np.mean(part**2) for part in np.array_split(sum(stems.values()), 28)])
    assert np.corrcoef(weights(explanation), power)[0, 1] > 0.99


@pytest.mark.parametrize(("kind", "expected"), [("source", 8.0), ("time", 4.0)])
def test_the_work_is_told_in_hearings_of_the_track(fcn, stems, kind, expected):
    explanation = explain(fcn, stems, kind=kind, segments=2)
    assert explanation.work == ask(fcn, stems, kind=kind, segments=2).work
    if kind == "source":  # nothing is shared between the mixes of whole stems
        assert explanation.work == pytest.approx(expected)
    else:  # two segments on and off, and what lies at their border: less than four mixes
        assert 2 < explanation.work < expected


def test_progress_is_in_percents_and_may_cancel(fcn, stems):
    steps = []
    explain(fcn, stems, kind="time+source", segments=2, progress=lambda *step: steps.append(step))
    assert steps == sorted(steps)
    assert steps[-2:] == [(90, 100), (100, 100)]
    assert len(set(steps)) > 5

    def cancel(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(fcn, stems, kind="time+source", segments=2, progress=cancel)


def test_each_method_is_another_question(fcn, stems):
    exact, default, drawn, other = (
        ask(fcn, stems, kind="time", **options).key
        for options in ({"method": "exact"}, {"seed": 3}, {"method": "lime"}, {"method": "lime", "seed": 3})
    )
    assert exact == default
    assert len({exact, drawn, other}) == 3


def test_other_versions_are_another_question(fcn, stems, monkeypatch):
    """What other programs computed is not taken for what these would."""
    before = ask(fcn, stems, kind="source").key
    monkeypatch.setattr(question, "__version__", "0.0.0")
    other_lemons = ask(fcn, stems, kind="source").key
    monkeypatch.undo()
    monkeypatch.setattr(question, "version", lambda name: "0.0.0")
    other_programs = ask(fcn, stems, kind="source").key
    assert len({before, other_lemons, other_programs}) == 3


def test_an_unknown_method(fcn, stems):
    with pytest.raises(ParameterError, match=r"method='magic'.*exact, lime"):
        explain(fcn, stems, kind="time", method="magic")


def test_margins_survive_the_file(tmp_path, fcn, stems):
    explanation = explain(fcn, stems, kind="source")
    part = replace(explanation.components[0], margin=0.25)
    explanation = replace(explanation, components=(part, *explanation.components[1:]))
    explanation.save(tmp_path / "explanation.json")
    assert load_explanation(tmp_path / "explanation.json") == explanation


@pytest.mark.parametrize("kind", KINDS)
def test_its_what_if_knows_what_the_model_says_of_other_mixes(fcn, stems, kind, rng, tmp_path):
    explanation = explain(fcn, stems, kind=kind, segments=2)
    explanation.save(tmp_path / "why.json")
    what_if = load_explanation(tmp_path / "why.json").what_if
    factorization = factorize(stems, kind=kind, segments=explanation.segments)
    masks = rng.integers(0, 2, (5, factorization.get_number_components()))
    mixes = [factorization.compose_model_input(np.flatnonzero(mask)) for mask in masks]
    with torch.no_grad():
        heard = torch.cat([fcn(torch.from_numpy(mix)[None]) for mix in mixes])[:, 0].numpy()
    np.testing.assert_allclose(what_if.logits(masks), heard, atol=1e-3)  # the engine's own tolerance at float32
    assert explain(fcn, stems, kind=kind, segments=2, method="lime", n_masks=8).what_if is None
