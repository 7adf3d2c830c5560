"""Reading the records of runs from the files that sacred wrote, see docs/tracking.md.

A record is a folder ``<experiments>/sacred/<number>`` with ``run.json`` and ``config.json`` from the start of the run,
and ``info.json`` and ``metrics.json`` later. sacred writes them in place, so a file of an unfinished run may be
half-written: it is read twice before it counts as damaged.

The content of a file is cached until the file changes, so that reading hundreds of runs again takes no longer than
checking times and sizes of their files.
"""

import datetime
import math
import os
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from lemons.checksums import read_json
from lemons.errors import DamagedError, DataError
from recsys.training.trainer import is_better

__all__ = ["EVALUATION", "TRAINING", "RecordedRun", "as_dict", "read_curves", "read_runs"]

FOLDER = "sacred"  # of the records, inside that of all experiments
TRAINING, EVALUATION = "training", "evaluation"
PROGRAMS = {"recsys/experiment.py": TRAINING, "recsys/eval.py": EVALUATION}
RUNNING, DIED = "running", "died"
PATIENCE_S = 60.0  # sacred writes a heartbeat every 10 s
WRITING_S = 0.05  # how long writing a file may take
MAX_KEPT = 8192  # files
MAX_STEP = 2**53


@dataclass(frozen=True)
class RecordedRun:
    """A run, as recorded.

    Attributes
    ----------
    folder : Path
        the folder of the record; its name is the run's number
    kind : str
        ``"training"``, ``"evaluation"``, or the file of another program
    user : str
        the listener
    status : str
        ``"running"``; ``"died"`` if its end is not recorded and its last heartbeat is more than a minute old; else how
        it ended: ``"completed"``, ``"failed"``, ``"interrupted"`` ...
    started : datetime.datetime
        time of the start, in UTC
    seconds : float >= 0
        until its end, or until its last heartbeat
    config : dict
        its parameters
    scores : dict
        what it returned: the measures of the best model on the validation tracks (training), those on the test tracks
        (evaluation); of a training that returned nothing, the best validation so far
    epoch : int
        the last finished epoch of a training whose end is not recorded; 0 for all others
    info : dict
        ``library``, ``split``, ``threads``, ``model``, ``resumed``, as far as they were recorded
    record : dict
        all of ``run.json``
    """

    folder: Path
    kind: str
    user: str
    status: str
    started: datetime.datetime
    seconds: float
    config: dict[str, Any]
    scores: dict[str, Any]
    epoch: int
    info: dict[str, Any]
    record: dict[str, Any]

    @property
    def number(self) -> str:
        """The number that sacred gave the run."""
        return self.folder.name

    @property
    def error(self) -> str:
        """The last line of the traceback of a failed run; empty for others."""
        trace = self.record.get("fail_trace")
        return str(trace[-1]).strip() if isinstance(trace, list) and trace else ""

    @property
    def commit(self) -> str:
        """The git commit of its program, with ``+`` if files differed from it; empty without git."""
        found = self.record["experiment"].get("repositories")
        first = as_dict(found[0]) if isinstance(found, list) and found else {}
        return str(first.get("commit", "")) + "+" * bool(first.get("dirty"))


def read_runs(
    experiments_path: str | os.PathLike, *, now: datetime.datetime | None = None
) -> tuple[list[RecordedRun], list[str]]:
    """Read the records of all runs.

    Parameters
    ----------
    experiments_path : path-like
        the folder of all experiments
    now : datetime.datetime, optional
        time with its zone that heartbeats are compared with; the current time by default

    Returns
    -------
    runs : list of RecordedRun
        the newest first
    skipped : list of str
        one sentence for each record that cannot be read
    """
    now = now or datetime.datetime.now(datetime.UTC)
    runs, skipped = [], []
    for folder in sorted(Path(experiments_path).glob(f"{FOLDER}/[!_.]*/")):  # _sources: the files of the programs
        try:
            runs.append(_read_run(folder, now))
        except DataError as error:
            skipped.append(str(error))
    return sorted(runs, key=lambda run: run.started, reverse=True), skipped


def read_curves(run: RecordedRun) -> pd.DataFrame:
    """Read the numbers that a run logged.

    Parameters
    ----------
    run : RecordedRun
        one of `read_runs`

    Returns
    -------
    pd.DataFrame [columns=name, step, value]
        ``train.avg_loss``, ``val.loss``, ``val.roc_auc`` ... by epoch, ``train.loss`` by batch. Infinite and NaN
        values, of a training that diverged, are left out

    Raises
    ------
    DataError
        if the file is damaged
    """
    curves = _read_curves(run.folder)
    rows = [(name, step, value) for name, points in curves.items() for step, value in points.items()]
    return pd.DataFrame(rows, columns=["name", "step", "value"])


def as_dict(value: Any) -> dict[str, Any]:
    """The value if it is a dictionary, else an empty one."""
    return value if isinstance(value, dict) else {}


def _read_curves(folder: Path) -> dict[str, dict[int, float]]:
    """By name and step; for a step that was logged twice, the later value."""
    path = folder / "metrics.json"
    curves: dict[str, dict[int, float]] = {}
    for name, logged in _read(path, missing={}).items():
        try:
            points = zip(map(int, logged["steps"]), map(float, logged["values"]), strict=True)
            curves[name] = {step: value for step, value in points if math.isfinite(value)}
            if any(abs(step) > MAX_STEP for step in curves[name]):
                raise ValueError("a step is larger than a browser's integers")
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(
                f"{path} holds no steps and values of {name}; delete it: the rest of the record stays"
            ) from error
    return curves


def _read_run(folder: Path, now: datetime.datetime) -> RecordedRun:
    record, config = _read(folder / "run.json"), _read(folder / "config.json")
    try:
        program = str(record["experiment"]["mainfile"])
        status = str(record["status"]).lower()
        started = _time(record["start_time"])
        seen = _time(record.get("stop_time") or record.get("heartbeat") or record["start_time"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder / 'run.json'} is no record of sacred ({error!r}); delete {folder}") from error
    if status == RUNNING and (now - seen).total_seconds() > PATIENCE_S:
        status = DIED
    kind, epoch, scores = PROGRAMS.get(program, program), 0, as_dict(record.get("result"))
    if kind == TRAINING and not scores:
        epoch, scores = _progress(folder)
    return RecordedRun(
        folder=folder,
        kind=kind,
        user=str(config.get("user_name", "")),
        status=status,
        started=started,
        seconds=max((seen - started).total_seconds(), 0.0),
        config=config,
        scores=scores,
        epoch=epoch,
        info=_read(folder / "info.json", missing={}),
        record=record,
    )


def _progress(folder: Path) -> tuple[int, dict[str, float]]:
    """The last epoch of a training without a result, and its best validation."""
    try:
        curves = _read_curves(folder)
    except DataError:  # half-written; `read_curves` reports it
        return 0, {}
    best: dict[str, float] = {}
    measured = {name: curves.get(f"val.{name}", {}) for name in ("loss", "roc_auc", "average_precision")}
    for epoch in measured["roc_auc"]:
        if all(epoch in curve for curve in measured.values()):
            scores = {name: curve[epoch] for name, curve in measured.items()}
            scores |= {"epoch": epoch, "score": (scores["roc_auc"] + scores["average_precision"]) / 2}
            best = scores if is_better(scores, best) else best
    return max(curves.get("train.avg_loss", {}), default=0), best


def _read(path: Path, *, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    """A JSON object, or ``missing`` if the file does not exist."""
    try:
        status = path.stat()
        try:
            return _parse(path, status.st_mtime_ns, status.st_size)
        except DamagedError:
            if time.time() - status.st_mtime > 1:  # no process is writing it
                raise
            time.sleep(WRITING_S)
            status = path.stat()
            return _parse(path, status.st_mtime_ns, status.st_size)
    except (OSError, DataError) as error:
        if isinstance(error, FileNotFoundError) and missing is not None:
            return missing
        reason = error.strerror if isinstance(error, OSError) else str(error).removeprefix(f"{path} ")
        raise DataError(f"{path} cannot be read ({reason}); if nothing is writing it, delete {path.parent}") from error


@lru_cache(MAX_KEPT)
def _parse(path: Path, mtime_ns: int, size: int) -> dict[str, Any]:
    """A file's content, cached until time or size of the file change."""
    return read_json(path)


def _time(text: str) -> datetime.datetime:
    """Parse a time of sacred, which is in UTC and has no zone."""
    found = datetime.datetime.fromisoformat(text)
    if not 2000 <= found.year < 2200:  # pandas' times end in 2262, and a time zone moves what is at an end beyond it
        raise ValueError(f"the time {text} is none of a run")
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
