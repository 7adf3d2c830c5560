"""Runs are read back as sacred wrote them, whatever happened to them or to their files."""

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from recsys import eval as evaluation_driver
from recsys import experiment as training_driver
from recsys.records import read as runs
from recsys.records.read import read_curves, read_runs
from recsys.records.sacred_experiment import make_experiment, make_observers

LOSSES = {"train.avg_loss": {1: 0.7, 2: 0.6, 3: 0.5}, "val.loss": {1: 0.6, 2: 0.5}}
MEASURES = {"val.roc_auc": {1: 0.9, 2: 0.8}, "val.average_precision": {1: 0.7, 2: 0.7}}


def record(folder, *, driver=training_driver, result=None, error=None, curves=LOSSES | MEASURES):
    """Let sacred record a run, with its real files; returns the run's folder."""
    experiment = make_experiment("toy", file=driver.__file__, doc=None)
    experiment.observers.extend(make_observers(folder))
    experiment.add_config(user_name="marko", n_epochs=3)

    @experiment.main
    def main(_run):
        _run.info["threads"] = 2
        for name, points in curves.items():
            for step, value in points.items():
                _run.log_scalar(name, value, step)
        if error:
            raise error
        return result

    with contextlib.suppress(ValueError):
        experiment.run()
    return max(folder.glob("sacred/[0-9]*"), key=lambda path: int(path.name))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A training that returned nothing, recorded once, since that takes a second."""
    return record(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def run_folder(recorded, tmp_path):
    """A copy of it for each test, as run 1 of ``tmp_path``."""
    return shutil.copytree(recorded, tmp_path / "sacred" / "1")


def change(folder, **entries):
    """Change a record by hand."""
    path = folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def only_run(tmp_path, **when):
    (run,), skipped = read_runs(tmp_path, **when)
    assert skipped == []
    return run


def test_a_training_is_read_back(tmp_path):
    record(tmp_path, result={"roc_auc": 0.9, "average_precision": 0.8, "epoch": 2})
    run = only_run(tmp_path)
    assert (run.number, run.kind, run.user, run.status) == ("1", "training", "marko", "completed")
    assert run.config["n_epochs"] == 3
    assert run.scores == {"roc_auc": 0.9, "average_precision": 0.8, "epoch": 2}
    assert run.info == {"threads": 2}
    assert abs(datetime.now(UTC) - run.started) < timedelta(hours=1)  # sacred's times are UTC, wherever this runs
    curves = read_curves(run)
    loss = curves[curves["name"] == "train.avg_loss"]
    assert dict(zip(loss["step"], loss["value"], strict=True)) == LOSSES["train.avg_loss"]


def test_trainings_and_evaluations_are_told_apart_and_the_newest_comes_first(tmp_path):
    record(tmp_path)
    record(tmp_path, driver=evaluation_driver)
    found, _ = read_runs(tmp_path)
    assert [(run.number, run.kind) for run in found] == [("2", "evaluation"), ("1", "training")]


def test_a_run_that_failed_says_why(tmp_path):
    record(tmp_path, error=ValueError("no such tune"))
    run = only_run(tmp_path)
    assert (run.status, run.error) == ("failed", "ValueError: no such tune")


def test_a_run_whose_heart_stopped_is_dead_and_one_that_says_nothing_else_is_alive(run_folder, tmp_path):
    heartbeat = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    start = heartbeat - timedelta(seconds=90)
    stamps = {"heartbeat": "2026-11-25T01:30:00", "start_time": "2026-11-25T01:28:30"}
    change(run_folder, status="RUNNING", stop_time=None, **stamps)
    alive = only_run(tmp_path, now=heartbeat + timedelta(seconds=runs.PATIENCE_S))
    dead = only_run(tmp_path, now=heartbeat + timedelta(seconds=runs.PATIENCE_S + 1))
    assert (alive.status, dead.status) == ("running", "died")
    assert alive.seconds == dead.seconds == 90
    change(run_folder, heartbeat=None)  # the first sign comes after ten seconds
    assert only_run(tmp_path, now=start + timedelta(seconds=9)).status == "running"


def test_a_training_without_an_end_has_its_best_validation_so_far(run_folder, tmp_path):
    change(run_folder, status="RUNNING")
    run = only_run(tmp_path)
    assert run.epoch == 3
    assert run.scores == {"epoch": 1, "loss": 0.6, "roc_auc": 0.9, "average_precision": 0.7, "score": 0.8}


def test_what_diverged_is_left_out_of_the_curves_and_is_no_best_validation(tmp_path):
    record(
        tmp_path, curves=LOSSES | MEASURES | {"val.loss": {1: float("inf"), 2: 0.5}, "train.loss": {100: float("nan")}}
    )
    run = only_run(tmp_path)
    assert run.scores["epoch"] == 2
    curves = read_curves(run)
    assert set(curves["name"]) == {"train.avg_loss", *MEASURES, "val.loss"}
    assert curves["value"].notna().all()


@pytest.mark.parametrize("name", ["run.json", "config.json", "info.json"])
@pytest.mark.parametrize(
    "content",
    [b"", b'{"status": "RUN', b"[1]", b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "half", "list", "bytes", "deep"],
)
def test_a_damaged_record_is_named_and_the_others_are_read(run_folder, tmp_path, name, content):
    damaged = run_folder / name
    shutil.copytree(run_folder, tmp_path / "sacred" / "2")
    damaged.write_bytes(content)
    found, skipped = read_runs(tmp_path)
    assert [run.number for run in found] == ["2"]
    assert len(skipped) == 1
    assert skipped[0].startswith(f"{damaged} cannot be read")


@pytest.mark.parametrize(
    "entries",
    [{"start_time": "yesterday"}, {"start_time": 3}, {"experiment": None}, {"heartbeat": "soon", "stop_time": ""}],
    ids=lambda entries: next(iter(entries)),
)
def test_a_record_with_other_things_in_it_is_named(run_folder, tmp_path, entries):
    change(run_folder, **entries)
    assert read_runs(tmp_path)[0] == []
    assert "is no record of sacred" in read_runs(tmp_path)[1][0]


def test_what_is_missing_or_strange_beside_the_essential_does_no_harm(run_folder, tmp_path):
    folder = run_folder
    for name in ("info.json", "metrics.json"):
        (folder / name).unlink()
    odd = {"repositories": ["?"], "mainfile": "other.py"}
    change(folder, result=[1], fail_trace="?", status="FAILED", experiment=odd, heartbeat=None)
    run = only_run(tmp_path)
    assert (run.kind, run.scores, run.info, run.error, run.commit) == ("other.py", {}, {}, "", "")
    assert read_curves(run).empty


def test_damaged_curves_spoil_the_curves_alone(run_folder, tmp_path):
    folder = run_folder
    for content in ("{", '{"val.loss": 3}', '{"val.loss": {"steps": [1], "values": []}}'):
        (folder / "metrics.json").write_text(content)
        with pytest.raises(runs.DataError, match=r"metrics\.json (cannot be read|holds no steps and values)"):
            read_curves(only_run(tmp_path))


def test_a_file_that_is_being_written_is_looked_at_again(run_folder, tmp_path, monkeypatch):
    path = run_folder / "run.json"
    whole = path.read_text()
    path.write_text(whole[:100])
    monkeypatch.setattr(runs.time, "sleep", lambda seconds: path.write_text(whole))  # sacred, meanwhile
    assert only_run(tmp_path).status == "completed"


def test_files_are_parsed_once_and_again_when_they_have_changed(run_folder, tmp_path):
    folder = run_folder
    first, again = only_run(tmp_path), only_run(tmp_path)
    assert again.record is first.record
    assert again.config is first.config
    change(folder, status="INTERRUPTED")
    assert only_run(tmp_path).status == "interrupted"


def test_the_commit_of_a_changed_checkout_is_marked(run_folder, tmp_path):
    experiment = {"mainfile": "recsys/eval.py", "repositories": [{"commit": "98b43ed", "dirty": True}]}
    change(run_folder, experiment=experiment)
    assert only_run(tmp_path).commit == "98b43ed+"


def test_where_nothing_was_recorded_there_is_nothing(tmp_path):
    assert read_runs(tmp_path / "nowhere") == ([], [])
    shutil.rmtree(record(tmp_path))
    assert (tmp_path / "sacred" / "_sources").is_dir()  # the programs' files, no run
    assert read_runs(tmp_path) == ([], [])
