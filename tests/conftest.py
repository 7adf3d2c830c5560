import numpy as np
import pytest


@pytest.fixture
def rng():
    """A source of chance that is the same in every test."""
    return np.random.default_rng(440)
