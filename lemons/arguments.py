"""Arguments of public functions: one way to check each kind, and one way to say what is wrong.

A check takes the argument's name and value and gives the value back as plain Python or NumPy has it. So NumPy's
integers, floats and booleans are as good as Python's, and what follows a check need not ask again. Nothing is guessed:
True is no number, 2.0 no count, a list no waveform.
"""

import math
import os
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np

from lemons.errors import DataError, ParameterError

__all__ = [
    "MAX_SEED",
    "as_array",
    "file_path",
    "floats",
    "function",
    "items",
    "number",
    "one_of",
    "quoted",
    "random_state",
    "switch",
    "waveform",
    "whole",
]

MAX_WORDS = 60  # characters of a value that are quoted
MAX_SEED = 2**32 - 1  # of NumPy's RandomState
SHAPES = {1: "(n_samples,)", 2: "(n_stems, n_samples)"}


def whole(name: str, value: Any, *, least: float, most: int | None = None, hint: str = "") -> int:
    """A whole number within limits, both included; any for a ``least`` of minus infinity.

    Examples
    --------
    >>> whole("batch_size", np.int64(5), least=1)
    5
    >>> whole("batch_size", True, least=1)
    Traceback (most recent call last):
    lemons.errors.ParameterError: batch_size=True must be a whole number of at least 1
    """
    limits = "" if least == -math.inf else f"of at least {least}" if most is None else f"between {least} and {most}"
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise ParameterError(f"{name}={quoted(value)} must be a whole number {limits}".rstrip() + hint)
    number = int(value)
    if number < least or (most is not None and number > most):
        raise ParameterError(f"{name}={quoted(value)} must be {limits.removeprefix('of ')}{hint}")
    return number


def number(
    name: str, value: Any, *, least: float = -math.inf, above: float = -math.inf, most: float = math.inf
) -> float:
    """A finite number, not below ``least``, greater than ``above``, and not over ``most``.

    >>> number("alpha", np.float32(0.5), least=0)
    0.5
    """
    limits = f" of at least {least:g}" if least > -math.inf else f" above {above:g}" if above > -math.inf else ""
    limits += f" and at most {most:g}" if most < math.inf else ""
    try:
        found = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # an integer of hundreds of digits
        found = math.nan
    if not (math.isfinite(found) and least <= found <= most and found > above):
        raise ParameterError(f"{name}={quoted(value)} must be a finite number{limits}")
    return found


def switch(name: str, value: Any) -> bool:
    """True or False.

    >>> switch("verbose", np.bool_(True))
    True
    """
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name}={quoted(value)} must be True or False")
    return bool(value)


def one_of(name: str, value: Any, choices: Iterable[Any]) -> Any:
    """One of some texts or numbers.

    >>> one_of("target", "logit", ("logit", "probability"))
    'logit'
    """
    choices = tuple(choices)
    if not isinstance(value, str | Integral) or isinstance(value, bool) or value not in choices:
        raise ParameterError(f"{name}={quoted(value)} must be one of {choices}")
    return value


def function(name: str, value: Any) -> Any:
    """Something that can be called."""
    if not callable(value):
        raise ParameterError(f"{name}={quoted(value)} must be a function")
    return value


def items(name: str, value: Any, *, hint: str) -> list:
    """The items of an iterable, as a list; a text or a single value is refused. ``hint`` says what would be right."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ParameterError(f"{name}={quoted(value)} must be {hint}")
    try:
        return list(value)
    except TypeError as error:  # an array without dimensions calls itself iterable
        raise ParameterError(f"{name}={quoted(value)} must be {hint}") from error


def file_path(name: str, value: Any) -> Path:
    """The path of a file, which need not exist."""
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise ParameterError(f"{name}={quoted(value)} must be the path of a file, such as 'song.flac'")
    return Path(value)


def random_state(name: str, value: Any) -> int | np.random.RandomState:
    """A seed, or a random state that advances from call to call; not NumPy's global state."""
    if isinstance(value, np.random.RandomState):
        return value
    hint = ", or a numpy.random.RandomState"
    return whole(name, value, least=0, most=MAX_SEED, hint=hint)


def waveform(name: str, y: Any, *, n_dims: int = 1) -> np.ndarray:
    """Finite samples, as an array of float32 or float64.

    Half precision becomes float32, which holds all its values. PyTorch's tensors are taken from any device; arrays of
    float32 or float64 come back as they are, not copied.

    Parameters
    ----------
    name : str
        what it is called in an error
    y : np.ndarray or Tensor of floats [shape=(n_samples,), or (n_waveforms, n_samples) with n_dims=2]
    n_dims : {1, 2}
        one waveform, or several of equal length

    Raises
    ------
    ParameterError
        if it is no such array, or empty
    DataError
        if it holds values that are not numbers
    """
    y = floats(name, y, n_dims=n_dims)
    if not y.size:
        raise ParameterError(f"{name} holds no samples; its shape is {y.shape}")
    if not np.isfinite(y).all():
        raise DataError(f"{name} holds samples that are not numbers (NaN or infinite); export or separate it again")
    return y


def floats(name: str, y: Any, *, n_dims: int = 1) -> np.ndarray:
    """`waveform`, but it may be empty and hold any values."""
    y = as_array(y)
    wanted = f"{name} must be floats of shape {SHAPES[n_dims]}"
    if not isinstance(y, np.ndarray):
        raise ParameterError(f"{wanted}, not {type(y).__name__}; make it a NumPy array")
    found = f"{y.dtype} {y.shape}"
    if y.dtype.kind in "iu":
        raise ParameterError(f"{wanted}, not {found}; divide int16 samples by 32768")
    if y.dtype.kind != "f":
        raise ParameterError(f"{wanted}, not {found}")
    if y.ndim != n_dims:
        raise ParameterError(f"{wanted}, not {found}; average the channels of a stereo waveform")
    return y.astype(np.float64 if y.itemsize > 4 else np.float32, copy=False)


def as_array(value: Any) -> Any:
    """A tensor as a NumPy array, and masked samples as NaN; anything else as it is.

    PyTorch is not imported for this: the modules that check their arguments here do without it.
    """
    if isinstance(value, np.ndarray):
        return np.ma.filled(value, np.nan) if value.dtype.kind == "f" else np.asarray(value)
    if not hasattr(value, "detach"):
        return value
    tensor = value.detach().cpu()
    if tensor.is_floating_point() and tensor.element_size() < 4:  # NumPy has no bfloat16
        tensor = tensor.float()
    return tensor.resolve_conj().resolve_neg().numpy()


def quoted(value: Any) -> str:
    """A value as an error quotes it: short, arrays by their type and shape.

    >>> quoted("5"), quoted(np.zeros((2, 3))), quoted(float("nan"))
    ("'5'", 'float64 (2, 3)', 'nan')
    """
    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype} {tuple(value.shape)}"
    try:
        text = repr(value)
    except Exception as error:  # whatever a foreign object does; an integer of more than 4300 digits is a ValueError
        text = f"<{type(value).__name__} without a text: {type(error).__name__}>"
    return text if len(text) <= MAX_WORDS else f"{text[:MAX_WORDS]}…"
