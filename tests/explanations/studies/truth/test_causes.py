"""Constructed models: that the planted cause is in them, and nothing else where there are no nuisances."""

import numpy as np
import pytest

from explanations.studies.truth.causes import CAUSES, N_STEMS, STEMS, K, draw
from explanations.studies.truth.judge import judge
from lemons.exact.lime import lime_of_moments

BY_NAME = {cause.name: cause for cause in CAUSES}


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_without_nuisances_only_the_cause_s_own_components_change_an_answer(cause):
    one = draw(cause, 3, sigma=0)
    changes = {i: np.ptp(one.answers.logits.reshape(2**i, 2, -1), axis=1).max() for i in range(K)}
    heard = {i for i, change in changes.items() if change > 1e-6}
    per_feature = 1 if cause.feature == "sound" else len(STEMS[0])
    assert one.planted <= heard
    assert len(heard) == cause.n_features * per_feature
    assert len(one.planted) == cause.n_for * per_feature


@pytest.mark.parametrize("name", ["AND of two stems", "OR of two sounds", "max pool of a stem"])
def test_every_draw_is_recommended_and_the_same_number_is_the_same_draw(name):
    found = [draw(BY_NAME[name], number, sigma=0.3) for number in (0, 1, 0)]
    assert all(one.answers.logits[-1] >= 0 for one in found)
    np.testing.assert_array_equal(found[0].answers.logits, found[2].answers.logits)
    assert np.abs(found[0].answers.logits - found[1].answers.logits).max() > 0.1


def test_nuisances_are_effects_of_stems_and_pairs_of_them():
    """Of whole stems the answers are a polynomial of degree 2: third differences vanish."""
    logits = draw(BY_NAME["one stem"], 1).of_stems().answers.logits.reshape((2,) * N_STEMS)
    for axis in range(3):
        logits = np.diff(logits, axis=axis)
    np.testing.assert_allclose(logits, 0, atol=1e-12)


def test_whole_stems_keep_the_answers_and_the_stems_of_the_cause():
    one = draw(BY_NAME["AND of two sounds"], 2)
    stems = one.of_stems()
    assert stems.answers.n_components == N_STEMS
    assert stems.answers.logits[[0, -1]].tolist() == one.answers.logits[[0, -1]].tolist()
    assert stems.planted == {component % N_STEMS for component in one.planted}


def test_facts_name_a_pair_of_sounds_exactly_where_there_are_no_nuisances():
    for name, kind in (("AND of two sounds", "sufficient"), ("OR of two sounds", "necessary")):
        one = draw(BY_NAME[name], 0, sigma=0)
        found = judge(one.answers, one.planted, seed=0)
        assert found["facts"][kind]["exact"] == 1
        assert found["methods"]["facts"]["auc"] == 1


def test_what_must_fail_fails_in_spite_of_nuisances():
    """Blind by construction, so that nuisances alone decide: 6 tracks of chance 2 in 20 rarely make more than 2."""
    for name, method in (("OR of two sounds", "leave one out"), ("AND of two sounds", "one at a time")):
        found = []
        for number in range(6):
            one = draw(BY_NAME[name], number)
            found.append(judge(one.answers, one.planted, seed=number)["methods"])
        assert np.mean([methods[method]["top1"] for methods in found]) <= 0.4
        assert np.mean([methods["exact LIME"]["top1"] for methods in found]) >= 0.9


def test_lime_of_the_logit_is_exact_where_the_logit_is_a_line():
    """For and against is one, but for nuisances."""
    one = draw(BY_NAME["for and against"], 0, sigma=0)
    lime = lime_of_moments(one.answers.of_logit, alpha=0.0)
    assert lime.fidelity == pytest.approx(1, abs=1e-6)
    assert (lime.weights > 1e-3).nonzero()[0].tolist() == sorted(one.planted)
