"""What happens between the epochs of one listener's training: validation, best model, early stopping, logging, state.

After an epoch the model is validated on whole tracks. The best model is the one with the highest mean of ROC-AUC and
average precision on the validation tracks; on ties, the one with the lower loss.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from lemons.errors import DataError
from recsys.data.crops import Crops, TrackSet
from recsys.metrics import average_precision, log_loss, roc_auc
from recsys.model import FCN
from recsys.parameters import check_parameters
from recsys.relevance import track_logits
from recsys.training.step import TrainStep

__all__ = ["Diverged", "Trainer", "Training", "is_better", "validation_scores"]

logger = logging.getLogger(__name__)


@dataclass
class Training:
    """Result of a training.

    Attributes
    ----------
    best : dict
        ``epoch``, ``score`` (mean of the two measures), ``roc_auc``, ``average_precision``, ``loss``: of the best
        model; of a trunk that listeners share, their means, and those of each in ``listeners``
    history : list of dict
        the same for every validation, with the training's ``train_loss``
    seconds : float
        duration of all of it, without what an interruption lost
    train_s : float
        duration without validations; in a joint training, that of all listeners
    snippets_per_s : float
        crops trained on in a second, without validations
    stopped : str
        why training ended before the last epoch; empty if it did not
    resumed : list of int
        the epochs after which it was interrupted and then resumed
    together : list of str
        the other listeners of a joint training, or of a shared trunk; empty if the model was trained alone
    """

    best: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    train_s: float = 0.0
    snippets_per_s: float = 0.0
    stopped: str = ""
    resumed: list[int] = field(default_factory=list)
    together: list[str] = field(default_factory=list)


class Diverged(DataError):
    """Training diverged before the first validation, as the same training would again."""


class Trainer:
    """One listener's training, without the loop.

    The caller calls `begin`; while `is_running`, passes `batches` to `step` and the losses to `end_epoch`; then
    calls `finish`. `recsys.training.fit` has the loops.

    Parameters
    ----------
    model : FCN
        on the device to train on
    train : Crops
        training crops
    val : TrackSet
        validation tracks, which decide the best epoch
    n_epochs : int > 0
        how often all tracks are visited
    lr : float, 0 < lr <= 1
        Adam's learning rate
    wd : float, 0 <= wd <= 1
        Adam's weight decay
    schedule : {"constant", "cosine", "onecycle"}
        of the learning rate: always ``lr``, falling to 0 along a cosine, or first rising for 30 % of the steps
    precision : {"auto", "float32", "bfloat16"}
        of the convolutions in training; auto: bfloat16 where the processor has instructions for it. Spectrograms,
        pooling, loss and all evaluation use float32
    freeze : bool
        train the last layer only
    val_step : int > 0
        validate after every ``val_step`` epochs, and after the last
    patience : int >= 0
        stop after this many validations in a row without a better model; 0: never
    log_step : int > 0
        log the loss of every ``log_step``-th batch
    log : callable, optional
        ``log(name, value, step)``, called with each loss and measure
    on_validation : callable, optional
        ``on_validation(logits, epoch)`` with the logits (n_tracks,) of the validation tracks
    on_best : callable, optional
        ``on_best(scores)``, called whenever ``model`` is the best so far, to save it
    on_epoch : callable, optional
        ``on_epoch(state)``, called before the first epoch and after each, to save the state. It consists of tensors and
        plain values, and is valid during the call: training changes it
    state : dict, optional
        resume from this state, which ``on_epoch`` of an equal training received, as if it had not been interrupted

    Attributes
    ----------
    step : TrainStep
        model and optimiser
    train : Crops
        training crops
    n_epochs : int
        number of epochs
    epoch : int
        number of finished epochs

    Raises
    ------
    ParameterError
        if an argument has another type or is out of its range
    """

    def __init__(
        self,
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
    ):
        how: dict[str, Any] = {"lr": lr, "wd": wd, "schedule": schedule, "precision": precision, "freeze": freeze}
        steps = {"n_epochs": n_epochs, "val_step": val_step, "patience": patience, "log_step": log_step}
        check_parameters(how | steps)
        self.step = TrainStep(model, n_steps=n_epochs * len(train), **how)
        self.train, self.n_epochs, self.epoch = train, n_epochs, 0
        self._val, self._lr, self._val_step, self._patience = val, lr, val_step, patience
        self._log, self._log_step = log or (lambda name, value, step: None), log_step
        self._on_validation, self._on_best, self._on_epoch = on_validation, on_best, on_epoch
        self._state, self._training = state, Training()
        self._best_model: dict[str, torch.Tensor] = {}  # of no validation yet

    @property
    def is_running(self) -> bool:
        """Whether another epoch follows."""
        return self.epoch < self.n_epochs and not self._training.stopped

    def begin(self, together: Sequence[str] = ()) -> None:
        """Restore the given state, or emit the initial one; ``together`` as in `Training`."""
        if self._state:
            self.step.load_state_dict(self._state["learner"])
            self._training, self._best_model = Training(**self._state["training"]), self._state["best_model"]
            self.epoch = self._state["epoch"]
            if self.is_running:
                self._training.resumed.append(self.epoch)
            for scores in self._training.history:  # so that the log of a resumed training has the whole curve
                self._log_scores(scores)
        self._training.together = list(together) or self._training.together
        self._started = time.perf_counter() - self._training.seconds
        if not self._state:
            self._emit_state()

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Waveforms and labels of the next epoch, see `recsys.data.crops.Crops`."""
        return self.train.batches(self.epoch + 1)

    def end_epoch(self, losses: list[torch.Tensor], seconds: float) -> None:
        """Log, validate and emit the state after an epoch, given the losses of its batches and its duration."""
        numbers = torch.stack(losses).tolist()
        self._training.train_s += seconds
        if bad := [loss for loss in numbers if not math.isfinite(loss)]:
            what = f"the loss became {bad[0]} in epoch {self.epoch + 1}"
            self._training.stopped = f"{what}; lower the learning rate lr={self._lr}"
        else:
            for step, loss in enumerate(numbers, start=self.epoch * len(self.train) + 1):
                if step % self._log_step == 0:
                    self._log("train.loss", loss, step)
            self.epoch += 1
            self._log("train.avg_loss", float(np.mean(numbers)), self.epoch)
            if self.epoch % self._val_step == 0 or self.epoch == self.n_epochs:
                self._validate(float(np.mean(numbers)))
        self._emit_state()

    def finish(self) -> Training:
        """Restore the weights of the best epoch in the model.

        Returns
        -------
        Training
            if the loss became infinite or NaN, that of the best model before

        Raises
        ------
        Diverged
            if it did so before the first validation
        """
        training, model = self._training, self.step.model
        if not self._best_model:
            raise Diverged(f"{training.stopped}: no model has been validated before")
        if training.stopped:
            logger.warning("%s; the model of epoch %d is kept", training.stopped, training.best["epoch"])
        model.load_state_dict(self._best_model)
        model.eval()
        training.seconds = time.perf_counter() - self._started
        training.snippets_per_s = self.epoch * self.train.n_snippets / training.train_s
        return training

    def postfix(self) -> str:
        """The last validation, for a progress bar."""
        if not self._training.history:
            return ""
        names = {"epoch": "epoch", "train_loss": "loss", "roc_auc": "AUC", "average_precision": "AP"}
        return ", ".join(f"{short} {round(self._training.history[-1][name], 3)}" for name, short in names.items())

    def _validate(self, train_loss: float) -> None:
        training, model = self._training, self.step.model
        logits = track_logits(model, self._val.audio)
        scores = {"epoch": self.epoch, **validation_scores(self._val.labels, logits), "train_loss": train_loss}
        training.history.append(scores)
        self._log_scores(scores)
        if self._on_validation:
            self._on_validation(logits, self.epoch)
        if is_better(scores, training.best):
            training.best = scores
            self._best_model = {key: value.clone() for key, value in model.state_dict().items()}
            if self._on_best:
                self._on_best(scores)
        worse = sum(one["epoch"] > training.best["epoch"] for one in training.history)
        if self._patience and worse >= self._patience and self.epoch < self.n_epochs:
            training.stopped = f"no better model in {worse} validations"

    def _log_scores(self, scores: dict[str, float]) -> None:
        for measured in ("loss", "roc_auc", "average_precision"):
            self._log(f"val.{measured}", scores[measured], int(scores["epoch"]))

    def _emit_state(self) -> None:
        """Pass the state on; the files of earlier versions have these names, ``learner`` included."""
        self._training.seconds = time.perf_counter() - self._started
        if self._on_epoch:
            now = {"epoch": self.epoch, "training": asdict(self._training), "best_model": self._best_model}
            self._on_epoch(now | {"learner": self.step.state_dict()})


def validation_scores(labels: np.ndarray, logits: np.ndarray) -> dict[str, Any]:
    """Loss and measures of logits of whole tracks; ``score`` is the mean of the two measures.

    Infinite or NaN logits have an infinite loss and score 0. Of labels and logits (n_tracks, n_listeners) they are the
    means over the listeners, and ``listeners`` has each one's own, on the tracks whose labels are known.
    """
    if labels.ndim == 2:
        known, logits = ~np.isnan(labels), logits.reshape(labels.shape)  # (n_tracks,) of a single listener
        each = [validation_scores(labels[rows, i], logits[rows, i]) for i, rows in enumerate(known.T)]
        return {name: float(np.mean([one[name] for one in each])) for name in each[0]} | {"listeners": each}
    if not np.isfinite(logits).all():  # diverged in the last step, which the training loss shows in the next
        return {"loss": math.inf, "roc_auc": 0.0, "average_precision": 0.0, "score": 0.0}
    auc, ap = roc_auc(labels, logits), average_precision(labels, logits)
    return {"loss": log_loss(labels, logits), "roc_auc": auc, "average_precision": ap, "score": (auc + ap) / 2}


def is_better(scores: dict[str, float], best: dict[str, float]) -> bool:
    """Whether a validation is better than the best so far: by its score, on ties by the lower loss.

    An empty ``best`` is worse than any.

    Examples
    --------
    >>> is_better({"score": 0.9, "loss": 0.4}, {"score": 0.9, "loss": 0.5})
    True
    """
    return not best or (scores["score"], -scores["loss"]) > (best["score"], -best["loss"])
