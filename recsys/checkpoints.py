"""Trained models on disk, and the folders of the runs that trained them.

A run keeps its things together::

    <experiments>/<date>_<user>/
      best_model.pt      weights and where they come from (`save_checkpoint`); replaced when a better one is found
      training.json      written when the training is over: its presence marks a finished run; until then there is
                         what is needed to go on after an interruption, see `recsys.resuming`
      ...                what the evaluation adds

A checkpoint is a dictionary of tensors and plain Python values; it is read without unpickling any other object.
"""

import datetime
import hashlib
import json
import math
import os
import platform
import shlex
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import torch

import lemons
from lemons.errors import DataError
from lemons.files import atomic_path, safe_name
from lemons.library import Library
from recsys.model import FCN
from recsys.provenance import fingerprint
from recsys.splits import get_split

FORMAT = "LEMONS FCN 1"
MODEL_FILE = "best_model.pt"
TRAINING_FILE = "training.json"
WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")  # where training loops put a state dict
PREFIXES = ("module.", "_orig_mod.", "model.", "net.")  # of DataParallel, torch.compile, Lightning and the like


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


def write_tensors(path: str | os.PathLike, content: dict[str, Any]) -> None:
    """Write a dictionary of tensors and plain values, whole or not at all; DataError if it cannot be written."""
    with atomic_path(path) as temporary:
        try:
            torch.save(content, temporary)
        except RuntimeError as error:  # what PyTorch's writer says when the disk is full
            raise OSError(str(error).splitlines()[0]) from error


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
        content = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # a damaged or foreign file makes it raise nearly anything
        # PyTorch's own words may advise to unpickle, which runs whatever the file says
        reason = getattr(error, "strerror", None) or "it is damaged, or something else"
        raise DataError(f"{path} cannot be read as a model ({reason}); train it again") from error
    meta = {}
    if isinstance(content, dict) and "format" in content:
        if content["format"] != FORMAT:
            raise DataError(f"{path} has format {content['format']!r}; this LEMONS reads {FORMAT!r}: update it")
        content, meta = content.get("state_dict"), content.get("meta", {})
    content = find_state_dict(content)
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise DataError(f"{path} holds no state dict of an FCN; choose a file such as experiments/*/{MODEL_FILE}")
    model = FCN()
    try:
        model.load_state_dict(content)
    except RuntimeError as error:
        reason = " ".join(str(error).split()[:40])
        raise DataError(f"{path} holds another network than LEMONS' FCN: {reason} ...") from error
    return model.to(device).eval(), meta


def find_state_dict(content: Any) -> Any:
    """The state dict in what other programs save: under a name beside other values, its names behind prefixes.

    Parameters
    ----------
    content : object
        what `torch.load` read

    Returns
    -------
    object
        what lies under the first of ``WRAPPERS``, where the content itself has no tensor; if it is a dictionary whose
        names all begin with one of ``PREFIXES``, then without it, as often as they do. Anything else as it is.

    Examples
    --------
    >>> find_state_dict({"epoch": 3, "model": {"module._orig_mod.fc.bias": 0.5}})
    {'fc.bias': 0.5}
    """
    while isinstance(content, dict) and not any(isinstance(value, torch.Tensor) for value in content.values()):
        inner = next((content[name] for name in WRAPPERS if isinstance(content.get(name), dict)), None)
        if inner is None:
            break
        content = inner
    # on all names or on none: otherwise a part of a larger network would pass for the whole
    while isinstance(content, dict) and content and all(isinstance(name, str) for name in content):
        prefix = next((one for one in PREFIXES if all(name.startswith(one) for name in content)), None)
        if prefix is None:
            break
        content = {name.removeprefix(prefix): value for name, value in content.items()}
    return content


def model_hash(model: FCN) -> str:
    """SHA-256 of the weights: the same weights, the same hexadecimal digits, whatever file or device they are on."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def new_run(experiments_path: str | os.PathLike, user: str) -> Path:
    """A folder for a new run, such as ``2026-11-22_18-45-08_marko``; it is made when the first model is saved to it."""
    name = f"{datetime.datetime.now():%Y-%m-%d_%H-%M-%S}_{safe_name(user)}"
    folder = Path(experiments_path) / name
    numbers = count(2)
    while folder.exists():  # two runs within a second
        folder = folder.with_name(f"{name}-{next(numbers)}")
    return folder


def finish_run(run: Path, record: dict[str, Any]) -> None:
    """Write ``training.json``, which says that the run is over: ``user``, ``library``, ``split``, ``config``, ..."""
    with atomic_path(run / TRAINING_FILE) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")


def finished_runs(
    experiments_path: str | os.PathLike, user: str, *, library: Library | None = None, split: pd.DataFrame | None = None
) -> list[tuple[Path, dict[str, Any]]]:
    """Folder and record of every finished run of a listener, the oldest first.

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
    runs = []
    for file in sorted(Path(experiments_path).glob(f"*/{TRAINING_FILE}")):
        try:
            record = json.loads(file.read_text())
            float(record["best"]["score"])
            mine = record["user"] == user and (library is None or record["library"] == library.fingerprint)
        except (ValueError, KeyError, TypeError):
            continue  # somebody else's file of that name
        if mine and (file.parent / MODEL_FILE).is_file():
            runs.append((file.parent, record))
    return [(run, record) for run, record in runs if split is None or is_of_split(record, split)]


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
    runs = finished_runs(experiments_path, user, library=library)
    on = f" trained on {library.path}" if library else ""
    if runs and library:
        named = any("split" in record for _, record in runs)  # else none is needed, nor need there be one
        split = get_split(library, user, folder=splits_path) if named else None
        runs = [(run, record) for run, record in runs if is_of_split(record, split)]
        on += "" if runs else f" and the split in {splits_path or library.path / 'splits'}"
    if not runs:
        raise DataError(f"no model of {user}{on} in {experiments_path}; train one with `{_command(user)}`")
    best = max(reversed(runs), key=lambda run: (run[1]["best"]["score"], -run[1]["best"].get("loss", math.inf)))
    return best[0] / MODEL_FILE


def _command(user: str) -> str:
    return f"python recsys/experiment.py with user_name={shlex.quote(user)}"
