"""Demucs (Défossez, arXiv 2111.03600; Rouard, Massa & Défossez, ICASSP 2023) through its own package, `demucs`.

Weights are safetensors files only. The other form that Demucs publishes, `.th`, is pickle: reading it may run any code.
A safetensors file of Demucs names the class to build; ours must be one of the package's networks, for the same reason.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import soxr

from lemons.errors import DataError
from lemons.extras import require
from lemons.hashing import hash_file
from lemons.separation.separator import Separator

__all__ = ["Demucs", "check_demucs"]

NETWORKS = ("demucs.htdemucs.HTDemucs", "demucs.hdemucs.HDemucs", "demucs.demucs.Demucs")
VERSION = 1
MAX_S = 1200  # of a mix, which is held in memory with all stems


def check_demucs() -> None:
    """Raise MissingDependencyError where the package `demucs` is not installed."""
    require("the separator demucs", "demucs", extra="demucs")


class Demucs(Separator):
    """A model of Demucs; reads the whole track before it answers, of 20 minutes at most, and draws no random shift.

    The stems are those of the model, in its order. What they leave of the mix goes to `other`, whose meaning it is.

    Parameters
    ----------
    model : str
        its name, such as ``htdemucs_6s``
    weights : path-like
        a safetensors file; or a folder of them, with ``<model>.yaml`` to say which, unless there is only one
    device : str, optional
        where it computes; the processor by default

    Raises
    ------
    DataError
        if the weights are damaged, are pickled, or are no weights of Demucs
    """

    max_s = MAX_S

    def __init__(self, model: str, weights: str | os.PathLike, *, device: str | None = None):
        check_demucs()
        import demucs
        from demucs.apply import BagOfModels

        self.name = f"demucs:{model}"
        files, mixing = _find(model, Path(weights))
        try:
            self._model = BagOfModels([_load(file) for file in files], **mixing)
        except (AssertionError, TypeError, ValueError) as error:
            raise DataError(f"{weights} is no set of models that belong together: {error}") from error
        self._model.eval()
        self._device = device or "cpu"
        self.stems = tuple(self._model.sources)
        self.residual_stem = "other" if "other" in self.stems else self.stems[-1]
        content = repr(([hash_file(file) for file in files], mixing))
        digest = hashlib.sha256(content.encode()).hexdigest()
        self.fingerprint = f"demucs-{VERSION} {demucs.__version__} {digest}"

    def estimates(self, blocks: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
        """See `Separator.estimates`."""
        import torch
        from demucs.apply import apply_model

        mix = np.concatenate(list(blocks), axis=1)
        resampled = torch.from_numpy(soxr.resample(mix.T, sr, self._model.samplerate).T.copy())
        mean, std = resampled.mean(), resampled.mean(dim=0).std() + 1e-8  # Demucs is trained on normalised mixes
        try:
            with torch.inference_mode():
                found = apply_model(self._model, ((resampled - mean) / std)[None], shifts=0, device=self._device)[0]
        except (AssertionError, RuntimeError, ValueError) as error:  # no such device, not enough memory ...
            raise DataError(f"{self.name} failed on device={self._device!r}: {error}") from error
        mono = (found * std + mean).mean(dim=1).cpu().numpy()  # (n_stems, n_samples)
        stems = soxr.resample(mono.T, self._model.samplerate, sr).T[:, : mix.shape[1]]
        yield np.pad(stems, ((0, 0), (0, mix.shape[1] - stems.shape[1])))


def _find(model: str, path: Path) -> tuple[list[Path], dict]:
    """The files of a model's networks, and how to mix them."""
    import yaml

    if path.suffix == ".th" or (path.is_dir() and not any(path.glob("*.safetensors"))):
        raise DataError(f"{path} holds pickled weights (.th), which could run any code; give the .safetensors instead")
    if path.is_file():
        return [path], {}
    description = path / f"{model}.yaml"
    if not description.is_file():
        files = sorted(path.glob("*.safetensors"))
        if len(files) > 1:
            raise DataError(f"{path} holds several models and no {model}.yaml to say which are {model}'s; add it")
        return files, {}
    try:
        bag = yaml.safe_load(description.read_text(encoding="utf-8"))
        files = [path / f"{signature}.safetensors" for signature in bag["models"]]
        mixing = {key: bag[key] for key in ("weights", "segment") if bag.get(key) is not None}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError) as error:
        raise DataError(f"{description} is no description of a model of Demucs: {error}") from error
    if missing := [file.name for file in files if not file.is_file()]:
        raise DataError(f"{path} lacks {missing[0]}, which {description.name} names; get it from the same place")
    return files, mixing


def _load(file: Path):
    from demucs.hf import load_safetensors_model
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as opened:
            metadata = opened.metadata() or {}
        network = metadata.get("klass")
        # a quantized model's metadata ("structure") may name any class, too
        if network not in NETWORKS or "structure" in metadata:
            raise DataError(f"{file} is no model of Demucs that can be read safely (klass={network!r}); give another")
        return load_safetensors_model(file)
    except (SafetensorError, json.JSONDecodeError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{file} cannot be read as a model of Demucs: {error}") from error
