"""An explanation to look at: stems × segments, each cell coloured by its weight, with its waveform over it."""

import io
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lemons.explaining.clips import TOP_K, check_same_stems
from lemons.explaining.component import Component
from lemons.explaining.components import rows_of
from lemons.explaining.explanation import Explanation
from lemons.explaining.trust import fidelity_in_words
from lemons.files import atomic_path
from lemons.render.words import measure, name_of_listener, question

__all__ = ["COLOURS", "DPI", "INK", "draw_explanation", "explanation_figure"]

# purple against, orange for: apart for every kind of colour vision; without the dark ends, which hide the waveform
COLOURS = LinearSegmentedColormap.from_list("against_for", colormaps["PuOr_r"](np.linspace(0.17, 0.83, 65)))
INK = "#22242a"
WIDTH, ROW_HEIGHT, TOP, BOTTOM = 11.0, 0.95, 0.95, 0.62  # inches; the top holds the title, the bottom the time axis
MIN_PANEL = 1.4  # inches; one row alone would be too flat
LEFT = 0.12  # of the width, for the names of the stems
MAX_LABELS = 12  # segments; the numbers of more would overlap, so that only their signs are written
MAX_TITLE = 60  # letters
SMALL = 0.01  # when all weights are below, three decimals say too little
DPI = 140
VERDICTS = {True: ": recommended", False: ": not recommended"}
N_COLUMNS = 1200  # of the waveform's outline


def draw_explanation(
    explanation: Explanation, stems: Mapping[str, np.ndarray], path: str | os.PathLike, *, title: str = ""
) -> None:
    """Draw an explanation as PNG; see `explanation_figure`, whose parameters and errors are the same.

    Parameters
    ----------
    path : path-like
        the file to write; `DataError` if that fails
    """
    figure = explanation_figure(explanation, stems, title=title)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png")


class Picture(Figure):
    """A figure that a notebook shows, whether or not pyplot is in use."""

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.savefig(content, format="png")
        return content.getvalue()


def explanation_figure(explanation: Explanation, stems: Mapping[str, np.ndarray], *, title: str = "") -> Figure:
    """An explanation as a matplotlib figure.

    Rows are stems (one row, the mix, where only time is cut), cells are components. Colour and a signed number say what
    a component contributes, frames and ranks which ones the clips play. All waveforms have the same scale.

    Parameters
    ----------
    explanation : Explanation
        what is drawn
    stems : dict of str to np.ndarray [shape=(n_samples,) or (n_channels, n_samples)]
        the stems that were explained
    title : str
        name of the track; its number when empty

    Returns
    -------
    Figure
        tied to no window and to no global state of pyplot

    Raises
    ------
    ParameterError
        if other stems were explained
    """
    check_same_stems(explanation, stems)
    rows = rows_of(stems, kind=explanation.kind)
    names = list(rows)
    panel = max(ROW_HEIGHT * len(rows), MIN_PANEL)
    height = TOP + panel + BOTTOM
    figure = Picture(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((LEFT, BOTTOM / height, 0.77, panel / height))
    strongest = max(abs(component.weight) for component in explanation.components) or 1.0
    scale = ScalarMappable(Normalize(-strongest, strongest), COLOURS)
    top = explanation.top(TOP_K)
    for component in explanation.components:
        rank = top.index(component) + 1 if component in top else None
        label = _signed(component.weight, strongest)
        if len(explanation.segments) > MAX_LABELS:
            label = label[0]
        _draw_cell(axes, component, label, row=names.index(component.stem), rank=rank, colour=scale)
    _draw_waveforms(axes, {name: np.atleast_2d(y).mean(axis=0) for name, y in rows.items()}, sr=explanation.sr)
    _dress(figure, axes, names, explanation, title=title or explanation.track_id or "this track")
    _draw_colour_bar(figure, axes, scale, limit=strongest)
    return figure


def _draw_cell(
    axes: Axes, component: Component, label: str, *, row: int, rank: int | None, colour: ScalarMappable
) -> None:
    """Colour, number and, for the top ones, frame and rank."""
    x, width = component.start_s, component.end_s - component.start_s
    shade = colour.to_rgba(np.asarray(component.weight))
    fill: dict[str, Any] = {"facecolor": shade, "edgecolor": "white", "linewidth": 1.5}
    axes.add_patch(Rectangle((x, row - 0.5), width, 1, **fill, zorder=1))
    frame = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "boxstyle": "round,pad=0.15"}
    at: dict[str, Any] = {"xytext": (-5, -5), "textcoords": "offset points", "ha": "right", "va": "top", "zorder": 5}
    axes.annotate(label, (x + width, row - 0.5), color=INK, fontsize=8.5, bbox=frame, **at)
    if rank is not None:
        outline: dict[str, Any] = {"fill": False, "edgecolor": INK, "linewidth": 2.2, "joinstyle": "miter"}
        axes.add_patch(Rectangle((x, row - 0.5), width, 1, **outline, clip_on=False, zorder=4))
        at |= {"xytext": (5, -5), "ha": "left"}
        badge = {"facecolor": INK, "edgecolor": "none", "boxstyle": "round,pad=0.2"}
        axes.annotate(str(rank), (x, row - 0.5), color="white", fontsize=8.5, weight="bold", bbox=badge, **at)


def _draw_waveforms(axes: Axes, rows: Mapping[str, np.ndarray], *, sr: int) -> None:
    """The outline of each row's waveform (n_samples,), all of them to the same scale."""
    peak = max(np.abs(y).max() for y in rows.values()) or 1.0
    for row, y in enumerate(rows.values()):
        starts = np.linspace(0, len(y), min(N_COLUMNS, len(y)), endpoint=False).astype(int)
        times = starts / sr
        lower, upper = (row - 0.42 * reduce.reduceat(y, starts) / peak for reduce in (np.minimum, np.maximum))
        axes.fill_between(times, lower, upper, color=INK, alpha=0.6, linewidth=0.3, zorder=3)


def _dress(figure: Figure, axes: Axes, names: list[str], explanation: Explanation, *, title: str) -> None:
    """Axes, and the title with relevance and fidelity in words."""
    end = max(component.end_s for component in explanation.components)
    axes.set(xlim=(0, end), ylim=(len(names) - 0.5, -0.5), xlabel="time (s)")
    axes.set_yticks(range(len(names)), names, fontsize=10, color=INK)
    if 1 < len(explanation.segments) <= MAX_LABELS:
        axes.set_xticks(sorted({component.start_s for component in explanation.components} | {end}))
    axes.xaxis.set_major_formatter(lambda seconds, _: f"{seconds:.1f}".removesuffix(".0"))
    axes.tick_params(length=0, colors=INK)
    axes.spines[:].set_visible(False)
    title = title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1] + "…"
    heading = question(title, name_of_listener(explanation), explanation.label)
    verdict = "" if explanation.label or explanation.relevance is None else VERDICTS[explanation.relevance >= 0.5]
    fidelity = f"{explanation.fidelity_held_out:.2f}".replace("-", "−")
    facts = [
        f"{measure(explanation)} {explanation.answer:.2f}{verdict}",
        f"fidelity {fidelity} {explanation.judged_on}: {fidelity_in_words(explanation)}",
    ]
    if not explanation.top(1):
        facts.append("nothing speaks for it")
    height = figure.get_figheight()
    figure.text(LEFT, 1 - 0.42 / height, heading, fontsize=14, weight="bold", color=INK, parse_math=False)
    figure.text(LEFT, 1 - 0.72 / height, "   ·   ".join(facts), fontsize=10, color=INK)


def _draw_colour_bar(figure: Figure, beside: Axes, scale: ScalarMappable, *, limit: float) -> None:
    """What the colours say, at the right."""
    place = beside.get_position()
    axes = figure.add_axes((place.x1 + 0.015, place.y0, 0.012, place.height))
    bar = figure.colorbar(scale, cax=axes)
    bar.outline.set_visible(False)
    labels = [f"{_signed(-limit, limit)}\nagainst", "0", f"{_signed(limit, limit)}\nfor"]
    bar.set_ticks([-limit, 0, limit], labels=labels)
    axes.tick_params(length=0, labelsize=8.5, colors=INK)
    lowest, middle, highest = axes.get_yticklabels()
    lowest.set_verticalalignment("bottom")
    middle.set_verticalalignment("center")
    highest.set_verticalalignment("top")


def _signed(weight: float, strongest: float) -> str:
    """A weight with its sign, in digits that suit the strongest; no sign when they are all 0."""
    text = f"{weight:+.3f}" if strongest >= SMALL else f"{weight:+.1e}"
    return text.replace("-", "−") if float(text) else "0"
