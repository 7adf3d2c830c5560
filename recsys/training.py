"""Training of one listener's model.

Binary cross-entropy, Adam, one random crop of each track in an epoch; after an epoch the model is validated on whole
tracks. The best model is the one with the highest mean of ROC-AUC and average precision on the validation tracks, of
equals the one with the lower loss.

Chance enters by the model's initial weights and dropout (PyTorch's global generator, which the calling program seeds)
and by the crops (their own generator, anew for each epoch). On one machine, with one number of threads, equal seeds
give equal weights, with interruptions or without.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from lemons.errors import DataError, ParameterError
from recsys.dataset import Crops, TrackSet
from recsys.learning import Learner
from recsys.metrics import average_precision, log_loss, roc_auc
from recsys.model import FCN
from recsys.scoring import track_logits

logger = logging.getLogger(__name__)


@dataclass
class Training:
    """What came of a training.

    Attributes
    ----------
    best : dict
        ``epoch``, ``score`` (mean of the two measures), ``roc_auc``, ``average_precision``, ``loss``: of the best model
    history : list of dict
        the same for every validation, with the training's ``train_loss``
    seconds : float
        how long all of it took; what was lost by an interruption does not count
    train_s : float
        how long without validations
    snippets_per_s : float
        crops trained on in a second, validation not counted
    stopped : str
        why it ended before the last epoch; empty if it did not
    resumed : list of int
        the epochs after which it was interrupted and taken up again
    """

    best: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    train_s: float = 0.0
    snippets_per_s: float = 0.0
    stopped: str = ""
    resumed: list[int] = field(default_factory=list)


def fit(
    model: FCN,
    train: Crops,
    val: TrackSet,
    *,
    n_epochs: int,
    lr: float = 1e-3,
    wd: float = 1e-4,
    schedule: str = "constant",
    precision: str = "auto",
    freeze: bool = False,
    val_step: int = 1,
    patience: int = 0,
    log_step: int = 100,
    log: Callable[[str, float, int], None] | None = None,
    on_validation: Callable[[np.ndarray, int], None] | None = None,
    on_best: Callable[[dict[str, float]], None] | None = None,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    state: dict[str, Any] | None = None,
    name: str = "",
    quiet: bool = False,
) -> Training:
    """Train a model; afterwards it has the weights of the best epoch.

    Parameters
    ----------
    model : FCN
        on the device to train on
    train : Crops
        what to train on
    val : TrackSet
        whole tracks to choose the best epoch by
    n_epochs : int > 0
        how often all tracks are visited
    lr, wd : float
        Adam's learning rate and weight decay
    schedule : {"constant", "cosine", "onecycle"}
        course of the learning rate: at ``lr`` all along, falling to 0 along a cosine, or rising before that for 30 %
    precision : {"auto", "float32", "bfloat16"}
        of the convolutions in training; auto: bfloat16 where the processor has instructions for it. Spectrograms,
        pooling, loss and all evaluation are in float32
    freeze : bool
        train the last layer only, on features as they are
    val_step : int > 0
        validate after every so many epochs, and after the last
    patience : int >= 0
        stop after so many validations in a row without a better model; 0: never
    log_step : int > 0
        log a batch's loss every so many batches
    log : callable, optional
        ``log(name, value, step)``: losses and measures as they come
    on_validation : callable, optional
        ``on_validation(logits, epoch)`` with the logits (n_tracks,) of the validation tracks
    on_best : callable, optional
        ``on_best(scores)``, called when ``model`` is the best so far: the moment to save it
    on_epoch : callable, optional
        ``on_epoch(state)``, called before the first epoch and after each: the moment to save the state. It is made of
        tensors and plain values, and changes when training goes on
    state : dict, optional
        go on from this state, which an equal call gave to ``on_epoch``, as if there had been no interruption
    name : str
        in front of the progress bar
    quiet : bool
        show no progress bar

    Returns
    -------
    Training
        when the loss ceases to be a number, training stops and the best model so far stands

    Raises
    ------
    ParameterError
        if an argument is out of its range
    DataError
        if the loss ceases to be a number before the first validation
    """
    for setting, value in {"n_epochs": n_epochs, "val_step": val_step, "log_step": log_step}.items():
        if value < 1:
            raise ParameterError(f"{setting}={value} must be at least 1")
    if patience < 0:
        raise ParameterError(f"patience={patience} must be at least 0, which never stops early")
    log = log or (lambda name, value, step: None)
    how = {"lr": lr, "wd": wd, "schedule": schedule, "precision": precision, "freeze": freeze}
    learner = Learner(model, n_steps=n_epochs * len(train), **how)
    training, best_model, epoch = Training(), {}, 0
    if state:
        learner.load_state_dict(state["learner"])
        training, best_model, epoch = Training(**state["training"]), state["best_model"], state["epoch"]
        training.resumed.append(epoch)
    started = time.perf_counter() - training.seconds

    def tell_state() -> None:
        training.seconds = time.perf_counter() - started
        if on_epoch:
            now = {"epoch": epoch, "training": asdict(training), "best_model": best_model}
            on_epoch(now | {"learner": learner.state_dict()})

    # smoothing=0: the time left follows from the average speed, in which validations have their part
    bar = tqdm(desc=name, unit="snip", total=n_epochs * train.n_snippets, initial=epoch * train.n_snippets,
               smoothing=0, disable=quiet, dynamic_ncols=True)  # fmt: skip
    with bar:
        if not state:
            tell_state()
        while epoch < n_epochs and not training.stopped:
            epoch_started, losses = time.perf_counter(), []
            for loss in learner.losses(train.batches(epoch + 1)):
                losses.append(loss)
                bar.update(min(train.batch_size, (epoch + 1) * train.n_snippets - bar.n))
            losses = torch.stack(losses).tolist()
            training.train_s += time.perf_counter() - epoch_started
            if bad := [loss for loss in losses if not math.isfinite(loss)]:
                training.stopped = f"the loss became {bad[0]} in epoch {epoch + 1}; lower the learning rate lr={lr}"
                break
            for step, loss in enumerate(losses, start=epoch * len(train) + 1):
                if step % log_step == 0:
                    log("train.loss", loss, step)
            epoch += 1
            log("train.avg_loss", float(np.mean(losses)), epoch)
            if epoch % val_step == 0 or epoch == n_epochs:
                logits = track_logits(model, val.audio)
                scores = {"epoch": epoch, **measure(val.labels, logits), "train_loss": float(np.mean(losses))}
                training.history.append(scores)
                for measured in ("loss", "roc_auc", "average_precision"):
                    log(f"val.{measured}", scores[measured], epoch)
                if on_validation:
                    on_validation(logits, epoch)
                bar.set_postfix_str(_in_short(scores))
                if is_better(scores, training.best):
                    training.best = scores
                    best_model = {key: value.clone() for key, value in model.state_dict().items()}
                    if on_best:
                        on_best(scores)
                worse = sum(one["epoch"] > training.best["epoch"] for one in training.history)
                if patience and worse >= patience and epoch < n_epochs:
                    training.stopped = f"no better model in {worse} validations"
            tell_state()

    if not best_model:
        raise DataError(f"{training.stopped}: there is no model yet to go back to")
    if training.stopped:
        logger.warning("%s; the model of epoch %d stands", training.stopped, training.best["epoch"])
    model.load_state_dict(best_model)
    model.eval()
    training.seconds = time.perf_counter() - started
    training.snippets_per_s = epoch * train.n_snippets / training.train_s
    return training


def measure(labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """Loss and measures of logits of whole tracks; ``score`` is the mean of the two measures."""
    if not np.isfinite(logits).all():  # diverged, but for the training loss of the next step
        return {"loss": math.inf, "roc_auc": 0.0, "average_precision": 0.0, "score": 0.0}
    auc, ap = roc_auc(labels, logits), average_precision(labels, logits)
    return {"loss": log_loss(labels, logits), "roc_auc": auc, "average_precision": ap, "score": (auc + ap) / 2}


def is_better(scores: dict[str, float], best: dict[str, float]) -> bool:
    """Whether a validation beats the best so far: by its score, of equals by the lower loss; anything beats nothing.

    Examples
    --------
    >>> is_better({"score": 0.9, "loss": 0.4}, {"score": 0.9, "loss": 0.5})
    True
    """
    return not best or (scores["score"], -scores["loss"]) > (best["score"], -best["loss"])


def _in_short(scores: dict[str, float]) -> str:
    names = {"epoch": "epoch", "train_loss": "loss", "roc_auc": "AUC", "average_precision": "AP"}
    return ", ".join(f"{short} {round(scores[name], 3)}" for name, short in names.items())
