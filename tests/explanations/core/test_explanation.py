"""Explanations as records: order, file, words."""

import json
from contextlib import suppress
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from explanations.core.cache import find_explanation
from explanations.core.explanation import load_explanation
from explanations.render.words import answer
from lemons.checksums import to_json
from lemons.errors import DamagedError, DataError
from lemons.quality.fidelity import cross_predictions, fresh_masks, weighted_r2


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
        lambda text: text.replace('"format": 7', '"format": 1'),
        lambda text: text.replace('"kind"', '"sort"'),
        lambda text: text.replace('"stem": "a"', '"stem": 5'),
        lambda text: text.replace('"weight": 0.5', '"weight": "0.5"'),
        lambda text: text.replace('"weight": 0.5,', "").replace('"weight": 0.5', '"loud": 1'),
        lambda text: text.replace('"index": 3', '"index": 99'),
        lambda text: text.replace("16000", "16000.5"),
        lambda text: text.replace('"relevance": 0.75', '"relevance": NaN'),
        lambda text: "[" * 100_000,
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_malformed_files_are_named_even_with_a_right_checksum(tmp_path, explanation, damage, sealed):
    path, text = tmp_path / "explanation.json", damage(explanation.to_json())
    with suppress(ValueError, AttributeError, TypeError, RecursionError):  # what is no object cannot have one
        fields = json.loads(text)
        fields.pop("checksum")
        text = to_json(fields) if sealed else text
    path.write_text(text)
    with pytest.raises(DamagedError, match=r"explanation\.json is not an explanation"):
        load_explanation(path)


def test_a_changed_digit_is_noticed_wherever_it_stands(tmp_path, explanation):
    path, text = tmp_path / "explanation.json", explanation.to_json()
    for place, sign in enumerate(text):
        if sign.isdigit():
            path.write_text(text[:place] + str((int(sign) + 1) % 10) + text[place + 1 :])
            with pytest.raises(DamagedError):
                load_explanation(path)


def test_a_damaged_file_is_named_once_and_put_aside(tmp_path, explanation, caplog):
    path = tmp_path / "explanation.json"
    assert find_explanation(path) is None
    explanation.save(path)
    assert find_explanation(path) == explanation
    path.write_text(path.read_text().replace("0.75", "0.25"))
    assert find_explanation(path) is None
    assert find_explanation(path) is None
    assert len(caplog.messages) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["explanation.json.damaged"]


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
