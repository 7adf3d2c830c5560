"""How explanations change with what sounds in place of what is switched off: silence, noise of its colour, faint noise.

    python bench/baselines.py --tracks 5

Each listener's first recommendations are explained with every baseline, by components of stems in time. What was
computed is kept under --cache, and a run that was interrupted continues. Results are written after each rank of the
lists.
"""

import argparse
import os
from collections import defaultdict
from itertools import combinations
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads of two programs would slow each other down

import numpy as np
from report import machine, table, write_section
from scipy.special import expit

from explanations.core.explain_track import explain_track
from lemons.baselines import BASELINES
from lemons.explaining.trust import line_holds
from lemons.library import open_library
from lemons.tracks import open_track
from recsys.model_runs import best_checkpoint
from recsys.recommend import recommend

ROOT = Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--experiments", type=Path, default=ROOT / "experiments")
    parser.add_argument("--cache", type=Path, default=ROOT / "experiments" / "baselines", help="of explanations")
    parser.add_argument("--tracks", type=int, default=5, help="of each listener (default: %(default)s)")
    args = parser.parse_args()
    where, library = machine(), open_library(args.library)
    found = defaultdict(dict)  # by listener and track: explanations by baseline
    first = {}
    for listener in library.users:
        checkpoint = best_checkpoint(args.experiments, listener, library=library)
        first[listener] = recommend(checkpoint, library, listener, n=args.tracks)["track_id"]
    for rank in range(args.tracks):  # all listeners' first ones first
        for listener, track_ids in first.items():
            track = open_track(track_ids.iloc[rank], library)
            for baseline in BASELINES:
                one = explain_track(
                    track,
                    listener=listener,
                    library=library,
                    experiments_path=args.experiments,
                    explanations_path=args.cache,
                    kind="time+source",
                    baseline=baseline,
                )
                found[listener, track.track_id][baseline] = one
                print(rank + 1, listener, track.track_id, baseline, [c.index for c in one.top(3)], flush=True)
        write(found, rank + 1, where)


def write(found, n_tracks, where):
    """Put what is known so far into results.md."""
    text = f"""
The first {n_tracks} of each listener's recommendations, {len(found)} tracks in all; five stems in five segments, and \
facts about the
list of ten. {where}.

Relevance of everything switched off, and beside it that of the tracks as they are; the median over tracks.

{table(["listener", *BASELINES, "tracks"], relevances(found))}

{table(["over all tracks", *BASELINES], figures(list(found.values())))}

Agreement of two baselines: share of the tracks, or mean.

{table(["", *map(" / ".join, combinations(BASELINES, 2))], agreements(list(found.values())))}
"""
    print(text)
    write_section("What sounds in place of what is switched off (bench/baselines.py)", text)


def relevances(found):
    rows = []
    for listener in dict.fromkeys(name for name, _ in found):
        mine = [ones for (name, _), ones in found.items() if name == listener]
        off = [np.median([expit(ones[b].clip_logits["silence"]) for ones in mine]) for b in BASELINES]
        rows.append(
            [listener, *(f"{value:.2f}" for value in (*off, np.median([m["silence"].relevance for m in mine])))]
        )
    return rows


def figures(found):
    """What can be said of each baseline by itself."""

    def row(name, figure, form="{:.2f}"):
        values = {b: np.array([figure(ones[b]) for ones in found], dtype=float) for b in BASELINES}  # None becomes NaN
        return [name, *(form.format(values[b][np.isfinite(values[b])].mean()) for b in BASELINES)]

    return [
        row("R² of the line, mean", lambda one: one.fidelity_held_out),
        row("the line holds", line_holds, "{:.0%}"),
        row("everything off stays on the list", lambda one: one.facts.silence_reaches, "{:.0%}"),
        row("parts in a smallest sufficient set, mean", lambda one: one.facts.sufficient.size),
        row("parts in a smallest necessary set, mean where there is one", lambda one: one.facts.necessary.size),
    ]


def agreements(found):
    """How often two baselines say the same."""

    def row(name, agree, form="{:.0%}"):
        pairs = combinations(BASELINES, 2)
        return [name, *(form.format(float(np.mean([agree(ones[a], ones[b]) for ones in found]))) for a, b in pairs)]

    return [
        row("the same part on top", lambda a, b: a.top(1) != () and indices(a, 1) == indices(b, 1)),
        row("overlap of the top 3 (Jaccard)", lambda a, b: jaccard(indices(a, 3), indices(b, 3)), "{:.2f}"),
        row("the same top 3", lambda a, b: indices(a, 3) == indices(b, 3)),
        row("a smallest sufficient set in common", lambda a, b: common(a.facts.sufficient, b.facts.sufficient)),
        row("a smallest necessary set in common", lambda a, b: common(a.facts.necessary, b.facts.necessary)),
        row("rank correlation of the weights", correlation, "{:.2f}"),
    ]


def indices(explanation, k):
    return {component.index for component in explanation.top(k)}


def jaccard(a, b):
    return len(a & b) / len(a | b) if a | b else 1.0


def common(a, b):
    """Whether one set is a smallest of both, or neither has any."""
    return a.n_sets == b.n_sets == 0 or bool(set(a.smallest) & set(b.smallest))


def correlation(a, b):
    """Spearman's, over the parts that sound."""
    sounding = list(a.facts.sounding)
    ranks = [np.argsort(np.argsort([one.components[i].weight for i in sounding])) for one in (a, b)]
    return np.corrcoef(ranks)[0, 1]


if __name__ == "__main__":
    main()
