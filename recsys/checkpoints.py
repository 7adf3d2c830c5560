"""Trained models on disk, and the folders of the runs that trained them.

A run keeps its things together::

    <experiments>/<date>_<user>/
      best_model.pt      weights and where they come from (`save_checkpoint`); replaced when a better one is found
      training.json      written when the training is over: its presence marks a finished run; until then there is
                         what is needed to go on after an interruption, see `recsys.training.resume`
      ...                what the evaluation adds

A checkpoint is a dictionary of tensors and plain Python values; it is read without unpickling any other object.
"""

import hashlib
import json
import math
import os
import platform
import shlex
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import torch

import lemons
from lemons.errors import DamagedError, DataError
from lemons.hashing import fingerprint
from lemons.library import Library
from recsys.data.splits import load_or_draw_split
from recsys.model import FCN
from recsys.tensors import find_state_dict, is_state_dict, read_tensors, write_tensors
from recsys.training_record import TRAINING_FILE, is_anothers, read_record, record_of, say_once
from recsys.training_record import finish_run as finish_run
from recsys.training_record import new_run as new_run

FORMAT = "LEMONS FCN 1"
MODEL_FILE = "best_model.pt"


def save_checkpoint(path: str | os.PathLike, model: FCN, meta: dict[str, Any]) -> None:
    """Write a model with its description, whole or not at all.

    Parameters
    ----------
    path : path-like
        the file to write
    model : FCN
        the model; on whatever device
    meta : dict
        texts, numbers, lists and dictionaries of them: ``user``, ``epoch``, ``scores``, ``config``, ``library`` and
        ``split`` (their fingerprints) ... The versions of LEMONS, Python and PyTorch are added.

    Raises
    ------
    DataError
        if the file cannot be written
    """
    versions = {"lemons": lemons.__version__, "python": platform.python_version(), "torch": str(torch.__version__)}
    meta = json.loads(json.dumps(meta)) | {"versions": versions}  # plain values only, or fail here and not when loading
    # contiguous, so that a file's bytes do not depend on the layout in memory
    state = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    write_tensors(path, {"format": FORMAT, "state_dict": state, "meta": meta})


def load_checkpoint(path: str | os.PathLike, *, device: str = "cpu") -> tuple[FCN, dict[str, Any]]:
    """Read a model.

    Parameters
    ----------
    path : path-like
        what `save_checkpoint` wrote, a bare state dict as the original LEMONS saves it, or what `find_state_dict` finds
    device : str
        where the model is put: ``"cpu"``, ``"cuda:0"`` ...

    Returns
    -------
    model : FCN
        in evaluation mode
    meta : dict
        what is known about it; empty for a bare state dict

    Raises
    ------
    DataError
        if there is no such file, it is damaged, or it holds something else
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"no such model: {path}; check model_load_path")
    try:
        content = read_tensors(path)
    except DamagedError as error:
        raise DamagedError(
            f"{path} cannot be read as a model (it is damaged, or something else); train it again"
        ) from error
    meta = {}
    if isinstance(content, dict) and "format" in content:
        if content["format"] != FORMAT:
            raise DataError(f"{path} has format {content['format']!r}; this LEMONS reads {FORMAT!r}: update it")
        content, meta = content.get("state_dict"), content.get("meta", {})
    content = find_state_dict(content)
    if not is_state_dict(content):
        raise DataError(f"{path} holds no state dict of an FCN; choose a file such as experiments/*/{MODEL_FILE}")
    if not isinstance(meta, dict) or not isinstance(meta.get("config", {}), dict):
        raise DataError(f"{path} holds no description of its model that LEMONS wrote; choose another file")
    model = FCN()
    try:
        model.load_state_dict(content)
    except RuntimeError as error:
        reason = " ".join(str(error).split()[:40])
        raise DataError(f"{path} holds another network than LEMONS' FCN: {reason} ...") from error
    for name, tensor in model.state_dict().items():
        if not tensor.isfinite().all():
            raise DataError(f"{path} holds weights that are not numbers, in {name}; train it again")
    return model.to(device).eval(), meta


def model_hash(model: FCN) -> str:
    """SHA-256 of the weights: the same weights, the same hexadecimal digits, whatever file or device they are on."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def finished_runs(
    experiments_path: str | os.PathLike, user: str, *, library: Library | None = None, split: pd.DataFrame | None = None
) -> list[tuple[Path, dict[str, Any]]]:
    """Folder and record of every finished run of a listener, the oldest first.

    What is damaged is named in the log, once, and passed over; for a record, what the run's model says of itself stands
    in, where it says enough.

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
    return _look_for_runs(experiments_path, user, library=library, split=split)[0]


def _look_for_runs(
    experiments_path: str | os.PathLike, user: str, *, library: Library | None, split: pd.DataFrame | None = None
) -> tuple[list[tuple[Path, dict[str, Any]]], list[str]]:
    """What `finished_runs` returns, and a sentence for everything damaged that may have been one of them."""
    runs, damaged = [], []
    for file in sorted(Path(experiments_path).glob(f"*/{TRAINING_FILE}")):
        run = file.parent
        if not (run / MODEL_FILE).is_file() or is_anothers(run, user):
            continue
        try:
            record = _read_or_recover(run)
            if record is None or record["user"] != user or (library and record.get("library") != library.fingerprint):
                continue
            if fault := _fault(run / MODEL_FILE):
                raise DamagedError(fault)
        except DataError as error:
            damaged.append(str(error))
            say_once(damaged[-1])
            continue
        runs.append((run, record))
    return [(run, record) for run, record in runs if split is None or is_of_split(record, split)], damaged


def _read_or_recover(run: Path) -> dict[str, Any] | None:
    """A run's record; of a damaged one as much as its model says, which was written with the same values."""
    try:
        return read_record(run)
    except DataError as error:
        record = {} if _fault(run / MODEL_FILE) else record_of(load_checkpoint(run / MODEL_FILE)[1])
        if not record:
            raise
        say_once(f"{error}; what {MODEL_FILE} beside it says of itself stands in for it")
        return record


def _fault(checkpoint: Path) -> str:
    """Why a model cannot be read; empty if it can."""
    status = checkpoint.stat()
    return _fault_of(checkpoint, status.st_mtime_ns, status.st_size)


@lru_cache(1024)
def _fault_of(checkpoint: Path, mtime_ns: int, size: int) -> str:
    """The same, looked for once for as long as the file stays as it is."""
    try:
        load_checkpoint(checkpoint)
    except DataError as error:
        return str(error)
    return ""


def is_of_split(about: dict[str, Any], split: pd.DataFrame | None) -> bool:
    """Whether a model was trained on a split, by what a run's record or a checkpoint says about it.

    One that says nothing is from before LEMONS recorded splits, and taken to be of the library's own split, which is
    written once; unless its split came from elsewhere (``meta_path``).
    """
    if "split" not in about:
        return not about.get("config", {}).get("meta_path")
    return about["split"] == fingerprint(split)


def check_split(checkpoint_path: str | os.PathLike, user: str, split: pd.DataFrame) -> None:
    """Refuse to judge a listener's model by tracks that it may have been trained on.

    A model of somebody else, or one that does not say whose it is, such as the original's, is not refused.

    Raises
    ------
    DataError
        if the model is the listener's and of another split, or cannot be read
    """
    _, about = load_checkpoint(checkpoint_path)
    if about.get("user") == user and not is_of_split(about, split):
        hint = f"train it anew, or name its folder of splits by meta_path; the command is `{_command(user)}`"
        raise DataError(f"{checkpoint_path} was trained on another split, which may hold test tracks of this; {hint}")


def best_checkpoint(
    experiments_path: str | os.PathLike,
    user: str,
    *,
    library: Library | None = None,
    splits_path: str | os.PathLike | None = None,
) -> Path:
    """The model of a listener's finished run with the highest validation score.

    Of equals it is the one with the lower loss, then the newest.

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
        a file that `load_checkpoint` reads

    Raises
    ------
    DataError
        if there is none, the sentence says the command that trains one; or if the split cannot be read
    """
    runs, damaged = _look_for_runs(experiments_path, user, library=library)
    on = f" trained on {library.path}" if library else ""
    if runs and library:
        named = any("split" in record for _, record in runs)  # else none is needed, nor need there be one
        split = load_or_draw_split(library, user, folder=splits_path) if named else None
        runs = [(run, record) for run, record in runs if is_of_split(record, split)]
        on += "" if runs else f" and the split in {splits_path or library.path / 'splits'}"
    if not runs:
        found = "".join(f", but a run that is damaged ({sentence})" for sentence in damaged)
        raise DataError(f"no model of {user}{on} in {experiments_path}{found}; train one with `{_command(user)}`")
    best = max(reversed(runs), key=lambda run: (run[1]["best"]["score"], -run[1]["best"].get("loss", math.inf)))
    return best[0] / MODEL_FILE


def _command(user: str) -> str:
    return f"python recsys/experiment.py with user_name={shlex.quote(user)}"
