"""Units of work: each a function of plain values whose result, a table, is written whole under the unit's key.

The key is a hash of what the result depends on. So work is not done twice: what was finished before a program, a worker
or a machine was killed is found by its key, and the same command makes the rest. It does not matter who makes a unit,
nor how often: `attempt` is the one way, for `run_here` and for `lemons.fleet.on_ray`.

An error costs only the unit that it occurs in. The others go on, and a list of `Failure` at the end says what is
missing, and why.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from lemons.errors import LemonsError
from lemons.fleet.results import Results
from lemons.hashing import hash_text
from lemons.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Failure", "Unit", "attempt", "missing_units", "run_here"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unit:
    """A unit of work.

    Attributes
    ----------
    kind : str
        what it makes: the folder of its result
    name : str
        what to call it in a sentence
    about : dict
        what its result depends on, in plain values; the key is their hash
    function : callable
        ``function(**arguments) -> pa.Table``, of the top level of a module, so that other processes find it
    arguments : dict
        plain values: paths, ids, settings. What is not in ``about`` (a path, a device) must not change the result
    """

    kind: str
    name: str
    about: dict[str, Any]
    function: Callable[..., "pa.Table"]
    arguments: dict[str, Any]

    @property
    def key(self) -> str:
        """The name of its result."""
        return f"{self.kind}/{hash_text(json.dumps(self.about, sort_keys=True))[:32]}"


@dataclass(frozen=True)
class Failure:
    """A part of the work that could not be done.

    Attributes
    ----------
    name, why : str
        which, and the reason
    lost : bool
        whether the process that was at it ended each time, so that nobody knows which part of it is to blame
    """

    name: str
    why: str
    lost: bool = False


def attempt(unit: Unit, results: Results, threads: int = 1) -> str:
    """Make a unit's result and write it.

    Parameters
    ----------
    unit : Unit
        what to do
    results : Results
        where its result goes
    threads : int > 0
        how many the libraries under NumPy and PyTorch may use, so that units side by side don't fight for cores

    Returns
    -------
    str
        why there is no result; empty where there is one
    """
    try:
        with threadpool_limits(threads):
            results.write(unit.key, unit.function(**unit.arguments))
    except Exception as error:  # whatever is wrong with one unit, the others are to go on
        logger.debug("%s", unit.name, exc_info=True)
        return str(error) if isinstance(error, LemonsError) else f"{type(error).__name__}: {error}"
    return ""


def missing_units(units: Iterable[Unit], results: Results) -> tuple[dict[str, Unit], int]:
    """The units without a result, by their keys, and how many have one."""
    wanted = {unit.key: unit for unit in units}
    made: set[str] = set()
    for kind in {unit.kind for unit in wanted.values()}:
        made |= results.keys(kind)
    missing = {key: unit for key, unit in wanted.items() if key not in made}
    return missing, len(wanted) - len(missing)


def run_here(
    units: Iterable[Unit], results: Results, *, threads: int = 1, progress: Progress | None = None
) -> list[Failure]:
    """Make the results that are missing, one after the other, in this process.

    Parameters
    ----------
    units : iterable of Unit
        all of them, made or not
    results : Results
        where results are
    threads : int > 0
        see `attempt`
    progress : callable, optional
        ``progress(done, total)``, called after each unit; may raise to stop

    Returns
    -------
    list of Failure
        the units that could not be made
    """
    missing, n_made = missing_units(units, results)
    failures = []
    for done, unit in enumerate(missing.values(), start=n_made + 1):
        if why := attempt(unit, results, threads):
            failures.append(Failure(unit.name, why))
        if progress:
            progress(done, n_made + len(missing))
    return failures
