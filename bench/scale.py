"""What a listener, a track and an explanation cost, and how that grows: heads and lists for 100 to 10,000 listeners.

    OMP_NUM_THREADS=1 python bench/scale.py

Listeners and tracks are made up: 100,000 rows of 128 features, in float16, and listeners who play a hundred of them and
are told a hundred others. The functions are those of `lemons fleet`, called with its sizes of units, on one thread.
Processor seconds are of this process, and other programs change them little.
"""

import argparse
import importlib.util
import time

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
import torch
from report import machine, peak_memory, reset_peak_memory, table, write_section
from scipy.special import expit

from lemons.audio import FULL_SCALE, SAMPLE_RATE
from lemons.explaining.explain import answer
from lemons.explaining.question import ask
from recsys.fleet.heads import SHARD
from recsys.fleet.tops import top_tracks
from recsys.model import FCN
from recsys.pooled import pooled_features
from recsys.training.head import set_head
from recsys.training.heads import Taste, fit_heads

N_FEATURES = 128
N_PLAYED = 100  # tracks of a listener, and as many others
SECONDS = 30  # of a track


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listeners", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--top", type=int, default=50)
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    where = machine()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    features = made_up_features(rng, args.tracks)
    rows = [measure(rng, features, n, args.top) for n in args.listeners]
    text = f"{where}.\n{args.tracks:,} made-up tracks, lists of {args.top}; units of {SHARD} listeners, one thread.\n\n"
    head = ["listeners", "heads, s", "a head, ms", "lists, s", "a list, ms", "faiss's list, ms", "peak GB"]
    text += f"{table(head, rows)}\n\n{costs(rng)}"
    print(text)
    if not args.dry:
        write_section("Heads, lists and explanations at scale (bench/scale.py)", text)


def made_up_features(rng, n):
    """Features that hang together as a trunk's do, a twentieth of which never fires."""
    mixing = rng.normal(size=(24, N_FEATURES))
    rows = [np.maximum(rng.normal(size=(n, 24)) @ mixing / 5 + rng.normal(size=(n, N_FEATURES)) / 2, 0)]
    features = np.concatenate(rows)
    features[:, ::20] = 0
    return features.astype(np.float16)


def made_up_taste(rng, features):
    """Who plays what lies in a direction of their own, with some chance."""
    seen = rng.choice(len(features), 8 * N_PLAYED, replace=False)
    logits = features[seen].astype(np.float64) @ rng.normal(size=N_FEATURES) / 4
    played = rng.uniform(size=len(seen)) < expit(logits - np.median(logits))
    tracks = np.concatenate([seen[played][:N_PLAYED], seen[~played][:N_PLAYED]])
    labels, val = np.repeat([1.0, 0.0], N_PLAYED), np.arange(len(tracks)) % 10 == 0
    return Taste(tracks[~val], labels[~val], tracks[val], labels[val])


def measure(rng, features, n_listeners, top):
    """A row of the table: n listeners, in units."""
    heads_s = lists_s = faiss_s = 0.0
    reset_peak_memory()
    for first in range(0, n_listeners, SHARD):
        tastes = [made_up_taste(rng, features) for _ in range(min(SHARD, n_listeners - first))]
        start = time.process_time()
        heads = fit_heads(features, tastes)
        heads_s += time.process_time() - start
        start = time.process_time()
        weights, bias = np.stack([head.weights for head in heads]), np.array([head.bias for head in heads])
        top_tracks(weights, bias, features, n=top, without=[taste.train for taste in tastes])
        lists_s += time.process_time() - start
        if not first:
            faiss_s = seconds_of_faiss(weights, features, top) / len(tastes)
    each = [1e3 * seconds / n_listeners for seconds in (heads_s, lists_s)]
    faiss = f"{1e3 * faiss_s:.2f}" if faiss_s else "not installed"
    row = [f"{n_listeners:,}", f"{heads_s:.1f}", f"{each[0]:.1f}", f"{lists_s:.2f}", f"{each[1]:.2f}", faiss]
    print(row, flush=True)
    return [*row, f"{peak_memory() / 1e9:.2f}"]


def seconds_of_faiss(weights, features, top):
    """The same lists from an exact index of faiss, which leaves nothing out; 0 where it is not installed."""
    if importlib.util.find_spec("faiss") is None:
        return 0.0
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(N_FEATURES)
    index.add(features.astype(np.float32))
    start = time.process_time()
    index.search(weights.astype(np.float32), top)
    return time.process_time() - start


def costs(rng):
    """What a track and an explanation cost."""
    model = FCN().eval()
    stems = {name: noise(rng) for name in ("vocals", "piano", "drums", "bass", "other")}
    mix = (FULL_SCALE * sum(stems.values())).astype(np.int16)
    start = time.process_time()
    pooled = pooled_features(model, [mix])
    rows = [["features of a track of 30 s", f"{time.process_time() - start:.2f}"]]
    for what in ("a track for its first listener", "the same track for another"):
        set_head(model, rng.normal(size=N_FEATURES) / np.abs(pooled[0]).mean() / 10, 0.0)
        start = time.process_time()
        answer(ask(model, stems, kind="time+source"), model, stems)
        rows.append([f"explaining {what}, 25 components", f"{time.process_time() - start:.2f}"])
    return table(["what", "processor seconds"], rows)


def noise(rng):
    """30 s of a stem on the 16-bit grid."""
    return (np.rint(rng.normal(size=SECONDS * SAMPLE_RATE) * 1000) / FULL_SCALE).astype(np.float32)


if __name__ == "__main__":
    main()
