"""Records in MongoDB that never stand in the way of a training.

sacred gives its own observer up after the first failure, and leaves its last words in a pickle. Ours says once that the
database is away, goes on trying, and sends what it could not send as soon as the database is back. What never arrives
is in the files that every run is recorded to as well (`recsys.records.sacred_experiment.make_observers`).
"""

import logging
import mimetypes
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

with warnings.catch_warnings():
    # sacred 0.8.7 imports pkg_resources, which says at each import that it is deprecated
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    from sacred.observers import MongoObserver

PATIENCE_MS = 3000  # until a database that does not answer counts as away
SOCKET_PATIENCE_MS = 10_000  # until one that hangs in the middle of an answer does
PAUSE_S = 30  # until one that is away is asked again
PRIORITY = 10  # below that of files, so that a slow database keeps nothing from them

logger = logging.getLogger(__name__)


class PatientMongoObserver(MongoObserver):
    """sacred's observer for MongoDB, whose failures end nothing: neither the run nor the recording.

    Parameters
    ----------
    client : pymongo.MongoClient
        with timeouts, or a database that hangs holds up the end of a run
    db_name : str
        the database
    """

    def __init__(self, client: Any, db_name: str):
        super().__init__(client=client, db_name=db_name, priority=PRIORITY)
        self._lock = threading.RLock()  # heartbeats come from a thread of their own
        self._begin()

    def _begin(self) -> None:
        self.run_entry: dict[str, Any] = {}
        self._unsent: list[tuple[str, dict]] = []  # metrics
        self._n_sent: dict[str, int] = {}  # values of each metric
        self._unsent_files: list[dict[str, Any]] = []
        self._recording, self._told, self._not_before = True, False, 0.0

    def started_event(self, **event: Any) -> int | None:
        """Begin a record under a number of the database's own, which other machines may write to."""
        self._begin()
        self._recording = self._attempt(super().started_event, **event | {"_id": None})
        return self.run_entry.get("_id")

    def log_metrics(self, metrics_by_name: dict[str, dict], info: dict) -> None:
        """Send numbers, or keep them until the database is back."""
        self._unsent += metrics_by_name.items()
        self._attempt(self._send_metrics, info)

    def _send_metrics(self, info: dict) -> None:
        """Send each value to its place, so that what is sent anew, for want of an answer, is there once."""
        while self._unsent:
            name, measured = self._unsent[0]
            start = self._n_sent.get(name, 0)
            end = start + len(measured["steps"])
            metric = {"run_id": self.run_entry["_id"], "name": name}
            push = {
                field: {"$each": measured[field], "$position": start, "$slice": end}
                for field in ("steps", "values", "timestamps")
            }
            made = self.metrics.update_one(metric, {"$push": push}, upsert=True).upserted_id
            if not start:
                made = made or self.metrics.find_one(metric)["_id"]  # by an earlier attempt
                info.setdefault("metrics", []).append({"name": name, "id": str(made)})
            self._n_sent[name] = end
            del self._unsent[0]

    def resource_event(self, filename: str) -> None:
        """Record a file that the run reads, by its name and hash."""
        self._attempt(super().resource_event, filename)

    def artifact_event(self, **event: Any) -> None:
        """Store a file that the run has made, or keep it in mind until the database is back."""
        self._unsent_files.append(event)
        self._attempt(self._send_files)

    def _send_files(self) -> None:
        while self._unsent_files:
            super().artifact_event(**self._unsent_files[0])
            del self._unsent_files[0]

    @staticmethod
    def _try_to_detect_content_type(filename: str) -> str:
        return mimetypes.guess_type(filename)[0] or "application/octet-stream"  # sacred's prints what it finds

    def save(self) -> None:
        """Send the record as it is now; the next heartbeat sends it again."""
        self._attempt(self._save)

    def final_save(self, attempts: int) -> None:
        """Send the whole record, once more if it must be, and say so if that fails."""
        if not self._recording:
            return
        if not (
            self._attempt(self._send_metrics, self.run_entry["info"], always=True)
            and self._attempt(self._save, always=True)
            and self._attempt(self._send_files, always=True)
        ):
            logger.warning("MongoDB lacks the end of its run %s; the record in files is whole", self.run_entry["_id"])

    def _save(self) -> None:
        self.runs.update_one({"_id": self.run_entry["_id"]}, {"$set": self.run_entry}, upsert=True)

    def _attempt(self, call: Callable, *arguments: Any, always: bool = False, **named: Any) -> bool:
        with self._lock:
            if not self._recording or (time.monotonic() < self._not_before and not always):
                return False
            try:
                call(*arguments, **named)
            except Exception as error:  # whatever it is, a long training must not die of its record
                self._not_before = time.monotonic() + PAUSE_S
                if not self._told:
                    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
                    logger.warning("MongoDB does not record (%s); the run goes on and is recorded to files", reason)
                self._told = True
                return False
            self._not_before = 0.0
            return True
