"""Why a tagger says what it says: an explanation with a label instead of a listener."""

import numpy as np
import pytest
import torch

from lemons.errors import ParameterError
from lemons.explaining.explain_label import explain_label, label_logits
from lemons.explaining.explanation import load_explanation
from lemons.render.summary import summary
from lemons.render.words import answer, question
from lemons.taggers import Musicnn
from lemons.tracks import Track
from tests.lemons.exact.mixes import music


@pytest.fixture(scope="module")
def track():
    stems = music(np.random.default_rng(440), 2, 3 * 16000)
    return Track("song.wav", "“Song”", dict(zip(("guitar", "rest"), stems, strict=True)), "given")


@pytest.fixture(scope="module")
def tagger():
    torch_state = torch.Generator().manual_seed(440)
    tagger = Musicnn(("guitar", "loud"), n_timbre=2, n_rhythm=2, n_middle=2, n_hidden=3).eval()
    for parameter in tagger.parameters():
        parameter.data = 0.3 * torch.randn(parameter.shape, generator=torch_state)
    return tagger


def explained(track, tagger, folder, **asked):
    asked = {"kind": "source", "label": "loud"} | asked
    return explain_label(track, tagger=tagger, name="toy", explanations_path=folder, **asked)


def test_a_label_is_explained_with_all_mixes_and_says_so(track, tagger, tmp_path):
    said = label_logits(tagger, track)
    found = explained(track, tagger, tmp_path)
    assert (found.listener, found.label, found.method, found.neighborhood) == ("toy", "loud", "exact", "all")
    assert found.logit == pytest.approx(said["loud"], abs=1e-4)
    assert sorted(said.values(), reverse=True) == list(said.values())
    # half the odds of the whole: ln 2 below its logit
    assert found.criterion.logit == pytest.approx(said["loud"] - np.log(2), abs=1e-4)
    assert any(line.startswith("probability of “loud” 0.") for line in summary(found))
    assert "recommend" not in answer(found)
    assert question(track.title, found.listener, found.label) == "Why does toy say “loud” of “Song”?"


def test_each_label_is_kept_under_its_own_name(track, tagger, tmp_path):
    first, second = (explained(track, tagger, tmp_path, label=label) for label in ("loud", "guitar"))
    assert first.model_hash != second.model_hash
    files = sorted(tmp_path.glob("*.json"))
    assert {load_explanation(file).label for file in files} == {"loud", "guitar"}
    again = explained(track, tagger, tmp_path)
    assert again.seconds is None  # read, not computed
    assert again == first


def test_a_probability_may_be_the_threshold(track, tagger, tmp_path):
    assert explained(track, tagger, tmp_path, threshold=0.25).criterion.relevance == 0.25
    with pytest.raises(ParameterError, match="threshold='list' must be"):
        explained(track, tagger, tmp_path, threshold="list")
    with pytest.raises(ParameterError, match="label='tuba' is unknown; choose one of guitar, loud"):
        explained(track, tagger, tmp_path, label="tuba")


def test_files_of_recommenders_have_no_label(explanation):
    assert "label" not in explanation.to_json()
