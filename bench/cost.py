"""What a pass of the exact engine costs, counted, beside the plain forward passes that it replaces.

    python bench/cost.py

draws imgs/exact_cost.png: multiply-adds of the pass, in units of one plain forward pass of the same track, against the
number of stems, the number of segments, and the length of the track. Nothing is timed: these are counts.
"""

from itertools import pairwise
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lemons.audio import SAMPLE_RATE
from lemons.exact.locality import Locality
from recsys.model import FCN, N_MELS

PICTURE = Path(__file__).resolve().parents[1] / "imgs" / "exact_cost.png"
N_MASKS = 2048  # of the paper: so many plain forward passes does a sampled explanation take


def forwards(n_stems: int, n_segments: int, seconds: float) -> float:
    """Multiply-adds of one pass, in plain forward passes."""
    local, n_samples = FCN().eval().local_model(), round(seconds * SAMPLE_RATE)
    length = n_samples // n_segments
    borders = [i * length for i in range(n_segments)] + [n_samples]
    segments = list(pairwise(borders))
    one_pass = Locality(local, segments, N_MELS).multiply_adds([2**n_stems] * n_segments)
    plain = Locality(local, [(0, n_samples)], N_MELS).multiply_adds([1])
    return sum(one_pass.values()) / sum(plain.values())


def main():
    panels = [
        ("stems (5 segments, 30 s)", range(1, 8), lambda n: forwards(n, 5, 30)),
        ("segments (5 stems, 30 s)", range(1, 16), lambda n: forwards(5, n, 30)),
        ("length in seconds (5 stems, 5 segments)", (10, 15, 20, 30, 45, 60, 90, 120), lambda s: forwards(5, 5, s)),
    ]
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(panels), sharey=True)
    for axis, (label, values, cost) in zip(axes, panels, strict=True):
        costs = [cost(value) for value in values]
        axis.plot(values, costs, "o-", color="#7a5c00")
        axis.axhline(N_MASKS, color="#5b3a8c", linestyle="--")
        axis.set_yscale("log", base=2)
        axis.set_xlabel(label)
        axis.grid(alpha=0.3)
        print(label, *(f"{value}: {found:.0f}" for value, found in zip(values, costs, strict=True)))
    axes[0].set_ylabel("plain forward passes")
    axes[0].annotate(
        f"sampled, N_s = {N_MASKS}", (1, N_MASKS), textcoords="offset points", xytext=(0, -14), color="#5b3a8c"
    )
    figure.savefig(PICTURE, dpi=110)


if __name__ == "__main__":
    main()
