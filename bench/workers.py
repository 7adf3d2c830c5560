"""Two workers of one thread each against one of two, and what Ray costs beside the plain loop, side by side.

    python bench/workers.py --library data/demo

The units are features of a few tracks by an untrained network, whose weights change no times. The ways take turns, and
each figure is the least of some rounds. On a machine whose cores are idle, or all that is compared is luck.
"""

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

from faults import fresh_trunk
from report import machine, table, write_section

from lemons.fleet import Results, run_here, run_on_ray
from lemons.fleet.on_ray import connected
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
    os.environ |= {"RAY_worker_niceness": "0"}  # by default, Ray's workers give way to any other program
    where, library = machine(), open_library(args.library)
    some = list(library.rows)[: args.units * args.tracks]
    with TemporaryDirectory() as folder:
        trunk = fresh_trunk(Path(folder) / "trunk.pt")
        units = embedding_units(library, trunk, track_ids=some, shard=args.tracks)
        start = time.perf_counter()
        with connected("local") as ray:
            n_workers = int(ray.cluster_resources()["CPU"])
            ways = {
                "the plain loop, one thread": (run_here, 1),
                f"the plain loop, {n_workers} threads": (run_here, n_workers),
                f"one worker of Ray, {n_workers} threads": (run_on_ray, n_workers),
                f"{n_workers} workers of Ray, one thread": (run_on_ray, 1),
            }
            for way, threads in ways.values():  # imports and caches
                seconds(way, threads, units)
            started = time.perf_counter() - start
            found = {name: [] for name in ways}
            for _ in range(args.rounds):
                for name, (way, threads) in ways.items():
                    found[name].append(seconds(way, threads, units))
    least = {name: min(some) for name, some in found.items()}
    first = next(iter(least.values()))
    rows = [[name, f"{s:.2f}", f"{s / len(units):.3f}", f"{first / s:.2f}"] for name, s in least.items()]
    text = f"""
{len(units)} units of {args.tracks} tracks, the least of {args.rounds} rounds. {where}.
Before them, {started:.0f} s for the start of Ray and a round of each, in which workers import PyTorch.

{table(["way", "seconds", "a unit", "times as fast as the first"], rows)}
"""
    print(text)
    if not args.dry:
        write_section("Workers and threads (bench/workers.py)", text)


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
