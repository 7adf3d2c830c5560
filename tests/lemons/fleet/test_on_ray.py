"""Whatever is killed, results are those of an uninterrupted run on one machine, byte for byte."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="results are written by pyarrow")
ray = pytest.importorskip("ray", reason="a cluster needs Ray, which pip install '.[scale]' installs")

from lemons.errors import ParameterError  # noqa: E402
from lemons.fleet import Failure, Results, run_here, run_on_ray  # noqa: E402
from tests.lemons.fleet.work import squares  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cluster():
    """Two nodes on this machine, with a core each by their own account."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    node = {"num_cpus": 1, "object_store_memory": 2**27}
    try:
        cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
        cluster.second = cluster.add_node(**node)
    except Exception as error:
        if "timed out during startup" not in str(error):
            raise
        pytest.skip("this machine is too busy to start Ray's nodes within the 30 s that Ray grants them")
    ray.init(cluster.address, log_to_driver=False, logging_level="WARNING")
    yield cluster
    ray.shutdown()
    cluster.shutdown()


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
    units = squares(at_2={"kill_once": str(tmp_path / "killed")}, at_5={"error": "T5.flac is damaged"})
    seen = []
    assert run_on_ray(units, results, progress=lambda *at: seen.append(at)) == [
        Failure("number 5", "T5.flac is damaged")
    ]
    assert (tmp_path / "killed").exists()
    assert seen == [(i, 8) for i in range(1, 9)]
    assert run_on_ray(squares(), results) == []  # mended
    assert contents(results) == undisturbed


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
