"""Two components among K, by hand: what the engine and the methods say of the four forms."""

import numpy as np
import pytest

from explanations.studies.truth.answers import Answers, numbers_of
from explanations.studies.truth.closed_form import FORMS, answers_of_form, closed_form
from explanations.studies.truth.constructed import check_closed_forms
from explanations.studies.truth.judge import judge_line
from explanations.studies.truth.methods import weights_of
from lemons.exact import facts_of
from lemons.exact.masks import mask_rows
from lemons.explaining.trust import gate

K = 8


def answers_of(name):
    return Answers(answers_of_form(name, K))


@pytest.mark.parametrize("n_components", [3, 8, 13])
def test_the_engine_agrees_with_the_closed_forms(n_components):
    for row in check_closed_forms(n_components):
        assert row["difference"] < 1e-9, row["form"]  # sums of 2^13 float64: 1e-12 would do


def test_the_four_forms_are_what_they_are_called():
    x, y = mask_rows(0, 8, 3)[:, :2].T.astype(bool)
    np.testing.assert_array_equal(answers_of_form("AND", 3), x & y)
    np.testing.assert_array_equal(answers_of_form("OR", 3), x | y)
    np.testing.assert_array_equal(answers_of_form("XNOR", 3), x == y)
    np.testing.assert_array_equal(answers_of_form("ADD", 3), (x + y.astype(float)) / 2)


def test_add_and_or_have_the_same_shapley_values_and_only_the_interaction_tells_them_apart():
    forms = {name: closed_form(name, 20) for name in ("ADD", "AND", "OR")}
    assert {form.shapley_pair for form in forms.values()} == {0.5}
    assert [form.interaction for form in forms.values()] == [0, 1, -1]


@pytest.mark.parametrize("name", list(FORMS))
def test_shapley_values_by_any_way_sum_to_what_all_sound_adds(name):
    answers = answers_of(name)
    weights = weights_of(answers, facts_of(answers.logits, 0.5), seed=0)
    expected = answers.logits[-1] - answers.logits[0]
    for method in ("Shapley", "KernelSHAP 2048"):
        assert weights[method].sum() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("form", "method", "blind"),
    [
        ("OR", "leave one out", 0.0),
        ("AND", "one at a time", 0.0),
        ("XNOR", "one at a time", -1.0),
        ("XNOR", "Shapley", 0.0),
    ],
)
def test_methods_that_see_few_mixes_are_blind_by_construction(form, method, blind):
    answers = answers_of(form)
    weights = weights_of(answers, facts_of(answers.logits, 0.5), seed=0)[method]
    np.testing.assert_allclose(weights[:2], blind, atol=1e-12)


@pytest.mark.parametrize(("form", "kind"), [("AND", "sufficient"), ("OR", "necessary"), ("XNOR", "sufficient")])
def test_the_smallest_set_of_facts_is_the_pair(form, kind):
    facts = facts_of(answers_of(form).logits, 0.5)
    assert getattr(facts, kind).smallest == ((0, 1),)


def test_the_gate_refuses_xnor_and_none_of_the_other_forms():
    holds = {name: judge_line(answers_of(name), {0, 1})["holds"] for name in FORMS}
    assert holds == {"ADD": True, "AND": True, "OR": True, "XNOR": False}


def test_the_gate_needs_a_low_r2_and_a_strong_interaction():
    assert gate(0.29, 1.0)
    assert gate(0.3, 9.0)
    assert not gate(0.29, 1.01)
    assert not gate(0.29, None)


def test_groups_are_switched_together(rng):
    answers = Answers(rng.normal(size=2**K))
    groups = [[0, 3], [5], [1, 7]]
    for number, switched in enumerate(mask_rows(0, 8, 3)):
        mask = np.zeros(K, dtype=int)
        for on, group in zip(switched, groups, strict=True):
            mask[group] = on
        assert answers.of_groups(groups).logits[number] == answers.logits[numbers_of(mask[None])[0]]


def test_numbers_of_masks_are_their_places():
    np.testing.assert_array_equal(numbers_of(mask_rows(0, 2**K, K)), np.arange(2**K))


def test_one_component_is_taken_from_the_full_mix_or_added_to_silence(rng):
    answers = Answers(rng.normal(size=2**K))
    weights = weights_of(answers, facts_of(answers.logits, 0.0), seed=0)
    for i, one in enumerate(np.eye(K, dtype=int)):
        with_all, without, alone, silence = answers.of(np.stack([one | 1, 1 - one, one, 0 * one]))
        assert weights["leave one out"][i] == with_all - without
        assert weights["one at a time"][i] == alone - silence
