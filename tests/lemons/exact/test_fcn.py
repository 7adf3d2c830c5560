"""The exact engine on the recommender itself."""

import numpy as np
import pytest
import torch
from torch import nn

from lemons.audiolime import StemFactorization
from lemons.errors import ParameterError
from lemons.exact import score_table, score_tables
from lemons.exact.propagation import Pass
from recsys.model import FCN, LogMel


def band(rng, n_samples):
    """Four stems on the 16-bit grid: a loud low tone, soft high tones, clicks, and noise that pauses."""
    t = np.arange(n_samples) / 16000
    bass = 0.4 * np.sin(2 * np.pi * 55 * t)
    flute = 1e-3 * np.sin(2 * np.pi * 3000 * t) * np.sin(2 * np.pi * 3 * t)
    clicks = np.where(np.arange(n_samples) % 4000 < 20, 0.3, 0.0)
    noise = 0.05 * rng.normal(size=n_samples) * (t % 1.5 < 0.7)
    return (np.round(np.array([bass, flute, clicks, noise]) * 2**15) / 2**15).astype(np.float32)


@pytest.fixture
def fcn():
    """The network with weights and statistics as if it were trained, and a head that makes logits of size 10."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(0)
        model = FCN()
    chance = np.random.default_rng(0)
    y = torch.as_tensor(chance.uniform(-0.2, 0.2, (2, 32000)).astype(np.float32))
    for norm in (module for module in model.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(y)
        model.fc.weight *= 10
    return model.eval()


def differences(model, stems, n_segments, rng):
    n_components = len(stems) * n_segments
    alone = np.eye(n_components, dtype=int)
    some = rng.integers(0, 2, (8, n_components))
    masks = np.concatenate([1 + 0 * alone[:1], 0 * alone[:1], alone[:3], 1 - alone[-3:], some])
    factorization = StemFactorization({str(i): stem for i, stem in enumerate(stems)}, 16000, n_segments)
    mixes = np.array([factorization.compose_model_input(np.flatnonzero(mask)) for mask in masks])
    with torch.no_grad():
        plain = model(torch.as_tensor(mixes).to(model.fc.weight.dtype))[:, 0].numpy()
    return np.abs(score_table(model, stems, n_segments).logits(masks) - plain), plain


# 1.52 s, 24320 samples, is the receptive field of the last column
@pytest.mark.parametrize(("n_segments", "n_samples"), [(1, 8000), (2, 2 * 24320), (3, 40001)])
def test_the_recommender_answers_alike_in_float32(rng, fcn, n_segments, n_samples):
    found, plain = differences(fcn, band(rng, n_samples)[:2], n_segments, rng)
    assert np.ptp(plain) > 1  # the masks do matter
    assert found.max() < 2e-4


def test_the_recommender_answers_alike_in_float64(rng, fcn):
    found, _ = differences(fcn.double(), band(rng, 20000)[:2], 2, rng)
    assert found.max() < 1e-9


def test_quiet_bins_of_a_mix_are_those_of_its_stems(rng):
    """What float32 transforms get wrong by 0.7 dB: bins near the floor beside a loud tone."""
    spec, stems = LogMel(), torch.as_tensor(band(rng, 16000))
    spectra = spec.stft(stems)
    apart = spec.decibels(spectra.sum(dim=0, keepdim=True))
    together = spec.decibels(spec.stft(stems.sum(dim=0, keepdim=True)))
    assert (together < -60).any()
    torch.testing.assert_close(apart, together, rtol=0, atol=1e-4)


def test_one_pass_answers_for_all_who_share_a_trunk_as_each_ones_own(rng, fcn, monkeypatch):
    shared, stems = FCN(3), band(rng, 20000)[:2]
    shared.load_trunk(fcn)
    models = [shared.of_listener(i).eval() for i in range(3)]
    alone = [score_table(model, stems, 2) for model in models]
    passes = count_passes(monkeypatch)
    tables = score_tables(models, stems, 2)
    assert len(passes) == 1
    for one, other in zip(tables, alone, strict=True):
        assert torch.equal(one.all_logits, other.all_logits)  # the same numbers in the same order, bit for bit
        np.testing.assert_array_equal(one.lime().weights, other.lime().weights)
    assert not torch.equal(tables[0].all_logits, tables[1].all_logits)


def count_passes(monkeypatch):
    passes, run = [], Pass.run
    monkeypatch.setattr(Pass, "run", lambda self: passes.append(self) or run(self))
    return passes


def test_another_trunk_takes_a_pass_of_its_own(rng, fcn):
    other = FCN(1).eval()
    other.load_trunk(fcn)
    other.layer3.bn.running_var[5] *= 1.001
    with pytest.raises(ParameterError, match=r"models\[1\] differs from the first in more than its head"):
        score_tables([fcn, other], band(rng, 20000)[:2], 2)
