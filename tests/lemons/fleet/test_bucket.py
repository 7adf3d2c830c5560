"""Results in a bucket, on a real S3 server on loopback: moto's, which runs in a process of its own."""

import pytest

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from lemons.errors import DataError
from lemons.fleet import Results, run_here
from tests.lemons.fleet.work import squares


@pytest.fixture
def bucket(s3):
    """URL of a folder in a new bucket."""
    return s3.url("results").replace("s3://", "s3://key:secret@")


def test_results_in_a_bucket_are_those_in_a_folder(bucket, tmp_path):
    folder, remote = Results(tmp_path), Results(bucket)
    assert remote.keys("squares") == set()
    assert run_here(squares(3), folder) == run_here(squares(3), remote) == []
    assert remote.keys("squares") == folder.keys("squares")
    for unit in squares(3):
        assert remote.has(unit.key)
        assert not remote.has(f"{unit.key}0")
        assert remote.read(unit.key).equals(folder.read(unit.key))
    assert run_here(squares(3, at_0={"error": "made twice"}), remote) == []


def test_a_failed_unit_leaves_nothing_in_the_bucket(bucket):
    unit = squares(10)[9]
    assert len(run_here(squares(10, at_9={"error": "damaged"})[9:], Results(bucket))) == 1
    with pytest.raises(DataError, match="no result"):
        Results(bucket).read(unit.key)


def test_a_bucket_that_does_not_exist_is_a_sentence(bucket):
    (failure,) = run_here(squares(1), Results(bucket.replace("@", "@no")))
    assert "cannot write s3://no" in failure.why
    assert "secret" not in failure.why
