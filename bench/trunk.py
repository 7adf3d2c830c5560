"""How long a track takes for seven listeners who share a trunk, beside one listener, side by side in one process.

    python bench/trunk.py --experiments experiments

A track of 30 s with 25 components. Seven listeners take the same pass of the exact engine, and each one's answers to
all masks follow from it. Processor seconds are of all threads, and other programs change them little; each figure is
the least of some rounds, in which one and seven take turns.
"""

import argparse
import math
import time
from pathlib import Path

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
import torch
from report import machine, table, write_section

from lemons.audio import to_int16
from lemons.errors import ParameterError
from lemons.exact import score_tables
from lemons.explaining import passes
from lemons.explaining.explain import answer
from lemons.explaining.question import ask
from lemons.library import open_library
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.model_runs import best_checkpoint
from recsys.pooled import head_logits, pooled_features

ROOT = Path(__file__).resolve().parents[1]
N_SEGMENTS = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--experiments", type=Path, default=ROOT / "experiments")
    parser.add_argument("--track", help="default: the first whose components all sound, which is the most work")
    parser.add_argument("--rounds", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    library = open_library(args.library)
    models = [load_checkpoint(best_checkpoint(args.experiments, user, library=library))[0] for user in library.users]
    if len({trunk_hash(model) for model in models}) > 1:
        raise ParameterError(f"the models in {args.experiments} have trunks of their own: lemons train --shared-trunk")
    track = args.track or next(track for track in library.tracks.index if all_sound(library.stems(track)))
    text = report(models, library.stems(track), track, rounds=args.rounds)
    print(text)
    if not args.dry:
        write_section("One trunk for seven listeners (bench/trunk.py)", text)


def report(models, stems, track, *, rounds):
    """The section of results.md."""
    where, n = machine(), len(models)
    rows = []
    for name, way in (
        ("scoring the track", score),
        ("the pass: a table for each", take_pass),
        ("the pass, and LIME over all masks", fit_lime),
        ("whole explanations, with facts", explain),
    ):
        seconds = {1: (math.inf, math.inf), n: (math.inf, math.inf)}
        for _ in range(rounds):
            for some in seconds:
                seconds[some] = tuple(map(min, seconds[some], measured(way, models[:some], stems)))
        one, all_ = seconds[1], seconds[n]
        alone = one[1] * n / all_[1]
        rows.append([name, *(f"{s:.2f}" for s in (*one, *all_)), f"{all_[1] / one[1]:.2f}", f"{alone:.1f}"])
    head = [
        "what",
        "one: seconds",
        "processor",
        f"{n}: seconds",
        "processor",
        f"{n} / one",
        "times less than each alone",
    ]
    return f"""
Track {track}, {len(next(iter(stems.values()))) / 16000:.0f} s, {len(stems)} stems, {N_SEGMENTS} segments.
{where}.
The last two columns are of processor seconds.

{table(head, rows)}
"""


def measured(way, models, stems):
    """Seconds, and those of the processor."""
    passes.forget()
    start, busy = time.perf_counter(), time.process_time()
    way(models, stems)
    return time.perf_counter() - start, time.process_time() - busy


def score(models, stems):
    features = pooled_features(models[0], [to_int16(sum(stems.values()))])
    return [head_logits(model, features) for model in models]


def take_pass(models, stems):
    return score_tables(models, np.array(list(stems.values())), N_SEGMENTS)


def fit_lime(models, stems):
    return [found.lime().weights for found in take_pass(models, stems)]


def explain(models, stems):
    return [answer(ask(model, stems, kind="time+source"), model, stems) for model in models]


def all_sound(stems):
    return all(part.any() for y in stems.values() for part in np.array_split(y, N_SEGMENTS))


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
