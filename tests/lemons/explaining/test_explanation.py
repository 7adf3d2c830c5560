"""Explanations as records: order, file, words."""

import json
from contextlib import suppress
from dataclasses import FrozenInstanceError, replace

import pytest

from lemons.checksums import to_json
from lemons.errors import DamagedError, DataError
from lemons.explaining.cache import find_explanation
from lemons.explaining.explanation import load_explanation
from lemons.render.words import answer


def test_of_a_track_that_would_not_be_recommended_it_is_said_first_what_speaks_against_it(explanation):
    assert answer(explanation) == "The b part from 0:01.0 to 0:02.0 spoke most for this track."
    text = answer(replace(explanation, relevance=0.4))
    assert text.startswith("The model would rather not recommend this track: the b part from 0:00.0 to 0:01.0 spoke")


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
