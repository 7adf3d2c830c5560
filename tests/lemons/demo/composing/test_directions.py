"""Directions are even and independent."""

import numpy as np

from lemons.demo.composing.directions import DIRECTIONS, draw_directions


def test_directions_are_even_and_independent_of_each_other():
    drawn = np.array([[draw_directions(0, number)[name] for name in DIRECTIONS] for number in range(440)])
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    # 440 even draws: a mean and a correlation of 0 with a standard deviation of 0.048; three of them
    assert np.abs(drawn.mean(axis=0)).max() < 0.144
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.144
