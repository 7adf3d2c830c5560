"""Train the model of one listener: ``python recsys/experiment.py with user_name=marko``.

``with shared_trunk=True`` trains those of all listeners of the library, as one network with a head for each.
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
from lemons.console import Bar
from lemons.errors import ParameterError
from lemons.library import open_library
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.data.splits import DATA_SEED, load_or_draw_split
from recsys.model import check_device
from recsys.parameters import check_parameters
from recsys.records.sacred_experiment import Log, make_experiment, make_observers, record_data, run_commandline
from recsys.records.tensorboard import Sounds
from recsys.training.fit import fit
from recsys.training.head import QuietFeatures, fit_head, head_features
from recsys.training.prepare import kept_trunk, load_trunk, prepare, quiet_settings, run_description
from recsys.training.resume import open_run
from recsys.training.shared import SHARED, all_splits, fit_shared, join

__all__ = ["ex", "local_conf", "observers", "parameters_of"]

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
    shared_trunk = False  # one trunk for all listeners of the library, with a head for each
    trunk_path = ""  # keep the trunk of this model, or of musicnn:MTT, and fit a head to it; empty: train
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

    user_name = "" if shared_trunk else "marko"  # the listener; with a shared trunk all of them, and none is named
    data_path = str(read_config().library_path)  # the music library
    meta_path = ""  # folder of the splits; empty: <data_path>/splits
    data_seed = DATA_SEED  # of the split, where none is written yet
    experiments_path = str(read_config().experiments_path)  # where the run's folder is made


@ex.named_config
def demo():
    """The demo's schedule: minutes in place of hours."""
    n_epochs = 20
    n_quiet = 1  # else silence is often worth more than music
    batch_size = 8  # small batches make many steps of few epochs
    schedule = "onecycle"
    val_step = 5
    num_workers = 2


def parameters_of(named_config, updates):
    """The parameters that a run would have; ParameterError for a wrong one."""
    known = ex.named_configs
    if named_config and named_config not in known:
        raise ParameterError(f"schedule {named_config!r} is unknown; choose one of {', '.join(known)}")
    named = known[named_config]() if named_config else {}
    parameters = dict(experiment_config(fixed={**named, **updates}))
    check_parameters(parameters)
    return parameters


@ex.main
def train(_run, _config, shared_trunk, user_name, data_path, device):
    """Train, or resume an interrupted training; save the best model, return its scores."""
    check_device(device)
    library = open_library(data_path)
    if not shared_trunk:
        return train_one(_run, dict(_config), library, user_name)
    for name in ("user_name", "trunk_path"):
        if _config[name]:
            hint = "leave it out: a trunk is trained for all listeners of the library"
            raise ParameterError(f"{name}={_config[name]!r} does not go with shared_trunk=True; {hint}")
    return train_shared(_run, dict(_config), library)


def train_one(_run, config, library, user_name):
    """Train the model of a listener."""
    split = load_or_draw_split(library, user_name, seed=config["data_seed"], folder=config["meta_path"])
    record_data(_run, library, split)
    with open_run(config["experiments_path"], user_name, library=library, split=split, config=config) as run:
        _run.info["model"] = str(run.folder / MODEL_FILE)
        if run.state:
            _run.info["resumed"] = {"run": str(run.folder), "epoch": run.state["epoch"]}
            logger.info("%s: resumed after epoch %d of %s", user_name, run.state["epoch"], run.folder)
        with Log(_run, tensorboard_path=curves_of(run, config)) as log:
            learn = train_head if config["trunk_path"] else train_network
            model, training = learn(config, library, split, run, log)
        about = run_description(config, library, split) | kept_trunk(config, model)
        run.finish(about | asdict(training))
    _run.add_artifact(_run.info["model"])
    best = training.best
    logger.info(
        "%s: validation ROC-AUC %.3f, average precision %.3f in epoch %d; %s",
        user_name, best["roc_auc"], best["average_precision"], best["epoch"], _run.info["model"],
    )  # fmt: skip
    return best


def train_network(config, library, split, run, log):
    """Train all of a listener's network, or with ``freeze`` its last layer."""
    seed(config)
    parts, settings = prepare(config, library, split, run)
    sounds = Sounds(log.tensorboard, parts[-1]) if log.tensorboard else None
    return parts[0], fit(*parts, **settings, log=log, on_validation=sounds, name=config["user_name"])


def seed(config):
    """Seed what fresh weights and dropout are random by."""
    torch.manual_seed(config["training_seed"])
    torch.backends.cudnn.deterministic = True


def train_head(config, library, split, run, log):
    """Fit a head to a trunk that is trained."""
    model = load_trunk(config)
    features = head_features(model, library, split, progress=Bar(config["user_name"], "track"))
    training = fit_head(model, library, split, features, quiet=QuietFeatures(model, **quiet_settings(config)), log=log)
    about = run_description(config, library, split) | kept_trunk(config, model) | {"scores": training.best}
    save_checkpoint(run.folder / MODEL_FILE, model, about)
    return model, training


def train_shared(_run, config, library):
    """Train a trunk for all listeners, and a head for each."""
    splits = all_splits(config, library)
    split = join(splits)
    record_data(_run, library, split)
    with open_run(config["experiments_path"], SHARED, library=library, split=split, config=config) as run:
        if run.state:
            _run.info["resumed"] = {"run": str(run.folder), "epoch": run.state["epoch"]}
            logger.info("a shared trunk: resumed after epoch %d of %s", run.state["epoch"], run.folder)
        seed(config)
        with Log(_run, tensorboard_path=curves_of(run, config)) as log:
            bar = Bar("heads", "track")
            training, models = fit_shared(config, library, splits, run, log=log, progress=bar)
    _run.info["models"] = {user: str(path) for user, path in models.items()}
    for user, path in models.items():
        _run.add_artifact(path, f"{user}_{MODEL_FILE}")
    best = training.best
    logger.info(
        "%d listeners: mean validation ROC-AUC %.3f, average precision %.3f in epoch %d",
        len(models), best["roc_auc"], best["average_precision"], best["epoch"],
    )  # fmt: skip
    return best


def curves_of(run, config):
    """The folder of a run's curves for TensorBoard; None without them."""
    return run.folder.parent / "tensorboard" / run.folder.name if config["use_tensorboard"] else None


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
