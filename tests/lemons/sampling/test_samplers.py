import math

import numpy as np
import pytest

from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import ParameterError
from lemons.sampling import SAMPLERS, bernoulli, distinct, kernel_shap, leverage, paired
from lemons.sampling.neighborhood import pooled
from tests.lemons.exact.games import all_masks

PAIRS = {name: sampler for name, sampler in SAMPLERS.items() if name != "bernoulli"}
WITHOUT_REPLACEMENT = (distinct, leverage)


def numbers(masks):
    return masks.astype(int) @ (1 << np.arange(masks.shape[1])[::-1])


@pytest.mark.parametrize("sampler", [*PAIRS.values()], ids=[*PAIRS])
@pytest.mark.parametrize("n", [4, 5])
def test_each_mask_there_is_counts_once_in_the_mean(sampler, n):
    counted = np.zeros((200, 2**n))
    for seed, row in enumerate(counted):
        neighborhood = sampler(n, 10, seed=seed)
        np.add.at(row, numbers(neighborhood.masks), neighborhood.importance)
    error = counted.std(axis=0) / math.sqrt(len(counted))
    assert (np.abs(counted.mean(axis=0) - 1) <= 5 * error + 1e-12).all()  # 5 standard errors, of at most 32 masks


@pytest.mark.parametrize("sampler", [*PAIRS.values()], ids=[*PAIRS])
@pytest.mark.parametrize("n", [1, 2, 3, 12, 100])
def test_pairs_are_a_mask_and_its_complement_and_the_first_is_everything_and_silence(sampler, n):
    neighborhood = sampler(n, 65, seed=3)
    first, second = np.split(neighborhood.masks, 2)
    assert (first + second == 1).all()
    assert first[0].all()
    assert len(neighborhood) <= 64
    for values in (neighborhood.importance, neighborhood.draws, neighborhood.uncertainty):
        np.testing.assert_array_equal(*np.split(values, 2))
    assert neighborhood.importance[0] == 1
    assert neighborhood.uncertainty[0] == 0


@pytest.mark.parametrize("sampler", WITHOUT_REPLACEMENT)
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_without_replacement_many_masks_are_all_masks_there_are(sampler, n):
    neighborhood = sampler(n, 10_000)
    np.testing.assert_array_equal(np.sort(numbers(neighborhood.masks)), np.arange(2**n))
    assert (neighborhood.importance == 1).all()
    assert not neighborhood.uncertainty.any()


@pytest.mark.parametrize("sampler", WITHOUT_REPLACEMENT)
@pytest.mark.parametrize("n_masks", [30, 200, 254])
def test_without_replacement_no_mask_comes_twice(sampler, n_masks):
    for seed in range(5):
        neighborhood = sampler(8, n_masks, seed=seed)
        assert len(neighborhood) == neighborhood.n_distinct == n_masks


def test_leverage_draws_small_sizes_whole_and_as_many_of_every_other():
    sizes = leverage(20, 2002).masks.sum(axis=1)
    counts = np.bincount(sizes)
    # 1000 pairs of 10 sizes: all 20 of size 1, then as many of every other, where size 10 has half as many pairs
    assert counts[[0, 1, 19, 20]].tolist() == [1, 20, 20, 1]
    assert (np.abs(counts[2:19] - 980 / 8.5) <= 1).all()
    assert counts[2:10].tolist() == counts[18:10:-1].tolist()


def test_kernel_shap_draws_sizes_by_the_kernels_share():
    sizes = np.arange(1, 12)
    share = 1 / (sizes * (12 - sizes))
    counts = np.bincount(kernel_shap(12, 40_002).masks.sum(axis=1))[1:-1]
    # 20,000 draws: the standard error of a share is below 0.004
    np.testing.assert_allclose(counts / counts.sum(), share / share.sum(), atol=0.015)


def test_bernoulli_is_the_neighborhood_of_audiolime():
    neighborhood = bernoulli(9, 100, seed=7)
    np.testing.assert_array_equal(neighborhood.masks, draw_masks(9, 100, random_state=7))
    assert np.unique(neighborhood.importance).tolist() == [2**9 / 100]


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=[*SAMPLERS])
def test_a_seed_gives_the_same_masks_again_and_another_one_others(sampler):
    masks = [sampler(10, 50, seed=seed).masks for seed in (1, 1, 2)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=[*SAMPLERS])
@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0, 10, 0), "n_components=0"),
        ((1001, 10, 0), "n_components=1001"),
        ((5, 1, 0), "n_masks=1"),
        ((5, 2.0, 0), r"n_masks=2\.0"),
        ((1000, 2**20, 0), "n_masks=1048576 must be at most 134217 for 1000 components"),
        ((5, 10, -1), "seed=-1"),
    ],
)
def test_what_cannot_be_drawn_is_named(sampler, arguments, match):
    n_components, n_masks, seed = arguments
    with pytest.raises(ParameterError, match=match):
        sampler(n_components, n_masks, seed=seed)


def test_pooled_neighborhoods_count_by_their_length_and_their_draws_stay_apart():
    first, second = paired(6, 10, seed=0), distinct(6, 30, seed=1)
    both = pooled([first, second])
    assert len(both) == 40
    assert len(np.unique(both.draws)) == 20
    values = all_masks(6)[:, 0] * 2.0
    sums = [(one.importance * values[numbers(one.masks)]).sum() for one in (first, second, both)]
    assert sums[2] == pytest.approx((10 * sums[0] + 30 * sums[1]) / 40)
