"""Resuming interrupted runs.

An unfinished run has two more files in its folder than a finished one (see `recsys.model_runs`)::

    last.pt     the state of the training after its last whole epoch, and a description of the training; replaced after
                every epoch
    lock        held by the process that trains; the system releases it when the process ends in any way

A training of the same listener, on the same library and split and with the same parameters, resumes the newest such run
that no process holds.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import pandas as pd

from lemons.errors import DamagedError, DataError
from lemons.hashing import fingerprint
from lemons.library import Library
from lemons.storage import mirror_path
from recsys.model_runs import DAMAGED_FILE, LOCK_FILE, STATE_FILE, finish_run, new_run
from recsys.tensors import read_tensors, write_tensors
from recsys.training.trainer import Diverged
from recsys.training_record import TRAINING_FILE

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: two equal commands at once are not kept apart
    fcntl = None

__all__ = ["Run", "open_run", "what_matters"]

FORMAT = "LEMONS training 1"
# parameters that do not change the model, or only its place; the fingerprints of library and split identify the data
# better than the paths and the seed do
NO_MATTER = {"seed", "use_tensorboard", "log_step", "num_workers", "device", "experiments_path"}
NO_MATTER |= {"data_path", "meta_path", "data_seed"}

logger = logging.getLogger(__name__)


def what_matters(config: dict[str, Any]) -> dict[str, Any]:
    """The parameters that decide the result of a training.

    Those that are off are left out, so that records older than such a parameter are equal.

    Examples
    --------
    >>> what_matters({"lr": 0.001, "patience": 0, "num_workers": 2, "__doc__": "The demo's schedule."})
    {'lr': 0.001}
    """
    return {name: value for name, value in config.items() if value and name not in NO_MATTER and name[0] != "_"}


class Run:
    """An unfinished run: its folder, and the state to resume from.

    Attributes
    ----------
    folder : Path
        the run's folder
    state : dict or None
        the state that `save` received last before the interruption; None for a new run
    """

    def __init__(self, folder: Path, about: dict[str, Any], state: dict[str, Any] | None = None):
        self.folder = folder
        self.state = state
        self._about = about

    def save(self, state: dict[str, Any]) -> None:
        """Write a state of tensors and plain values in place of the previous one; whole or not at all."""
        write_tensors(self.folder / STATE_FILE, {"format": FORMAT, "about": self._about, "state": state})

    def finish(self, record: dict[str, Any]) -> None:
        """Write the record of the finished run, and delete the saved state."""
        finish_run(self.folder, record)
        self.forget()

    def forget(self) -> None:
        """Delete the saved state."""
        (self.folder / STATE_FILE).unlink(missing_ok=True)


@contextmanager
def open_run(
    experiments_path: str | os.PathLike, user: str, *, library: Library, split: pd.DataFrame, config: dict[str, Any]
) -> Iterator[Run]:
    """The interrupted run to resume, or a new one; locked for this process until the end of the ``with``.

    Parameters
    ----------
    experiments_path : path-like
        the folder of runs
    user : str
        the listener
    library : Library
        only runs on the very same library (by its fingerprint) are resumed
    split : pd.DataFrame
        only runs on the very same split are resumed
    config : dict
        the parameters; see `what_matters`

    Yields
    ------
    Run
        new if no run was interrupted, or if another process has resumed it; its folder exists
    """
    folder = mirror_path(experiments_path)
    described = {"user": user, "library": library.fingerprint, "split": fingerprint(split)}
    about = json.loads(json.dumps(described | {"config": what_matters(config)}))  # plain values, as they are read back
    run, lock = _interrupted_run(folder, about) or _new_run(folder, user, about)
    try:
        yield run
    except Diverged:  # and would again if it were resumed
        run.forget()
        raise
    finally:
        if not (run.folder / STATE_FILE).exists():  # finished, diverged, or failed before the first state
            (run.folder / LOCK_FILE).unlink(missing_ok=True)
            if not any(run.folder.iterdir()):
                run.folder.rmdir()
        lock.close()


def _interrupted_run(experiments_path: Path, about: dict[str, Any]) -> tuple[Run, IO] | None:
    for path in sorted(experiments_path.glob(f"*/{STATE_FILE}"), reverse=True):
        folder = path.parent
        if (folder / TRAINING_FILE).exists() or _read(path).get("about") != about:
            continue
        if (lock := _lock(folder)) is None:
            holder = (folder / LOCK_FILE).read_text()
            logger.info("%s is being trained by process %s: this is a new run", folder, holder)
            continue
        if found := _read(path):  # again: another process may have held and finished it in the meantime
            for half_written in folder.glob(".*.pt"):
                half_written.unlink()
            return Run(folder, about, found["state"]), lock
        (folder / LOCK_FILE).unlink()
        lock.close()
    return None


def _new_run(experiments_path: str | os.PathLike, user: str, about: dict[str, Any]) -> tuple[Run, IO]:
    _remove_empty_runs(Path(experiments_path))
    while True:
        folder = new_run(experiments_path, user)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:  # another process was faster
            continue
        except OSError as error:
            hint = "choose another experiments_path"
            raise DataError(f"cannot make the folder {folder}: {error.strerror}; {hint}") from error
        if (lock := _lock(folder)) is not None:  # else another process removed the empty folder
            return Run(folder, about), lock


def _remove_empty_runs(experiments_path: Path) -> None:
    """Remove the folders of trainings that were killed before their first state: those with nothing but a lock."""
    for path in experiments_path.glob(f"*/{LOCK_FILE}") if fcntl else ():
        with suppress(OSError):  # another process was faster, or the folder is not ours to change
            half_written = list(path.parent.glob(".*.pt"))
            if set(path.parent.iterdir()) != {path, *half_written} or (lock := _lock(path.parent)) is None:
                continue
            with lock:
                for file in (*half_written, path):
                    file.unlink()
                path.parent.rmdir()


def _lock(folder: Path) -> IO | None:
    """Lock a run; None if another process has locked it."""
    try:
        file = (folder / LOCK_FILE).open("a")
    except FileNotFoundError:  # another process has removed the empty folder
        return None
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.stat(folder / LOCK_FILE)  # a lock file that was removed meanwhile can be locked, too
    except (BlockingIOError, FileNotFoundError):
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _read(path: Path) -> dict[str, Any]:
    """A state with its description; empty if the file does not exist or cannot be read."""
    if not path.exists():
        return {}
    try:
        content = read_tensors(path)
    except DamagedError:
        with suppress(OSError):  # rename it, so that later runs do not warn again
            path.replace(path.with_name(DAMAGED_FILE))
        logger.warning("%s is damaged and was renamed to %s: its training starts again", path, DAMAGED_FILE)
        return {}
    except DataError as error:  # may be readable later
        logger.warning("%s: its training starts again", error)
        return {}
    known = isinstance(content, dict) and content.get("format") == FORMAT and {"about", "state"} <= content.keys()
    return content if known else {}
