"""Sounds and models whose explanations are known on paper."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from lemons.audiolime import LimeAudioExplainer, StemFactorization
from tests.lemons.audiolime.originals import FILE

SR = 100  # Hz; toys need no more


class Counting:
    """A model that adds up what it hears and remembers all of it."""

    def __init__(self):
        self.heard = []

    def __call__(self, inputs):
        self.heard.extend(map(bytes, inputs))
        return inputs.sum(axis=1, keepdims=True, dtype=np.float64)


@pytest.fixture
def counting():
    """Such a model, that has heard nothing yet."""
    return Counting()


@pytest.fixture
def stems():
    """Two stems of constants, so that what a mix holds can be read off; 7 samples do not divide by 3."""
    return {"vocals": np.full(7, 0.25, np.float32), "drums": np.full(7, 0.5, np.float32)}


@pytest.fixture
def constant_stems():
    """A function: stems of these levels and this length."""
    return lambda levels, n_samples: {
        f"stem {i}": np.full(n_samples, level, np.float32) for i, level in enumerate(levels)
    }


@pytest.fixture
def explained(constant_stems, counting):
    """Weights 4, 1, -2 and 0 of four stems, for label 1 of 2."""
    factorization = StemFactorization(constant_stems([0.5, 0.125, -0.25, 0], 8), SR, 1)
    return LimeAudioExplainer().explain_instance(
        factorization,
        lambda inputs: np.hstack([-counting(inputs), counting(inputs)]),
        labels=[1],
        num_samples="exhaustive",
        model_regressor=LinearRegression(),
    )


@pytest.fixture(scope="session")
def originals():
    """What audioLIME itself answered."""
    with np.load(FILE) as arrays:
        return dict(arrays)
