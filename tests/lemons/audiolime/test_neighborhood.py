"""Masks, and the model's answers to them."""

import numpy as np
import pytest

from lemons.audiolime import LimeAudioExplainer, StemFactorization
from lemons.audiolime.neighborhood import draw_masks
from lemons.errors import DataError, ParameterError

SR = 100  # Hz; toys need no more


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_no_mask_is_scored_twice_and_the_mix_is_first(batch_size, counting, constant_stems):
    factorization = StemFactorization(constant_stems([0.5, 0.25, 0.125, 0.0625], 4), SR, 1)
    LimeAudioExplainer(random_state=0).explain_instance(
        factorization, counting, num_reg_targets=1, num_samples=2048, batch_size=batch_size
    )
    # every stem has another level: each mask sounds different
    assert len(counting.heard) == len(set(counting.heard)) == 16
    assert counting.heard[0] == bytes(factorization.compose_model_input())


@pytest.mark.parametrize("batch_size", [1, 7, 500])
def test_the_batch_size_changes_nothing(rng, batch_size, counting):
    stems = {name: rng.normal(size=30).astype(np.float32) for name in "abc"}
    factorization = StemFactorization(stems, SR, 3)
    explainer = LimeAudioExplainer(random_state=5)
    found, expected = (
        explainer.explain_instance(factorization, counting, num_reg_targets=1, num_samples=100, batch_size=size)
        for size in (batch_size, 10)
    )
    np.testing.assert_array_equal(found.neighborhood_labels, expected.neighborhood_labels)
    assert found.local_exp == expected.local_exp


def test_every_row_has_the_answer_to_its_own_mask(rng, counting, constant_stems):
    levels = 2.0 ** -np.arange(6)
    factorization = StemFactorization(constant_stems(levels, 1), SR, 1)
    found = LimeAudioExplainer().explain_instance(factorization, counting, num_reg_targets=1, num_samples=300)
    np.testing.assert_array_equal(found.neighborhood_labels[:, 0], found.neighborhood_data @ levels)


def test_progress_counts_distinct_masks_and_may_cancel(stems, counting):
    factorization, steps = StemFactorization(stems, SR, 1), []
    explainer = LimeAudioExplainer()
    arguments = {"num_reg_targets": 1, "num_samples": 100, "batch_size": 3}
    explainer.explain_instance(factorization, counting, progress=lambda *step: steps.append(step), **arguments)
    assert steps == [(3, 4), (4, 4)]

    def cancel(done, total):
        raise KeyboardInterrupt

    counting.heard.clear()
    with pytest.raises(KeyboardInterrupt):
        explainer.explain_instance(factorization, counting, progress=cancel, **arguments)
    assert len(counting.heard) == 3


def test_models_that_answer_nonsense(stems):
    factorization, explainer = StemFactorization(stems, SR, 1), LimeAudioExplainer()
    with pytest.raises(DataError, match="NaN"):
        explainer.explain_instance(factorization, lambda x: np.full((len(x), 1), np.nan), num_reg_targets=1)
    with pytest.raises(ParameterError, match=r"\(4,\)"):
        explainer.explain_instance(factorization, lambda x: np.zeros(len(x)), num_reg_targets=1)


def test_too_many_components_for_every_mask():
    with pytest.raises(ParameterError, match=r"2\^21"):
        draw_masks(21, "exhaustive", random_state=0)
