"""Evaluate the model of one listener on their test tracks: ``python recsys/eval.py with user_name=marko``."""
# ruff: noqa: F841 (sacred takes parameters from the local names of a function)

import logging
import sys
from pathlib import Path

if __name__ == "__main__":  # before torch is imported, and before a module of this folder hides another of its name
    HERE = Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != HERE] + [str(HERE.parent)]
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import torch

from lemons.config import read_config
from lemons.console import Bar
from lemons.errors import NotKeptError, ParameterError
from lemons.library import open_library
from recsys.checkpoints import load_checkpoint
from recsys.data.splits import load_or_draw_split
from recsys.evaluation.evaluate import EVALUATION_FILE, MEASURES, TABLE_FILE, TRACKS_FILE, evaluate
from recsys.experiment import observers
from recsys.model import check_device
from recsys.model_runs import best_checkpoint
from recsys.records.sacred_experiment import make_experiment, record_data, run_commandline

__all__ = ["ex"]

ex = make_experiment("LEMONS evaluation", file=__file__, doc=__doc__)
logger = logging.getLogger(__name__)


@ex.config
def experiment_config():
    """Parameters of the evaluation."""
    model_load_path = ""  # the model; empty: the best one of the listener's finished runs
    num_workers = 0  # threads that decode audio; 0: none beside the main one
    device = "cuda:0" if torch.cuda.is_available() else "cpu"  # where the model computes

    user_name = "marko"  # the listener
    data_path = str(read_config().library_path)  # the music library
    meta_path = ""  # folder of the splits; empty: <data_path>/splits
    experiments_path = str(read_config().experiments_path)  # where the runs are


@ex.main
def evaluate_listener(_run, user_name, model_load_path, num_workers, device, data_path, meta_path, experiments_path):
    """Evaluate the model of a listener; write and return the result."""
    check_device(device)
    library = open_library(data_path)
    checkpoint = model_load_path or best_checkpoint(experiments_path, user_name, library=library, splits_path=meta_path)
    if (owner := load_checkpoint(checkpoint)[1].get("user", user_name)) != user_name:
        hint = f"evaluate it with user_name={owner}, since an evaluation is written beside its model"
        raise ParameterError(f"model_load_path={checkpoint} is {owner}'s model and not {user_name}'s; {hint}")
    record_data(_run, library, load_or_draw_split(library, user_name, folder=meta_path))
    how = {"splits_path": meta_path, "device": device, "num_workers": num_workers}
    bars = {"progress": Bar(user_name, "track"), "feature_progress": Bar(f"{user_name}, baselines", "track")}
    try:
        results = evaluate(checkpoint, library, user_name, **how, **bars)
    except NotKeptError as error:
        log_results(user_name, error.result[0], "not written")
        raise
    for name in MEASURES:
        if results[name] is not None:
            _run.log_scalar(f"test.{name}", results[name])
    for name in (EVALUATION_FILE, TABLE_FILE, TRACKS_FILE):
        _run.add_artifact(Path(checkpoint).with_name(name))
    _run.info["model"] = str(checkpoint)
    log_results(user_name, results, str(Path(checkpoint).parent))
    return results


def log_results(user, results, where):
    """Log an evaluation in one line."""
    numbers = ", ".join(f"{name} {results[name]:.3f}" for name in MEASURES if results[name] is not None)
    logger.info("%s, %d test tracks: %s; %s", user, results["n_tracks"], numbers, where)


if __name__ == "__main__":
    run_commandline(ex, observers)
