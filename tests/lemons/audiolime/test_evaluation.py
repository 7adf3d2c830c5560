"""Measures of an explanation."""

import numpy as np
import pytest

from lemons.audiolime.evaluation import compute_complexity

SR = 100  # Hz; toys need no more


def test_complexity_of_one_and_of_equal_weights(explained):
    assert compute_complexity(explained, 1) == pytest.approx(  # shares 4/7, 1/7, 2/7 of four components
        -(4 / 7 * np.log(4 / 7) + 1 / 7 * np.log(1 / 7) + 2 / 7 * np.log(2 / 7)) / np.log(4), abs=1e-6
    )
    explained.local_exp[1] = [(0, 0.3), (1, -0.3)]
    assert compute_complexity(explained, 1) == pytest.approx(1)
    explained.local_exp[1] = [(0, 0.3), (1, 0.0)]
    assert compute_complexity(explained, 1) == 0
