import json

import pytest

from lemons.errors import DamagedError, DataError
from recsys.training_record import TRAINING_FILE, read_record, record_from_model, write_record

RECORD = {"user": "marko", "library": "L", "split": "S", "config": {"lr": 0.001}, "best": {"score": 0.9, "loss": 0.4}}


def test_a_record_is_read_as_it_was_written(tmp_path):
    write_record(tmp_path, RECORD)
    assert read_record(tmp_path) == {"format": "LEMONS run 2"} | RECORD


def test_a_changed_number_is_noticed(tmp_path):
    write_record(tmp_path, RECORD)
    path = tmp_path / TRAINING_FILE
    path.write_text(path.read_text().replace("0.9", "0.8"))
    with pytest.raises(DamagedError, match=r"training\.json is damaged: its content does not fit its checksum"):
        read_record(tmp_path)


def test_a_record_without_a_checksum_is_of_an_earlier_version_and_read(tmp_path):
    (tmp_path / TRAINING_FILE).write_text(json.dumps(RECORD))
    assert read_record(tmp_path) == RECORD


def test_a_file_of_another_program_is_no_record(tmp_path):
    (tmp_path / TRAINING_FILE).write_text(json.dumps({"epochs": 3}))
    assert read_record(tmp_path) is None


def test_a_missing_record_is_named(tmp_path):
    with pytest.raises(DataError, match=r"training\.json cannot be read"):
        read_record(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"user": 3}, "its user is 3"),
        ({"config": "lr"}, "its config is 'lr'"),
        ({"best": []}, r"its best is \[\]"),
        ({"best": {"score": "high"}}, "its best is"),
        ({"best": {"score": float("nan")}}, "its best is"),
    ],
)
def test_a_field_of_another_type_is_damage(tmp_path, wrong, sentence):
    (tmp_path / TRAINING_FILE).write_text(json.dumps(RECORD | wrong))
    with pytest.raises(DamagedError, match=sentence):
        read_record(tmp_path)


def test_a_models_complete_description_implies_its_record():
    about = {name: value for name, value in RECORD.items() if name != "best"} | {"scores": RECORD["best"]}
    assert record_from_model(about)["best"] == RECORD["best"]
    assert record_from_model(about | {"scores": {}}) == {}
    for name in about:
        assert record_from_model({other: value for other, value in about.items() if other != name}) == {}
