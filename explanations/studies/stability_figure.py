"""The picture of the stability study: a violin of U_n for each listener and size of neighborhood."""

import os
from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lemons.files import atomic_path
from lemons.render.words import capitalized

__all__ = ["COLOURS", "DPI", "INK", "draw_stability", "stability_figure"]

# Okabe & Ito: apart for every kind of colour vision
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
INK = "#22242a"
PANELS = {
    "unique_absolute": "by absolute weight, as published",
    "unique_positive": "by positive weight, as played: fewer where fewer speak for a track",
}
SPREAD = 0.8  # of the distance between two sizes, taken by the listeners' violins
DPI = 140


def draw_stability(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Draw the study as PNG; see `stability_figure`.

    Parameters
    ----------
    table : pd.DataFrame
        from `explanations.studies.stability.study`
    path : path-like
        the file to write; `DataError` if that fails
    """
    figure = stability_figure(table)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def stability_figure(table: pd.DataFrame) -> Figure:
    """The study as a matplotlib figure: two panels, one for each order of components.

    Parameters
    ----------
    table : pd.DataFrame
        from `explanations.studies.stability.study`

    Returns
    -------
    Figure
        sizes of neighborhood from left to right, then the exact method; dots are means over tracks, and the line at k
        is where every repeat says the same
    """
    sizes = [*sorted(set(table["num_samples"]) - {0}), 0]  # the exact method, which draws no masks, comes last
    listeners = list(dict.fromkeys(table["listener"]))
    figure = Figure(figsize=(11, 7.5), dpi=DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, sharex=True)
    k, repeats = table["k"].iloc[0], table["repeats"].iloc[0]
    for axes, (measure, order) in zip(panels, PANELS.items(), strict=True):
        for place, size in enumerate(sizes):
            rows = table[table["num_samples"] == size]
            _draw_violins(axes, place, [rows.loc[rows["listener"] == one, measure] for one in listeners])
        axes.set_title(f"Top {k} {order}", fontsize=11, color=INK, loc="left")
        axes.set_ylabel("unique components $U_n$", color=INK)
        axes.set_ylim(bottom=table[measure].min() - 0.5)
        axes.axhline(k, color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="y", color="#d8d8d8")
        axes.set_axisbelow(True)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0, colors=INK)
    panels[1].set_xticks(range(len(sizes)), [*map(str, sizes[:-1]), "exact: all masks"])
    panels[1].set_xlabel("neighborhood size $N_s$", color=INK)
    tracks = table.groupby("listener")["track_id"].nunique()
    counted = f"{tracks.min()}" if tracks.min() == tracks.max() else f"{tracks.min()} to {tracks.max()}"
    figure.suptitle(
        f"Components in the top {k} of {repeats} explanations; {counted} tracks of each listener", color=INK
    )
    handles = [Patch(facecolor=COLOURS[i % len(COLOURS)], edgecolor=INK) for i in range(len(listeners))]
    names = [capitalized(name) for name in listeners]
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    return figure


def _draw_violins(axes: Axes, place: float, counts: Sequence[pd.Series]) -> None:
    """One violin for each listener, side by side around a place on the x axis."""
    step = SPREAD / len(counts)
    for i, values in enumerate(counts):
        x = place + (i - (len(counts) - 1) / 2) * step
        violin = axes.violinplot(values.to_numpy(dtype=float), [x], widths=0.9 * step, showextrema=False)
        for body in cast(Sequence[PolyCollection], violin["bodies"]):
            body.set(facecolor=COLOURS[i % len(COLOURS)], edgecolor=INK, linewidth=0.8, alpha=1)
        axes.plot([x], [np.mean(values)], "o", color=COLOURS[i % len(COLOURS)], markeredgecolor=INK, markersize=6)
