"""A MongoDB observer whose failures never stop a run.

sacred drops its own observer after the first failure, and writes the end of the record to a pickle. This observer warns
once that the database is unavailable, keeps trying, and sends the unsent data as soon as the database is available
again. Every run is also recorded to files, which are complete (`recsys.records.sacred_experiment.make_observers`).
"""

import datetime
import logging
import mimetypes
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

with warnings.catch_warnings():
    # sacred 0.8.7 imports pkg_resources, which warns at each import that it is deprecated
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    from sacred.observers import MongoObserver

__all__ = ["PatientMongoObserver"]

PATIENCE_MS = 3000  # until a database that does not answer counts as unavailable
SOCKET_PATIENCE_MS = 10_000  # until one that stops in the middle of an answer does
PAUSE_S = 30  # before the next attempt
PRIORITY = 10  # below that of files, so that a slow database does not delay them

logger = logging.getLogger(__name__)


class PatientMongoObserver(MongoObserver):
    """sacred's observer for MongoDB, whose failures stop neither the run nor the recording.

    Parameters
    ----------
    client : pymongo.MongoClient
        with timeouts, so that a database that does not answer cannot delay the end of a run for ever
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
        self._recording, self._has_warned, self._not_before = True, False, 0.0

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime.datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> int | None:
        """Start a record under the database's next number, since other machines may write to the same database."""
        self._begin()
        event = (ex_info, command, host_info, start_time, config, meta_info)
        self._recording = self._attempt(super().started_event, *event, None)
        return self.run_entry.get("_id")

    def log_metrics(self, metrics_by_name: dict[str, dict], info: dict) -> None:
        """Send numbers, or keep them until the database is available."""
        self._unsent += metrics_by_name.items()
        self._attempt(self._send_metrics, info)

    def _send_metrics(self, info: dict) -> None:
        """Send each value to its position, so that values sent again after a lost answer are stored once."""
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
                made = made or self.metrics.find_one(metric)["_id"]  # inserted by an earlier attempt
                info.setdefault("metrics", []).append({"name": name, "id": str(made)})
            self._n_sent[name] = end
            del self._unsent[0]

    def resource_event(self, filename: str) -> None:
        """Record a file that the run reads, by its name and hash."""
        self._attempt(super().resource_event, filename)

    def artifact_event(
        self, name: str, filename: str, metadata: dict[str, Any] | None = None, content_type: str | None = None
    ) -> None:
        """Store a file that the run has written, now or as soon as the database is available."""
        event = {"name": name, "filename": filename, "metadata": metadata, "content_type": content_type}
        self._unsent_files.append(event)
        self._attempt(self._send_files)

    def _send_files(self) -> None:
        while self._unsent_files:
            super().artifact_event(**self._unsent_files[0])
            del self._unsent_files[0]

    @staticmethod
    def _try_to_detect_content_type(filename: str) -> str:
        return mimetypes.guess_type(filename)[0] or "application/octet-stream"  # sacred's method prints what it finds

    def save(self) -> None:
        """Send the current record; the next heartbeat sends it again."""
        self._attempt(self._save)

    def final_save(self, attempts: int) -> None:
        """Send the unsent rest of the record, and warn if that fails."""
        if not self._recording:
            return
        if not (
            self._attempt(self._send_metrics, self.run_entry["info"], always=True)
            and self._attempt(self._save, always=True)
            and self._attempt(self._send_files, always=True)
        ):
            logger.warning(
                "MongoDB lacks the end of its run %s; the record in files is complete", self.run_entry["_id"]
            )

    def _save(self) -> None:
        self.runs.update_one({"_id": self.run_entry["_id"]}, {"$set": self.run_entry}, upsert=True)

    def _attempt(self, call: Callable, *arguments: Any, always: bool = False, **named: Any) -> bool:
        with self._lock:
            if not self._recording or (time.monotonic() < self._not_before and not always):
                return False
            try:
                call(*arguments, **named)
            except Exception as error:  # of any type: a record must not end a long training
                self._not_before = time.monotonic() + PAUSE_S
                if not self._has_warned:
                    reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
                    logger.warning("MongoDB does not record (%s); the run continues and is recorded to files", reason)
                self._has_warned = True
                return False
            self._not_before = 0.0
            return True
