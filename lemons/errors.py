"""Exceptions.

Every error that a user can cause is a :class:`LemonsError` whose text is one sentence: what, where, the value,
what to do. Commands print that sentence and end with exit code 2; the page shows it. Anything else is a bug and
crashes visibly.
"""

from typing import Any

__all__ = [
    "ConfigError",
    "DamagedError",
    "DataError",
    "LemonsError",
    "MissingDecoderError",
    "MissingDependencyError",
    "MissingWeightsError",
    "NotHereError",
    "NotKeptError",
    "ParameterError",
]


class LemonsError(Exception):
    """Base of all errors that a user of LEMONS can cause and fix.

    >>> from lemons.segments import Segments
    >>> try:
    ...     Segments.equal(16_000, 0)
    ... except LemonsError as error:
    ...     str(error)
    'segments=0 must be between 1 and 16000, the number of samples'
    """


class ParameterError(LemonsError, ValueError):
    """An argument has a value that it must not have."""


class DataError(LemonsError):
    """A file or a library is missing, damaged or not what it should be."""


class DamagedError(DataError):
    """A file is not what was once written to it."""


class NotHereError(DataError):
    """A file cannot be read or written on this machine, or not now; elsewhere or later it may be, as it is."""


class NotKeptError(DataError):
    """A result was computed and cannot be written; ``result`` holds it, so that it can still be shown."""

    def __init__(self, error: DataError, result: Any):
        super().__init__(str(error))
        self.result = result


class ConfigError(LemonsError):
    """``config.py`` cannot be read or sets something that LEMONS does not know."""


class MissingDependencyError(LemonsError, ImportError):
    """An optional package is needed and not installed."""


class MissingDecoderError(NotHereError, MissingDependencyError):
    """A file's format needs a decoder that is not installed; a library skips such files, as it does damaged ones."""


class MissingWeightsError(LemonsError):
    """Trained weights are needed and missing."""
