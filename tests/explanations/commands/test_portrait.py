"""The command that says what a model listens for."""

import json

import pytest


def test_facts_come_first_then_a_row_for_each_instrument(tmp_path, lemons, model_paths):
    code, printed, _ = lemons("portrait", "--listener", "marko", "--tracks", 1, "--out", tmp_path / "marko.json")
    assert code == 0
    lines = printed.splitlines()
    (header,) = [i for i, line in enumerate(lines) if line.lstrip().startswith("stem")]
    assert lines[header].split() == ["stem", "sounds", "enough", "needed", "in", "none", "share"]
    assert header > 0
    assert lines[0].endswith(".")
    assert {line.split()[0] for line in lines[header + 1 : header + 3]} == {"vocals", "drums"}
    record = json.loads((tmp_path / "marko.json").read_text())
    assert record["listener"] == "marko"
    assert len(record["track_ids"]) == 1
    files = {file: file.stat().st_mtime_ns for file in model_paths["explanations_path"].iterdir()}
    assert lemons("portrait", "--listener", "marko", "--tracks", 1)[1] in printed  # no file is written to, then
    assert {file: file.stat().st_mtime_ns for file in model_paths["explanations_path"].iterdir()} == files


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--listener", "bob"), "listener='bob' is not in"),
        (("--listener", "marko", "--tracks", "11"), "tracks=11 must be between 1 and 10, since the list has so many"),
        (("--listener", "marko", "--tracks", "0"), "tracks=0 must be between 1 and 10"),
    ],
)
def test_a_wrong_option_is_one_sentence(lemons, options, expected):
    code, printed, errors = lemons("portrait", *options)
    assert (code, printed) == (2, "")
    assert errors.count("lemons: ") == 1
    assert expected in errors
