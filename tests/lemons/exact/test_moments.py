import numpy as np
import pytest
import torch

from lemons.exact.moments import moments_of
from tests.lemons.exact.games import all_masks, game


@pytest.mark.parametrize("n", [1, 2, 3, 6, 7])
def test_moments_are_sums_over_masks_of_one_size(rng, n):
    values, masks = game(rng, n), all_masks(n)
    moments = moments_of(torch.as_tensor(values), n)
    for size in range(n + 1):
        chosen = masks.sum(axis=1) == size
        v, z = values[chosen], masks[chosen]
        np.testing.assert_allclose(moments.total[size], v.sum(), atol=1e-12)
        np.testing.assert_allclose(moments.single[size], v @ z, atol=1e-12)
        np.testing.assert_allclose(moments.pair[size], (z * v[:, None]).T @ z, atol=1e-12)
        np.testing.assert_allclose(moments.square[size], v @ v, atol=1e-12)


def test_moments_in_chunks_and_of_probabilities(rng, monkeypatch):
    values = game(rng, 9)
    whole = moments_of(torch.as_tensor(1 / (1 + np.exp(-values))), 9)
    monkeypatch.setattr("lemons.exact.moments.CHUNK_VALUES", 100)
    chunked = moments_of(torch.as_tensor(values), 9, sigmoid=True)
    for name in ("total", "single", "pair", "square"):
        np.testing.assert_allclose(getattr(chunked, name), getattr(whole, name), atol=1e-12)
