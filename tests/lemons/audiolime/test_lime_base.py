"""The linear model behind an explanation."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from lemons.audiolime import LimeAudioExplainer, StemFactorization
from lemons.errors import ParameterError

SR = 100  # Hz; toys need no more


def test_a_linear_model_has_its_own_coefficients_as_weights(counting, constant_stems):
    levels = [0.5, -0.25, 0.125]
    factorization = StemFactorization(constant_stems(levels, 8), SR, 1)
    found = LimeAudioExplainer(random_state=0).explain_instance(
        factorization, counting, num_reg_targets=1, num_samples="exhaustive", model_regressor=LinearRegression()
    )
    # the sum of 8 samples per stem; least squares without shrinkage finds it exactly
    assert dict(found.local_exp[0]) == pytest.approx({0: 4.0, 1: -2.0, 2: 1.0})
    assert found.intercept[0] == pytest.approx(0, abs=1e-12)
    assert found.score[0] == pytest.approx(1)


def test_ridge_shrinks_weights_as_computed_by_hand(counting, constant_stems):
    factorization = StemFactorization(constant_stems([0.5], 2), SR, 1)
    found = LimeAudioExplainer().explain_instance(factorization, counting, num_reg_targets=1, num_samples="exhaustive")
    # masks 1 and 0, answers 1 and 0, kernel weights 1 and exp(-8) = e: the weighted variance of the mask (its sum) is
    # e / (1 + e), and so is its covariance with the answer; alpha = 1 adds 1 to the denominator
    e = np.exp(-8)
    weight = (e / (1 + e)) / (e / (1 + e) + 1)
    assert found.local_exp[0][0][1] == pytest.approx(weight)
    assert found.intercept[0] == pytest.approx((1 - weight) / (1 + e))


def test_feature_selection_that_does_not_exist():
    with pytest.raises(ParameterError, match="feature_selection='best' must be one of"):
        LimeAudioExplainer(feature_selection="best")
