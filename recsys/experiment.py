"""Train the model of one listener: ``python recsys/experiment.py with user_name=marko``.

``print_config`` in place of ``with ...`` lists the parameters; ``with demo`` is the demo's schedule.
"""
# ruff: noqa: F841 (sacred takes parameters from the local names of a function)

import logging
import sys
from dataclasses import asdict
from pathlib import Path

if __name__ == "__main__":  # before torch is imported, and before a module of this folder hides another of its name
    HERE = Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != HERE] + [str(HERE.parent)]
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import torch

from lemons.audio import SAMPLE_RATE
from lemons.config import read_config
from lemons.hashing import fingerprint
from lemons.library import open_library
from recsys.checkpoints import MODEL_FILE, load_checkpoint, save_checkpoint
from recsys.data.crops import Crops, load_tracks
from recsys.data.splits import DATA_SEED, load_or_draw_split
from recsys.model import FCN, check_device
from recsys.records.sacred_experiment import Log, make_experiment, make_observers, record_data, run_commandline
from recsys.records.tensorboard import Sounds
from recsys.training.fit import fit
from recsys.training.resume import open_run

__all__ = ["ex", "local_conf", "observers", "prepare"]

local_conf = {
    "mongodb_url": "",  # such as mongodb://localhost:27017; empty: what config.py says, by default files
    "mongodb_db_name": "",  # empty: what config.py says
    "experiment_name": "LEMONS",
}
ex = make_experiment(local_conf["experiment_name"], file=__file__, doc=__doc__)
logger = logging.getLogger(__name__)


@ex.config
def experiment_config():
    """Parameters of the training; the values are the paper's."""
    use_tensorboard = False  # curves and a few sounds for TensorBoard under <experiments_path>/tensorboard
    log_step = 100  # log the loss of every so many batches

    training_seed = 1930289  # of initial weights, dropout and crops
    model_load_path = ""  # start from this model; empty: from fresh weights
    freeze = False  # train the last layer only
    batch_size = 20  # crops
    n_epochs = 1000  # how often all tracks are visited
    n_crops = 1  # random crops of each track in an epoch
    n_quiet = 0  # snippets of silence or faint noise that join each batch as not played
    input_length = SAMPLE_RATE  # of a crop, in samples: 1 s
    lr = 1e-3  # learning rate of Adam
    wd = 1e-4  # weight decay of Adam
    schedule = "constant"  # of the learning rate: constant, cosine or onecycle
    precision = "auto"  # of the convolutions in training: float32, bfloat16, or auto: as fast as the processor can
    val_step = 1  # validate after every so many epochs
    patience = 0  # stop after so many validations in a row without a better model; 0: never
    num_workers = 0  # threads that decode audio; 0: none beside the main one
    device = "cuda:0" if torch.cuda.is_available() else "cpu"  # where the model computes

    user_name = "marko"  # the listener
    data_path = str(read_config().library_path)  # the music library
    meta_path = ""  # folder of the splits; empty: <data_path>/splits
    data_seed = DATA_SEED  # of the split, where none is written yet
    experiments_path = str(read_config().experiments_path)  # where the run's folder is made


@ex.named_config
def demo():
    """The demo's schedule: minutes in place of hours."""
    n_epochs = 20
    batch_size = 8  # small batches make many steps of few epochs
    schedule = "onecycle"
    val_step = 5
    num_workers = 2


@ex.main
def train(_run, _config, user_name, device):
    """Train the model of a listener, or resume an interrupted training; save the best model, return its scores."""
    check_device(device)
    config = dict(_config)
    library = open_library(config["data_path"])
    split = load_or_draw_split(library, user_name, seed=config["data_seed"], folder=config["meta_path"])
    record_data(_run, library, split)
    with open_run(config["experiments_path"], user_name, library=library, split=split, config=config) as run:
        _run.info["model"] = str(run.folder / MODEL_FILE)
        if run.state:
            _run.info["resumed"] = {"run": str(run.folder), "epoch": run.state["epoch"]}
            logger.info("%s: resumed after epoch %d of %s", user_name, run.state["epoch"], run.folder)
        curves = run.folder.parent / "tensorboard" / run.folder.name if config["use_tensorboard"] else None
        parts, settings = prepare(config, library, split, run)
        with Log(_run, tensorboard_path=curves) as log:
            sounds = Sounds(log.tensorboard, parts[-1]) if log.tensorboard else None
            training = fit(*parts, **settings, log=log, on_validation=sounds, name=user_name)
        run.finish(run_description(config, library, split) | asdict(training))
    _run.add_artifact(_run.info["model"])
    best = training.best
    logger.info(
        "%s: validation ROC-AUC %.3f, average precision %.3f in epoch %d; %s",
        user_name, best["roc_auc"], best["average_precision"], best["epoch"], _run.info["model"],
    )  # fmt: skip
    return best


def prepare(config, library, split, run):
    """Model, crops, validation tracks and the settings of `recsys.training.trainer.Trainer`, for a run."""
    reading = {"min_samples": config["input_length"], "num_workers": config["num_workers"]}
    tracks, val = (load_tracks(library, split, part, **reading) for part in ("train", "val"))
    crops = {name: config[name] for name in ("batch_size", "input_length", "n_crops", "n_quiet")}
    crops = Crops(tracks, seed=config["training_seed"], **crops)
    torch.manual_seed(config["training_seed"])
    torch.backends.cudnn.deterministic = True
    path, device = config["model_load_path"], config["device"]
    model = load_checkpoint(path, device=device)[0] if path else FCN().to(device)
    how = ("n_epochs", "lr", "wd", "schedule", "precision", "freeze", "val_step", "patience", "log_step")
    meta = run_description(config, library, split)
    return (model, crops, val), {
        **{name: config[name] for name in how},
        "on_best": lambda scores: save_checkpoint(run.folder / MODEL_FILE, model, meta | {"scores": scores}),
        "on_epoch": run.save,
        "state": run.state,
    }


def run_description(config, library, split):
    """Listener, data and parameters, for the files of a run."""
    of = {"user": config["user_name"], "library": library.fingerprint, "split": fingerprint(split)}
    return of | {"config": config}


def observers(fallback=""):
    """The observers of sacred: see ``local_conf``; for ``fallback`` see `make_observers`."""
    config = read_config()
    url, db_name = local_conf["mongodb_url"], local_conf["mongodb_db_name"]
    return make_observers(
        config.experiments_path,
        mongodb_url=url or config.mongodb_url,
        mongodb_db_name=db_name or config.mongodb_db_name,
        fallback=fallback,
    )


if __name__ == "__main__":
    run_commandline(ex, observers)
