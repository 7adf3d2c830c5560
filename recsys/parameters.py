"""Types and ranges of the parameters of trainings and evaluations, checked before a run starts.

sacred parses a value of the command line as Python, and takes it as a string where that fails: ``freeze=false`` is the
string ``'false'``, which is true in a condition, and ``n_epochs=1e3`` is 1000.0. A value of another type than its
parameter is an error; no value is converted.
"""

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from lemons.errors import ParameterError
from lemons.storage import is_url
from lemons.storage.bucket import Bucket
from recsys.model import MIN_SAMPLES
from recsys.training.step import PRECISIONS, SCHEDULES

__all__ = ["RULES", "check_parameters"]

MAX_SEED = 2**32 - 1  # of NumPy's global generator, which sacred seeds

Rule = tuple[str, Callable[[Any], bool]]  # what a value must be, in words, and the test of it


def _whole(least: int, most: float = math.inf) -> Rule:
    words = f"a whole number of at least {least}" if most == math.inf else f"a whole number from {least} to {most}"
    return words, lambda value: _is(value, Integral) and least <= value <= most


def _number(words: str, in_range: Callable[[float], bool]) -> Rule:
    return f"a number {words}", lambda value: _is(value, Real) and in_range(value)


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _one_of(names: tuple[str, ...]) -> Rule:
    return f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names


SWITCH: Rule = ("True or False", lambda value: isinstance(value, bool))
TEXT: Rule = ("a text", lambda value: isinstance(value, str))

RULES = {
    **dict.fromkeys(("n_epochs", "n_crops", "batch_size", "val_step", "log_step"), _whole(1)),
    "input_length": _whole(MIN_SAMPLES),
    **dict.fromkeys(("patience", "num_workers", "n_quiet"), _whole(0)),
    **dict.fromkeys(("training_seed", "data_seed", "seed"), _whole(0, MAX_SEED)),
    # Adam changes a weight by about the learning rate at each step, and initial weights are below 0.4: with more than
    # 1 the model learns nothing, though the loss may stay finite
    "lr": _number("above 0 and at most 1", lambda lr: 0 < lr <= 1),
    "wd": _number("from 0 to 1", lambda wd: 0 <= wd <= 1),
    "schedule": _one_of(tuple(SCHEDULES)),
    "precision": _one_of(PRECISIONS),
    **dict.fromkeys(("freeze", "shared_trunk", "use_tensorboard"), SWITCH),
    **dict.fromkeys(("user_name", "device", "data_path", "meta_path", "experiments_path"), TEXT),
    **dict.fromkeys(("model_load_path", "trunk_path"), TEXT),
}


def check_parameters(values: Mapping[str, Any]) -> None:
    """Raise an error for a value of a wrong type or out of its range.

    Parameters
    ----------
    values : mapping of str to Any
        parameters by name; names that are not in `RULES` may have any value

    Raises
    ------
    ParameterError
        for the first wrong value

    Examples
    --------
    >>> check_parameters({"n_epochs": 20, "freeze": True})
    >>> check_parameters({"freeze": "false"})
    Traceback (most recent call last):
    ...
    lemons.errors.ParameterError: freeze='false' must be True or False
    """
    for name, value in values.items():
        words, holds = RULES.get(name, ("", lambda _: True))
        if not holds(value):
            raise ParameterError(f"{name}={value!r} must be {words}")
        if is_url(value):
            Bucket(value)  # refuses a password, before it is recorded
