"""The command: what it answers, and how it fails."""

import io
import json
import logging
import re
import resource
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from explanations.cli import main
from lemons.audio import SAMPLE_RATE, load
from lemons.console import SafeFormatter, say, say_table
from lemons.library import open_library
from recsys.checkpoints import save_checkpoint
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run


@pytest.fixture
def installation(tmp_path, toy_library, monkeypatch):
    """A library and a configuration that names it; no model yet."""
    paths = {"library_path": toy_library, "experiments_path": tmp_path / "experiments"}
    paths["explanations_path"] = tmp_path / "explanations"
    (tmp_path / "config.py").write_text("".join(f"{name} = {str(path)!r}\n" for name, path in paths.items()))
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))
    return tmp_path


@pytest.fixture
def trained(installation, toy_library):
    """The same with a model of marko; fresh weights answer as well as trained ones here."""
    torch.manual_seed(0)
    run = new_run(installation / "experiments", "marko")
    save_checkpoint(run / "best_model.pt", FCN(), {})
    record = {"user": "marko", "library": open_library(toy_library).fingerprint, "best": {"score": 0.5}}
    finish_run(run, record)
    return installation


def lemons(monkeypatch, capsys, *arguments):
    """Call the command in this process; its exit code, output and errors."""
    monkeypatch.setattr(sys, "argv", ["lemons", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        main()
        sys.exit(0)
    output = capsys.readouterr()
    return exit_.value.code or 0, output.out, output.err


def sentence(errors):
    """The one line that explains a failure; progress bars stand before it."""
    return errors.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "method"),
    [((), "method exact, all masks"), (("--method", "lime", "--num-samples", "9"), "method lime, 9 masks drawn")],
)
def test_an_explanation_can_be_heard_and_sums_to_the_track(trained, monkeypatch, capsys, options, method):
    out = trained / "out"
    arguments = ("explain", "tone03", "--listener", "marko", "--kind", "source", "--out", out, *options)
    code, printed, _ = lemons(monkeypatch, capsys, *arguments)
    assert code == 0
    assert "relevance" in printed
    assert method in printed
    files = {"explanation.json", "explanation.png", "report.html", "top1.flac", "top3.flac", "rest.flac"}
    files |= set() if options else {"explanation.npz"}  # LIME knows the answers to some mixes only
    assert {file.name for file in out.iterdir()} == files
    track = load(trained / "toy" / "audio" / "tone03.flac")
    np.testing.assert_array_equal(load(out / "top3.flac") + load(out / "rest.flac"), track)
    first = (out / "explanation.json").read_bytes()
    assert json.loads(first)["kind"] == "source"
    for file in (trained / "explanations").iterdir():
        file.unlink()  # so that it is computed again
    assert lemons(monkeypatch, capsys, *arguments)[0] == 0
    assert (out / "explanation.json").read_bytes() == first


@pytest.mark.parametrize(("channels", "sr"), [(1, 8000), (2, 44100)])
def test_ones_own_file_may_be_stereo_and_of_any_rate(trained, monkeypatch, capsys, rng, channels, sr):
    soundfile.write(trained / "own.wav", 0.1 * rng.standard_normal((2 * sr, channels)), sr)
    arguments = ("explain", trained / "own.wav", "--listener", "marko", "--kind", "time", "--out", trained / "out")
    assert lemons(monkeypatch, capsys, *arguments)[0] == 0
    explanation = load(trained / "out" / "top3.flac") + load(trained / "out" / "rest.flac")
    np.testing.assert_array_equal(explanation, load(trained / "own.wav"))


def bad_file(folder, name):
    """Files that people have, and that nobody can explain."""
    y = np.sin(np.arange(2 * SAMPLE_RATE) / 5)
    sounds = {
        "empty.wav": y[:0],
        "silent.wav": 0 * y,
        "short.wav": y[: SAMPLE_RATE // 2],
        "nan.wav": np.where(y > 0.99, np.nan, y),
    }
    if name in sounds:
        soundfile.write(folder / name, sounds[name], SAMPLE_RATE, subtype="FLOAT")
    if name == "text.mp3":
        (folder / name).write_text("do re mi")
    return folder / name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gone.wav", "neither a track of .* nor an audio file"),
        ("text.mp3", "cannot be read as audio"),
        ("empty.wav", "holds no audio"),
        ("silent.wav", "silent"),
        ("short.wav", "lasts 0.50 s; at least 1 s"),
        ("nan.wav", "not numbers"),
    ],
)
def test_a_file_that_cannot_be_explained_is_one_sentence(trained, monkeypatch, capsys, name, expected):
    arguments = ("explain", bad_file(trained, name), "--listener", "marko", "--out", trained / "out")
    code, printed, errors = lemons(monkeypatch, capsys, *arguments)
    assert code == 2
    assert printed == ""
    assert errors.startswith("lemons: ")
    assert errors.count("\n") == 1
    assert re.search(expected, errors)
    assert not (trained / "out").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--listener", "bob"), "listener='bob' is not in .*; choose one of marko, nina"),
        (("--listener", "nina"), "no model of nina .*train one with `python recsys/experiment.py with user_name=nina`"),
        (("--listener", "marko", "--kind", "colour"), "kind='colour' is unknown; choose one of time, source, time"),
        (("--listener", "marko", "--segments", "0"), "segments=0 must be between"),
        (("--listener", "marko", "--method", "magic"), "method='magic' is unknown; choose one of exact, lime"),
        (("--listener", "marko", "--num-samples", "1"), "n_masks=1 must be at least 2"),
    ],
)
def test_a_wrong_option_is_one_sentence(trained, monkeypatch, capsys, options, expected):
    code, _, errors = lemons(monkeypatch, capsys, "explain", "tone03", "--out", trained / "out", *options)
    assert code == 2
    assert errors.count("lemons: ") == 1
    assert re.search(expected, sentence(errors)), errors


def test_no_library_names_the_command_that_makes_one(installation, monkeypatch, capsys):
    (installation / "config.py").write_text("library_path = 'nowhere'\n")
    code, _, errors = lemons(monkeypatch, capsys, "explain", "x", "--listener", "marko", "--out", installation / "out")
    assert code == 2
    assert "no music library at" in errors
    assert "`lemons library demo`" in errors


def test_missing_files_are_named_and_the_rest_goes_on(trained, monkeypatch, capsys):
    for i in range(8):
        (trained / "toy" / "audio" / f"noise{24 + i}.flac").unlink()
    arguments = ("explain", "tone03", "--listener", "marko", "--kind", "source", "--out", trained / "out")
    code, _, errors = lemons(monkeypatch, capsys, *arguments)
    assert code == 0
    assert "track noise24 skipped: no such file" in errors
    assert "... and 3 more" in errors


def test_a_disk_that_fills_up_leaves_no_half_file(trained):
    def small_disk():
        """No file of this process may grow beyond 20 kB: the system refuses further writing, as on a full disk."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "lemons", "explain", "tone03", "--listener", "marko", "--kind", "source"]
    command += ["--out", str(trained / "out")]
    result = subprocess.run(command, preexec_fn=small_disk, capture_output=True, text=True, check=False)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "cannot write" in sentence(result.stderr)
    assert all(file.stat().st_size < 20_000 for file in (trained / "out").rglob("*"))  # the small ones are whole
    assert not (trained / "out" / "explanation.json").exists()
    assert not list((trained / "out").glob(".*"))


def test_the_report_compares_the_model_with_what_needs_none(trained, monkeypatch, capsys):
    code, printed, _ = lemons(monkeypatch, capsys, "report", "--listener", "marko", "--paper", "--fallback", "files")
    assert code == 0
    assert printed.split()[:5] == ["ROC-AUC", "tracks", "model", "popularity", "mel"]
    assert "0.758 ± 0.113" in printed
    assert list((trained / "experiments" / "results").glob("toy-*/report.csv"))
    code, printed, errors = lemons(monkeypatch, capsys, "report", "--listener", "nina")
    assert (code, printed) == (2, "")
    assert "no model of nina trained on" in sentence(errors)


def test_ctrl_c_says_that_what_is_finished_is_kept(installation):
    """A real signal, to a training at work."""
    command = [sys.executable, "-m", "lemons", "train", "--listener", "marko"]
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # tests that run in the background ignore it
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed)
    while process.poll() is None and not list(installation.glob("experiments/*_marko/*")):
        time.sleep(0.05)  # before, Python itself may still be starting
    for _ in range(4):  # one that comes while a library is being imported may be lost; a person presses again
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=15)
            break
        except subprocess.TimeoutExpired:
            continue
    assert process.returncode == 130
    assert sentence(errors) == "lemons: interrupted; finished work is kept, and the same command resumes"
    assert "Traceback" not in errors


def test_titles_in_a_table_do_not_command_the_terminal(capsys):
    titles = ["\x1b[31mRED\x07", "\x9b2J", "\u202eDNA", "two\nlines", "long" * 750, "Zoë 👩\u200d🎤"]
    say_table(pd.DataFrame({"title": titles, "relevance": 0.12345}))
    printed = capsys.readouterr().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed)
    for shown in (r"\x1b[31mRED\x07", r"\x9b2J", r"\u202eDNA", r"two\nlines", "longlon…", "Zoë 👩\u200d🎤", "0.123"):
        assert shown in printed
    assert len(printed.splitlines()) == 1 + len(titles)
    assert max(map(len, printed.splitlines())) < 100


def test_what_is_skipped_and_what_fails_is_said_without_escapes(trained, toy_library, monkeypatch, capsys):
    with (toy_library / "tracks.csv").open("a") as table:
        table.write("odd,Odd,Odd,odd,\x1b[2Jgone.wav,100\n")
    code, _, errors = lemons(monkeypatch, capsys, "recommend", "--listener", "\x1b[31mred")
    assert code == 2
    assert "\x1b" not in errors
    assert r"\x1b[31mred" in errors
    assert r"\x1b[2Jgone.wav" in errors


def test_the_log_is_said_without_escapes(caplog):
    line = logging.makeLogRecord({"msg": "heard %s", "args": ("\x1b]0;title\x07",)})
    assert SafeFormatter("%(message)s").format(line) == r"heard \x1b]0;title\x07"


def test_a_terminal_without_the_letters_of_a_title_shows_their_codes(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    say("Zoë\udcff")
    stream.flush()
    assert stream.buffer.getvalue() == b"Zo\\xeb\\udcff\n"
