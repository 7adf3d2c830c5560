"""Units of work on a Ray cluster, or on all cores of one machine.

Ray schedules: it places units where cores and GPUs are free, and makes those of a killed worker or a lost node again.
Results do not pass through its object store; workers write them (`lemons.fleet.results`), and only why there is none
comes back. A few units for each free core are handed over at a time, however many there are.

The place of results must be the same for all machines: a shared folder, or a bucket.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from lemons.arguments import whole
from lemons.errors import DataError, ParameterError
from lemons.extras import require
from lemons.fleet.results import Results
from lemons.fleet.units import Failure, Unit, attempt, missing_units
from lemons.progress import Progress

__all__ = ["LOCAL", "connected", "run_on_ray"]

LOCAL = "local"
AHEAD = 2  # units that wait or run, for each that can run at once: no core waits for the next
RETRIES = 3  # of a unit whose worker or node was lost; one that kills its workers itself is given up
STORE_BYTES = 2**27  # of the object store where Ray is started here; only sentences pass through it


def run_on_ray(
    units: Iterable[Unit],
    results: Results,
    *,
    address: str = LOCAL,
    threads: int = 1,
    gpus: float = 0.0,
    progress: Progress | None = None,
    hold: ExitStack | None = None,
) -> list[Failure]:
    """Make the results that are missing, on a Ray cluster.

    Parameters
    ----------
    units : iterable of Unit
        all of them, made or not
    results : Results
        where results are
    address : str
        the cluster's, such as ``127.0.0.1:6379`` or ``auto``; ``local`` starts Ray on this machine, for this call. In
        a block of `connected`, or a program that has called ``ray.init`` itself, that cluster is taken
    threads : int > 0
        CPU threads of a unit, and the cores that Ray keeps free for it
    gpus : float >= 0
        GPUs of a unit; four units share one with 0.25
    progress : callable, optional
        ``progress(done, total)``, called after each unit; may raise to stop
    hold : ExitStack, optional
        keeps the connection, so that further calls share the workers; nothing is connected where nothing is missing

    Returns
    -------
    list of Failure
        the units that could not be made

    Raises
    ------
    MissingDependencyError
        if Ray is not installed
    DataError
        if there is no cluster at the address
    ParameterError
        if no machine of the cluster has the cores or GPUs for a unit
    """
    threads = whole("threads", threads, least=1)
    missing, n_made = missing_units(units, results)
    failures: list[Failure] = []
    if not missing:
        return failures
    with ExitStack() as own:
        ray = (own if hold is None else hold).enter_context(connected(address))
        in_flight = AHEAD * _slots(ray, threads, gpus)
        remote = ray.remote(num_cpus=threads, num_gpus=gpus, max_retries=RETRIES)(attempt)
        waiting: dict[Any, Unit] = {}
        to_do, done = iter(missing.values()), n_made
        try:
            while True:
                for unit in to_do:
                    waiting[remote.remote(unit, results, threads)] = unit
                    if len(waiting) >= in_flight:
                        break
                if not waiting:
                    return failures
                (ready,), _ = ray.wait(list(waiting), num_returns=1)
                failures += _outcome(ray, ready, waiting.pop(ready).name)
                done += 1
                if progress:
                    progress(done, n_made + len(missing))
        finally:
            for one in waiting:  # after Ctrl-C, on a cluster that goes on without us
                ray.cancel(one, force=True)


def _outcome(ray: Any, reference: Any, name: str) -> list[Failure]:
    """Why there is no result of a unit, from `attempt` or from Ray; empty where there is one."""
    try:
        why = ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # such as a package that a node lacks
        why = f"{type(error.cause).__name__}: {error.cause}"
    except ray.exceptions.RayError as error:
        what = str(error).strip().partition("\n")[0]
        return [Failure(name, f"its worker was lost {RETRIES + 1} times ({type(error).__name__}: {what})", lost=True)]
    return [Failure(name, why)] if why else []


def _slots(ray: Any, threads: int, gpus: float) -> int:
    """How many units the cluster can run at once."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    slots = 0
    for resources in nodes:
        fit = resources.get("CPU", 0) // threads
        slots += int(min(fit, resources.get("GPU", 0) // gpus) if gpus else fit)
    if not slots:
        asked = f"{threads} cores" + (f" and {gpus:g} GPUs" if gpus else "")
        raise ParameterError(f"no machine of the cluster has {asked} for a unit; ask for less")
    return slots


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected to the cluster for as long as the block runs; calls of `run_on_ray` in it share its workers."""
    require("a cluster", "ray", extra="scale")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere; read when Ray starts
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    if ray.is_initialized():
        yield ray
        return
    how: dict[str, Any] = {"object_store_memory": STORE_BYTES} if address == LOCAL else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING, **how)
    except Exception as error:  # Ray raises nearly any, plain ones for nodes that don't start
        reason = str(error).partition("\n")[0][:200]
        hint = "start one with `ray start --head`, behind a token (docs/scale.md)"
        raise DataError(f"no Ray cluster at {address} ({reason}); {hint}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
