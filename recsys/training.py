"""Training of one listener's model.

Binary cross-entropy, Adam, one random crop of each track in an epoch; after an epoch the model is validated on whole
tracks. The best model is the one with the highest mean of ROC-AUC and average precision on the validation tracks, of
equals the one with the lower loss.

Chance enters by the model's initial weights and dropout (PyTorch's global generator, which the calling program seeds)
and by the crops (their own generator). On one machine, with one number of threads, equal seeds give equal weights.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from tqdm import tqdm

from lemons.errors import DataError, ParameterError
from recsys.dataset import Crops, TrackSet
from recsys.metrics import average_precision, log_loss, roc_auc
from recsys.model import FCN
from recsys.scoring import track_logits

logger = logging.getLogger(__name__)

# factor of the learning rate when a share t, 0 < t <= 1, of all steps is done
SCHEDULES = {
    "constant": lambda t: 1.0,
    "cosine": lambda t: 0.5 + 0.5 * math.cos(math.pi * t),
    "onecycle": lambda t: t / 0.3 if t < 0.3 else 0.5 + 0.5 * math.cos(math.pi * (t - 0.3) / 0.7),
}
PRECISIONS = ("auto", "float32", "bfloat16")


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
        how long all of it took
    snippets_per_s : float
        crops trained on in a second, validation not counted
    stopped : str
        why it ended before the last epoch; empty if it did not
    """

    best: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    snippets_per_s: float = 0.0
    stopped: str = ""


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
    log_step: int = 100,
    log: Callable[[str, float, int], None] | None = None,
    on_best: Callable[[dict[str, float]], None] | None = None,
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
    log_step : int > 0
        log a batch's loss every so many batches
    log : callable, optional
        ``log(name, value, step)``: losses and measures as they come
    on_best : callable, optional
        ``on_best(scores)``, called when ``model`` is the best so far: the moment to save it
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
    _validate(n_epochs=n_epochs, val_step=val_step, log_step=log_step, schedule=schedule, precision=precision)
    log = log or (lambda name, value, step: None)
    device = model.fc.weight.device
    use_bf16 = precision == "bfloat16" or (precision == "auto" and has_bf16(device))
    n_steps = n_epochs * len(train)
    optimizer = torch.optim.Adam((model.fc if freeze else model).parameters(), lr, weight_decay=wd)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: SCHEDULES[schedule]((step + 1) / n_steps))
    training, best_state, train_s, started = Training(), {}, 0.0, time.perf_counter()

    with tqdm(total=n_epochs * train.n_snippets, desc=name, unit="snip", disable=quiet, dynamic_ncols=True) as bar:
        for epoch in range(1, n_epochs + 1):
            epoch_started, losses = time.perf_counter(), []
            model.train(not freeze)
            model.dropout.train()
            for y, labels in train.batches(epoch):
                y, labels = y.to(device), labels.to(device)
                with torch.set_grad_enabled(not freeze):
                    mel = model.spec(y)
                    with torch.autocast(device.type, torch.bfloat16, enabled=use_bf16):
                        maps = model.trunk(mel)
                loss = binary_cross_entropy_with_logits(model.head(model.pool(maps.float())), labels)
                losses.append(loss.item())
                if not math.isfinite(losses[-1]):
                    training.stopped = f"the loss became {losses[-1]} in epoch {epoch}; lower the learning rate lr={lr}"
                    break
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                rate.step()
                bar.update(len(y))
                if (step := (epoch - 1) * len(train) + len(losses)) % log_step == 0:
                    log("train.loss", losses[-1], step)
            train_s += time.perf_counter() - epoch_started
            if training.stopped:
                break
            log("train.avg_loss", float(np.mean(losses)), epoch)
            if epoch % val_step == 0 or epoch == n_epochs:
                scores = {"epoch": epoch, **validate(model, val), "train_loss": float(np.mean(losses))}
                training.history.append(scores)
                for measure in ("loss", "roc_auc", "average_precision"):
                    log(f"val.{measure}", scores[measure], epoch)
                bar.set_postfix(epoch=epoch, loss=f"{scores['train_loss']:.3f}", AUC=f"{scores['roc_auc']:.3f}")
                if is_better(scores, training.best):
                    training.best = scores
                    best_state = {key: value.clone() for key, value in model.state_dict().items()}
                    if on_best:
                        on_best(scores)

    if not best_state:
        raise DataError(f"{training.stopped}: there is no model yet to go back to")
    if training.stopped:
        logger.warning("%s; the model of epoch %d stands", training.stopped, training.best["epoch"])
    model.load_state_dict(best_state)
    model.eval()
    training.seconds = time.perf_counter() - started
    training.snippets_per_s = training.history[-1]["epoch"] * train.n_snippets / train_s
    return training


def validate(model: FCN, val: TrackSet) -> dict[str, float]:
    """Loss and measures on whole tracks, in float32; ``score`` is the mean of the two measures."""
    logits = track_logits(model, val.audio)
    if not np.isfinite(logits).all():  # diverged, but for the training loss of the next step
        return {"loss": math.inf, "roc_auc": 0.0, "average_precision": 0.0, "score": 0.0}
    auc, ap = roc_auc(val.labels, logits), average_precision(val.labels, logits)
    return {"loss": log_loss(val.labels, logits), "roc_auc": auc, "average_precision": ap, "score": (auc + ap) / 2}


def is_better(scores: dict[str, float], best: dict[str, float]) -> bool:
    """Whether a validation beats the best so far: by its score, of equals by the lower loss; anything beats nothing.

    Examples
    --------
    >>> is_better({"score": 0.9, "loss": 0.4}, {"score": 0.9, "loss": 0.5})
    True
    """
    return not best or (scores["score"], -scores["loss"]) > (best["score"], -best["loss"])


def has_bf16(device: torch.device) -> bool:
    """Whether the processor computes bfloat16 by its own instructions, which makes training some twice as fast."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # PyTorch asks the processor, but has no public way to pass on the answer (2.6 to 2.13)
    asked = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(ask() for ask in asked if ask)


def _validate(*, schedule: str, precision: str, **counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise ParameterError(f"{name}={value} must be at least 1")
    if schedule not in SCHEDULES:
        raise ParameterError(f"schedule={schedule!r} is unknown; choose one of {', '.join(SCHEDULES)}")
    if precision not in PRECISIONS:
        raise ParameterError(f"precision={precision!r} is unknown; choose one of {', '.join(PRECISIONS)}")
