"""The observer and pymongo's own network code, against a server that dies or hangs in the middle of a run."""

import json
import socket
import struct
import threading
import time
from contextlib import suppress

import pytest

from recsys.records import mongodb
from recsys.records import sacred_experiment as tracking
from recsys.records.sacred_experiment import make_experiment, make_observers

bson = pytest.importorskip("bson", reason="pymongo is not installed")

HELLO = {"isWritablePrimary": True, "ismaster": True, "maxBsonObjectSize": 2**24, "maxWireVersion": 13}
OP_QUERY, OP_MSG = 2004, 2013  # the first greeting is still a query


class Server:
    """As much of MongoDB's wire protocol as sacred's observer makes use of."""

    def __init__(self):
        self.collections, self.hangs, self._connections = {}, False, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"mongodb://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def die(self):
        for connection in (self._listener, *self._connections):
            with suppress(OSError):  # closed by the other side
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while len(head := stream.read(16)) == 16:
                length, request, _, code = struct.unpack("<iiii", head)
                body = stream.read(length - 16)
                while self.hangs:
                    time.sleep(0.05)
                answer = bson.encode({"ok": 1.0} | self._answer(_command(body, code)))
                if code == OP_QUERY:
                    head = struct.pack("<iiiiiqii", 36 + len(answer), 0, request, 1, 8, 0, 0, 1)
                else:
                    head = struct.pack("<iiiiIB", 21 + len(answer), 0, request, OP_MSG, 0, 0)
                connection.sendall(head + answer)
        except (OSError, ValueError):
            pass  # it was closed

    def _answer(self, command):
        name, where = next(iter(command.items()))
        if name in ("hello", "ismaster", "isMaster"):
            return HELLO
        documents = self.collections.setdefault(where, {}) if isinstance(where, str) else {}
        if name == "insert":
            documents.update((str(document["_id"]), document) for document in command["documents"])
            return {"n": len(command["documents"])}
        if name == "update":
            (update,) = command["updates"]
            key = str(update["q"].get("_id", update["q"]))
            new = key not in documents
            document = documents.setdefault(key, {"_id": bson.ObjectId()} | update["q"])
            document.update(update["u"].get("$set", {}))
            for field, values in update["u"].get("$push", {}).items():
                document[field] = document.get(field, [])[: values["$position"]] + values["$each"]
            return {"n": 1, "nModified": 1} | ({"upserted": [{"index": 0, "_id": document["_id"]}]} if new else {})
        found = {"find": list(documents.values()) if not command.get("filter") else [], "aggregate": [{"n": 1}]}
        batch = found.get(name, []) if documents else []
        return {"cursor": {"id": 0, "ns": f"LEMONS.{where}", "firstBatch": batch}}


def _command(body, code):
    """The command in a message; a section of kind 1 is a list of documents with a name."""
    if code == OP_QUERY:
        return bson.decode(body[body.index(b"\0", 4) + 9 :])
    command, rest = {}, body[4:]
    while rest:
        (size,) = struct.unpack_from("<i", rest, 1)
        section, rest, kind = rest[1 : 1 + size], rest[1 + size :], rest[0]
        if kind == 0:
            command |= bson.decode(section)
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = bson.decode_all(documents)
    return command


@pytest.mark.parametrize("fate", ["lives", "dies", "hangs"])
def test_a_run_outlives_the_server(tmp_path, monkeypatch, caplog, fate):
    monkeypatch.setattr(tracking, "PATIENCE_MS", 300)
    monkeypatch.setattr(tracking, "SOCKET_PATIENCE_MS", 300)
    server = Server()
    toy = make_experiment("toy", file=mongodb.__file__, doc="A toy.")
    toy.observers.extend(make_observers(tmp_path, mongodb_url=server.url))

    @toy.main
    def train(_run):
        for step in range(6):
            _run.log_scalar("loss", 1 / (step + 1), step)
            _run._emit_heartbeat()
            if step == 2 and fate == "dies":
                server.die()
            server.hangs = step >= 2 and fate == "hangs"
        return "trained"

    run = toy.run()
    server.hangs = False
    assert (run.status, run.result) == ("COMPLETED", "trained")
    folder = tmp_path / "sacred" / "1"
    assert json.loads((folder / "run.json").read_text())["status"] == "COMPLETED"
    assert json.loads((folder / "metrics.json").read_text())["loss"]["steps"] == [0, 1, 2, 3, 4, 5]
    (record,), (metric,) = server.collections["runs"].values(), server.collections["metrics"].values()
    assert record["status"] == ("COMPLETED" if fate == "lives" else "RUNNING")
    assert metric["steps"][:3] == [0, 1, 2]
    assert len([message for message in caplog.messages if "MongoDB does not record" in message]) == (fate != "lives")
    server.die()
