"""Recombined tracks: what is planted where, at which level, and what a twin lacks."""

from dataclasses import replace

import numpy as np
import pytest

from explanations.studies.truth.listeners import FIRST_NUMBER, LISTENERS, PARTS, SEED_STEP, mix_of, number_of
from explanations.studies.truth.plants import (
    HUM,
    HUM_DB,
    HUM_HZ,
    LEVEL_DB,
    N_SAMPLES,
    N_SEGMENTS,
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
    TrainedCase,
    answers_of,
    cases_of,
    check_candidate,
    joined,
    judge_candidate,
    make_candidate,
)
from lemons.audio import SAMPLE_RATE, load, quantize, write_flac
from lemons.demo.composing.compose import compose
from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from recsys.model import FCN


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
    excerpts = measure_stems(library)
    pools = {(name, None): ids for name in STEMS}
    pools |= {(trait.stem, has): ids[not has :: 2] for trait in TRAITS for has in (True, False)}
    return Donors(library, {(name, id_): excerpts[name][id_] for name in STEMS for id_ in ids}, pools)


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


def test_no_candidate_is_a_track_of_a_split_and_no_seed_has_another_s_tracks():
    last = max(places.stop for places in PARTS.values())
    assert min(FIRST_NUMBER.values()) >= last
    assert FIRST_NUMBER["segment"] - FIRST_NUMBER["whole"] == 1000
    assert number_of(0, 1) - number_of(0, 0) == SEED_STEP > FIRST_NUMBER["segment"] + 1000


def test_the_kick_is_on_every_beat_or_leaves_some_out():
    """By ear: house, trance and steppers march; reggae's one drop, rock and swing do not; pop and metal are neither."""
    kick = TRAITS[0].variant
    score = compose(0, 0, "pop")
    expected = {"trance": True, "four floor": True, "steppers": True}
    expected |= {"one drop": False, "backbeat": False, "trap": False, "swing": False, "funk": False}
    expected |= {"pop": None, "double kick": None, "driving": None}
    for pattern, variant in expected.items():
        assert kick(replace(score, choices=score.choices | {"drums": pattern})) is variant, pattern


def test_what_is_lent_rests_in_no_segment(donors):
    """Of 15 seconds, the excerpt begins after a rest of three; what rests for ever is not lent."""
    path, step = donors.library.path / "stems", N_SAMPLES // N_SEGMENTS
    y = load(path / "D0000" / "drums.flac")
    write_flac(path / "D0000" / "drums.flac", np.concatenate([y[:step], np.zeros(3 * SAMPLE_RATE), y]))
    write_flac(path / "D0001" / "drums.flac", np.where(np.arange(len(y)) // step == 3, 0, y))
    lent = measure_stems(donors.library)["drums"]
    assert lent["D0000"][0] == step + 3 * SAMPLE_RATE
    assert set(lent) == {f"D{i:04d}" for i in (0, 2, 3, 4, 5)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_candidate_has_the_cause_and_its_twins_lack_some_of_it(donors, case):
    candidate = make_candidate(case, donors, 0, seed=1)
    stems = {stem for _, stem in candidate.planted}
    assert len(candidate.twins) == len(case.listener.likes) == len(stems)
    changed = set()
    for one in candidate.twins:
        changed |= {name for name in STEMS if not np.array_equal(one[name], candidate.stems[name])}
    assert changed == stems
    assert len(candidate.planted) == len(stems) * (5 if case.place == "whole" else 1)


def test_candidates_are_checked_and_judged(donors):
    """With fresh weights nothing is learned, so that no twin makes a difference; what is judged is all methods."""
    candidate = make_candidate(TrainedCase(LISTENERS[0], "segment"), donors, 0, seed=0)
    model = FCN().eval()
    model.fc.weight.data.zero_()
    model.fc.bias.data.fill_(1.0)
    checked = check_candidate(model, candidate)
    assert checked["logit"] == 1
    assert checked["drops"] == [0]
    assert checked["recommended"]
    assert not checked["passed"]
    found = judge_candidate(candidate, **answers_of(model, candidate, segments=False))["kinds"]
    assert set(found) == {"source"}
    assert found["source"]["methods"]["exact LIME"]["auc"] == 0.5  # all weights are 0


def test_another_library_than_the_demo_s_is_refused(short_library):
    with pytest.raises(DataError, match="not the demo library"):
        find_donors(short_library, {name: {} for name in STEMS})


def test_some_listeners_have_their_cases_and_an_unknown_one_is_refused():
    assert cases_of(None) == CASES
    assert [case.name for case in cases_of(["hum"])] == ["whole: hum", "segment: hum"]
    with pytest.raises(ParameterError, match="choose one of kick, distorted, rapped, hum, and"):
        cases_of(["marko"])
