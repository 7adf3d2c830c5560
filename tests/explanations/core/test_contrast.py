"""Contrasts of models known on paper: each hears the energy of one band, in which one stem sounds."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from explanations.core.contrast import contrast
from explanations.render.contrast_words import contrast_sentences, contrast_summary
from lemons.audio import SAMPLE_RATE, quantize
from lemons.errors import ParameterError
from lemons.exact import Block, LocalModel
from lemons.explaining.clips import clips
from lemons.explaining.explain import explain
from recsys.model import FCN

FRAME = 64  # samples: frames touch each other, and tones of whole periods leak into no other bin
STEMS = ("vocals", "drums", "bass")
BINS = dict(zip(STEMS, (4, 10, 16), strict=True))
WHOLE = 8.0  # what a model's answer rises by with its stem


class BandEnergy(nn.Module):
    """The mean power in the band of one stem, relative to its power in the mix, on a line from -2 to 6."""

    def __init__(self, *stems, offset=-2.0):
        super().__init__()
        self.bins = [BINS[stem] for stem in stems]
        self.conv, self.fc = nn.Conv2d(1, 1, 1), nn.Linear(1, 1)
        for layer, weight, bias in ((self.conv, 1.0, 0.0), (self.fc, WHOLE, offset)):
            nn.init.constant_(layer.weight, weight)
            nn.init.constant_(layer.bias, bias)
        self.eval()

    @staticmethod
    def stft(y):
        return torch.stft(
            y.double(), FRAME, FRAME, window=torch.ones(FRAME).double(), center=False, return_complex=True
        )

    def columns(self, spectrum):
        power = spectrum[:, self.bins].abs().square().sum(dim=1, keepdim=True)
        return (power / (0.2 * FRAME / 2) ** 2).float()

    def forward(self, y):
        return self.fc(self.columns(self.stft(y)).mean(dim=2))

    def local_model(self):
        return LocalModel(FRAME, FRAME, 0, self.stft, self.columns, [Block(self.conv)], ("mean",), self.fc)


@pytest.fixture
def stems():
    """A tone of a band of its own for each stem; their sum is within full scale."""
    time = np.arange(SAMPLE_RATE) / FRAME
    return {stem: quantize(0.2 * np.sin(2 * np.pi * BINS[stem] * time)) for stem in STEMS}


def weights(found):
    return {one.stem: one.weight for one in found.components}


def test_stems_of_two_models_have_opposite_signs(stems):
    found = contrast(BandEnergy("drums"), BandEnergy("vocals"), stems, kind="source")
    # rounding to 16 bits leaves some 1e-4 of the power in other bands
    assert weights(found) == pytest.approx({"vocals": -WHOLE, "drums": WHOLE, "bass": 0.0}, abs=0.01)
    assert found.shapley == pytest.approx((-WHOLE, WHOLE, 0.0), abs=0.01)
    assert [one.stem for one in found.top(3)] == ["drums"]
    assert [one.stem for one in found.against(3)] == ["vocals"]
    assert found.fidelity == pytest.approx(1, abs=1e-4)
    vocals, drums, bass = found.own
    assert (*vocals, *drums, *bass) == pytest.approx((0, WHOLE, WHOLE, 0, 0, 0), abs=0.01)


def test_facts_are_about_more_for_the_first_than_for_the_second(stems):
    """The first model, which starts 1 higher, likes drums and bass; the second likes vocals."""
    found = contrast(BandEnergy("drums", "bass", offset=-1.0), BandEnergy("vocals"), stems, kind="source")
    found = replace(found, listener="marko", versus="nina")
    assert found.facts.threshold == 0
    assert found.facts.full == pytest.approx(1 + WHOLE, abs=0.02)
    assert found.facts.silence == pytest.approx(1, abs=0.02)
    assert found.facts.sufficient.sets == ((1,), (2,))  # with either the vocals do not make it more for nina
    assert found.facts.necessary.sets == ((1, 2),)
    told = contrast_sentences(found)
    assert told["Enough"] == (
        "The drums or the bass is enough: whatever else is switched off, the track would still be more for marko than "
        "for nina."
    )
    assert told["Without it"] == "Without the drums and the bass, the track would be more for nina than for marko."
    assert told["Silence"].startswith("The difference of logits is +1.00 for silence, so even silence would still be")


def test_a_track_that_is_more_for_the_second_says_so(stems):
    found = contrast(BandEnergy("drums", offset=-5.0), BandEnergy("vocals"), stems, kind="source")
    told = contrast_sentences(replace(found, listener="marko", versus="nina"))
    assert told == {
        "Enough": "As a whole, the track is more for nina than for marko; ask why, with listener nina versus marko."
    }


def test_the_other_way_round_everything_changes_its_sign(stems):
    models = BandEnergy("drums"), BandEnergy("vocals", "bass")
    one, other = (contrast(*pair, stems, kind="time+source", segments=2) for pair in (models, models[::-1]))
    assert [c.weight for c in one.components] == pytest.approx([-c.weight for c in other.components], abs=1e-5)
    assert one.logits["mix"] == other.logits["mix"][::-1]
    assert one.model_hashes == other.model_hashes[::-1]


@pytest.mark.parametrize("kind", ["time", "source", "time+source"])
def test_weights_are_the_difference_of_those_of_two_explanations(stems, kind):
    """LIME is linear in the answers; models are networks with fresh weights, which hear all bands."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(3)
        models = [FCN().eval(), FCN().eval()]
    found = contrast(*models, stems, kind=kind, segments=2)
    first, second = (explain(model, stems, kind=kind, segments=2, method="exact") for model in models)
    apart = [a.weight - b.weight for a, b in zip(first.components, second.components, strict=True)]
    size = max(abs(one.weight) for one in (*first.components, *second.components))
    # the difference of the logits, which may be many times smaller, is rounded as float32 logits are
    assert [one.weight for one in found.components] == pytest.approx(apart, abs=1e-5 * max(size, 10))
    assert found.logits["mix"] == pytest.approx((first.logit, second.logit), abs=1e-5)
    assert found.logits["silence"] == pytest.approx(
        (first.clip_logits["silence"], second.clip_logits["silence"]), abs=1e-5
    )
    assert sum(found.shapley) == pytest.approx(found.facts.full - found.facts.silence, abs=1e-3)
    assert found.work == first.work + second.work


def test_a_silent_stem_weighs_nothing(stems):
    stems = stems | {"vocals": np.zeros_like(stems["vocals"])}
    found = contrast(BandEnergy("drums"), BandEnergy("bass"), stems, kind="source")
    assert weights(found)["vocals"] == 0.0
    assert found.own[0] == (0.0, 0.0)
    assert found.shapley[0] == 0.0
    assert (found.facts.sounding, found.facts.n_components) == ((1, 2), 3)


def test_it_is_heard_and_kept(stems, tmp_path):
    found = replace(contrast(BandEnergy("drums"), BandEnergy("vocals"), stems, kind="source"), track_id="T1")
    sounds, gain = clips(found, stems)
    assert gain == 1
    np.testing.assert_array_equal(sounds["top1"], stems["drums"])
    np.testing.assert_array_equal(sounds["top3"] + sounds["rest"], sounds["mix"])
    found.save(tmp_path / "contrast.json")
    record = json.loads((tmp_path / "contrast.json").read_text())
    assert record["track_id"] == "T1"
    assert record["components"][1]["weight"] == found.components[1].weight
    assert record["facts"]["threshold"] == 0


def test_the_summary_names_both_listeners_and_both_weights(stems):
    found = contrast(BandEnergy("drums"), BandEnergy("vocals"), stems, kind="source")
    lines = contrast_summary(replace(found, listener="marko", versus="nina"))
    text = "\n".join(lines)
    assert "more for marko than for nina:\n1. drums, 0.0 to 1.0 s: +8.0" in text
    assert "more for nina than for marko:\n1. vocals, 0.0 to 1.0 s: -8.0" in text
    # alike: both models answer 6 to the mix, and -2 to silence
    assert "whole track: relevance for marko 0.998, nina 0.998" in text


def test_too_many_components_are_refused(stems):
    with pytest.raises(ParameterError, match="27 sounding components, which are too many"):
        contrast(BandEnergy("drums"), BandEnergy("vocals"), stems, kind="time+source", segments=9)


def test_a_model_that_does_not_say_what_it_is_made_of_is_refused(stems):
    with pytest.raises(ParameterError, match="has no local_model"):
        contrast(BandEnergy("drums"), nn.Identity().eval(), stems, kind="source")
