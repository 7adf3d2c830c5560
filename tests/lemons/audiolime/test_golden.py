"""The same numbers as audioLIME v0.0.3; golden/audiolime/make_golden.py made them with the original."""

import json
from pathlib import Path

import numpy as np
import pytest

from lemons.audiolime import LimeAudioExplainer, StemFactorization, TimeOnlyFactorization

FOLDER = Path(__file__).parents[2] / "golden" / "audiolime"
CASES = json.loads((FOLDER / "golden.json").read_text())["cases"]
STEMS = ("vocals", "drums", "bass", "other")


@pytest.fixture(scope="module")
def golden():
    with np.load(FOLDER / "golden.npz") as arrays:
        return dict(arrays)


@pytest.fixture(params=CASES)
def name(request):
    return request.param


@pytest.fixture
def found(golden, name):
    case = CASES[name]

    def predict(inputs):
        odds = np.exp(inputs @ golden["projection"])
        return odds / odds.sum(axis=1, keepdims=True)

    if case["kind"] == "time":
        factorization = TimeOnlyFactorization(golden["sources"].sum(axis=0), 16000, 6)
    else:
        stems = dict(zip(STEMS, golden["sources"], strict=True))
        factorization = StemFactorization(stems, 16000, 3 if case["kind"] == "both" else 1)
    explainer = LimeAudioExplainer(random_state=case.get("random_state", 0), **case.get("explainer", {}))
    return explainer.explain_instance(factorization, predict, **case["instance"])


def test_masks_are_the_originals(golden, name, found):
    np.testing.assert_array_equal(found.neighborhood_data, golden[f"{name}/masks"])


def test_labels_are_the_originals(golden, name, found):
    assert sorted(found.local_exp) == sorted(golden[f"{name}/labels"])


def test_weights_are_the_originals(golden, name, found):
    for label, local_exp in found.local_exp.items():
        components, weights = zip(*local_exp, strict=True)
        np.testing.assert_array_equal(components, golden[f"{name}/{label}/components"])
        np.testing.assert_allclose(weights, golden[f"{name}/{label}/weights"], rtol=0, atol=1e-6)


def test_intercept_score_and_prediction_are_the_originals(golden, name, found):
    for label in found.local_exp:
        numbers = [found.intercept[label], found.score[label], found.local_pred[label][0]]
        expected = golden[f"{name}/{label}/intercept, score, local_pred"]
        np.testing.assert_allclose(numbers, expected, rtol=0, atol=1e-6)
