"""What the parameters of a training and an evaluation may be: one table, asked before anything is made.

sacred reads a value of the command line as Python would, and as a text where that fails: ``freeze=false`` is the text
``'false'``, which counts as true wherever a program asks no further, and ``n_epochs=1e3`` is 1000.0. Nothing is guessed
here; what has another type than its parameter is refused.
"""

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

from lemons.errors import ParameterError
from recsys.model import MIN_SAMPLES
from recsys.training.step import PRECISIONS, SCHEDULES

MAX_SEED = 2**32 - 1  # of NumPy's global generator, which sacred seeds

Rule = tuple[str, Callable[[Any], bool]]  # what a value must be, and whether it is


def _whole(least: int, most: float = math.inf) -> Rule:
    words = f"a whole number of at least {least}" if most == math.inf else f"a whole number from {least} to {most}"
    return words, lambda value: isinstance(value, Integral) and not isinstance(value, bool) and least <= value <= most


def _number(words: str, holds: Callable[[float], bool]) -> Rule:
    return f"a number {words}", lambda value: isinstance(value, Real) and not isinstance(value, bool) and holds(value)


def _one_of(names: tuple[str, ...]) -> Rule:
    return f"one of {', '.join(names)}", lambda value: isinstance(value, str) and value in names


SWITCH: Rule = ("True or False", lambda value: isinstance(value, bool))
TEXT: Rule = ("a text", lambda value: isinstance(value, str))

RULES = {
    **dict.fromkeys(("n_epochs", "n_crops", "batch_size", "val_step", "log_step"), _whole(1)),
    "input_length": _whole(MIN_SAMPLES),
    **dict.fromkeys(("patience", "num_workers", "n_quiet"), _whole(0)),
    **dict.fromkeys(("training_seed", "data_seed", "seed"), _whole(0, MAX_SEED)),
    # Adam moves a weight by about the learning rate at each step, and weights begin below 0.4: more than 1 learns
    # nothing, though its loss may stay a number to the end
    "lr": _number("above 0 and at most 1", lambda lr: 0 < lr <= 1),
    "wd": _number("from 0 to 1", lambda wd: 0 <= wd <= 1),
    "schedule": _one_of(tuple(SCHEDULES)),
    "precision": _one_of(PRECISIONS),
    **dict.fromkeys(("freeze", "use_tensorboard"), SWITCH),
    **dict.fromkeys(("user_name", "device", "data_path", "meta_path", "experiments_path", "model_load_path"), TEXT),
}


def check_parameters(values: Mapping[str, Any]) -> None:
    """Refuse a value that its parameter must not have.

    Parameters
    ----------
    values : mapping of str to anything
        parameters by name; names that `RULES` does not know may have any value

    Raises
    ------
    ParameterError
        on the first wrong one

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
