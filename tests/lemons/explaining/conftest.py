"""What tests of explanations share."""

import pytest
import torch

from recsys.model import FCN


@pytest.fixture(scope="module")
def fcn():
    """The recommender with fresh weights, and answers away from 0 and 1."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(3)
        model = FCN().eval()
    model.fc.weight.data *= 0.2
    return model
