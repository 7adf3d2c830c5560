"""The picture of an explanation says what the explanation says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from lemons.audio import quantize
from lemons.errors import ParameterError
from lemons.explaining.explain import explain
from lemons.explaining.question import KINDS
from lemons.render.figure import INK, draw_explanation, explanation_figure

N_ROWS = {"time": 1, "source": 3, "time+source": 3}


class Energy(torch.nn.Module):
    def forward(self, y):
        return 20 * y.square().mean(dim=1, keepdim=True)


@pytest.fixture
def stems(rng):
    return {name: quantize(rng.uniform(-0.2, 0.2, 20003)) for name in ("vocals", "drums", "bass")}


@pytest.fixture(params=KINDS)
def explanation(request, stems):
    """Weights from -0.2 to 0.3 in steps of 0.1, over and over; two to four components speak for the track."""
    found = explain(Energy().eval(), stems, kind=request.param, segments=4, n_masks=64)
    weights = [0.1, -0.2, 0.3, -0.1, 0.0, 0.2]
    return replace(
        found,
        components=tuple(replace(c, weight=weights[c.index % 6]) for c in found.components),
        listener="marko",
        track_id="T1",
    )


def cells(figure):
    """Cells of the picture by place (seconds, row), and the frames."""
    axes = figure.axes[0]
    filled = {(patch.get_x(), patch.get_y() + 0.5): patch for patch in axes.patches if patch.get_fill()}
    framed = {(patch.get_x(), patch.get_y() + 0.5) for patch in axes.patches if not patch.get_fill()}
    return filled, framed


def place(component, kind, stems):
    return component.start_s, 0.0 if kind == "time" else float(list(stems).index(component.stem))


def test_every_component_has_its_cell_and_its_colour(explanation, stems):
    filled, _ = cells(explanation_figure(explanation, stems))
    assert len(filled) == len(explanation.components)
    assert len({row for _, row in filled}) == N_ROWS[explanation.kind]
    for component in explanation.components:
        cell = filled[place(component, explanation.kind, stems)]
        assert cell.get_width() == component.end_s - component.start_s
        red, _, blue, _ = cell.get_facecolor()
        tint = np.sign(red - blue) if abs(red - blue) > 0.02 else 0  # orange for, purple against, white neither
        assert tint == np.sign(component.weight)


def test_the_top_three_are_framed_and_ranked(explanation, stems):
    figure = explanation_figure(explanation, stems)
    _, framed = cells(figure)
    assert framed == {place(component, explanation.kind, stems) for component in explanation.top(3)}
    ranks = {text.get_text(): text.xy for text in figure.axes[0].texts if text.get_text() in ("1", "2", "3")}
    for rank, component in enumerate(explanation.top(3), start=1):
        x, row = place(component, explanation.kind, stems)
        assert ranks[str(rank)] == (x, row - 0.5)


def test_signs_are_written_too(explanation, stems):
    written = [text.get_text() for text in explanation_figure(explanation, stems).axes[0].texts]
    for component in explanation.components:
        sign = {1: "+", -1: "−", 0: ""}[int(np.sign(component.weight))]
        assert (f"{sign}{abs(component.weight):.3f}" if sign else "0") in written


@pytest.mark.parametrize("factor", [1, 1e-6])
def test_the_strongest_weight_is_never_written_as_nothing(explanation, stems, factor):
    components = tuple(replace(c, weight=c.weight * factor) for c in explanation.components)
    figure = explanation_figure(replace(explanation, components=components), stems)
    assert {1: "+0.300", 1e-6: "+3.0e−07"}[factor] in [text.get_text() for text in figure.axes[0].texts]


def test_the_title_has_relevance_and_fidelity_in_words(explanation, stems):
    explanation = replace(explanation, relevance=0.8, fidelity_held_out=-0.25)
    figure = explanation_figure(explanation, stems, title="Cash $ and $")
    title, facts = (text.get_text() for text in figure.texts)
    assert title == "Why Cash $ and $ for Marko?"
    assert not figure.texts[0].get_parse_math()  # a name with dollars is no formula
    assert "relevance 0.80: recommended" in facts
    assert "fidelity −0.25 on masks held out: not additive" in facts
    figure = explanation_figure(replace(explanation, held_out="none", fidelity_held_out=0.5), stems)
    assert "fidelity 0.50 over all masks: roughly additive" in figure.texts[1].get_text()


def test_a_track_that_nothing_speaks_for(explanation, stems):
    components = tuple(replace(c, weight=-0.1) for c in explanation.components)
    figure = explanation_figure(replace(explanation, components=components), stems)
    assert not cells(figure)[1]
    assert "nothing speaks for it" in figure.texts[1].get_text()


def test_waveforms_have_one_scale(stems):
    quiet = stems | {"drums": quantize(stems["drums"] / 4), "bass": np.zeros_like(stems["bass"])}
    explanation = explain(Energy().eval(), quiet, kind="source", n_masks=64)
    outlines = explanation_figure(explanation, quiet).axes[0].collections
    heights = [np.ptp(outline.get_paths()[0].vertices[:, 1]) for outline in outlines]
    assert heights[1] == pytest.approx(heights[0] / 4, rel=0.05)
    assert heights[2] == 0


def test_the_file_is_a_picture_with_ink(tmp_path, explanation, stems):
    draw_explanation(explanation, stems, tmp_path / "explanation.png")
    picture = imread(tmp_path / "explanation.png")
    assert picture.shape[1] == 1540
    assert (np.abs(picture[..., :3] - to_rgb(INK)).max(axis=-1) < 0.02).any()


def test_many_segments_have_signs_only(stems):
    explanation = explain(Energy().eval(), stems, kind="time", segments=30, n_masks=64)
    written = {text.get_text() for text in explanation_figure(explanation, stems).axes[0].texts}
    assert written <= {"+", "−", "0", "1", "2", "3"}


def test_stems_of_another_track_are_refused(tmp_path, explanation, stems):
    with pytest.raises(ParameterError, match="'T1'"):
        draw_explanation(explanation, stems | {"bass": stems["drums"]}, tmp_path / "explanation.png")
    assert not list(tmp_path.iterdir())
