"""Training of one listener's model.

Binary cross-entropy, Adam, one random crop of each track in an epoch; see `recsys.course` for what happens between
epochs, and `recsys.learning` for one step.

Chance enters by the model's initial weights and dropout (PyTorch's global generator, which the calling program seeds)
and by the crops (their own generator, anew for each epoch). On one machine, with one number of threads, equal seeds
give equal weights, with interruptions or without.
"""

import time
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from recsys.course import Course, Training
from recsys.dataset import Crops, TrackSet
from recsys.memory import kept_memory
from recsys.model import FCN


def fit(model: FCN, train: Crops, val: TrackSet, *, name: str = "", quiet: bool = False, **settings: Any) -> Training:
    """Train a model; afterwards it has the weights of the best epoch.

    Parameters
    ----------
    model, train, val, **settings
        see `recsys.course.Course`
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
    Diverged
        if the loss ceases to be a number before the first validation
    """
    course = Course(model, train, val, **settings)
    course.begin()
    with _bar([course], name=name, quiet=quiet) as bar, kept_memory():
        while course.goes_on:
            started, losses = time.perf_counter(), []
            for loss in course.learner.losses(course.batches()):
                losses.append(loss)
                bar.update(min(train.batch_size, (course.epoch + 1) * train.n_snippets - bar.n))
            course.end_epoch(losses, time.perf_counter() - started)
            bar.set_postfix_str(course.in_short())
    return course.finish()


def _bar(courses: Sequence[Course], *, name: str, quiet: bool) -> tqdm:
    """How many snippets of all are done; the time left follows from the average speed, validations included."""
    total, done = (sum(getattr(c, n) * c.train.n_snippets for c in courses) for n in ("n_epochs", "epoch"))
    return tqdm(desc=name, unit="snip", total=total, initial=done, smoothing=0, disable=quiet, dynamic_ncols=True)
