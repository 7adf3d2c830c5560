"""Results in a bucket, on a real S3 server on loopback: moto's, which runs in a process of its own."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from lemons.errors import DataError
from lemons.fleet import Results, run_here
from tests.lemons.fleet.work import squares

# moto's boto3 does not allow the newer dateutil of constraints.txt: it is installed beside LEMONS, not with it
SERVER = os.environ.get("MOTO_SERVER") or shutil.which("moto_server")


@pytest.fixture(scope="module")
def bucket():
    """URL of a bucket."""
    if not SERVER:
        pytest.skip(
            "an S3 server needs moto: install 'moto[server]' elsewhere, and name its moto_server in $MOTO_SERVER"
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [SERVER, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            assert server.poll() is None, "moto_server ended"
            try:
                request = urllib.request.Request(f"http://127.0.0.1:{port}/fleet", method="PUT")
                urllib.request.urlopen(request).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"s3://key:secret@fleet/results?scheme=http&endpoint_override=127.0.0.1:{port}&region=us-east-1"
    finally:
        server.terminate()
        server.wait()


def test_results_in_a_bucket_are_those_in_a_folder(bucket, tmp_path):
    folder, remote = Results(tmp_path), Results(bucket)
    assert remote.keys("squares") == set()
    assert run_here(squares(3), folder) == run_here(squares(3), remote) == []
    assert remote.keys("squares") == folder.keys("squares")
    for unit in squares(3):
        assert remote.read(unit.key).equals(folder.read(unit.key))
    assert run_here(squares(3, at_0={"error": "made twice"}), remote) == []


def test_a_failed_unit_leaves_nothing_in_the_bucket(bucket):
    unit = squares(10)[9]
    assert len(run_here(squares(10, at_9={"error": "damaged"})[9:], Results(bucket))) == 1
    with pytest.raises(DataError, match="no result"):
        Results(bucket).read(unit.key)


def test_a_bucket_that_does_not_exist_is_a_sentence(bucket):
    (failure,) = run_here(squares(1), Results(bucket.replace("@fleet/", "@nowhere/")))
    assert "cannot write s3://nowhere/" in failure.why
    assert "secret" not in failure.why
