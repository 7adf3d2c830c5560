"""The epoch loop, for one listener's model or for several listeners' models jointly.

Binary cross-entropy, Adam, one random crop of each track in an epoch; see `recsys.training.trainer` for what happens
between epochs, `recsys.training.step` for one step, and `recsys.training.joint` for one step of several models.

Initial weights and dropout are random by PyTorch's global generator, which the calling program seeds; the crops of each
epoch by a generator of their own. On one machine, with one number of threads, equal seeds give equal weights, with
interruptions or without.
"""

import time
from collections.abc import Sequence
from typing import Any

import torch
from tqdm import tqdm

from recsys.data.crops import Crops, TrackSet
from recsys.model import FCN
from recsys.training.joint import joint_losses
from recsys.training.malloc import kept_memory
from recsys.training.trainer import Trainer, Training

__all__ = ["fit", "fit_jointly"]


def fit(model: FCN, train: Crops, val: TrackSet, *, name: str = "", quiet: bool = False, **settings: Any) -> Training:
    """Train a model; afterwards it has the weights of the best epoch.

    Parameters
    ----------
    model, train, val, **settings
        see `recsys.training.trainer.Trainer`
    name : str
        in front of the progress bar
    quiet : bool
        show no progress bar

    Returns
    -------
    Training
        if the loss becomes infinite or NaN, training stops and the best model so far is kept

    Raises
    ------
    ParameterError
        if an argument is out of its range
    Diverged
        if the loss becomes infinite or NaN before the first validation
    """
    trainer = Trainer(model, train, val, **settings)
    trainer.begin()
    with _bar([trainer], name=name, quiet=quiet) as bar, kept_memory():
        while trainer.is_running:
            started, losses = time.perf_counter(), []
            for loss in trainer.step.losses(trainer.batches()):
                losses.append(loss)
                bar.update(min(train.batch_size, (trainer.epoch + 1) * train.n_snippets - bar.n))
            trainer.end_epoch(losses, time.perf_counter() - started)
            bar.set_postfix_str(trainer.postfix())
    return trainer.finish()


def fit_jointly(trainers: dict[str, Trainer], *, quiet: bool = False) -> None:
    """Train several listeners' models jointly, until each has finished its last epoch.

    In an epoch each listener has as many batches as alone, and those with fewer batches wait for the others. Up to
    rounding, each model is that of a single training. `Trainer.finish` is left to the caller.

    Parameters
    ----------
    trainers : dict of str to Trainer
        of each listener; on one device, with equal ``freeze`` and ``precision``
    quiet : bool
        show no progress bar
    """
    for user, trainer in trainers.items():
        trainer.begin(together=sorted(set(trainers) - {user}))
    with _bar(list(trainers.values()), name=f"{len(trainers)} listeners", quiet=quiet) as bar, kept_memory():
        while running := [trainer for trainer in trainers.values() if trainer.is_running]:
            started = time.perf_counter()
            losses: list[list[torch.Tensor]] = [[] for _ in running]
            steps, batches = [trainer.step for trainer in running], [trainer.batches() for trainer in running]
            for i, loss, n in joint_losses(steps, batches):
                losses[i].append(loss)
                bar.update(n)
            seconds = time.perf_counter() - started
            for trainer, its_losses in zip(running, losses, strict=True):
                trainer.end_epoch(its_losses, seconds)


def _bar(trainers: Sequence[Trainer], *, name: str, quiet: bool) -> tqdm:
    """Snippets done of all snippets; the time left follows from the average speed, validations included."""
    total = sum(trainer.n_epochs * trainer.train.n_snippets for trainer in trainers)
    done = sum(trainer.epoch * trainer.train.n_snippets for trainer in trainers)
    return tqdm(desc=name, unit="snip", total=total, initial=done, smoothing=0, disable=quiet, dynamic_ncols=True)
