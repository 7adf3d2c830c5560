"""Trained models on disk.

A checkpoint is a dictionary of tensors and plain Python values: the weights, and a description of how they were
trained. It is read without unpickling any other object. `recsys.model_runs` finds the checkpoints of a listener.
"""

import json
import os
import platform
from typing import Any

import torch

import lemons
from lemons.errors import DamagedError, DataError
from lemons.hashing import hash_state
from lemons.storage import local_file
from recsys.model import FCN
from recsys.network import Network
from recsys.on_tagger import OnTagger
from recsys.tensors import find_state_dict, is_state_dict, read_tensors, write_tensors

__all__ = ["MODEL_FILE", "load_checkpoint", "save_checkpoint", "trunk_hash"]

FORMATS: dict[str, type[Network]] = {"LEMONS FCN 1": FCN, "LEMONS musicnn 1": OnTagger}
MODEL_FILE = "best_model.pt"


def save_checkpoint(path: str | os.PathLike, model: Network, meta: dict[str, Any]) -> None:
    """Write a model with its description, whole or not at all.

    Parameters
    ----------
    path : path-like
        the file to write
    model : Network
        the model, on any device
    meta : dict
        strings, numbers, lists and dictionaries of them: ``user``, ``epoch``, ``scores``, ``config``, ``library`` and
        ``split`` (their fingerprints), ``trunk`` (its `trunk_hash`, where it is shared) ... The versions of LEMONS,
        Python and PyTorch are added.

    Raises
    ------
    DataError
        if the file cannot be written
    """
    versions = {"lemons": lemons.__version__, "python": platform.python_version(), "torch": str(torch.__version__)}
    meta = json.loads(json.dumps(meta)) | {"versions": versions}  # fails now, not on loading, if a value is not plain
    # contiguous, so that a file's bytes do not depend on the layout in memory
    state = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    kind = next(name for name, of in FORMATS.items() if type(model) is of)
    write_tensors(path, {"format": kind, "state_dict": state, "meta": meta})


def load_checkpoint(path: str | os.PathLike, *, device: str = "cpu") -> tuple[Network, dict[str, Any]]:
    """Read a model.

    Parameters
    ----------
    path : path-like or str
        a file, or the URL of one in a bucket (`lemons.storage`): what `save_checkpoint` wrote, a bare state dict as the
        original LEMONS saves it, or a file of another program in which `recsys.tensors.find_state_dict` finds one
    device : str
        the device of the returned model: ``"cpu"``, ``"cuda:0"`` ...

    Returns
    -------
    model : Network
        in evaluation mode
    meta : dict
        its description; empty for a bare state dict

    Raises
    ------
    DataError
        if the file does not exist, is damaged, or holds something else
    """
    path = local_file(path)
    if not path.is_file():
        raise DataError(f"no such model: {path}; check model_load_path")
    try:
        content = read_tensors(path)
    except DamagedError as error:
        raise DamagedError(
            f"{path} cannot be read as a model (it is damaged, or something else); train it again"
        ) from error
    network: type[Network] = FCN
    weights, meta = content, {}
    if isinstance(content, dict) and "format" in content:
        if content["format"] not in FORMATS:
            known = " and ".join(map(repr, FORMATS))
            raise DataError(f"{path} has format {content['format']!r:.50}; this LEMONS reads {known}: update it")
        network = FORMATS[content["format"]]
        weights, meta = content.get("state_dict"), content.get("meta", {})
    weights = find_state_dict(weights)
    if not is_state_dict(weights):
        raise DataError(f"{path} holds no state dict of a network; choose a file such as experiments/*/{MODEL_FILE}")
    if not isinstance(meta, dict) or not isinstance(meta.get("config", {}), dict):
        raise DataError(f"{path} holds no description of its model that LEMONS wrote; choose another file")
    model = network()
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split()[:40])
        raise DataError(f"{path} holds another network than LEMONS' {network.__name__}: {reason} ...") from error
    for name, tensor in model.state_dict().items():
        if not tensor.isfinite().all():
            raise DataError(f"{path} holds weights that are not numbers, in {name}; train it again")
    return model.to(device).eval(), meta


def trunk_hash(model: Network) -> str:
    """SHA-256 of the weights without the head: equal where listeners share a trunk."""
    return hash_state(model.trunk_state())
