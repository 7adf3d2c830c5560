"""How long an explanation takes: 25 components of a 30 s track, four ways, side by side in one process.

    python bench/explain.py --user marko --baseline-masks 2048

The first way composes and scores every mask with the network as published: whole tracks in batches of 5, block after
block. At 2048 masks it takes the better part of an hour; with fewer, its time is scaled, and the table says so. All
ways answer for the same masks, and their answers and weights are compared.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

import numpy as np
import torch
import torch.nn.functional as F
from report import machine, matmul_rate, peak_memory, reset_peak_memory, table, write_section

from lemons.audiolime import StemFactorization
from lemons.audiolime.neighborhood import draw_masks, score_masks
from lemons.exact import score_table
from lemons.exact.lime import fit_lime
from lemons.library import open_library
from recsys.checkpoints import load_checkpoint
from recsys.model_runs import best_checkpoint

ROOT = Path(__file__).resolve().parents[1]
N_SEGMENTS = 5
N_MASKS = 2048


@dataclass
class Way:
    """What one way of explaining took, and what it found."""

    name: str
    seconds: float
    multiply_adds: float
    memory: int
    logits: np.ndarray


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, default=ROOT / "data" / "demo")
    parser.add_argument("--experiments", type=Path, default=ROOT / "experiments")
    parser.add_argument("--user", default="marko", help="whose model (default: %(default)s)")
    parser.add_argument("--checkpoint", type=Path, help="default: the user's best model of this library")
    parser.add_argument("--track", help="default: the first whose components all sound, which is the most work")
    parser.add_argument("--baseline-masks", type=int, default=40, help="masks that the plain ways score, of 2048")
    parser.add_argument("--repeats", type=int, default=3, help="runs of the engine; the fastest counts")
    args = parser.parse_args()

    library = open_library(args.library)
    model, _ = load_checkpoint(args.checkpoint or best_checkpoint(args.experiments, args.user, library=library))
    track = args.track or next(track for track in library.tracks.index if all_sound(library.stems(track)))
    stems = library.stems(track)
    masks = draw_masks(N_SEGMENTS * len(stems), N_MASKS, random_state=0)
    where, rate = machine(), matmul_rate()
    exact = engine(model, stems, masks, args.repeats)
    few = masks[: args.baseline_masks]
    plain = [one_by_one(model, stems, few, published=True), one_by_one(model, stems, few, published=False)]

    rows = [
        [
            way.name,
            f"{way.seconds:.1f}",
            f"{plain[0].seconds / way.seconds:.0f}",
            f"{way.multiply_adds / 1e12:.2f}",
            f"{way.multiply_adds / way.seconds / rate:.2f}",
            f"{way.memory / 1e9:.1f}",
        ]
        for way in [*plain, *exact]
    ]
    head = ["way", "seconds", "times faster", "10¹² multiply-adds", "of the matmul rate", "peak GB"]
    logits = [way.logits[: len(few)] for way in (plain[0], exact[0])]
    weights = [fit_lime(few, 1 / (1 + np.exp(-x.astype(float))), alpha=1.0).weights for x in logits]
    text = f"""
Track {track}, {len(next(iter(stems.values()))) / 16000:.0f} s, {len(stems)} stems, {N_SEGMENTS} segments; \
model of {args.user}.
{where}.
The matmul rate is that of float32 matrices of 2048 × 2048: {rate / 1e9:.0f}·10⁹ multiply-adds/s.

{table(head, rows)}

On {len(few)} masks, where the plain logits span {logits[0].min():.2f} to {logits[0].max():.2f}, the engine's differ
by at most {np.abs(logits[0] - logits[1]).max():.1e}, and LIME's weights by {np.abs(weights[0] - weights[1]).max():.1e}.
"""
    print(text)
    write_section("Explaining a track (bench/explain.py)", text)


def all_sound(stems):
    return all(part.any() for y in stems.values() for part in np.array_split(y, N_SEGMENTS))


def engine(model, stems, masks, repeats):
    """The engine at the given masks, and over all masks: two ways, each the fastest of some runs."""
    waveforms = np.array(list(stems.values()))
    score_table(model, waveforms[:, :16000], 1)  # what happens once per process
    ways = []
    for _ in range(repeats):
        reset_peak_memory()
        start = time.perf_counter()
        found = score_table(model, waveforms, N_SEGMENTS)
        scored = time.perf_counter()
        found.lime_on(masks, target="probability")
        at_masks = time.perf_counter()
        memory = peak_memory()
        found.lime(target="probability")
        over_all = time.perf_counter() - at_masks + scored - start
        logits = found.logits(masks)
        ways.append(
            [
                Way(
                    f"exact engine, the same {len(masks)} masks", at_masks - start, found.multiply_adds, memory, logits
                ),
                Way(f"exact engine, all 2^{found.n_sounding}", over_all, found.multiply_adds, peak_memory(), logits),
            ]
        )
    return [min(way, key=lambda way: way.seconds) for way in zip(*ways, strict=True)]


def one_by_one(model, stems, masks, *, published):
    """Compose every mix and score it, in batches of 5: with the network as published, or with ours as it is."""

    def forward_as_published(y):
        x = model.spec_bn(model.spec(y).unsqueeze(1))
        for layer in model.layers:
            x = F.max_pool2d(F.relu(layer.bn(layer.conv(x))), 2)
        return model.fc(torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1))

    def predict(mixes):
        with torch.inference_mode():
            return (forward_as_published if published else model)(torch.as_tensor(mixes)).numpy()

    model.to(memory_format=torch.contiguous_format if published else torch.channels_last)
    factorization = StemFactorization(stems, 16000, N_SEGMENTS)
    score_masks(factorization, predict, masks[:5], batch_size=5)  # the first calls are slower
    reset_peak_memory()
    start = time.perf_counter()
    logits = score_masks(factorization, predict, masks, batch_size=5)[:, 0]
    seconds = (time.perf_counter() - start) * N_MASKS / len(masks)
    name = "audioLIME's way" if published else "lemons.audiolime"
    measured = "" if len(masks) == N_MASKS else f" (scaled from {len(masks)} masks)"
    multiply_adds = N_MASKS * plain_multiply_adds(model, len(next(iter(stems.values()))))
    return Way(f"{name}, {N_MASKS} masks{measured}", seconds, multiply_adds, peak_memory(), logits)


def plain_multiply_adds(model, n_samples):
    """Of one forward pass."""
    columns, bands, total = n_samples // 256 + 1, 256, 0
    for layer in model.layers:
        total += columns * bands * layer.conv.weight.numel()
        columns, bands = columns // 2, bands // 2
    return total


if __name__ == "__main__":
    main()
