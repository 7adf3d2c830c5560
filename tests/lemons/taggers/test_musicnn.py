"""musicnn with few channels and random weights: what is true of the network whatever it learned."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from lemons.audio import SAMPLE_RATE
from lemons.errors import ParameterError
from lemons.exact import score_table
from lemons.taggers import Musicnn, musicnn
from lemons.taggers.log_mel import LogMel
from tests.lemons.exact.mixes import music, plain, telling_masks


@pytest.fixture(scope="module")
def tagger():
    chance = torch.Generator().manual_seed(440)
    tagger = Musicnn(("guitar", "loud", "slow"), n_timbre=2, n_rhythm=2, n_middle=3, n_hidden=4)
    for parameter in tagger.parameters():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=chance)
    for norm in tagger.modules():
        if isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
            norm.running_mean = 0.1 * torch.randn(norm.running_mean.shape, generator=chance)
            norm.running_var = 0.5 + torch.rand(norm.running_var.shape, generator=chance)
    return tagger.eval()


def waveforms(rng, n, seconds):
    return torch.from_numpy(music(rng, n, int(seconds * SAMPLE_RATE)))


@pytest.mark.parametrize(
    # a column hears 2.35 s: segments that are longer, shorter, and a track that is shorter than that as a whole
    ("n_stems", "n_segments", "seconds", "width"),
    [(2, 2, 5, 2), (1, 4, 3, 4), (2, 1, 1, 1)],
)
def test_the_exact_engine_answers_as_the_network_does(rng, tagger, n_stems, n_segments, seconds, width):
    model, stems = tagger.only("loud").double(), waveforms(rng, n_stems, seconds).numpy()
    masks = telling_masks(rng, n_stems * n_segments)[::3]
    table = score_table(model, stems, n_segments)
    assert table.width == width
    # a mel power that rounding carries over a step of half precision is a thousandth of one value of 60 000
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, n_segments), rtol=0, atol=1e-7)
    everything = np.array(list(itertools.product([0, 1], repeat=table.n_components)))
    sounding = everything[~(everything.astype(bool) & ~table.sounding.ravel()).any(axis=1)]
    np.testing.assert_allclose(table.all_logits, table.logits(sounding), rtol=0, atol=1e-9)


def test_float32_costs_nothing_but_rounding(rng, tagger):
    model, stems = tagger.only("guitar"), waveforms(rng, 2, 3).numpy()
    masks = telling_masks(rng, 2)
    table = score_table(model, stems, 1)
    np.testing.assert_allclose(table.logits(masks), plain(model, stems, masks, 1), rtol=0, atol=1e-4)


def test_one_label_is_one_of_all_logits(rng, tagger):
    y = waveforms(rng, 2, 2)
    with torch.no_grad():
        everything = tagger(y)
        for i, label in enumerate(tagger.labels):
            torch.testing.assert_close(tagger.only(label)(y), everything[:, [i]], rtol=0, atol=1e-6)
    assert tagger.only("slow").labels == ("slow",)


def test_features_are_maxima_then_means_and_the_head_reads_them(rng, tagger):
    y = waveforms(rng, 2, 2)
    with torch.no_grad():
        features = tagger.features(y)
        maxima, means = features.chunk(2, dim=1)
        assert features.shape == (2, 2 * (2 * 2 + 3 * 2 + 3 * 3))
        assert (maxima >= means).all()
        assert torch.equal(tagger.head(features), tagger(y))


def test_pieces_are_as_good_as_the_whole(rng, monkeypatch, tagger):
    y = waveforms(rng, 1, 6).double()
    model = tagger.only("loud").double()
    with torch.no_grad():
        expected = model(y)
        monkeypatch.setattr(musicnn, "PIECE", 50)
        torch.testing.assert_close(model(y), expected, rtol=0, atol=1e-12)


def test_silence_is_zero_and_a_louder_sound_adds_the_logarithm_of_its_power():
    spec, tone = LogMel(), torch.sin(torch.arange(SAMPLE_RATE) * 0.5)
    assert not spec(torch.zeros(1, SAMPLE_RATE)).any()
    soft, loud = spec(torch.stack([0.01 * tone, 0.1 * tone]))[:, :, 30].max(dim=1).values
    assert loud - soft == pytest.approx(2, abs=0.01)  # 20 dB


def test_the_parts_of_the_published_network_have_their_sizes():
    published = Musicnn(tuple(map(str, range(50))))
    counted = sum(p.numel() for p in published.parameters()) + sum(
        2 * len(m.running_mean) for m in published.modules() if hasattr(m, "running_mean")
    )
    assert published.head[0].num_features == 1506
    assert counted == 792_079  # the checkpoint's variables without Adam's


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda tagger: tagger.only("tuba"), "label='tuba' is unknown; choose one of guitar, loud, slow"),
        (lambda tagger: tagger(torch.zeros(16000)), r"waveforms of shape \(16000,\) must be \(batch, n_samples\)"),
        (lambda tagger: tagger.local_model(), r"explain one of the 3 labels: only\('guitar'\)"),
    ],
)
def test_mistakes_are_one_sentence(tagger, call, said):
    with pytest.raises(ParameterError, match=said):
        call(tagger)
