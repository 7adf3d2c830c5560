"""How far weights from sampled masks are from the exact ones, at an equal number of model calls.

    python bench/neighbourhoods.py --tracks 4 --seeds 3

takes of each listener the first test track that has 22 to 25 sounding components. The engine answers all its masks, so
the truth is known; a call of the model is then a look into that table. LIME's weights and Shapley values are
estimated by each sampler of `lemons.sampling`, and Shapley values by shapiq's estimators, too.

The truth takes a pass of the engine for each track; ``--tables FILE`` keeps it, and reads it where it is kept.

A mask is asked about once: a sampler that draws some again may draw more, until it comes to as many different ones.
The error of an estimate is the root mean square of its differences from the truth, relative to that of the truth.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads of two programs would slow each other down

import matplotlib.pyplot as plt
import numpy as np
import shapiq

from lemons.files import atomic_path
from lemons.sampling import ESTIMATORS, SAMPLERS, Neighborhood, estimate_lime, estimate_shapley, until_settled
from lemons.sampling.samplers import distinct, leverage

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "imgs" / "neighbourhoods.png"
N_SEGMENTS, N_SOUNDING = 5, range(22, 26)
CALLS = (512, 2048, 8192)
K = 3  # components of the top
N_MOST = 2**14  # masks until the top must be settled
# some are in newer releases only, which need Python 3.12
THEIRS = (
    "KernelSHAP",
    "LeverageSHAP",
    "OddSHAP",
    "PermutationSamplingSV",
    "ProxySHAP",
    "SVARM",
)


class Truth(NamedTuple):
    """The answers to all masks of a track, and the weights that follow."""

    name: str
    logits: np.ndarray
    weights: dict[str, np.ndarray]

    @property
    def n_components(self) -> int:
        """Those that sound."""
        return len(self.weights["lime"])

    def answer(self, masks: np.ndarray) -> np.ndarray:
        """The logits of masks of the sounding components."""
        numbers = np.atleast_2d(masks).astype(np.int64) @ (1 << np.arange(self.n_components)[::-1])
        return self.logits[numbers].astype(np.float64)


def truths(library_path: Path, experiments: Path, n_tracks: int) -> list[Truth]:
    """Of each listener the first test track that they played and that has enough components."""
    from lemons.exact import score_table  # here, so that kept tables can be read without torch
    from lemons.library import open_library
    from lemons.listeners import LISTENERS
    from recsys.checkpoints import load_checkpoint
    from recsys.data.splits import load_or_draw_split
    from recsys.model_runs import best_checkpoint

    library, found = open_library(library_path), []
    for listener in LISTENERS[:n_tracks]:
        model, _ = load_checkpoint(best_checkpoint(experiments, listener.name, library=library))
        split = load_or_draw_split(library, listener.name)
        for track_id in split.loc[(split["split"] == "test") & (split["playcount"] > 0), "track_id"]:
            stems = np.stack(list(library.stems(track_id).values()))
            parts = np.array_split(stems, N_SEGMENTS, axis=1)  # what sounds is hardly a matter of a sample
            if sum(int(part.any(axis=1).sum()) for part in parts) not in N_SOUNDING:
                continue
            answers = score_table(model, stems, N_SEGMENTS)
            sounding = answers.sounding.ravel()
            weights = {"lime": answers.lime().weights[sounding], "shapley": answers.shapley()[sounding]}
            found.append(Truth(f"{listener.name}, {track_id}", answers.all_logits.numpy(), weights))
            break
    return found


def keep(path: Path, tracks: list[Truth]) -> None:
    """Write truths as npz."""
    arrays = {f"{track.name}/{name}": array for track in tracks for name, array in track.weights.items()}
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays, **{f"{track.name}/logits": track.logits for track in tracks})


def kept(path: Path) -> list[Truth]:
    """Read truths."""
    with np.load(path) as arrays:
        names = [key.removesuffix("/logits") for key in arrays if key.endswith("/logits")]
        return [
            Truth(name, arrays[f"{name}/logits"], {kind: arrays[f"{name}/{kind}"] for kind in ("lime", "shapley")})
            for name in names
        ]


def at_cost(sampler: Callable, n_components: int, calls: int, seed: int) -> Neighborhood:
    """The largest neighborhood of no more than so many different masks, but for some per cent."""
    drawn = n_masks = calls
    neighborhood = sampler(n_components, n_masks, seed=seed)
    while neighborhood.n_distinct < 0.99 * calls:
        n_masks = int(drawn * calls / neighborhood.n_distinct)
        larger = sampler(n_components, n_masks, seed=seed)
        if larger.n_distinct > calls:
            break
        neighborhood, drawn = larger, n_masks
    return neighborhood


def ours(name: str, sampler: Callable) -> Callable:
    def weights(truth: Truth, calls: int, seed: int) -> np.ndarray:
        neighborhood = at_cost(sampler, truth.n_components, calls, seed)
        return ESTIMATORS[name](neighborhood, truth.answer(neighborhood.masks)).weights

    return weights


def theirs(name: str) -> Callable:
    def weights(truth: Truth, calls: int, seed: int) -> np.ndarray:
        n = truth.n_components
        silence = float(truth.logits[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they say about budgets is not what is measured
            estimator = getattr(shapiq, name)(n=n, random_state=seed)
            found = estimator.approximate(budget=calls, game=lambda masks: truth.answer(masks) - silence)
        return np.array([found[(i,)] for i in range(n)])

    return weights


def measured(way: Callable, weights_of: str, tracks: list[Truth], calls: int, n_seeds: int) -> tuple[float, float]:
    """Relative error, the mean over tracks and seeds; share in which the top are the right components."""
    errors, right = [], []
    for truth in tracks:
        exact = truth.weights[weights_of]
        for seed in range(n_seeds):
            found = way(truth, calls, seed)
            errors.append(np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)))
            right.append(set(np.argsort(-found)[:K]) == set(np.argsort(-exact)[:K]))
    return float(np.mean(errors)), float(np.mean(right))


def settled(tracks: list[Truth], n_seeds: int) -> list[list[str]]:
    """Rows on stopping: for each track, calls until the top is settled, how often it is, and how often it is right."""
    rows = []
    for truth in tracks:
        for name, estimator, sampler in (("lime", estimate_lime, distinct), ("shapley", estimate_shapley, leverage)):
            exact, n = truth.weights[name], truth.n_components
            found = [
                until_settled(truth.answer, n, k=K, n_most=N_MOST, estimator=estimator, sampler=sampler, seed=seed)
                for seed in range(n_seeds)
            ]
            stopped = [one for one in found if one.settled]
            right = sum(set(one.estimate.top(K)) == set(np.argsort(-exact)[:K]) for one in stopped)
            ranked = -np.sort(-exact)
            gap = (ranked[K - 1] - ranked[K]) / np.sqrt(np.mean(exact**2))
            calls = [one.estimate.n_masks for one in found]
            rows.append(
                [
                    truth.name,
                    name,
                    f"{gap:.2f}",
                    f"{np.median(calls):.0f}",
                    f"{len(stopped)} of {n_seeds}",
                    f"{right} of {len(stopped)}",
                ]
            )
    return rows


def draw(results: dict[str, dict[str, list[tuple[float, float]]]]) -> None:
    """Errors against calls, a panel for each kind of weights."""
    colours = dict(zip(SAMPLERS, ("#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2"), strict=True))
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.8), dpi=140, sharey=True, layout="constrained")
    titles = {"lime": "LIME's weights", "shapley": "Shapley values (dashed: shapiq's estimators)"}
    for axes, (name, rows) in zip(panels, results.items(), strict=True):
        for way, found in rows.items():
            mine = way in SAMPLERS
            style = {"color": colours[way], "marker": "o"} if mine else {"color": "#9a9a9a", "linestyle": "--"}
            errors = [error for error, _ in found]
            axes.plot(CALLS, errors, linewidth=2 if mine else 1, label=way if mine else None, **style)
            if not mine:
                axes.annotate(way, (CALLS[-1], errors[-1]), xytext=(5, 0), textcoords="offset points", fontsize=7)
        axes.set(xscale="log", yscale="log", title=titles[name], xlabel="calls of the model")
        axes.set_xticks(CALLS, [str(calls) for calls in CALLS])
        axes.minorticks_off()
        axes.set_xlim(CALLS[0] * 0.85, CALLS[-1] * (1.2 if name == "lime" else 2.6))
        axes.grid(color="#e4e4e4")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, title="sampler", loc="lower left")
    panels[0].set_ylabel("error relative to the exact weights")
    errors = [error for rows in results.values() for found in rows.values() for error, _ in found]
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if min(errors) / 2 < tick < max(errors) * 2]
    panels[0].set_yticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
    figure.savefig(PICTURE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--experiments", type=Path, default=ROOT / "experiments")
    parser.add_argument("--tracks", type=int, default=4, help="one of each listener (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="of every estimate (default: %(default)s)")
    parser.add_argument("--tables", type=Path, help="an npz file that keeps the truth")
    args = parser.parse_args()
    from report import machine, table, write_section  # with torch

    where, began = machine(), time.process_time()
    if args.tables and args.tables.exists():
        tracks = kept(args.tables)
    else:
        tracks = truths(args.library, args.experiments, args.tracks)
        if args.tables:
            keep(args.tables, tracks)
    available = [name for name in THEIRS if getattr(shapiq, name, None)]  # shapiq answers None to any name
    ways = {
        "lime": {sampler: ours("lime", SAMPLERS[sampler]) for sampler in SAMPLERS},
        "shapley": {sampler: ours("shapley", SAMPLERS[sampler]) for sampler in SAMPLERS if sampler != "bernoulli"}
        | {name: theirs(name) for name in available},
    }
    results = {
        name: {
            way: [measured(estimate, name, tracks, calls, args.seeds) for calls in CALLS]
            for way, estimate in found.items()
        }
        for name, found in ways.items()
    }
    draw(results)
    rows = [
        [name, way if way in SAMPLERS else f"shapiq's {way}", *(f"{error:.3f} · {right:.0%}" for error, right in found)]
        for name, ways_of in results.items()
        for way, found in ways_of.items()
    ]
    head = ["weights", "way", *(f"{calls} calls" for calls in CALLS)]
    stops = ["track", "weights", "lead of the third", "calls, median", "settled", "and right"]
    sizes = ", ".join(str(truth.n_components) for truth in tracks)
    text = "\n\n".join(
        [
            f"{len(tracks)} tracks of {sizes} sounding components, one of each listener, {args.seeds} seeds each; "
            f"shapiq {version('shapiq')}.\n{where}.\n"
            f"Error relative to the exact weights · share with the right top {K}.",
            table(head, rows),
            f"Until the top {K} are settled (`until_settled`, at most {N_MOST} masks, a risk of 5 %);\nthe lead of the "
            "third over the fourth is relative to the root mean square of the weights.",
            table(stops, settled(tracks, args.seeds)),
            f"{time.process_time() - began:.0f} s of the processor in all.",
        ]
    )
    write_section("Weights from sampled masks (bench/neighbourhoods.py)", text)
    print(text)


if __name__ == "__main__":
    main()
