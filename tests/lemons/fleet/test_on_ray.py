"""Whatever is killed, results are those of an uninterrupted run on one machine, byte for byte."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="results are written by pyarrow")
ray = pytest.importorskip("ray", reason="a cluster needs Ray, which pip install '.[scale]' installs")

from bench.faults import contents as hashes  # noqa: E402
from bench.faults import disturb, drive, finish, fresh_trunk, two_nodes  # noqa: E402
from lemons.errors import ParameterError  # noqa: E402
from lemons.fleet import Failure, Results, run_here, run_on_ray  # noqa: E402
from lemons.library import open_library  # noqa: E402
from tests.lemons.fleet.work import heard, squares  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes on this machine, with a core each by their own account, a cache of their own and keys of buckets."""
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("LEMONS_CACHE", str(tmp_path_factory.mktemp("cache of the nodes")))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "key")
        try:
            cluster = stack.enter_context(two_nodes())
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
            pytest.skip("this machine is too busy to start Ray's nodes within the 30 s that Ray grants them")
        ray.init(cluster.address, log_to_driver=False, logging_level="WARNING")
        stack.callback(ray.shutdown)
        yield cluster


def contents(results):
    """Names and bytes of all results; who is killed while writing leaves a hidden file, which nobody reads."""
    return {file.name: file.read_bytes() for file in Path(results.place).glob("squares/[!.]*")}


@pytest.fixture
def undisturbed(tmp_path):
    """What one machine makes of the units, without interruption."""
    results = Results(tmp_path / "undisturbed")
    run_here(squares(), results)
    return contents(results)


def test_a_killed_worker_costs_nothing_and_a_poisoned_unit_itself(cluster, tmp_path, undisturbed):
    results = Results(tmp_path / "results")
    troubles = {"at_2": {"kill_once": str(tmp_path / "killed")}, "at_5": {"error": "T5.flac is damaged"}}
    seen = []
    failures = run_on_ray(squares(**troubles, at_6={"kill": True}), results, progress=lambda *at: seen.append(at))
    damaged, lost = sorted(failures, key=lambda failure: failure.name)
    assert damaged == Failure("number 5", "T5.flac is damaged")
    assert (lost.name, lost.lost) == ("number 6", True)
    assert "its worker was lost 4 times" in lost.why
    assert (tmp_path / "killed").exists()
    assert seen == [(i, 8) for i in range(1, 9)]
    assert run_on_ray(squares(), results) == []  # mended
    assert contents(results) == undisturbed


def test_each_call_lists_the_results_once(cluster, tmp_path, monkeypatch):
    listed, whole = [], Results.keys
    monkeypatch.setattr(Results, "keys", lambda self, kind: listed.append(kind) or whole(self, kind))
    with ExitStack() as hold:
        for n in (2, 3, 3):
            assert run_on_ray(squares(n), Results(tmp_path), hold=hold) == []
    assert listed == 3 * ["squares"]


def test_a_killed_driver_is_taken_up_where_it_was(cluster, tmp_path, undisturbed):
    results, diary = Results(tmp_path / "results"), tmp_path / "diary"
    program = (
        "import sys; from lemons.fleet import Results, run_on_ray; from tests.lemons.fleet.work import squares\n"
        f"slow = {{f'at_{{i}}': {{'seconds': 0.4, 'diary': {str(diary)!r}}} for i in range(8)}}\n"
        f"run_on_ray(squares(**slow), Results({results.place!r}), address={cluster.address!r})\n"
    )
    driver = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while len(results.keys("squares")) < 2:
        assert driver.poll() is None
        time.sleep(0.05)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    found = results.keys("squares")
    assert 2 <= len(found) < 8
    before = len(diary.read_text().split())
    assert run_on_ray(squares(**{f"at_{i}": {"diary": str(diary)} for i in range(8)}), results) == []
    assert contents(results) == undisturbed
    assert len(diary.read_text().split()) - before <= 8 - len(found)  # what was finished is not made again


def test_explanations_are_the_same_whatever_was_killed(cluster, tmp_path, short_library):
    """A small version of bench/faults.py, with a track that is damaged and a listener of too few tracks."""
    (short_library.path / "audio" / "T7.flac").write_bytes(b"fLaC, they say")
    with (short_library.path / "listens.csv").open("a") as file:
        file.write("paige,T1,1\n")
    how = {"library": short_library.path, "trunk": fresh_trunk(tmp_path / "trunk.pt")}
    alone = drive(tmp_path / "alone", **how)
    kills, named, _ = disturb(cluster, tmp_path / "results", ["worker", "driver"], seed=0, pause_s=(0.2, 1.0), **how)
    assert [what for _, what, _ in kills] == ["worker", "driver"]
    assert finish(alone) == named == "T7, paige"
    expected = hashes(tmp_path / "alone")
    made = {Path(name).parent.name for name in expected}
    assert made == {"embeddings", "heads", "tops", "explanations", "trunks"}
    assert hashes(tmp_path / "results") == expected


def test_workers_open_a_library_in_a_bucket_by_its_url(cluster, tmp_path, short_library, s3):
    units, results = heard(open_library(s3.upload(short_library.path, "short")), ["T0", "T1"]), Results(tmp_path)
    assert run_on_ray(units, results) == []
    for unit in units:
        found = results.read(unit.key)["sample"].to_numpy()
        assert np.array_equal(found, short_library.load_audio(unit.arguments["track_id"]))


def test_no_node_has_the_cores_that_are_asked_for(cluster, tmp_path):
    with pytest.raises(ParameterError, match="no machine of the cluster has 2 cores"):
        run_on_ray(squares(2), Results(tmp_path), threads=2)
    with pytest.raises(ParameterError, match=r"1 cores and 0\.5 GPUs"):
        run_on_ray(squares(2), Results(tmp_path), gpus=0.5)


def test_a_lost_node_costs_the_units_that_were_on_it(cluster, tmp_path, undisturbed):
    results = Results(tmp_path / "results")

    def lose_a_node(done, total):
        if done == 1:
            cluster.remove_node(cluster.second, allow_graceful=False)

    units = squares(**{f"at_{i}": {"seconds": 0.2} for i in range(8)})
    assert run_on_ray(units, results, progress=lose_a_node) == []
    assert contents(results) == undisturbed
