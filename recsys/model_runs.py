"""The folders of training runs, and the choice among the models in them.

A run has a folder of its own::

    <experiments>/<date>_<user>/
      best_model.pt      weights and their description (`recsys.checkpoints.save_checkpoint`); replaced by every better
                         one
      training.json      written at the end of the training: its presence marks a finished run; before that the folder
                         has the files that resuming needs, see `recsys.training.resume`
      ...                what the evaluation adds
"""

import datetime
import math
import os
import re
import shlex
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from lemons.errors import DamagedError, DataError
from lemons.files import safe_name
from lemons.hashing import fingerprint
from lemons.library import Library
from lemons.storage import open_folder
from recsys.checkpoints import MODEL_FILE, load_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.training_record import TRAINING_FILE, read_record, record_from_model, record_text, warn_once, write_record

STATE_FILE = "last.pt"
DAMAGED_FILE = "last.damaged"  # a state that cannot be read, renamed
LOCK_FILE = "lock"
UNFINISHED = {STATE_FILE, DAMAGED_FILE, LOCK_FILE}  # files of a run, see `recsys.training.resume`
OTHERS = {"sacred", "tensorboard", "results", "fleet", "explanations", "truth"}  # folders among the runs

__all__ = ["best_checkpoint", "check_split", "finish_run", "finished_runs", "is_of_split", "new_run", "runs_of"]


def new_run(experiments_path: str | os.PathLike, user: str) -> Path:
    """Name the folder of a new run, such as ``2026-11-22_18-45-08_marko``; the folder itself is not made."""
    name = f"{datetime.datetime.now():%Y-%m-%d_%H-%M-%S}_{safe_name(user)}"
    folder = Path(experiments_path) / name
    numbers = count(2)
    while folder.exists():  # two runs within a second
        folder = folder.with_name(f"{name}-{next(numbers)}")
    return folder


def finish_run(run: Path, record: dict[str, Any]) -> None:
    """Write ``training.json``, which marks a run as finished: ``user``, ``library``, ``split``, ``config``, ...

    A run of experiments in a bucket is put there first, so that the same command does it again where that fails.

    Raises
    ------
    DataError
        if it cannot be written
    """
    files = (file.name for file in run.iterdir() if file.is_file() and file.name not in UNFINISHED)
    finished = sorted(name for name in files if not name.startswith("."))
    open_folder(run.parent).put(run.name, finished, last=(TRAINING_FILE, record_text(record)))
    write_record(run, record)


def finished_runs(
    experiments_path: str | os.PathLike, user: str, *, library: Library | None = None, split: pd.DataFrame | None = None
) -> list[tuple[Path, dict[str, Any]]]:
    """Folder and record of every finished run of a listener, the oldest first.

    Damaged files are skipped, with one warning each in the log. A damaged record is replaced by the description in the
    run's model, if that is complete.

    Parameters
    ----------
    experiments_path : path-like
        the folder of runs
    user : str
        the listener
    library : Library, optional
        only runs on the very same library (by its fingerprint)
    split : pd.DataFrame, optional
        only runs on this split, see `is_of_split`
    """
    return _find_runs(experiments_path, user, library=library, split=split)[0]


def runs_of(experiments_path: str | os.PathLike, user: str) -> list[Path]:
    """The folders that may be runs of a listener, finished or not: all but those that another's name is on.

    Those in a bucket are finished, and fetched where they are not here.
    """
    own, folder = safe_name(user), open_folder(experiments_path)
    names = [name for name in sorted(folder.folders()) if name not in OTHERS and not _has_name_of_another(name, own)]
    for name in names:
        folder.bring(name, last=TRAINING_FILE)
    return [folder.path / name for name in names]


def best_checkpoint(
    experiments_path: str | os.PathLike,
    user: str,
    *,
    library: Library | None = None,
    splits_path: str | os.PathLike | None = None,
) -> Path:
    """The model of a listener's finished run with the highest validation score.

    On ties it is the one with the lower loss, then the newest.

    Parameters
    ----------
    experiments_path : path-like
        the folder of runs
    user : str
        the listener
    library : Library, optional
        only models that were trained on the very same library (by its fingerprint) and the listener's split in it
    splits_path : path-like, optional
        where that split is, ``<library>/splits`` by default

    Returns
    -------
    Path
        a file that `recsys.checkpoints.load_checkpoint` reads

    Raises
    ------
    DataError
        if there is none, with the command that trains one; or if the split cannot be read
    """
    runs, damaged = _find_runs(experiments_path, user, library=library)
    on = f" trained on {library.files.shown}" if library else ""
    if runs and library:
        # without a recorded split the library's own is meant, which need not exist
        named = any("split" in record for _, record in runs)
        split = load_or_draw_split(library, user, folder=splits_path) if named else None
        runs = [(run, record) for run, record in runs if is_of_split(record, split)]
        on += "" if runs else f" and the split in {splits_path or library.path / 'splits'}"
    if not runs:
        found = "".join(f", but a run that is damaged ({sentence})" for sentence in damaged)
        raise DataError(
            f"no model of {user}{on} in {open_folder(experiments_path).shown}{found}; train one with `{_command(user)}`"
        )
    best = max(reversed(runs), key=lambda run: (run[1]["best"]["score"], -run[1]["best"].get("loss", math.inf)))
    return best[0] / MODEL_FILE


def is_of_split(about: dict[str, Any], split: pd.DataFrame | None) -> bool:
    """Whether a model was trained on a split, according to a run's record or a checkpoint's description.

    Without a recorded split the description is older than the recording of splits. It then means the library's own
    split, which is written once, unless the split came from elsewhere (``meta_path``).
    """
    if "split" not in about:
        return not about.get("config", {}).get("meta_path")
    return about["split"] == fingerprint(split)


def check_split(checkpoint_path: str | os.PathLike, user: str, split: pd.DataFrame) -> None:
    """Refuse to evaluate a listener's model on tracks that it may have been trained on.

    A model of another listener, or of an unknown one, such as the original's, is not refused.

    Raises
    ------
    DataError
        if the model is the listener's and of another split, or cannot be read
    """
    _, about = load_checkpoint(checkpoint_path)
    if about.get("user") == user and not is_of_split(about, split):
        hint = f"train it again, or name its folder of splits by meta_path; the command is `{_command(user)}`"
        raise DataError(f"{checkpoint_path} was trained on another split, which may hold test tracks of this; {hint}")


def _find_runs(
    experiments_path: str | os.PathLike, user: str, *, library: Library | None, split: pd.DataFrame | None = None
) -> tuple[list[tuple[Path, dict[str, Any]]], list[str]]:
    """What `finished_runs` returns, and one sentence for each damaged run that may have been among them."""
    runs, damaged = [], []
    for run in runs_of(experiments_path, user):
        if not os.path.exists(run / TRAINING_FILE) or not (run / MODEL_FILE).is_file():
            continue
        try:
            record = _read_or_recover(run)
            if record is None or record["user"] != user or (library and record.get("library") != library.fingerprint):
                continue
            if fault := _fault(run / MODEL_FILE):
                raise DamagedError(fault)
        except DataError as error:
            damaged.append(str(error))
            warn_once(damaged[-1])
            continue
        runs.append((run, record))
    return [(run, record) for run, record in runs if split is None or is_of_split(record, split)], damaged


def _has_name_of_another(folder: str, own: str) -> bool:
    """Whether the name of a run's folder is that of another listener than the one with this `safe_name`."""
    named = re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_(.*?)(-\d+)?", folder)
    return named is not None and not f"{named[1]}{named[2] or ''}".startswith(own)


def _read_or_recover(run: Path) -> dict[str, Any] | None:
    """A run's record; a damaged one is rebuilt from the model's description, which was written with the same values."""
    try:
        return read_record(run)
    except DataError as error:
        record = {} if _fault(run / MODEL_FILE) else record_from_model(load_checkpoint(run / MODEL_FILE)[1])
        if not record:
            raise
        warn_once(f"{error}; the description in {MODEL_FILE} beside it is used in its place")
        return record


def _fault(checkpoint: Path) -> str:
    """Why a model cannot be read; empty if it can."""
    status = checkpoint.stat()
    return _fault_of_version(checkpoint, status.st_mtime_ns, status.st_size)


@lru_cache(1024)
def _fault_of_version(checkpoint: Path, mtime_ns: int, size: int) -> str:
    """The same, cached until time or size of the file change."""
    try:
        load_checkpoint(checkpoint)
    except DataError as error:
        return str(error)
    return ""


def _command(user: str) -> str:
    return f"python recsys/experiment.py with user_name={shlex.quote(user)}"
