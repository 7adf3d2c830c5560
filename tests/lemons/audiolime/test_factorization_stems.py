"""Stems that were separated beforehand."""

import numpy as np
import pytest

from lemons.audiolime import StemFactorization
from lemons.errors import DataError, ParameterError

SR = 100  # Hz; toys need no more


@pytest.mark.parametrize(
    ("stems", "error", "message"),
    [
        ({}, ParameterError, "no stems"),
        ({"a": np.zeros(5), "b": np.zeros(6)}, ParameterError, "'b': 6"),
        ({"a": np.zeros((2, 5))}, ParameterError, "'a'"),
        ({"a": np.zeros(5, int)}, ParameterError, "'a'"),
        ({"a": np.zeros(5), "b": np.array([0, np.nan])}, DataError, "'b'.*NaN"),
    ],
)
def test_stems_that_make_no_mix(stems, error, message):
    with pytest.raises(error, match=message):
        StemFactorization(stems, SR, 1)
