"""Training of one listener's model, or of several listeners' at once.

Binary cross-entropy, Adam, one random crop of each track in an epoch; see `recsys.training.trainer` for what happens
between epochs, `recsys.training.step` for one step, and `recsys.training.joint` for one step of several models.

Chance enters by the model's initial weights and dropout (PyTorch's global generator, which the calling program seeds)
and by the crops (their own generator, anew for each epoch). On one machine, with one number of threads, equal seeds
give equal weights, with interruptions or without.
"""

import time
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

from recsys.data.crops import Crops, TrackSet
from recsys.model import FCN
from recsys.training.joint import losses_together
from recsys.training.malloc import kept_memory
from recsys.training.trainer import Course, Training


def fit(model: FCN, train: Crops, val: TrackSet, *, name: str = "", quiet: bool = False, **settings: Any) -> Training:
    """Train a model; afterwards it has the weights of the best epoch.

    Parameters
    ----------
    model, train, val, **settings
        see `recsys.training.trainer.Course`
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


def fit_together(courses: dict[str, Course], *, quiet: bool = False) -> None:
    """Train several listeners' models at once, until the last epoch of each is over.

    In an epoch each listener has as many batches as alone, and those who have fewer wait for the others. Each comes to
    what it would come to alone, up to rounding: none hears of another. `Course.finish` is left to the caller.

    Parameters
    ----------
    courses : dict of str to Course
        of each listener; on one device, with equal ``freeze`` and ``precision``
    quiet : bool
        show no progress bar
    """
    for user, course in courses.items():
        course.begin(together=sorted(set(courses) - {user}))
    with _bar(list(courses.values()), name=f"{len(courses)} listeners", quiet=quiet) as bar, kept_memory():
        while going := [course for course in courses.values() if course.goes_on]:
            started, losses = time.perf_counter(), [[] for _ in going]
            for i, loss, n in losses_together([c.learner for c in going], [c.batches() for c in going]):
                losses[i].append(loss)
                bar.update(n)
            seconds = time.perf_counter() - started
            for course, its_losses in zip(going, losses, strict=True):
                course.end_epoch(its_losses, seconds)


def _bar(courses: Sequence[Course], *, name: str, quiet: bool) -> tqdm:
    """How many snippets of all are done; the time left follows from the average speed, validations included."""
    total, done = (sum(getattr(c, n) * c.train.n_snippets for c in courses) for n in ("n_epochs", "epoch"))
    return tqdm(desc=name, unit="snip", total=total, initial=done, smoothing=0, disable=quiet, dynamic_ncols=True)
