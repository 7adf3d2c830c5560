import pickle
import resource
import signal

import pytest

pa = pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from lemons.errors import DamagedError, DataError  # noqa: E402
from lemons.fleet import Failure, Results, Unit, run_here  # noqa: E402
from tests.lemons.fleet.work import square, squares  # noqa: E402


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


def test_a_second_start_makes_what_is_missing_and_nothing_else(results, tmp_path):
    diary = {"diary": str(tmp_path / "diary")}
    units = squares(4, **{f"at_{i}": diary for i in range(4)})
    seen = []
    assert run_here(units[:2], results) == []
    assert run_here(units, results, progress=lambda *at: seen.append(at)) == []
    assert (tmp_path / "diary").read_text().split() == ["0", "1", "2", "3"]
    assert seen == [(3, 4), (4, 4)]
    assert [results.read(unit.key).to_pylist() for unit in units] == [[{"number": i, "square": i**2}] for i in range(4)]


def test_a_key_is_of_what_a_result_depends_on_and_not_of_how_it_is_made():
    here, there = (Unit("squares", "three", {"number": 3}, square, {"number": 3, "seconds": s}) for s in (0.0, 1.0))
    assert here.key == there.key != Unit("squares", "three", {"number": 4}, square, {"number": 3}).key


def test_a_poisoned_unit_is_listed_and_the_others_are_done(results):
    units = squares(4, at_1={"error": "T1.flac is damaged; get another copy"}, at_2={"crash": "a bug"})
    assert run_here(units, results) == [
        Failure("number 1", "T1.flac is damaged; get another copy"),
        Failure("number 2", "ZeroDivisionError: a bug"),
    ]
    assert results.keys("squares") == {units[0].key, units[3].key}
    assert run_here(squares(4), results) == []  # what ailed them is mended


def test_on_a_full_disk_nothing_is_left_half_written(results, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    heeded = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))  # bytes; the system refuses more, as on a full disk
    try:
        failures = run_here(squares(2), results)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, heeded)
    assert [one.name for one in failures] == ["number 0", "number 1"]
    assert all("cannot write" in one.why for one in failures)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert run_here(squares(2), results) == []


def test_a_damaged_result_is_noticed_and_a_missing_one_named(results, tmp_path):
    (unit,) = squares(1)
    with pytest.raises(DataError, match=f"no result {unit.key}"):
        results.read(unit.key)
    run_here([unit], results)
    (file,) = (tmp_path / "results").rglob("*.parquet")
    content = file.read_bytes()
    for damaged in (content[:-1], content[:40] + b"?" + content[41:], b""):
        file.write_bytes(damaged)
        with pytest.raises(DamagedError, match="delete it"):
            results.read(unit.key)


def test_a_place_of_an_unknown_kind_is_a_sentence():
    with pytest.raises(DataError, match="ftp://here cannot be opened"):
        Results("ftp://here")


def test_a_worker_in_another_folder_writes_to_the_same_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps(Results("results"))  # as Ray sends it
    monkeypatch.chdir("/")
    assert run_here(squares(1), pickle.loads(sent)) == []
    assert list((tmp_path / "results").rglob("*.parquet"))
