"""`lemons explain` with a tagger: what may be asked together, and what comes out."""

from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
import pytest

from lemons.audio import load


def test_a_published_tagger_is_explained_and_heard(tmp_path, lemons, short_library):
    try:
        distribution("musicnn")
    except PackageNotFoundError:
        pytest.skip("the published weights are in a package: pip install --no-deps musicnn==0.1.0")
    file = short_library.audio_path("T3")
    arguments = ("--model", "musicnn:MTT", "--label", "guitar", "--kind", "source", "--separator", "hpss")
    code, printed, errors = lemons("explain", file, *arguments, "--out", tmp_path / "out")
    assert code == 0, errors
    assert printed.startswith("musicnn:MTT says ")
    assert "probability of “guitar” 0." in printed
    heard = load(tmp_path / "out" / "top3.flac") + load(tmp_path / "out" / "rest.flac")
    np.testing.assert_array_equal(heard, load(file))
    assert "Why does musicnn:MTT say “guitar” of" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "whose answer is it? give --listener NAME, or --model musicnn:MTT with --label guitar"),
        (("--listener", "marko", "--label", "guitar"), "label='guitar' is of no use without --model"),
        (("--model", "musicnn:MTT", "--listener", "marko"), "listener='marko' is of no use with --model"),
        (("--model", "musicnn:MTT", "--versus", "nina"), "versus='nina' is of no use with --model"),
        (("--model", "musicnn:MTT", "--threshold", "list"), "threshold='list' is of no use with --model"),
        (("--model", "musicnn:VGG"), "model='musicnn:VGG' must be one of"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(tmp_path, lemons, options, expected):
    code, printed, errors = lemons("explain", "T3", "--out", tmp_path / "out", *options)
    assert (code, printed) == (2, "")
    assert errors.count("lemons: ") == 1
    assert expected in errors
    assert not (tmp_path / "out").exists()
