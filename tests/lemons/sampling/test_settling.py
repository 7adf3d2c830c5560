import numpy as np
import pytest

from lemons.audiolime import StemFactorization
from lemons.audiolime.neighborhood import score_masks
from lemons.errors import ParameterError
from lemons.sampling import ESTIMATORS, bernoulli, distinct, estimate_lime, leverage, until_settled
from tests.lemons.sampling.test_estimates import exact_weights, smooth_game
from tests.lemons.sampling.test_samplers import numbers


class Model:
    """Answers from a table, and notes what it was asked."""

    def __init__(self, values):
        self.values, self.asked = values, []

    def __call__(self, masks):
        self.asked += numbers(masks).tolist()
        return self.values[numbers(masks)]


def test_a_mask_is_asked_about_once_and_counted_once():
    model = Model(smooth_game(10))
    chosen = {"sampler": bernoulli, "estimator": estimate_lime}
    estimate, _, neighborhood = until_settled(model, 10, k=4, n_first=64, n_most=1000, risk=1e-9, **chosen)
    assert len(model.asked) == len(set(model.asked)) == estimate.n_masks == neighborhood.n_distinct
    assert len(neighborhood) > estimate.n_masks
    assert len(neighborhood) <= 1000


def test_a_model_that_hears_power_is_explained_by_the_power_of_each_segment(rng):
    y = (rng.normal(size=8000) * np.linspace(0.1, 1, 8).repeat(1000)).astype(np.float32)
    factorization = StemFactorization({"mix": y}, 16000, 8)

    def answer(masks):
        return score_masks(factorization, lambda mixes: (mixes**2).sum(axis=1, keepdims=True), masks, batch_size=16)[
            :, 0
        ]

    found = until_settled(answer, 8, n_first=64)
    assert found.settled
    assert set(found.estimate.top(3)) == {5, 6, 7}
    np.testing.assert_allclose(found.estimate.weights, (y.reshape(8, 1000) ** 2).sum(axis=1), rtol=1e-4)  # float32


def test_a_clear_lead_is_settled_at_the_first_look_and_a_close_one_later():
    lead = np.array([3.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    clear = until_settled(lambda masks: masks @ lead, 8, n_first=32)
    assert (clear.settled, clear.estimate.top(3), len(clear.neighborhood)) == (True, (0, 1, 2), 32)
    close = until_settled(Model(smooth_game(12)), 12, k=3, n_first=64)
    assert close.settled
    assert len(close.neighborhood) > 64


@pytest.mark.parametrize(("estimator", "sampler"), [("lime", distinct), ("shapley", leverage)])
def test_what_is_settled_is_the_top_over_all_masks_but_for_the_risk(estimator, sampler):
    values = smooth_game(10)
    right = set(np.argsort(-exact_weights(values)[estimator])[:3].tolist())
    chosen = {"estimator": ESTIMATORS[estimator], "sampler": sampler}
    found = [until_settled(Model(values), 10, n_first=64, seed=seed, **chosen) for seed in range(20)]
    assert all(one.settled for one in found)  # at the latest by all 1024 masks
    assert sum(set(one.estimate.top(3)) != right for one in found) <= 1  # 5 % of 20


def test_what_is_a_tie_is_not_settled_before_the_most():
    noise = np.random.default_rng(0).normal(size=2**20)

    def alike(masks):
        return masks.sum(axis=1) + noise[numbers(masks)]

    _, settled, neighborhood = until_settled(alike, 20, k=1, n_first=64, n_most=1000)
    assert not settled
    assert len(neighborhood) == 512


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"answer": 1}, "answer=1 must be a function"),
        ({"k": 9}, "k=9 must be between 1 and 8, the components"),
        ({"risk": 2}, "risk=2"),
        ({"n_first": 1}, "n_first=1"),
        ({"n_most": 63}, "n_most=63 must be at least 64"),
        ({"seed": -1}, "seed=-1"),
        ({"answer": lambda masks: masks}, "answer gave shape .* it must be"),
    ],
)
def test_what_cannot_be_settled_is_named(change, match):
    arguments = {"answer": lambda masks: masks[:, 0], "n_components": 8, "n_first": 64} | change
    with pytest.raises(ParameterError, match=match):
        until_settled(**arguments)
