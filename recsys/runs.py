"""Runs of the experiments, read back from the files that sacred wrote of them: see docs/tracking.md.

A run is a folder ``<experiments>/sacred/<number>`` with ``run.json`` and ``config.json`` from its first moment, and
with ``info.json`` and ``metrics.json`` once there is something to say. sacred writes them in place, so a file of a run
that is going on may be found half-written: it is looked at twice before it is called damaged.

What was read of a file is kept for as long as the file stays as it is. Looking again at hundreds of runs costs no more
than looking whether their files have changed.
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
from recsys.course import is_better

FOLDER = "sacred"  # of the records, inside that of all experiments
TRAINING, EVALUATION = "training", "evaluation"
PROGRAMS = {"recsys/experiment.py": TRAINING, "recsys/eval.py": EVALUATION}
RUNNING, DIED = "running", "died"
PATIENCE_S = 60.0  # a run that is alive gives a sign every 10 s
WRITING_S = 0.05  # how long a file may stay half-written
MAX_KEPT = 8192  # files
MAX_STEP = 2**53


@dataclass(frozen=True)
class RecordedRun:
    """A run, as far as its record tells.

    Attributes
    ----------
    folder : Path
        where the record lies; its name is the run's number
    kind : str
        ``"training"``, ``"evaluation"``, or the file of another program
    user : str
        the listener
    status : str
        ``"running"``; ``"died"`` if it never said that it ended, and gave no sign of life for a minute; else how it
        ended: ``"completed"``, ``"failed"``, ``"interrupted"`` ...
    started : datetime.datetime
        when, in UTC
    seconds : float >= 0
        until it ended, or until its last sign of life
    config : dict
        its parameters
    scores : dict
        what it returned: the measures of the best model on the validation tracks (training), those on the test tracks
        (evaluation); of a training that returned nothing, the best validation so far
    epoch : int
        the last epoch that a training without an end has finished; 0 for all others
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
        """What sacred calls it."""
        return self.folder.name

    @property
    def error(self) -> str:
        """The last line of what a failed run was ended by; empty for others."""
        trace = self.record.get("fail_trace")
        return str(trace[-1]).strip() if isinstance(trace, list) and trace else ""

    @property
    def commit(self) -> str:
        """The commit of git that it ran, with ``+`` where files differed from it; empty where there was no git."""
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
        a time with its zone, by which signs of life are judged; this moment by default

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
    """Read the numbers that a run logged on its way.

    Parameters
    ----------
    run : RecordedRun
        one of `read_runs`

    Returns
    -------
    pd.DataFrame [columns=name, step, value]
        ``train.avg_loss``, ``val.loss``, ``val.roc_auc`` ... by epoch, ``train.loss`` by batch. What is infinite or no
        number, of a training that diverged, is left out

    Raises
    ------
    DataError
        if the file is damaged
    """
    curves = _read_curves(run.folder)
    rows = [(name, step, value) for name, points in curves.items() for step, value in points.items()]
    return pd.DataFrame(rows, columns=["name", "step", "value"])


def as_dict(value: Any) -> dict[str, Any]:
    """A dictionary, or an empty one for whatever else a file may hold in its place."""
    return value if isinstance(value, dict) else {}


def _read_curves(folder: Path) -> dict[str, dict[int, float]]:
    """By name and step; of a step that was logged twice the later value."""
    path, curves = folder / "metrics.json", {}
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
    """The last epoch of a training that has returned nothing, and its best validation."""
    try:
        curves = _read_curves(folder)
    except DataError:  # half-written; who asks for the curves is told
        return 0, {}
    best: dict[str, float] = {}
    for epoch in curves.get("val.roc_auc", {}):
        scores = {name: curves.get(f"val.{name}", {}).get(epoch) for name in ("loss", "roc_auc", "average_precision")}
        if None not in scores.values():
            scores |= {"epoch": epoch, "score": (scores["roc_auc"] + scores["average_precision"]) / 2}
            best = scores if is_better(scores, best) else best
    return max(curves.get("train.avg_loss", {}), default=0), best


def _read(path: Path, *, missing: dict[str, Any] | None = None) -> dict[str, Any]:
    """A JSON object, or ``missing`` where there is no such file."""
    try:
        status = path.stat()
        try:
            return _parse(path, status.st_mtime_ns, status.st_size)
        except DamagedError:
            if time.time() - status.st_mtime > 1:  # nobody is writing it
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
    """A file's content; the same for as long as time and size are the same."""
    return read_json(path)


def _time(text: str) -> datetime.datetime:
    """A time of sacred's, which are in UTC and do not say so."""
    found = datetime.datetime.fromisoformat(text)
    if not 2000 <= found.year < 2200:  # pandas' times end in 2262, and a time zone moves what is at an end beyond it
        raise ValueError(f"the time {text} is none of a run")
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
