"""What Ray costs beside the same work without it, with as many workers and threads, side by side.

    python bench/workers.py --library data/demo

The units are features of a few tracks by an untrained network, whose weights change no times. The two ways take turns,
and each figure is the least of some rounds. Each line has a Ray of its own: a worker that computed with two threads
before is slower with one by a seventh. On a machine whose cores are idle, or all that is compared is luck.
"""

import argparse
import logging
import os
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
from faults import fresh_trunk
from report import machine, table, write_section

from lemons.fleet import Failure, Results, run_here, run_on_ray
from lemons.fleet.on_ray import STORE_BYTES
from lemons.fleet.units import attempt
from lemons.library import open_library
from recsys.fleet.embeddings import embedding_units

ROOT = Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--units", type=int, default=16)
    parser.add_argument("--tracks", type=int, default=2, help="of a unit; each takes about half a second of a core")
    parser.add_argument("--rounds", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    # by default, Ray's workers give way to any other program, and it sends statistics
    os.environ |= {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    where, library, n_cores = machine(), open_library(args.library), os.cpu_count()
    some = list(library.rows)[: args.units * args.tracks]
    rows = []
    with TemporaryDirectory() as folder, processes(n_cores) as map_units:
        trunk = fresh_trunk(Path(folder) / "trunk.pt")
        units = embedding_units(library, trunk, track_ids=some, shard=args.tracks)
        for name, n_workers, threads, without in (
            ("one worker, one thread", 1, 1, run_here),
            (f"one worker, {n_cores} threads", 1, n_cores, run_here),
            (f"{n_cores} workers, one thread", n_cores, 1, map_units),
        ):
            plain, ray = seconds_of_both(units, args.rounds, n_workers, threads, without)
            numbers = [plain, ray, plain / len(units), ray / len(units)]
            rows.append([name, *(f"{s:.2f}" for s in numbers), f"{ray / plain - 1:+.1%}"])
    head = ["", "seconds without Ray", "with Ray", "a unit without", "with", "Ray costs"]
    text = f"""
{len(units)} units of {args.tracks} tracks, the least of {args.rounds} rounds, after one in which workers import
PyTorch. Without Ray, one worker is the plain loop; several are processes of Python's own. {where}.

{table(head, rows)}
"""
    print(text)
    if not args.dry:
        write_section("Workers and threads (bench/workers.py)", text)


def seconds_of_both(units, n_rounds, n_workers, threads, without):
    """Seconds of a way without Ray and of a Ray that does nothing else; the least of some rounds."""
    with connected_to(n_workers * threads):
        rounds = [(seconds(without, threads, units), seconds(run_on_ray, threads, units)) for _ in range(n_rounds + 1)]
    return np.min(rounds[1:], axis=0)


@contextmanager
def connected_to(n_cores):
    """A Ray of this machine with so many cores, which `run_on_ray` then takes."""
    import ray

    ray.init(num_cpus=n_cores, log_to_driver=False, logging_level=logging.WARNING, object_store_memory=STORE_BYTES)
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def processes(n):
    """Python's own workers: what so many processes cost each other, without Ray."""
    with ProcessPoolExecutor(n, mp_context=get_context("spawn")) as pool:

        def map_units(units, results, *, threads):
            whys = pool.map(attempt, units, repeat(results), repeat(threads))
            return [Failure(unit.name, why) for unit, why in zip(units, whys, strict=True) if why]

        yield map_units


def seconds(way, threads, units):
    """How long a way takes for the units, from nothing."""
    with TemporaryDirectory() as folder:
        start = time.perf_counter()
        failures = way(units, Results(folder), threads=threads)
        took = time.perf_counter() - start
    if failures:
        raise RuntimeError(failures[0].why)
    return took


if __name__ == "__main__":
    main()
