"""The training of one listener's model between its epochs.

After an epoch the model is validated on whole tracks. The best model is the one with the highest mean of ROC-AUC and
average precision on the validation tracks, of equals the one with the lower loss.
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
        how long without validations; of listeners trained at once, how long for all of them
    snippets_per_s : float
        crops trained on in a second, validation not counted
    stopped : str
        why it ended before the last epoch; empty if it did not
    resumed : list of int
        the epochs after which it was interrupted and taken up again
    together : list of str
        the listeners who were trained at once with this one and itself; empty if it was trained alone
    """

    best: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    train_s: float = 0.0
    snippets_per_s: float = 0.0
    stopped: str = ""
    resumed: list[int] = field(default_factory=list)
    together: list[str] = field(default_factory=list)


class Diverged(DataError):
    """There is no model to go back to; the same training would come to the same end."""


class Trainer:
    """One listener's training between its epochs: validations, the best model so far, what is kept and logged.

    Who makes it calls `begin`; while it `is_running`, lets its `train_step` learn from `batches` and calls `end_epoch`;
    then calls `finish`.

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
    lr : float, 0 < lr <= 1
        Adam's learning rate
    wd : float, 0 <= wd <= 1
        Adam's weight decay
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
        go on from this state, which an equal trainer gave to ``on_epoch``, as if there had been no interruption

    Attributes
    ----------
    train_step : TrainStep
        what learns
    epoch : int
        how many epochs are over

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
        how = {"lr": lr, "wd": wd, "schedule": schedule, "precision": precision, "freeze": freeze}
        steps = {"n_epochs": n_epochs, "val_step": val_step, "patience": patience, "log_step": log_step}
        check_parameters(how | steps)
        self.train_step = TrainStep(model, n_steps=n_epochs * len(train), **how)
        self.train, self.n_epochs, self.epoch = train, n_epochs, 0
        self._val, self._lr, self._val_step, self._patience = val, lr, val_step, patience
        self._log, self._log_step = log or (lambda name, value, step: None), log_step
        self._on_validation, self._on_best, self._on_epoch = on_validation, on_best, on_epoch
        self._state, self._training, self._best_model = state, Training(), {}

    @property
    def is_running(self) -> bool:
        """Whether there is another epoch."""
        return self.epoch < self.n_epochs and not self._training.stopped

    def begin(self, together: Sequence[str] = ()) -> None:
        """Be where the state is, or tell the first one; ``together`` as in `Training`."""
        if self._state:
            self.train_step.load_state_dict(self._state["learner"])
            self._training, self._best_model = Training(**self._state["training"]), self._state["best_model"]
            self.epoch = self._state["epoch"]
            if self.is_running:
                self._training.resumed.append(self.epoch)
            for scores in self._training.history:  # so that the log of the last part has the whole curve
                self._log_scores(scores)
        self._training.together = list(together) or self._training.together
        self._started = time.perf_counter() - self._training.seconds
        if not self._state:
            self._emit_state()

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """What the next epoch is to learn from."""
        return self.train.batches(self.epoch + 1)

    def end_epoch(self, losses: list[torch.Tensor], seconds: float) -> None:
        """Say the losses of an epoch's batches, and how long it took: it is counted, logged, validated and kept."""
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
        """Give the model the weights of the best epoch.

        Returns
        -------
        Training
            when the loss ceased to be a number, the best model until then stands

        Raises
        ------
        Diverged
            if it did so before the first validation
        """
        training, model = self._training, self.train_step.model
        if not self._best_model:
            raise Diverged(f"{training.stopped}: there is no model yet to go back to")
        if training.stopped:
            logger.warning("%s; the model of epoch %d stands", training.stopped, training.best["epoch"])
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
        training, model = self._training, self.train_step.model
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
            self._log(f"val.{measured}", scores[measured], scores["epoch"])

    def _emit_state(self) -> None:
        self._training.seconds = time.perf_counter() - self._started
        if self._on_epoch:
            now = {"epoch": self.epoch, "training": asdict(self._training), "best_model": self._best_model}
            self._on_epoch(now | {"learner": self.train_step.state_dict()})


def validation_scores(labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
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
