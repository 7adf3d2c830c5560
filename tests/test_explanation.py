"""Explanations as records: order, file, words."""

import json
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from explanations.explanation import Component, Explanation, load_explanation
from explanations.fidelity import cross_predictions, fidelity_in_words, fresh_masks, weighted_r2
from explanations.page.words import answer
from lemons.errors import DataError
from lemons.segments import Segments

WEIGHTS = [0.1, -0.3, 0.0, 0.5, 0.1, -0.1]


@pytest.fixture
def explanation():
    components = [Component(i, "ab"[i % 2], i // 2, float(i // 2), i // 2 + 1.0, w) for i, w in enumerate(WEIGHTS)]
    return Explanation(
        kind="time+source",
        method="lime",
        neighborhood="drawn",
        target="probability",
        segments=Segments((0, 16000, 32000, 48000), fade=160),
        n_masks=2048,
        seed=0,
        work=64.0,
        components=tuple(components),
        intercept=0.2,
        fidelity=0.9,
        fidelity_held_out=1 / 3,
        held_out="cross-prediction",
        relevance=0.75,
        logit=float(np.log(3)),
        clip_logits={"top1": 0.5, "top3": 1.0, "rest": -2.0},
        gain=1.0,
        track_id="TRÄCK",
        listener="marko",
        separator="given",
        audio_hash="a" * 64,
        stems_hash="b" * 64,
        model_hash="c" * 64,
        versions={"lemons": "0"},
        seconds=1.5,
    )


@pytest.mark.parametrize(("k", "expected"), [(0, []), (1, [3]), (3, [3, 0, 4]), (9, [3, 0, 4])])
def test_top_components_speak_for_the_track(explanation, k, expected):
    assert [c.index for c in explanation.top(k)] == expected


@pytest.mark.parametrize(("k", "expected"), [(1, [1]), (9, [1, 5])])
def test_components_against_the_track(explanation, k, expected):
    assert [c.index for c in explanation.against(k)] == expected


def test_of_a_track_that_would_not_be_recommended_it_is_said_first_what_speaks_against_it(explanation):
    assert answer(explanation) == "The b part from 0:01.0 to 0:02.0 spoke most for this track."
    text = answer(replace(explanation, relevance=0.4))
    assert text.startswith("The model would rather not recommend this track: the b part from 0:00.0 to 0:01.0 spoke")


def test_nothing_may_speak_for_a_track(explanation):
    against = tuple(replace(c, weight=-abs(c.weight)) for c in explanation.components)
    assert replace(explanation, components=against).top(3) == ()


def test_it_is_read_back_equal_without_the_seconds_it_took(tmp_path, explanation):
    explanation.save(tmp_path / "new folder" / "explanation.json")
    found = load_explanation(tmp_path / "new folder" / "explanation.json")
    assert found == explanation
    assert found.seconds is None


def test_the_seconds_change_no_byte(explanation):
    slower = replace(explanation, seconds=99.0)
    assert slower == explanation
    assert slower.to_json() == explanation.to_json()


def test_it_cannot_be_changed(explanation):
    with pytest.raises(FrozenInstanceError):
        explanation.gain = 2.0
    with pytest.raises(FrozenInstanceError):
        explanation.components[0].weight = 2.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"format": 5', '"format": 1'),
        lambda text: text.replace('"kind"', '"sort"'),
        lambda text: text.replace('"stem": "a"', '"stem": 5'),
        lambda text: text.replace('"weight": 0.5', '"weight": "0.5"'),
        lambda text: text.replace('"weight": 0.5,', "").replace('"weight": 0.5', '"loud": 1'),
    ],
)
def test_malformed_files_are_named(tmp_path, explanation, damage):
    path = tmp_path / "explanation.json"
    path.write_text(damage(explanation.to_json()))
    with pytest.raises(DataError, match=r"explanation\.json is not an explanation"):
        load_explanation(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no such explanation: .*nowhere\.json"):
        load_explanation(tmp_path / "nowhere.json")


def test_numbers_that_are_none_are_not_written(tmp_path, explanation):
    with pytest.raises(ValueError, match="JSON"):
        replace(explanation, fidelity=float("nan")).save(tmp_path / "explanation.json")
    assert not list(tmp_path.iterdir())
    assert json.loads(explanation.to_json())["fidelity"] == 0.9


def test_weighted_r2_of_perfect_mean_and_constant_predictions(rng):
    answers, weights = rng.normal(size=9), rng.uniform(size=9)
    assert weighted_r2(answers, answers, weights) == 1
    mean = np.full(9, np.average(answers, weights=weights))
    assert weighted_r2(answers, mean, weights) == pytest.approx(0)
    assert weighted_r2(mean, mean, weights) == 1
    assert weighted_r2(np.zeros(9), np.ones(9), weights) == 0


def test_masks_without_weight_do_not_count():
    answers, predictions = np.array([0.0, 1.0, 5.0]), np.array([0.0, 1.0, -5.0])
    assert weighted_r2(answers, predictions, np.array([1.0, 1.0, 0.0])) == 1


def test_fresh_masks_are_new_and_distinct(rng):
    masks = rng.integers(0, 2, (40, 7))
    fresh = fresh_masks(masks, 20, seed=0)
    assert fresh.shape == (20, 7)
    assert len(np.unique(np.vstack([masks, fresh]), axis=0)) == len(np.unique(masks, axis=0)) + 20
    np.testing.assert_array_equal(fresh, fresh_masks(masks, 20, seed=0))


def test_no_mask_is_fresh_when_all_are_drawn():
    masks = np.array([[1, 1], [1, 0], [0, 1], [0, 0], [0, 0]])
    assert fresh_masks(masks, 20, seed=0).shape == (0, 2)
    assert fresh_masks(masks[:2], 20, seed=0).shape == (2, 2)


def test_a_mask_left_out_does_not_predict_itself(rng):
    masks = np.vstack([rng.permuted(np.eye(3, dtype=int)), np.ones((2, 3), int), np.zeros((1, 3), int)])
    answers, weights = rng.normal(size=6), np.ones(6)
    before = cross_predictions(masks, answers, weights)
    answers[3:5] += 100  # both copies of the full mix
    after = cross_predictions(masks, answers, weights)
    np.testing.assert_allclose(after[3:5], before[3:5])
    assert (np.abs(after - before) > 1)[[0, 1, 2, 5]].all()


@pytest.mark.parametrize(("fidelity", "words"), [(1, "very faithful"), (0.5, "roughly faithful"), (-3, "not reliable")])
def test_fidelity_in_words(fidelity, words):
    assert fidelity_in_words(fidelity) == words
