"""Runs that were interrupted, and are gone on with.

While a run lasts, its folder holds two files more than a finished one's (see `recsys.model_runs`)::

    last.pt     the state of the training after its last whole epoch, and what it is a training of; replaced after each
    lock        held by the process that trains; the system lets go of it when the process ends, however it ends

Whoever asks for a training that such a run is about, on the same library and split and with the same parameters, goes
on with the newest of them that nobody holds.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pandas as pd

from lemons.errors import DamagedError, DataError
from lemons.hashing import fingerprint
from lemons.library import Library
from recsys.model_runs import finish_run, new_run
from recsys.tensors import read_tensors, write_tensors
from recsys.training.trainer import Diverged
from recsys.training_record import TRAINING_FILE

try:
    import fcntl
except ImportError:  # Windows: two equal commands at once are not kept apart
    fcntl = None

FORMAT = "LEMONS training 1"
STATE_FILE = "last.pt"
DAMAGED_FILE = "last.damaged"  # what became of a state that cannot be read
LOCK_FILE = "lock"
# a run with other values of these parameters has the same model, or another place for it; what they say of the data,
# the fingerprints of library and split say better
NO_MATTER = {"seed", "use_tensorboard", "log_step", "num_workers", "device", "experiments_path"}
NO_MATTER |= {"data_path", "meta_path", "data_seed"}

logger = logging.getLogger(__name__)


def what_matters(config: dict[str, Any]) -> dict[str, Any]:
    """The parameters that decide what a training comes to.

    What is off is left out: a record from before there was such a parameter says the same.

    Examples
    --------
    >>> what_matters({"lr": 0.001, "patience": 0, "num_workers": 2, "__doc__": "The demo's schedule."})
    {'lr': 0.001}
    """
    return {name: value for name, value in config.items() if value and name not in NO_MATTER and name[0] != "_"}


class Run:
    """A run that is being made: its folder, and the state to go on from.

    Attributes
    ----------
    folder : Path
        where the run keeps its things
    state : dict or None
        what `save` was given last, before an interruption; None for a new run
    """

    def __init__(self, folder: Path, about: dict[str, Any], state: dict[str, Any] | None = None):
        self.folder = folder
        self.state = state
        self._about = about

    def save(self, state: dict[str, Any]) -> None:
        """Keep a state, made of tensors and plain values, in place of the one before; whole or not at all."""
        write_tensors(self.folder / STATE_FILE, {"format": FORMAT, "about": self._about, "state": state})

    def finish(self, record: dict[str, Any]) -> None:
        """Write the record of the finished run; there is nothing to go on with any more."""
        finish_run(self.folder, record)
        self.forget()

    def forget(self) -> None:
        """Let there be nothing to go on with."""
        (self.folder / STATE_FILE).unlink(missing_ok=True)


@contextmanager
def open_run(
    experiments_path: str | os.PathLike, user: str, *, library: Library, split: pd.DataFrame, config: dict[str, Any]
) -> Iterator[Run]:
    """The interrupted run to go on with, or a new one; until the end of the ``with``, it is this process's alone.

    Parameters
    ----------
    experiments_path : path-like
        the folder of runs
    user : str
        the listener
    library : Library
        only runs on the very same library (by its fingerprint) are gone on with
    split : pd.DataFrame
        only runs on the very same split, likewise
    config : dict
        the parameters; see `what_matters`

    Yields
    ------
    Run
        new if nobody was interrupted, or others are at it already; its folder exists
    """
    about = {"user": user, "library": library.fingerprint, "split": fingerprint(split)}
    about |= {"config": what_matters(config)}
    about = json.loads(json.dumps(about))  # plain values, as they are read back
    run, lock = _interrupted_run(Path(experiments_path), about) or _new_run(experiments_path, user, about)
    try:
        yield run
    except Diverged:  # and would again, whenever it were taken up
        run.forget()
        raise
    finally:
        if not (run.folder / STATE_FILE).exists():  # finished, came to nothing, or failed before it began
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
            logger.info("%s is being trained by process %s: this is another run", folder, holder)
            continue
        if found := _read(path):  # again: it may have been another's in the meantime, who may have finished it
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
        if (lock := _lock(folder)) is not None:  # else one who tidied up was faster
            return Run(folder, about), lock


def _remove_empty_runs(experiments_path: Path) -> None:
    """Remove what is left of trainings that were killed before their first state: folders with nothing but a lock."""
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
    """Hold a run; None if another process does."""
    try:
        file = (folder / LOCK_FILE).open("a")
    except FileNotFoundError:  # one who tidied up has removed the folder
        return None
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.stat(folder / LOCK_FILE)  # what was removed meanwhile is held by no one else, and still no run's lock
    except (BlockingIOError, FileNotFoundError):
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _read(path: Path) -> dict[str, Any]:
    """A state with what it is about; empty if there is none that can be read."""
    if not path.exists():
        return {}
    try:
        content = read_tensors(path)
    except DamagedError:
        with suppress(OSError):  # out of the way, or every later training would say it again
            path.replace(path.with_name(DAMAGED_FILE))
        logger.warning("%s is damaged and put aside as %s: its training begins again", path, DAMAGED_FILE)
        return {}
    except DataError as error:  # may be read another time
        logger.warning("%s: its training begins again", error)
        return {}
    known = isinstance(content, dict) and content.get("format") == FORMAT and {"about", "state"} <= content.keys()
    return content if known else {}
