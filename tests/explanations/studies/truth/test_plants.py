"""Recombined tracks: what is planted where, at which level, and what a twin lacks."""

import numpy as np
import pytest

from explanations.studies.truth.listeners import LISTENERS, PARTS, mix_of
from explanations.studies.truth.plants import (
    HUM,
    HUM_DB,
    HUM_HZ,
    LEVEL_DB,
    SPREAD_DB,
    STEMS,
    TRAITS,
    Donors,
    draw_recipe,
    find_donors,
    graft,
    measure_stems,
    segments_of,
    sounds_of,
    twin,
)
from explanations.studies.truth.trained import (
    CASES,
    FIRST_NUMBER,
    TrainedCase,
    cases_of,
    check_candidate,
    joined,
    judge_candidate,
    make_candidate,
)
from lemons.audio import SAMPLE_RATE, quantize, write_flac
from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from recsys.model import FCN

N_SAMPLES = 8 * SAMPLE_RATE  # segments of 1.6 s, as long as the receptive field


@pytest.fixture
def donors(tmp_path, rng):
    """Six tracks of noise that lend all stems; the even ones have every trait, the odd ones none."""
    ids = [f"D{i:04d}" for i in range(6)]
    for track_id in ids:
        stems = {name: quantize(0.02 * rng.uniform(-1, 1, N_SAMPLES)) for name in STEMS}
        write_flac(tmp_path / f"audio/{track_id}.flac", mix_of(stems))
        for name, y in stems.items():
            write_flac(tmp_path / f"stems/{track_id}/{name}.flac", y)
    rows = "".join(f"{id_},Song,Band,pop,audio/{id_}.flac\n" for id_ in ids)
    (tmp_path / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + rows)
    (tmp_path / "listens.csv").write_text("user,track_id,playcount\nmarko,D0000,1\n")
    library = open_library(tmp_path)
    levels = measure_stems(library)
    pools = {(name, None): ids for name in STEMS}
    pools |= {(trait.stem, has): ids[not has :: 2] for trait in TRAITS for has in (True, False)}
    return Donors(library, {(name, id_): levels[name][id_] for name in STEMS for id_ in ids}, pools)


def test_stems_lie_at_the_level_of_the_recipe(donors):
    for number in range(4):
        for name, y in sounds_of(donors, draw_recipe(donors, number, without=frozenset({HUM}))).items():
            level_db = 10 * np.log10(np.mean(y.astype(np.float64) ** 2))
            # noise sounds everywhere; rounding to 16 bits adds noise at -101 dB
            assert abs(level_db - LEVEL_DB) < SPREAD_DB + 0.05, name


def test_a_twin_differs_in_the_trait_s_stem_alone(donors):
    for trait in (*(one.name for one in TRAITS), HUM):
        recipe = draw_recipe(donors, 7)
        other = twin(donors, recipe, trait)
        assert recipe.traits ^ other.traits == {trait}
        before, after = sounds_of(donors, recipe), sounds_of(donors, other)
        changed = {name for name in STEMS if not np.array_equal(before[name], after[name])}
        assert changed == {next((one.stem for one in TRAITS if one.name == trait), "piano")}
        assert twin(donors, other, trait).traits == recipe.traits


def test_the_hum_is_where_and_as_loud_as_it_should_be(donors):
    recipe = draw_recipe(donors, 0, wanted=frozenset({HUM}))
    hum = sounds_of(donors, recipe)["piano"] - sounds_of(donors, twin(donors, recipe, HUM))["piano"]
    power = np.abs(np.fft.rfft(hum)) ** 2
    assert np.fft.rfftfreq(len(hum), 1 / SAMPLE_RATE)[power.argmax()] == pytest.approx(HUM_HZ, abs=0.2)
    assert 10 * np.log10(np.mean(hum.astype(np.float64) ** 2)) == pytest.approx(HUM_DB, abs=0.1)


def test_traits_are_drawn_independently_with_even_chances(donors):
    drawn = [draw_recipe(donors, number).traits for number in range(1000)]
    names = [*(trait.name for trait in TRAITS), HUM]
    has = np.array([[name in traits for name in names] for traits in drawn], dtype=float)
    # standard errors: 0.016 of a share, 0.032 of a correlation; four of them
    np.testing.assert_allclose(has.mean(axis=0), 0.5, atol=0.065)
    np.testing.assert_allclose(np.corrcoef(has.T), np.eye(len(names)), atol=0.13)


def test_a_graft_changes_one_segment(rng):
    y, other = (quantize(rng.uniform(-0.1, 0.1, N_SAMPLES)) for _ in range(2))
    segments = segments_of(N_SAMPLES)
    grafted = graft(y, other, 2)
    start, stop = segments.spans[2]
    np.testing.assert_array_equal(grafted[:start], y[:start])
    np.testing.assert_array_equal(grafted[stop:], y[stop:])
    inside = slice(start + segments.fade, stop - segments.fade)
    np.testing.assert_allclose(grafted[inside], other[inside], atol=1e-7)


def test_four_stems_sound_like_five(donors):
    stems = sounds_of(donors, draw_recipe(donors, 0))
    for causes, missing in (({"drums"}, "piano"), ({"piano"}, "other"), ({"piano", "other"}, "vocals")):
        rows = joined(stems, causes)
        assert set(STEMS) - set(rows) == {missing}
        np.testing.assert_array_equal(mix_of(rows), mix_of(stems))


def test_no_candidate_is_a_track_of_a_split():
    last = max(numbers.stop for numbers in PARTS.values())
    assert min(FIRST_NUMBER.values()) >= last


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_candidate_has_the_cause_and_its_twins_lack_some_of_it(donors, case):
    candidate = make_candidate(case, donors, 0)
    stems = {stem for _, stem in candidate.planted}
    assert len(candidate.twins) == len(case.listener.likes) == len(stems)
    changed = set()
    for one in candidate.twins:
        changed |= {name for name in STEMS if not np.array_equal(one[name], candidate.stems[name])}
    assert changed == stems
    assert len(candidate.planted) == len(stems) * (5 if case.place == "whole" else 1)


def test_candidates_are_checked_and_judged(donors):
    """With fresh weights nothing is learned, so that no twin makes a difference; what is judged is all methods."""
    candidate = make_candidate(TrainedCase(LISTENERS[0], "segment"), donors, 0)
    model = FCN().eval()
    model.fc.weight.data.zero_()
    model.fc.bias.data.fill_(1.0)
    checked = check_candidate(model, candidate)
    assert checked["logit"] == 1
    assert checked["drops"] == [0]
    assert checked["recommended"]
    assert not checked["passed"]
    found = judge_candidate(model, candidate, segments=False)["kinds"]
    assert set(found) == {"source"}
    assert found["source"]["methods"]["exact LIME"]["auc"] == 0.5  # all weights are 0


def test_another_library_than_the_demo_s_is_refused(short_library):
    with pytest.raises(DataError, match="not the demo library"):
        find_donors(short_library, {name: {} for name in STEMS})


def test_some_listeners_have_their_cases_and_an_unknown_one_is_refused():
    assert cases_of(None) == CASES
    assert [case.name for case in cases_of(["hum"])] == ["whole: hum", "segment: hum"]
    with pytest.raises(ParameterError, match="choose one of drums, other, vocals, hum, and"):
        cases_of(["marko"])
