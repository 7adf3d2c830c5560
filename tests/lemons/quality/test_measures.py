"""All measures of an explanation at once, for sums known by heart, and what is written about them."""

import dataclasses
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit

from lemons.errors import ParameterError
from lemons.exact import ScoreTable
from lemons.exact.lime import fit_lime
from lemons.exact.masks import mask_rows
from lemons.exact.pooled import Pooled, PooledGroup
from lemons.quality import Measures, complexity, measure, sparseness

TABLE = Path(__file__).resolve().parents[3] / "docs" / "measures.md"
ROUNDING = 1e-12  # of sums of some thousand numbers of at most 10


class SumTable:
    """Logits that are sums: 3 z0 + 2 z2 - z3; component 1 is silent."""

    sounding = np.array([[True, False], [True, True]])

    def __init__(self):
        self.n_scored = 0

    def logits(self, masks):
        self.n_scored += len(masks)
        return masks @ np.array([3.0, 100.0, 2.0, -1.0])


def test_the_right_weights_of_a_sum_by_hand():
    """v = 3 a + 2 b - c, in the order a, b, c; the silent component counts nowhere.

    Deletion 4, 1, -1, 0: area (2.5 + 0 - 0.5) / 3 = 2/3; AOPC (0 + 3 + 5 + 4) / 4 = 3, one step: 3/2.
    Insertion 0, 3, 5, 4: area (1.5 + 4 + 4.5) / 3 = 10/3. Random orders lose 4/3 at each step: area 2, AOPC 2, one step
    2/3. The top component alone has a logit of 3, the full mix 4, the rest 1.
    """
    table = SumTable()
    found = measure(table, [3, 0, 2, -1], k=1)
    by_hand = {
        "fidelity": 1,
        "fidelity_held_out": 1,
        "deletion": 2 / 3,
        "insertion": 10 / 3,
        "random_area": 2,
        "aopc": 3,
        "aopc_random": 2,
        "aopc_top": 3 / 2,
        "aopc_top_random": 2 / 3,
        "infidelity": 0,
        "infidelity_scaled": 0,
        "complexity": complexity([3, 2, 1]),
        "sparseness": sparseness([3, 2, 1]),
        "drop": 1 - expit(3) / expit(4),
        "increase": 0,
        "gain": 0,
        "rest_faithfulness": expit(4) - expit(1),
        "jaccard": 1,
        "unique_components": 1,
        "n_asked": 8,
    }
    assert {name: getattr(found, name) for name in by_hand} == pytest.approx(by_hand, abs=ROUNDING)
    assert table.n_scored == 8  # of the 16 masks, those that differ
    assert {field.name for field in dataclasses.fields(found)} - set(by_hand) == {
        "sensitivity_to_masks",
        "sensitivity_to_answers",
    }


def test_a_method_that_draws_nothing_is_as_stable_as_can_be():
    weights = [3.0, 0.0, 2.0, -1.0]
    found = measure(SumTable(), weights, repeats=[weights, weights], k=2)
    assert (found.sensitivity_to_masks, found.jaccard, found.unique_components) == (0, 1, 2)


def test_answers_that_stay_leave_the_weights():
    assert measure(SumTable(), [3, 0, 2, -1], radius=0).sensitivity_to_answers == 0
    moved = [measure(SumTable(), [3, 0, 2, -1], radius=radius).sensitivity_to_answers for radius in (0.01, 0.02)]
    assert moved[1] == pytest.approx(2 * moved[0], rel=1e-9)  # ridge is linear in the answers
    assert 0 < moved[0] < 0.05


def test_wrong_weights_are_worse_in_every_measure_that_asks_the_model():
    right, wrong = (measure(SumTable(), weights, k=1) for weights in ([3, 0, 2, -1], [-1, 0, 2, 3]))
    asking = {"fidelity", "fidelity_held_out", "deletion", "insertion", "aopc", "aopc_top", "infidelity"}
    asking |= {"infidelity_scaled", "drop", "rest_faithfulness"}
    for field in dataclasses.fields(Measures):
        if field.name in asking:
            sign = {"higher": 1, "lower": -1}[field.metadata["better"]]
            assert sign * getattr(right, field.name) > sign * getattr(wrong, field.name), field.name
        elif field.metadata["better"] == "control":
            assert getattr(right, field.name) == getattr(wrong, field.name)


def test_probabilities_of_a_table_are_those_of_a_function():
    table = SumTable()
    weights, sounding = [0.4, 0, 0.2, -0.1], table.sounding
    found = measure(table, weights, target="probability")
    given = measure(lambda masks: expit(table.logits(masks)), weights, target="probability", sounding=sounding)
    assert found == given
    assert found.fidelity < 1  # sums of logits are no sums of probabilities


def test_masks_held_out_are_not_those_of_the_fit():
    """A line through two masks of an even-or-odd model is right there and wrong elsewhere."""

    def odd(masks):
        return (masks.sum(axis=1) % 2).astype(float)

    masks = np.array([[1, 1, 1, 1], [1, 1, 1, 0]])
    found = measure(odd, [0, 0, 0, -1], masks=masks, intercept=1)
    assert found.fidelity == 1
    assert found.fidelity_held_out < 0.2
    assert found.infidelity == 0


def test_many_components_are_drawn_and_held_out(rng):
    weights = rng.normal(size=25)
    found = measure(lambda masks: masks @ weights, weights, n_masks=256, n_rounds=1, n_repeats=2)
    assert found.fidelity == found.fidelity_held_out == 1
    # two neighborhoods, the masks held out, a round, two curves, the top and the rest
    assert 256 < found.n_asked <= 2 * 256 + 128 + 25 * 25 + 2 * 26 + 2


@pytest.mark.parametrize("n", [1, 2])
def test_few_components_can_be_measured(n):
    found = measure(lambda masks: masks.sum(axis=1), np.ones(n))
    assert found.fidelity == 1
    assert found.aopc_top == pytest.approx(n / 2)  # steps of 1: (0 + 1) / 2, (0 + 1 + 2) / 3


def test_an_explanation_of_nothing_can_be_measured():
    found = measure(lambda masks: np.zeros(len(masks)), np.zeros(3))
    assert (found.fidelity, found.aopc, found.infidelity, found.rest_faithfulness) == (1, 0, 0, 0)
    assert (found.jaccard, found.unique_components, found.sensitivity_to_answers) == (1, 0, 0)
    assert math.isnan(found.complexity)


def test_the_same_seed_gives_the_same_measures():
    def model(masks):
        return np.sin(masks @ np.arange(1.0, 13))

    first, again, other = (measure(model, np.arange(12), seed=seed, n_masks=128, n_rounds=1) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"masks": np.ones((4, 2))}, r"masks=float64 \(4, 2\) must be at least two rows"),
        ({"masks": np.full((4, 4), 0.5)}, "zeros and ones"),
        ({"sounding": [True]}, "each of 4 components"),
        ({"sounding": [False] * 4}, "all 4 components are silent"),
        ({"repeats": [[1.0, 2.0]]}, r"repeats of shape \(1, 2\)"),
        ({"n_repeats": 1}, "n_repeats=1"),
        ({"n_masks": 1}, "n_masks=1"),
        ({"n_rounds": 0}, "n_rounds=0"),
        ({"radius": -0.1}, "radius=-0.1"),
        ({"k": 0}, "k=0"),
        ({"seed": -1}, "seed=-1"),
        ({"target": "loudness"}, "target='loudness'"),
    ],
)
def test_what_cannot_be_measured_is_an_error(options, match):
    with pytest.raises(ParameterError, match=match):
        measure(SumTable(), [3, 0, 2, -1], **options)


def test_every_measure_is_in_the_guide_with_its_direction():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (higher|lower|control) \|", TABLE.read_text(), flags=re.MULTILINE)
    assert rows == [(field.name, field.metadata["better"]) for field in dataclasses.fields(Measures)]


def test_fidelity_over_all_masks_is_that_of_the_exact_fit():
    """AND of two of three components: the line of the house, and its fidelity, over the eight masks."""
    masks = mask_rows(0, 8, 3)
    lime = fit_lime(masks, (masks[:, 0] * masks[:, 1]).astype(float), alpha=0.0)
    found = measure(lambda masks: masks[:, 0] * masks[:, 1], lime.weights, intercept=lime.intercept)
    assert found.fidelity == pytest.approx(lime.fidelity, abs=ROUNDING)
    # without its intercept, the best is found
    found = measure(lambda masks: masks[:, 0] * masks[:, 1], lime.weights)
    assert found.fidelity == pytest.approx(lime.fidelity, abs=ROUNDING)


@pytest.mark.parametrize(("kind", "fidelity"), [("both", 0.775), ("either", 0.503)])
def test_a_right_order_may_have_a_low_fidelity(kind, fidelity):
    """A model that wants two of five components together, or either: the line over all 32 masks ranks them first."""

    def model(masks):
        return masks[:, 1] & masks[:, 3] if kind == "both" else masks[:, 1] | masks[:, 3]

    masks = mask_rows(0, 32, 5)
    lime = fit_lime(masks, model(masks).astype(float), alpha=0.0)
    found = measure(model, lime.weights, intercept=lime.intercept, target="probability", k=2)
    assert found.fidelity == pytest.approx(fidelity, abs=5e-4)  # three digits are in the guide
    assert (found.aopc, found.drop) == pytest.approx({"both": (5 / 6, 0), "either": (4 / 6, 0)}[kind], abs=ROUNDING)


@pytest.mark.parametrize("target", ["logit", "probability"])
def test_the_exact_explanation_of_a_score_table_has_the_fidelity_that_it_says(rng, target):
    sounding = np.array([[True, True, False], [True, False, True]])
    groups = [PooledGroup(i, i, *torch.as_tensor(rng.normal(size=(2, 4, 2)))) for i in range(2)]
    head = torch.nn.Linear(4, 1).double()
    table = ScoreTable(Pooled(groups, sounding, 1, head, ("mean", "max")), multiply_adds=0, seconds=0.0)
    lime = table.lime(target=target)
    found = measure(table, lime.weights, intercept=lime.intercept, target=target)
    # the table adds squares up by size of the mask, the measure one by one
    assert found.fidelity == found.fidelity_held_out == pytest.approx(lime.fidelity, abs=1e-9)
    assert found.n_asked == 16
    full, silence = (expit(x) if target == "probability" else x for x in table.logits(mask_rows(0, 64, 6))[[-1, 0]])
    shapley = table.shapley(target=target)
    assert shapley.sum() == pytest.approx(full - silence, abs=1e-9)
    assert measure(table, shapley, target=target).fidelity <= found.fidelity  # no line is better than the fit


def test_measuring_needs_no_pytorch():
    code = "import sys, lemons.quality; assert 'torch' not in sys.modules, 'PyTorch is imported'"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TABLE.parents[1])
