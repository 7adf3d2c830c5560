"""How long facts take beyond the table, and how much memory, for made answers and for a listener's recommendations.

    python bench/facts.py --user marko --tracks 4

The made answers rise by 0.4 with each component, on the average, and have noise of standard deviation 1, so that there
are many minimal sets; τ is 2. For tracks, τ lies halfway between the logits of the last track of the listener's list
and the first beyond it. The engine's own error is measured beside: its answers to some masks in float32 and float64.
"""

import argparse
import copy
import os
import time
import tracemalloc
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads of two programs would slow each other down

import numpy as np
from report import machine, table, write_section

from lemons.exact import facts_of, score_table, table_facts
from lemons.library import open_library
from recsys.checkpoints import load_checkpoint
from recsys.model_runs import best_checkpoint
from recsys.recommend import recommend

ROOT = Path(__file__).resolve().parents[1]
N_SEGMENTS = 5
N_LISTED = 10  # tracks of a list
N_MASKS = 2000  # at which the engine's error is measured
MADE = (20, 22, 25, 26)  # components
HEAD = [
    "answers",
    "components",
    "seconds",
    "of the processor",
    "extra MB",
    "sufficient",
    "necessary",
    "alone",
    "margin (logit)",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--experiments", type=Path, default=ROOT / "experiments")
    parser.add_argument("--user", default="marko", help="whose model and list (default: %(default)s)")
    parser.add_argument("--tracks", type=int, default=4, help="of the list, from the first on (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="runs; the fastest counts")
    args = parser.parse_args()
    where = machine()
    rows = [row(f"made, 2^{n}", *measured(facts_of, made(n), 2.0, repeats=args.repeats)) for n in MADE]

    library = open_library(args.library)
    checkpoint = best_checkpoint(args.experiments, args.user, library=library)
    model, _ = load_checkpoint(checkpoint)
    listed = recommend(checkpoint, library, args.user, n=N_LISTED + 1)
    threshold = float(listed["logit"].iloc[-2:].mean())
    seconds, double = [], None
    for track in listed["track_id"][: args.tracks]:
        stems = np.array(list(library.stems(track).values()))
        scored = score_table(model, stems, N_SEGMENTS)
        start = time.perf_counter()
        scored.all_logits  # noqa: B018  computed once, and kept
        seconds.append(scored.seconds + time.perf_counter() - start)
        found = measured(table_facts, scored, threshold, target="logit", repeats=args.repeats)
        rows.append(row(track, *found))
        double = error(model, stems, scored) if double is None else double  # of the first; it takes its time
    text = f"""
Tracks are those of {args.user}'s list, τ = {threshold:.3f} (logit). {where}.
Sets: the size of the smallest × how many have it, of all minimal ones.

{table(HEAD, rows)}

The answers to all mixes of a track took {min(seconds):.1f} to {max(seconds):.1f} s before that. At {N_MASKS} random \
masks of the first
track, the engine's logits in float32 differ from those in float64 by at most {double:.1e}.
"""
    print(text)
    write_section("Facts of a track (bench/facts.py)", text)


def made(n):
    """Answers to all masks of n components."""
    answers = np.random.default_rng(0).standard_normal(2**n, dtype=np.float32)
    answers += np.float32(0.4) * np.bitwise_count(np.arange(2**n, dtype=np.uint32))
    return answers


def measured(find, *args, repeats, **options):
    """Facts, seconds of the fastest run and of the processor, and the most bytes that another run held."""
    seconds, busy = [], []
    for _ in range(repeats):
        start, start_busy = time.perf_counter(), time.process_time()
        found = find(*args, **options)
        seconds.append(time.perf_counter() - start)
        busy.append(time.process_time() - start_busy)
    tracemalloc.start()  # sees NumPy's arrays; the process may have kept memory of an earlier run
    find(*args, **options)
    extra = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, min(seconds), min(busy), extra


def row(name, facts, seconds, busy, extra):
    kinds = (facts.sufficient, facts.necessary, facts.alone)
    sets = [f"{kind.size} × {kind.n_smallest} of {kind.n_sets}" if kind.n_sets else "none" for kind in kinds]
    margin = min(kind.margin for kind in kinds)
    return [
        name,
        str(len(facts.sounding)),
        f"{seconds:.2f}",
        f"{busy:.2f}",
        f"{extra / 1e6:.0f}",
        *sets,
        f"{margin:.0e}",
    ]


def error(model, stems, scored):
    """The largest difference of the table's logits from those in double precision."""
    masks = np.random.default_rng(0).integers(0, 2, (N_MASKS, scored.n_components))
    double = score_table(copy.deepcopy(model).double(), stems.astype(np.float64), N_SEGMENTS)
    return np.abs(double.logits(masks) - scored.logits(masks)).max()


if __name__ == "__main__":
    main()
