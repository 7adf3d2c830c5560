"""From the parameters of a training to what `recsys.training.trainer.Trainer` takes: model, tracks and settings.

The program has seeded PyTorch's generator before, by which fresh weights and dropout are random.
"""

from typing import Any

import pandas as pd

from lemons.errors import DataError
from lemons.hashing import fingerprint
from lemons.library import Library
from lemons.taggers import LABELS, load_tagger
from recsys.checkpoints import MODEL_FILE, load_checkpoint, save_checkpoint, trunk_hash
from recsys.data.crops import Crops, TrackSet, load_tracks
from recsys.model import FCN
from recsys.network import Network
from recsys.on_tagger import OnTagger
from recsys.training.resume import Run

__all__ = [
    "kept_trunk",
    "load_parts",
    "load_trunk",
    "make_crops",
    "make_model",
    "prepare",
    "quiet_settings",
    "run_description",
    "trainer_settings",
]

SETTINGS = ("n_epochs", "lr", "wd", "schedule", "precision", "freeze", "val_step", "patience", "log_step")


def prepare(
    config: dict[str, Any], library: Library, split: pd.DataFrame, run: Run
) -> tuple[tuple[FCN, Crops, TrackSet], dict[str, Any]]:
    """Model, crops, validation tracks and the settings of `recsys.training.trainer.Trainer`, for a listener's run."""
    tracks, val = load_parts(config, library, split)
    crops, model = make_crops(config, tracks), make_model(config)
    meta = run_description(config, library, split) | kept_trunk(config, model)
    return (model, crops, val), {
        **trainer_settings(config),
        "on_best": lambda scores: save_checkpoint(run.folder / MODEL_FILE, model, meta | {"scores": scores}),
        "on_epoch": run.save,
        "state": run.state,
    }


def load_parts(config: dict[str, Any], library: Library, split: pd.DataFrame) -> tuple[TrackSet, TrackSet]:
    """Training and validation tracks of a split."""
    reading = {"min_samples": config["input_length"], "num_workers": config["num_workers"]}
    return load_tracks(library, split, "train", **reading), load_tracks(library, split, "val", **reading)


def make_crops(config: dict[str, Any], tracks: TrackSet) -> Crops:
    """The crops of training tracks, by the training's seed."""
    crops = {name: config[name] for name in ("batch_size", "input_length", "n_crops", "n_quiet")}
    return Crops(tracks, seed=config["training_seed"], **crops)


def make_model(config: dict[str, Any], n_listeners: int = 1) -> FCN:
    """The model to begin with; of several listeners, ``model_load_path`` gives the trunk, and the heads are fresh."""
    path, device = config["model_load_path"], config["device"]
    if path and n_listeners == 1:
        return _trained(path).to(device)
    model = FCN(n_listeners)
    if path:
        model.load_trunk(_trained(path))
    return model.to(device)


def _trained(path: str) -> FCN:
    model, _ = load_checkpoint(path)
    if not isinstance(model, FCN):
        raise DataError(f"{path} has a tagger's trunk, which is not trained here; give it as trunk_path, to keep it")
    return model


def load_trunk(config: dict[str, Any]) -> Network:
    """A model with the trunk to keep: that of a file, or of a tagger by name, see `lemons.taggers`."""
    path, device = config["trunk_path"], config["device"]
    return OnTagger(load_tagger(path)).to(device) if path in LABELS else load_checkpoint(path, device=device)[0]


def trainer_settings(config: dict[str, Any]) -> dict[str, Any]:
    """The parameters that `recsys.training.trainer.Trainer` takes by their own names."""
    return {name: config[name] for name in SETTINGS}


def quiet_settings(config: dict[str, Any]) -> dict[str, Any]:
    """What `recsys.training.head.QuietFeatures` takes: as many snippets for a track as a training has for a crop."""
    return {"quiet": config["n_quiet"] / config["batch_size"], "seed": config["training_seed"]}


def kept_trunk(config: dict[str, Any], model: Network) -> dict[str, str]:
    """The hash of a trunk that stays as it was, for the files of a run; empty for one that is trained."""
    return {"trunk": trunk_hash(model)} if config["freeze"] or config["trunk_path"] else {}


def run_description(config: dict[str, Any], library: Library, split: pd.DataFrame) -> dict[str, Any]:
    """Listener, data and parameters, for the files of a run."""
    of = {"user": config["user_name"], "library": library.fingerprint, "split": fingerprint(split)}
    return of | {"config": config}
