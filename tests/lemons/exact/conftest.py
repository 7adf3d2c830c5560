"""What tests of the engine share."""

import pytest
import torch


@pytest.fixture
def one_thread():
    """Maps of a few columns gain nothing from a second thread and lose much beside a busy program."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)
