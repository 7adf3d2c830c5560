"""What tests of explanations share."""

import pytest
import torch

from recsys.model import FCN


@pytest.fixture
def fcn(slim):
    """The recommender with few channels and fresh weights, and answers away from 0 and 1."""
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(3)
        model = FCN().eval()
    model.fc.weight.data *= 0.2
    return model
