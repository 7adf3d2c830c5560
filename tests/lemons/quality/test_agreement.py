"""Tops that agree, worked out by hand."""

import pytest

from lemons.errors import ParameterError
from lemons.quality import mean_jaccard, top_components, top_jaccard, unique_components

THREE = [[3, 2, 1, -9], [3, 1, 2, -9], [1, 2, 3, -9]]  # tops of two: {0, 1}, {0, 2}, {1, 2}


def test_the_top_by_hand():
    assert top_components([3, 2, 1, -9], 2) == {0, 1}
    assert top_components([3, 2, 1, -9], 2, positive=False) == {0, 3}
    assert top_components([3, 0, -1, -9], 4) == {0}
    assert top_components([1, 1, 1], 2) == {0, 1}  # on ties the first


def test_jaccard_by_hand():
    """{0, 1} and {0, 2} share 1 of 3; by size, {0, 3} is the top of both."""
    assert top_jaccard(THREE[0], THREE[1], 2) == 1 / 3
    assert top_jaccard(THREE[0], THREE[1], 2, positive=False) == 1


def test_explanations_without_anything_positive_agree():
    assert top_jaccard([-1, -2], [-2, -1], 1) == 1
    assert top_jaccard([-1, -2], [2, 1], 1) == 0


def test_stability_over_seeds_by_hand():
    """Every pair of the three shares 1 of 3; with the first once more, the six pairs give (5 · 1/3 + 1) / 6 = 4/9."""
    assert mean_jaccard(THREE, 2) == pytest.approx(1 / 3, abs=1e-15)  # a mean of three equal numbers may round
    assert mean_jaccard([*THREE, THREE[0]], 2) == pytest.approx(4 / 9, abs=1e-15)


def test_unique_components_by_hand():
    """The tops of one are 0, 0 and 2; those of two have 0, 1 and 2; by size, all have 3 first."""
    assert unique_components(THREE, 1, positive=True) == 2
    assert unique_components(THREE, 2, positive=True) == 3
    assert unique_components(THREE, 1, positive=False) == 1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: top_components([1, 2], 0), "k=0"),
        (lambda: top_jaccard([1, 2], [1, 2, 3], 1), "2 and of 3 components"),
        (lambda: mean_jaccard([[1, 2]], 1), "at least 2 seeds"),
        (lambda: unique_components([1, 2], 1, positive=True), "shape"),
    ],
)
def test_what_cannot_agree_is_an_error(call, match):
    with pytest.raises(ParameterError, match=match):
        call()
