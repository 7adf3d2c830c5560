"""sacred's observer in front of a database, which may go away: its real code path, on a database in memory."""

import json
import logging

import pytest

from recsys.records import mongodb
from recsys.records.sacred_experiment import make_experiment, make_observers

pymongo = pytest.importorskip("pymongo", reason="pymongo is not installed")
mongomock = pytest.importorskip("mongomock", reason="mongomock is not installed")


class Server:
    """A database server in memory; ``away`` makes every question to it fail as pymongo says it."""

    def __init__(self, monkeypatch):
        import mongomock.gridfs

        mongomock.gridfs.enable_gridfs_integration()
        store = mongomock.store.ServerStore()
        self.away, self.asked = False, 0

        class Client(mongomock.MongoClient):
            def __init__(self, url, **timeouts):
                super().__init__(url, _store=store)

        def unless_away(method):
            def ask(*arguments, **named):
                self.asked += self.away
                if self.away:
                    raise pymongo.errors.ServerSelectionTimeoutError("localhost:27017: connection refused")
                return method(*arguments, **named)

            return ask

        for name in ("insert_one", "insert_many", "update_one", "find", "find_one", "count_documents"):
            method = getattr(mongomock.collection.Collection, name)
            monkeypatch.setattr(mongomock.collection.Collection, name, unless_away(method))
        monkeypatch.setattr(pymongo, "MongoClient", Client)
        self.database = Client("mongodb://localhost")["LEMONS"]


@pytest.fixture
def server(monkeypatch):
    return Server(monkeypatch)


@pytest.fixture
def observers(server, tmp_path):
    return make_observers(tmp_path, mongodb_url="mongodb://localhost:27017")


def experiment(main, observers):
    """An experiment that does ``main`` and beats when it is told to."""
    made = make_experiment("toy", file=mongodb.__file__, doc="A toy.")
    made.add_config({"user_name": "marko", "lr": 0.001})
    made.observers.extend(observers)

    @made.main
    def run(_run):
        return main(_run)

    return made


def test_a_run_is_in_the_database_and_in_files_with_all_that_sacred_records(server, observers, tmp_path):
    model = tmp_path / "best_model.pt"
    model.write_bytes(b"weights" * 100_000)  # more than one chunk of GridFS

    def main(run):
        for step, loss in enumerate((0.5, 0.25)):
            run.log_scalar("train.loss", loss, step)
        run.info["model"] = str(model)
        run.add_resource(model)
        run.add_artifact(model)
        print("la la la")  # noqa: T201
        return {"roc_auc": 0.9, "measures": {"ndcg@5": 0.8}}

    experiment(main, observers).run()
    (record,) = server.database.runs.find()
    assert record["status"] == "COMPLETED"
    assert {"user_name": "marko", "lr": 0.001}.items() <= record["config"].items()
    assert isinstance(record["config"]["seed"], int)
    assert record["result"] == {"roc_auc": 0.9, "measures": {"ndcg@5": 0.8}}
    assert record["info"]["model"] == str(model)
    assert "la la la" in record["captured_out"]
    assert any(line.startswith("torch==") for line in record["experiment"]["dependencies"])
    assert record["resources"][0][0] == str(model)
    (metric,) = server.database.metrics.find()
    assert (metric["run_id"], metric["name"]) == (record["_id"], "train.loss")
    assert (metric["steps"], metric["values"]) == ([0, 1], [0.5, 0.25])
    assert record["info"]["metrics"] == [{"name": "train.loss", "id": str(metric["_id"])}]  # where Omniboard looks

    import gridfs

    stored = gridfs.GridFS(server.database)
    assert stored.get(record["artifacts"][0]["file_id"]).read() == model.read_bytes()
    names = [name for name, _ in record["experiment"]["sources"]]
    assert {"recsys/records/mongodb.py", "recsys/records/sacred_experiment.py", "lemons/errors.py"} <= set(names)

    folder = tmp_path / "sacred" / "1"
    assert json.loads((folder / "config.json").read_text()) == record["config"]
    assert json.loads((folder / "metrics.json").read_text())["train.loss"]["values"] == [0.5, 0.25]


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_database_that_goes_away_holds_up_nothing_and_gets_the_rest_when_it_is_back(
    server, observers, tmp_path, caplog, monkeypatch, comes_back
):
    monkeypatch.setattr(mongodb, "PAUSE_S", 0)
    caplog.set_level(logging.WARNING)

    def main(run):
        run.log_scalar("loss", 0.5, 1)
        run._emit_heartbeat()
        server.away = True
        for step in (2, 3):
            run.log_scalar("loss", 0.1, step)
            run._emit_heartbeat()
        run.add_artifact(__file__)
        server.away = not comes_back
        run.log_scalar("loss", 0.05, 4)
        return "trained"

    run = experiment(main, observers).run()
    assert run.result == "trained"
    files = json.loads((tmp_path / "sacred" / "1" / "metrics.json").read_text())
    assert files["loss"]["steps"] == [1, 2, 3, 4]
    assert json.loads((tmp_path / "sacred" / "1" / "run.json").read_text())["status"] == "COMPLETED"
    server.away = False
    (record,), (metric,) = server.database.runs.find(), server.database.metrics.find()
    assert record["status"] == ("COMPLETED" if comes_back else "RUNNING")
    assert metric["steps"] == ([1, 2, 3, 4] if comes_back else [1])
    assert [one["name"] for one in record["artifacts"]] == (["test_mongodb.py"] if comes_back else [])
    told = [message for message in caplog.messages if "connection refused" in message]
    assert len(told) == 1
    assert "the run continues and is recorded to files" in told[0]
    assert ("the record in files is complete" in caplog.text) is not comes_back
    assert not list(tmp_path.rglob("*.pickle"))


def test_what_was_stored_but_not_answered_is_stored_once(server, observers, monkeypatch):
    monkeypatch.setattr(mongodb, "PAUSE_S", 0)
    store = mongomock.collection.Collection.update_one
    answers = iter([False, True] * 9)  # the first time that anything is sent, its answer gets lost

    def unanswered(collection, query, update, **options):
        stored = store(collection, query, update, **options)
        if "$push" in update and not next(answers):
            raise pymongo.errors.NetworkTimeout("localhost:27017: timed out")
        return stored

    monkeypatch.setattr(mongomock.collection.Collection, "update_one", unanswered)

    def main(run):
        for step in range(4):
            run.log_scalar("loss", 1 / (step + 1), step)
            run._emit_heartbeat()

    experiment(main, observers).run()
    (record,), (metric,) = server.database.runs.find(), server.database.metrics.find()
    assert metric["steps"] == [0, 1, 2, 3]
    assert metric["values"] == [1, 1 / 2, 1 / 3, 1 / 4]
    assert record["info"]["metrics"] == [{"name": "loss", "id": str(metric["_id"])}]


def test_a_database_that_is_away_is_not_asked_at_every_beat(server, observers):
    def main(run):
        server.away = True
        for step in range(20):
            run.log_scalar("loss", 0.1, step)
            run._emit_heartbeat()
        return server.asked

    assert experiment(main, observers).run().result <= 2


def test_a_database_gone_before_the_next_run_leaves_that_run_to_the_files(server, observers, tmp_path):
    toy = experiment(lambda run: run.log_scalar("loss", 0.5, 1), observers)
    for away in (False, True, False):
        server.away = away
        assert toy.run().status == "COMPLETED"
    assert [record["_id"] for record in server.database.runs.find()] == [1, 2]
    assert {folder.name for folder in (tmp_path / "sacred").glob("[0-9]*")} == {"1", "2", "3"}
    assert server.database.metrics.count_documents({}) == 2


def test_numbers_of_runs_are_the_databases_own(server, tmp_path):
    for machine in ("studio", "laptop"):
        url = "mongodb://localhost:27017"
        experiment(lambda run: None, make_observers(tmp_path / machine, mongodb_url=url)).run()
    assert [record["_id"] for record in server.database.runs.find()] == [1, 2]
    assert all((tmp_path / machine / "sacred" / "1").is_dir() for machine in ("studio", "laptop"))


def test_what_a_database_cannot_hold_is_in_the_files(server, observers, tmp_path, caplog):
    assert experiment(lambda run: {"big": 2**70}, observers).run().status == "COMPLETED"  # it holds 64 bits
    assert "MongoDB does not record (OverflowError" in caplog.text
    assert json.loads((tmp_path / "sacred" / "1" / "run.json").read_text())["result"] == {"big": 2**70}


def test_a_failed_run_says_why(server, observers):
    with pytest.raises(ZeroDivisionError):
        experiment(lambda run: 1 / 0, observers).run()
    (record,) = server.database.runs.find()
    assert record["status"] == "FAILED"
    assert "ZeroDivisionError" in record["fail_trace"][-1]
