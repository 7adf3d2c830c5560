import json
import sys

import pytest
import torch
from typer.testing import CliRunner

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from explanations.cli import app
from lemons import fleet
from lemons.errors import LemonsError
from lemons.exact import propagation
from lemons.fleet import Failure, Results, stems
from lemons.hashing import hash_waveforms
from lemons.separation import cache
from lemons.separation.hpss import HPSS
from lemons.tracks import open_track
from recsys.checkpoints import save_checkpoint
from recsys.fleet import networks
from recsys.model import FCN
from tests.lemons.audio.encoded import by_ffmpeg


@pytest.fixture
def run(tmp_path, short_library, monkeypatch):
    """The command on the short library and a fresh trunk; its exit code and what it printed."""
    torch.manual_seed(0)
    save_checkpoint(tmp_path / "trunk.pt", FCN(), {})
    monkeypatch.setenv("LEMONS_LIBRARY", str(short_library.path))

    def run(*arguments):
        where = ["--results", str(tmp_path / "results")]
        if arguments[0] != "separate" and "--schedule" not in arguments:
            where += ["--trunk", str(tmp_path / "trunk.pt")]
        result = CliRunner().invoke(app, ["fleet", *arguments, *where])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return run


def test_one_pass_explains_a_track_to_all_who_have_it_on_their_list(run, tmp_path, monkeypatch):
    passes, whole = [], propagation.Pass.run
    monkeypatch.setattr(propagation.Pass, "run", lambda self: passes.append(self) or whole(self))
    code, output = run("explain", "--kind", "source", "--top", "9")
    assert code == 0, output
    results = Results(tmp_path / "results")
    rows = [row for key in results.keys("explanations") for row in results.read(key).to_pylist()]
    lists = [row for key in results.keys("tops") for row in results.read(key).to_pylist()]
    assert {(row["listener"], row["track_id"]) for row in rows} == {
        (row["listener"], row["track_id"]) for row in lists if row["rank"] <= 9
    }
    assert len(passes) == len({row["track_id"] for row in rows})
    explanation = json.loads(rows[0]["explanation"])
    assert [explanation["listener"], explanation["track_id"]] == [rows[0]["listener"], rows[0]["track_id"]]
    assert [component["stem"] for component in explanation["components"]] == ["vocals", "drums"]
    logit = next(row["logit"] for row in lists if all(row[name] == rows[0][name] for name in ("listener", "track_id")))
    assert explanation["logit"] == pytest.approx(logit, abs=0.02)  # of features in float16

    before = {file: file.read_bytes() for file in (tmp_path / "results").rglob("*.parquet")}
    passes.clear()
    assert run("explain", "--kind", "source", "--top", "9")[0] == 0
    assert not passes
    assert before == {file: file.read_bytes() for file in (tmp_path / "results").rglob("*.parquet")}


def test_a_listener_of_the_fleet_is_recommended_to_and_explained_to_as_any_other(slim, run, tmp_path, monkeypatch):
    assert run("explain", "--kind", "source")[0] == 0
    (tmp_path / "config.py").write_text("fleet_path = 'results'\nexperiments_path = 'e'\nexplanations_path = 'x'\n")
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))
    made = Results(tmp_path / "results")
    row = next(row for key in made.keys("explanations") for row in made.read(key).to_pylist())
    done = CliRunner().invoke(app, ["recommend", "--listener", row["listener"]])
    assert done.exit_code == 0, done.output
    assert row["track_id"] in done.output
    how = ["--listener", row["listener"], "--kind", "source", "--out", str(tmp_path / "why")]
    done = CliRunner().invoke(app, ["explain", row["track_id"], *how])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "x" / f"{row['key']}.json").read_text() == row["explanation"]  # the same question, and answer


def test_tracks_are_separated_once_and_those_that_cannot_be_are_listed(run, tmp_path, short_library, monkeypatch):
    (short_library.path / "audio" / "T7.flac").write_bytes(b"fLaC, they say")
    asked, whole = [], cache.separate_file
    monkeypatch.setattr(stems, "separate_file", lambda path, *how: asked.append(path.name) or whole(path, *how))
    for tracks, now in ((("T3", "T7"), ["T3.flac", "T7.flac"]), (("T3", "T5", "T7"), ["T5.flac", "T7.flac"])):
        (tmp_path / "tracks.txt").write_text("\n".join(tracks))
        code, output = run("separate", "--separator", "hpss", "--tracks", str(tmp_path / "tracks.txt"))
        assert code == 1
        assert "lemons: track T7: " in output
        assert "1 failed" in output
        assert asked == now  # what failed may be mended now
        asked.clear()


def test_what_an_explanation_lacks_is_separated_first_and_then_found(run, tmp_path, short_library, monkeypatch):
    (tmp_path / "listeners.txt").write_text("nina\n")
    how = ["explain", "--separator", "hpss", "--listeners", str(tmp_path / "listeners.txt")]
    results = Results(tmp_path / "results")
    code, output = run(*how, "--kind", "source")
    assert code == 0, output
    (key,) = results.keys("explanations")
    (row,) = results.read(key).to_pylist()
    (separated,) = results.keys("stems")
    assert set(results.read(separated)["track_id"].to_pylist()) == {row["track_id"]}
    explanation = json.loads(row["explanation"])
    assert explanation["separator"] == "hpss"
    assert explanation["stems_hash"] == hash_waveforms(
        open_track(row["track_id"], short_library, separator="hpss").stems
    )

    with monkeypatch.context() as nothing_is_separated:
        nothing_is_separated.setattr(stems, "separate_file", None)
        assert run(*how, "--kind", "time")[0] == 0
    assert len(results.keys("explanations")) == 2
    monkeypatch.setattr(HPSS, "fingerprint", "hpss-2")  # as with other weights
    assert run(*how, "--kind", "time")[0] == 0
    assert [len(results.keys(kind)) for kind in ("stems", "explanations")] == [2, 3]


def test_what_fails_is_listed_at_the_end(run, short_library, tmp_path):
    (short_library.path / "audio" / "T7.flac").write_bytes(b"fLaC, they say")
    (tmp_path / "listeners.txt").write_text("nina\nnobody\n")
    code, output = run("train", "--listeners", str(tmp_path / "listeners.txt"))
    assert code == 1
    assert "T7: " in output
    assert "nobody" in output
    assert "2 failed" in output
    (key,) = Results(tmp_path / "results").keys("heads")
    assert Results(tmp_path / "results").read(key)["listener"].to_pylist() == ["nina"]


def test_a_track_that_needs_a_decoder_is_heard_once_that_is_there(run, short_library, tmp_path, monkeypatch):
    (short_library.path / "audio" / "T9.flac").write_bytes(by_ffmpeg("mp4", "aac"))
    results = Results(tmp_path / "results")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "av", None)
        code, output = run("train")
    assert code == 1
    assert "lemons: track T9: " in output
    assert "which needs PyAV" in output
    assert "1 failed" in output
    assert [len(results.keys(kind)) for kind in ("embeddings", "heads")] == [1, 1]  # all that could be done
    code, output = run("train")
    assert code == 0, output
    assert [len(results.keys(kind)) for kind in ("embeddings", "heads")] == [2, 2]


def test_listeners_of_whom_nobody_gets_a_head_are_listed_too(run, tmp_path):
    (tmp_path / "listeners.txt").write_text("\ufeffnobody\n", encoding="utf-8")
    code, output = run("score", "--listeners", str(tmp_path / "listeners.txt"))
    assert code == 1
    assert "lemons: nobody: " in output
    assert "1 failed" in output


def test_without_a_trunk_networks_are_trained(run, tmp_path, monkeypatch, short_library):
    asked = []
    monkeypatch.setattr(networks, "train_all", lambda config, users, **how: asked.append((users, how)) or {})
    (tmp_path / "listeners.txt").write_text("nina\nnobody\n")
    code, output = run("train", "--schedule", "demo", "--listeners", str(tmp_path / "listeners.txt"))
    assert code == 1
    assert [(users, how["named_config"]) for users, how in asked] == [(["nina"], "demo")]
    assert "lemons: nobody: " in output
    with pytest.raises(LemonsError, match="schedule='demo' is one of networks"):
        run("train", "--schedule", "demo", "--trunk", str(tmp_path / "trunk.pt"))


def test_what_is_asked_is_checked_before_anything_is_heard(run, tmp_path):
    (tmp_path / "latin1.txt").write_bytes("Zoë\n".encode("latin-1"))
    for arguments, why in ((["explain", "--kind", "tempo"], "kind='tempo'"),
                           (["explain", "--weights", "w"], "weights='w' are of no use"),
                           (["explain", "--separator", "spleeter:5stems"], "has no weights"),
                           (["separate", "--separator", "given"], "separates nothing"),
                           (["train", "--listeners", str(tmp_path / "latin1.txt")], "is not UTF-8")):  # fmt: skip
        with pytest.raises(LemonsError, match=why):
            run(*arguments)
    assert not (tmp_path / "results").exists()


def test_of_a_unit_that_ends_its_workers_only_the_track_to_blame_is_left_out(slim, run, short_library, monkeypatch):
    """What Ray says of a unit whose worker is lost each time is said here without losing any."""
    whole, tried = fleet.run_here, []

    def run_here(units, results, **how):
        killers = [unit for unit in units if "T7" in unit.arguments.get("track_ids", ())]
        tried.extend(len(unit.arguments["track_ids"]) for unit in killers)
        failures = whole([unit for unit in units if unit not in killers], results, **how)
        return failures + [Failure(unit.name, "its worker was lost", lost=True) for unit in killers]

    monkeypatch.setattr(fleet, "run_here", run_here)
    code, output = run("score")
    assert code == 1
    assert "lemons: track T7: its worker was lost" in output
    assert "lemons: 1 failed" in output
    assert tried == [len(short_library.rows), 1]
    assert "lists: 1 of 1 units are made" in output
