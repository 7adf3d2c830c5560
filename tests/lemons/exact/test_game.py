"""A table as a game of shapiq, against shapiq's own computer; and as a forward function of Captum."""

import sys

import numpy as np
import pytest
import torch

from lemons.errors import MissingDependencyError, ParameterError
from lemons.exact import score_table
from lemons.exact.indices import INDICES
from tests.lemons.exact.mixes import music
from tests.lemons.exact.test_score import fcn_like

pytestmark = pytest.mark.usefixtures("one_thread")
ROUNDING = 1e-9  # of float64, of sums over 2^9 answers around 1


@pytest.fixture(scope="module")
def shapiq():
    return pytest.importorskip("shapiq", reason="needs shapiq: pip install 'lemons-explanations[shapiq]'")


@pytest.fixture(scope="module")
def table():
    """Of 3 stems in 3 segments, one of which is silent."""
    stems = music(np.random.default_rng(440), 3, 3 * 2000)
    stems[1, 2000:4000] = 0
    return score_table(fcn_like().double(), stems, 3)


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("target", ["logit", "probability"])
def test_every_index_is_that_of_shapiqs_own_computer(shapiq, table, name, order, target):
    game = table.to_shapiq(target=target)
    found, theirs = game.exact_values(name, order), shapiq.ExactComputer(game)(name, order)
    assert (found.index, found.n_players, found.min_order) == (theirs.index, 9, theirs.min_order)
    # their faithful indices take a weight of 1e8 for an infinite one
    tolerance = 1e-6 if name == "FSII" else ROUNDING
    for coalition, value in found.dict_values.items():  # they leave out pairs of 0 here and there
        assert value == pytest.approx(theirs.dict_values.get(coalition, 0.0), abs=tolerance), coalition
    assert theirs.dict_values.keys() <= found.dict_values.keys()
    assert found.baseline_value == pytest.approx(theirs.baseline_value, abs=ROUNDING)
    assert not found.estimated


def test_a_game_answers_as_its_table_less_silence(shapiq, table, rng):
    masks = rng.integers(0, 2, (50, 9)).astype(bool)
    silence = table.logits(np.zeros((1, 9), dtype=int))
    np.testing.assert_allclose(table.to_shapiq()(masks), table.logits(masks) - silence, atol=ROUNDING)


def test_players_have_the_names_of_the_components(shapiq, table):
    names = [f"{stem} {segment}" for segment in range(3) for stem in ("bass", "drums", "voice")]
    game = table.to_shapiq(names)
    assert game([("drums 2", "bass 0")])[0] == game(np.isin(np.arange(9), [0, 7])[None])[0]
    for wrong in (names[:-1], ["a"] * 9):
        with pytest.raises(ParameterError, match="must be 9 different names, one for each component"):
            table.to_shapiq(wrong)
    with pytest.raises(ParameterError, match="names='ab'"):
        table.to_shapiq("ab")


def test_shapiqs_approximators_take_the_game_and_its_computer_what_lemons_does_not_know(shapiq, table):
    game = table.to_shapiq()
    found = shapiq.KernelSHAP(n=9, random_state=0).approximate(budget=2**9, game=game)
    for i, value in enumerate(table.shapley()):
        assert found[(i,)] == pytest.approx(value, abs=1e-4)  # all masks; infinity is a large weight
    third = game.exact_values("SII", 3)
    assert third.max_order == 3
    assert third[(0, 1)] == pytest.approx(table.interactions()[0, 1], abs=ROUNDING)


def test_without_shapiq_an_error_says_how_to_install_it(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "shapiq", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lemons-explanations\[shapiq\]'"):
        table.to_shapiq()


def test_captums_shapley_values_of_the_table_are_ours(table):
    attr = pytest.importorskip("captum.attr", reason="compares with Captum: pip install 'lemons-explanations[compare]'")

    def forward(masks):
        return torch.as_tensor(table.logits(masks))

    everything = torch.ones(1, 9, dtype=torch.float64)
    torch.manual_seed(0)
    found = attr.KernelShap(forward).attribute(everything, n_samples=4000, perturbations_per_eval=500)[0].numpy()
    exact = table.shapley()
    # 4000 masks drawn with replacement
    np.testing.assert_allclose(found, exact, atol=0.1 * np.abs(exact).max())
    assert found.sum() == pytest.approx(exact.sum(), abs=1e-3)
