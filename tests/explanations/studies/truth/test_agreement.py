"""Whether a measure that tells the truth, lies, or tells nothing is found out."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from explanations.studies.truth.agreement import DIRECTIONS, agreement, correlations
from explanations.studies.truth.causes import CAUSES, draw
from explanations.studies.truth.judge import THRESHOLD
from explanations.studies.truth.methods import weights_of
from explanations.studies.truth.quality import MEASURED, qualities_of
from lemons.exact import facts_of
from lemons.quality import measure

KIND = "source"


def _tracks(rng, n=60):
    """Fidelity says what is true, deletion (lower is better) the opposite; sparseness is chance."""
    tracks = []
    for _ in range(n):
        auc = dict(zip(MEASURED, rng.random(len(MEASURED)), strict=True))
        quality = {
            name: {"fidelity": one**3, "deletion": one, "sparseness": rng.random(), "jaccard": 1.0}
            for name, one in auc.items()
        }
        methods = {name: {"auc": one, "top1": float(one > 0.5)} for name, one in auc.items()}
        tracks.append({"kinds": {KIND: {"methods": methods, "quality": quality, "gate": {"ratio": rng.random()}}}})
    return tracks


def test_measures_are_told_apart(rng):
    found = agreement(_tracks(rng), KIND)
    for question in ("pairs", "methods", "methods, candid", "tracks"):
        assert found["fidelity"][question]["auc"]["mean"] == pytest.approx(1)
        assert found["deletion"][question]["auc"]["mean"] == pytest.approx(-1)
    # 720 pairs: a standard error of 0.04
    assert abs(found["sparseness"]["pairs"]["auc"]["mean"]) < 0.15
    assert found["sparseness"]["pairs"]["auc"]["low"] < found["sparseness"]["pairs"]["auc"]["mean"]
    assert found["jaccard"] == {question: {} for question in found["jaccard"]}  # the same everywhere orders nothing
    assert found["interaction"]["methods"] == {}
    assert found["interaction"]["tracks"]["auc"]["n"] == 60


def test_the_correlations_are_spearman_s(rng):
    x, y = rng.integers(0, 4, (5, 30)).astype(float), rng.integers(0, 9, (5, 30)).astype(float)
    x[1, :3], y[2] = np.nan, 1
    expected = [spearmanr(a[~np.isnan(a)], b[~np.isnan(a)]).statistic for a, b in zip(x[:2], y[:2], strict=True)]
    found = correlations(x, y)
    np.testing.assert_allclose(found[:2], expected)
    assert np.isnan(found[2])


def test_what_is_measured_is_what_lemons_measures():
    one = draw(CAUSES[2], 0).of_stems().answers
    weights = weights_of(one, facts_of(one.logits, THRESHOLD), seed=3)
    found = qualities_of(one, weights, seed=3)
    assert set(found) == set(MEASURED)
    for name in ("exact LIME", "leave one out", "negated"):
        same = measure(one.of, weights[name], repeats=[weights[name]] * 2, seed=3)
        for measure_name, value in found[name].items():
            assert value == pytest.approx(getattr(same, measure_name)), measure_name
            assert DIRECTIONS[measure_name] in ("higher", "lower")
