"""Pickled NumPy arrays, read without unpickling.

A pickle is a program for a small machine with a stack, and unpickling runs it: it imports what the file names and calls
it with what the file says, which can be anything. Nothing is run here. `pickletools.genops` lists the instructions of
the file as data, and the function below follows those that a dictionary of float32 arrays is made of: texts, numbers,
tuples, and four names. The names are compared, never imported; each stands for something that this module does itself:

======================================  =====================================================================
``numpy.core.multiarray _reconstruct``  an array that is still empty
``numpy ndarray``                       the kind of that array
``numpy dtype``                         float32, little-endian, and no other type
``_codecs encode``                      the bytes of a text in Latin-1, as which protocol 2 keeps an array's values
======================================  =====================================================================

NumPy 2 says ``numpy._core.multiarray`` for the first. Protocols 2 to 4 are read.

Any other instruction, name or argument is refused. So the worst that a file can do is to hold other numbers.

References
----------
- Python, ``Lib/pickletools.py``, which describes every instruction
"""

import math
import pickletools
from typing import Any

import numpy as np

from lemons.errors import DataError

__all__ = ["read_pickled_arrays"]

RECONSTRUCT = "numpy.core.multiarray _reconstruct"
NDARRAY = "numpy ndarray"
DTYPE = "numpy dtype"
ENCODE = "_codecs encode"
RENAMED = {"numpy._core.multiarray _reconstruct": RECONSTRUCT}
FLOAT32 = ("f4", False, True)  # arguments of the type: no alignment, a copy
LITTLE_ENDIAN = (3, "<", None, None, None, -1, -1, 0)  # its state: version, order of bytes, no fields, no alignment
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
MAX_AXES = 4


class _Refused(Exception):
    """Why a pickle is not followed, said without its name."""


class _Name(str):
    """One of the four names; no text of the file is of this class."""


class _Type:
    """The type float32, little-endian."""


class _Array:
    """An array, which is empty until its values are read."""

    values: np.ndarray | None = None


def read_pickled_arrays(data: bytes, name: str) -> dict[str, np.ndarray]:
    """Read a pickled dictionary of float32 arrays; no code of the file is run.

    Parameters
    ----------
    data : bytes
        the pickle
    name : str
        where it comes from, for the sentence of an error

    Returns
    -------
    dict of str to np.ndarray [dtype=float32]
        read-only

    Raises
    ------
    DataError
        if it is cut short, or holds anything but float32 arrays by name

    Examples
    --------
    >>> import os, pickle
    >>> class Evil:
    ...     def __reduce__(self):
    ...         return os.system, ("echo harm",)
    >>> read_pickled_arrays(pickle.dumps({"bias": Evil()}, protocol=2), "evil.ckpt")
    Traceback (most recent call last):
    lemons.errors.DataError: evil.ckpt is not read: it names 'posix system', where only arrays may be
    """
    try:
        found = _follow(data)
    except (_Refused, ValueError, LookupError) as error:  # genops' ValueError; LookupError: nothing on stack or in memo
        reason = str(error) if isinstance(error, _Refused) else "it is damaged, or holds no arrays"
        raise DataError(f"{name} is not read: {reason}") from error
    return found


def _follow(data: bytes) -> dict[str, np.ndarray]:
    """What the instructions make."""
    stack: list[Any] = []
    marks: list[int] = []  # where on the stack the items of tuples and dictionaries begin
    memo: dict[int, Any] = {}
    room = len(data)  # bytes that its texts may become, so that one of them is not unpacked again and again
    argument: Any
    for instruction, argument, _ in pickletools.genops(data):
        match instruction.name:
            case "PROTO" | "FRAME":
                pass
            case "BINUNICODE" | "SHORT_BINUNICODE" | "BINBYTES" | "SHORT_BINBYTES" | "BININT" | "BININT1" | "BININT2":
                stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append(CONSTANTS[instruction.name])
            case "GLOBAL":
                stack.append(_name(argument))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                stack.append(_name(f"{module} {name}"))
            case "EMPTY_DICT":
                stack.append({})
            case "MARK":
                marks.append(len(stack))
            case "TUPLE":
                start = marks.pop()
                stack[start:] = [tuple(stack[start:])]
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                n = int(instruction.name[-1])
                stack[-n:] = [tuple(stack[-n:])]
            case "SETITEMS":
                start = marks.pop()
                _set_items(stack[start - 1], stack[start:])
                del stack[start:]
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "REDUCE":
                arguments, called = stack.pop(), stack.pop()
                made = _call(called, arguments)
                if isinstance(made, bytes):
                    room -= len(made)
                if room < 0:
                    raise _Refused("it unpacks to more than its own size")
                stack.append(made)
            case "BUILD":
                state = stack.pop()
                _build(stack[-1], state)
            case "STOP":
                return _arrays(stack.pop())
            case other:
                raise _Refused(f"it has the instruction {other}, which arrays do not need")
    raise _Refused("it has no end")


def _name(argument: str) -> _Name:
    argument = RENAMED.get(argument, argument)
    if argument not in (RECONSTRUCT, NDARRAY, DTYPE, ENCODE):
        raise _Refused(f"it names {argument[:80]!r}, where only arrays may be")
    return _Name(argument)


def _set_items(target: Any, items: list[Any]) -> None:
    names, values = items[::2], items[1::2]
    if not isinstance(target, dict) or len(names) != len(values) or not all(type(name) is str for name in names):
        raise _Refused("its dictionary is none of arrays by name")
    target.update(zip(names, values, strict=True))


def _call(called: Any, arguments: Any) -> bytes | _Type | _Array:
    """What one of the four names makes of its arguments."""
    if isinstance(called, _Name) and isinstance(arguments, tuple):
        if called == ENCODE and [type(one) for one in arguments] == [str, str] and arguments[1] == "latin1":
            return arguments[0].encode("latin1")
        if called == DTYPE and arguments == FLOAT32:
            return _Type()
        if called == RECONSTRUCT and arguments == (NDARRAY, (0,), b"b") and isinstance(arguments[0], _Name):
            return _Array()
    raise _Refused("it calls something with other arguments than arrays have")


def _build(target: Any, state: Any) -> None:
    """Give an array its values; a type is only asked whether it is the one that is read."""
    if isinstance(target, _Type) and state == LITTLE_ENDIAN:
        return
    if not isinstance(target, _Array) or not isinstance(state, tuple) or len(state) != 5:
        raise _Refused("it has an object that is no array")
    version, shape, dtype, fortran, values = state
    sizes = isinstance(shape, tuple) and len(shape) <= MAX_AXES and all(type(n) is int and n >= 0 for n in shape)
    if version != 1 or type(fortran) is not bool or not sizes or not isinstance(dtype, _Type):
        raise _Refused("it has an array that is none of float32, or of too many axes")
    if not isinstance(values, bytes) or len(values) != 4 * math.prod(shape):
        raise _Refused("it has an array whose values do not fill its shape")
    target.values = np.frombuffer(values, "<f4").reshape(shape, order="F" if fortran else "C")


def _arrays(found: Any) -> dict[str, np.ndarray]:
    if not isinstance(found, dict):
        raise _Refused("it holds no dictionary")
    arrays = {name: one.values for name, one in found.items() if isinstance(one, _Array) and one.values is not None}
    if len(arrays) != len(found):
        raise _Refused("it holds something that is no array")
    return arrays
