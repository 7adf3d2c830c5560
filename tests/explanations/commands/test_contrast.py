"""The command that says why a track is more for one listener than for another."""

import json

import numpy as np
import pytest

from lemons.audio import load


def test_a_contrast_can_be_read_and_heard_and_sums_to_the_track(tmp_path, lemons, short_library):
    arguments = ("explain", "T3", "--listener", "marko", "--versus", "nina", "--kind", "source")
    code, printed, errors = lemons(*arguments, "--out", tmp_path / "out")
    assert code == 0, errors
    lines = printed.splitlines()
    assert lines[0] == "separator given: vocals, drums"
    assert lines[1].startswith("Enough: ")  # facts come first
    assert "whole track: relevance for marko" in printed
    files = {"contrast.json", "top1.flac", "top3.flac", "rest.flac"}
    assert {file.name for file in (tmp_path / "out").iterdir()} == files
    heard = load(tmp_path / "out" / "top3.flac") + load(tmp_path / "out" / "rest.flac")
    np.testing.assert_array_equal(heard, load(short_library.audio_path("T3")))
    record = json.loads((tmp_path / "out" / "contrast.json").read_text())
    assert (record["track_id"], record["listener"], record["versus"]) == ("T3", "marko", "nina")
    assert record["facts"]["full"] == pytest.approx(record["logits"]["mix"][0] - record["logits"]["mix"][1], abs=1e-4)


def test_the_track_is_more_for_one_of_two_listeners(tmp_path, lemons):
    """Which of them the fresh weights decide; asked the other way round, the command says so and names that way."""
    told = []
    for first, second in (("marko", "nina"), ("nina", "marko")):
        options = ("--listener", first, "--versus", second, "--kind", "source", "--out", tmp_path / first)
        told.append("as a whole, the track is more for" in lemons("explain", "T3", *options)[1].lower())
    assert sorted(told) == [False, True]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--versus", "bob"), "listener='bob' is not in"),
        (("--versus", "marko"), "versus='marko' must be another listener than the first"),
        (("--versus", "nina", "--method", "lime"), "method='lime' is of no use with --versus"),
        (("--versus", "nina", "--target", "probability"), "target='probability' is of no use with --versus"),
        (("--versus", "nina", "--baseline", "mean"), "baseline='mean' is of no use with --versus"),
        (("--versus", "nina", "--threshold", "0.5"), "threshold='0.5' is of no use with --versus"),
        (("--versus", "nina", "--kind", "colour"), "kind='colour' is unknown"),
    ],
)
def test_a_wrong_option_is_one_sentence(tmp_path, lemons, options, expected):
    code, printed, errors = lemons("explain", "T3", "--listener", "marko", "--out", tmp_path / "out", *options)
    assert (code, printed) == (2, "")
    assert errors.count("lemons: ") == 1
    assert expected in errors
    assert not (tmp_path / "out").exists()
