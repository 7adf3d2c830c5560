"""Explanations against another baseline than silence: what is scored is what is heard, whoever scores it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from explanations.core.portrait import usable
from lemons.audio import load, quantize
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import DataError, ParameterError
from lemons.exact.lime import fit_lime
from lemons.exact.masks import spread
from lemons.explaining import question
from lemons.explaining.clips import clips, mix_of, save_clips, stand_ins_of
from lemons.explaining.explain import explain
from lemons.explaining.explanation import load_explanation
from lemons.explaining.mask_scores import SampledScores
from lemons.explaining.passes import ExactScores
from lemons.explaining.question import KINDS, ask

NOISES = ("mean", "noise")


@pytest.fixture
def stems(rng):
    """Two stems; the drums pause in the first half."""
    stems = {name: quantize(level * rng.uniform(-1, 1, 16001)) for name, level in (("vocals", 0.2), ("drums", 0.1))}
    stems["drums"][:8200] = 0
    return stems


def heard(model, sounds):
    with torch.no_grad():
        return np.array([model(torch.from_numpy(y)[None]).item() for y in sounds])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("baseline", NOISES)
def test_every_mix_gets_the_answer_to_its_sound(fcn, stems, kind, baseline, rng):
    explanation = explain(fcn, stems, kind=kind, segments=2, baseline=baseline)
    n, off = len(explanation.components), stand_ins_of(explanation, stems)
    masks = np.concatenate([np.ones((1, n), int), np.zeros((1, n), int), rng.integers(0, 2, (3, n))])
    sounds = [
        mix_of([explanation.components[i] for i in np.flatnonzero(mask)], stems, explanation.segments, off)
        for mask in masks
    ]
    np.testing.assert_array_equal(sounds[0], sum(stems.values()))  # with all on the track, with all off the baseline
    np.testing.assert_array_equal(sounds[1], sum(off.values()))
    expected = heard(fcn, sounds)
    np.testing.assert_allclose(explanation.what_if.logits(masks), expected, atol=1e-3)  # the engine's, in float32
    asked = ask(fcn, stems, kind=kind, segments=2, baseline=baseline, method="lime")
    np.testing.assert_allclose(SampledScores(asked, fcn, stems, batch_size=2).logits(masks), expected, atol=1e-5)
    assert explanation.logit == pytest.approx(expected[0], abs=1e-3)
    assert explanation.clip_logits["silence"] == pytest.approx(expected[1], abs=1e-3)


@pytest.mark.parametrize("baseline", NOISES)
def test_on_the_masks_that_lime_draws_both_ways_give_the_same_weights(fcn, stems, baseline):
    asked = {"kind": "time+source", "segments": 2, "baseline": baseline}
    drawn = explain(fcn, stems, **asked, method="lime", n_masks=40, seed=5)
    table = ExactScores(ask(fcn, stems, **asked), fcn, stems).table
    assert table.sounding.tolist() == [[True, False], [True, True]]  # nothing stands in for the drums' pause
    masks = draw_masks(3, 40, random_state=5)
    fitted = fit_lime(masks, table.logits(spread(masks, table.sounding.ravel())), alpha=1).weights
    found = [component.weight for component in drawn.components]
    np.testing.assert_allclose(found, [fitted[0], 0, *fitted[1:]], atol=1e-5)


@pytest.mark.parametrize("baseline", NOISES)
def test_the_clips_are_what_was_scored_and_sum_to_the_track(tmp_path, fcn, stems, baseline):
    explanation = explain(fcn, stems, kind="time+source", segments=2, baseline=baseline)
    sounds, gain = clips(explanation, stems)
    paths = save_clips(tmp_path, explanation, stems)
    assert gain == 1
    read = {name: load(path) for name, path in paths.items()}
    np.testing.assert_array_equal(read["top3"] + read["rest"] - read["off"], sum(stems.values()))
    logits = explanation.clip_logits | {"off": explanation.clip_logits["silence"]}
    for name, y in read.items():
        np.testing.assert_array_equal(y, sounds[name])
        assert logits[name] == pytest.approx(heard(fcn, [y])[0], abs=1e-3)


def test_each_baseline_is_another_question_with_the_same_answer_each_time(fcn, stems):
    asked = {"kind": "source", "baseline": "mean"}
    assert explain(fcn, stems, **asked).to_json() == explain(fcn, stems, **asked).to_json()
    keys = {ask(fcn, stems, kind="source", baseline=baseline).key for baseline in ("silence", *NOISES)}
    assert len(keys) == 3
    with pytest.raises(ParameterError, match=r"baseline='pink'.*silence, mean, noise"):
        ask(fcn, stems, kind="source", baseline="pink")


def test_silence_is_asked_and_kept_as_before_there_was_a_choice(fcn, stems, monkeypatch):
    """Neither the hash of the question nor the file knows of baselines."""
    hashed = []
    monkeypatch.setattr(question, "hash_text", lambda text: hashed.append(json.loads(text)) or "")
    for baseline in ("silence", "mean"):
        assert ask(fcn, stems, kind="source", baseline=baseline).key == ""
    assert "baseline" not in hashed[0]
    assert hashed[1].pop("baseline") == "mean"
    assert hashed[0] == hashed[1]
    monkeypatch.undo()
    explanation = explain(fcn, stems, kind="source")
    assert "baseline" not in json.loads(explanation.to_json())
    assert explanation == explain(fcn, stems, kind="source", baseline="silence")


def test_the_baseline_survives_the_file(tmp_path, fcn, stems):
    explanation = explain(fcn, stems, kind="source", baseline="noise")
    explanation.save(tmp_path / "why.json")
    assert load_explanation(tmp_path / "why.json") == explanation
    replace(explanation, baseline="pink").save(tmp_path / "why.json")
    with pytest.raises(DataError, match="baseline is 'pink'"):
        load_explanation(tmp_path / "why.json")


def test_a_portrait_is_of_one_baseline(fcn, stems):
    explanation = explain(fcn, stems, kind="source")
    explanation = replace(explanation, facts=replace(explanation.facts, threshold=-100.0))
    assert explanation.facts.full_reaches
    others = [replace(explanation, baseline=baseline) for baseline in NOISES]
    assert usable([*others, explanation], meaning="value") == [explanation]
