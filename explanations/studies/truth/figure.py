"""The picture of the study: how often each method puts a true component first, by cause."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from explanations.studies.stability_figure import DPI, INK
from explanations.studies.truth.methods import METHODS
from lemons.files import atomic_path

__all__ = ["KIND", "draw_truth", "truth_figure"]

KIND = "time+source"
LIGHT_INK_FROM = 0.55  # darker cells than this have white letters


def draw_truth(found: dict[str, Any], path: str | os.PathLike) -> None:
    """Draw the study as PNG; see `truth_figure`.

    Parameters
    ----------
    found : dict
        what `explanations.studies.truth.study.write_truth` returns
    path : path-like
        the file to write; `DataError` if that fails
    """
    figure = truth_figure(found)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


def truth_figure(found: dict[str, Any]) -> Figure:
    """The study as a matplotlib figure: a panel of constructed causes and, where there are some, one of trained ones.

    Parameters
    ----------
    found : dict
        what `explanations.studies.truth.study.write_truth` returns

    Returns
    -------
    Figure
        a row for each method, a column for each case; a cell is the mean top-1 over its tracks
    """
    panels = {}
    for part in ("constructed", "trained"):
        rows = [row for row in found[part] if row["kind"] == KIND and "methods" in row]
        if rows:
            panels[part] = rows
    widths = [len(rows) for rows in panels.values()]
    figure = Figure(figsize=(4 + 0.72 * sum(widths), 7.5), dpi=DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, len(panels), sharey=True, squeeze=False, width_ratios=widths)[0]
    for axes, (part, rows) in zip(all_axes, panels.items(), strict=True):
        _draw_cells(axes, rows)
        counts = [row["gate"]["refused"]["n"] for row in rows]
        n = f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
        axes.set_title(f"{part.capitalize()}, {n} tracks each", fontsize=11, color=INK, loc="left")
    figure.suptitle("How often the largest positive weight is a true component", color=INK)
    return figure


def _draw_cells(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    shares = np.array([[row["methods"][name]["top1"]["mean"] for row in rows] for name in METHODS])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for y, x in np.ndindex(shares.shape):
        colour = "white" if shares[y, x] > LIGHT_INK_FROM else INK
        axes.text(x, y, f"{shares[y, x]:.2f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(rows)), [row["case"] for row in rows], rotation=40, ha="right", color=INK)
    axes.set_yticks(range(len(METHODS)), METHODS, color=INK)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
