"""Sets of components said as stems, segments and choices."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemons.exact.groups import Choice, Cover, cover, describe_sets

EVERYWHERE = np.ones((3, 4), dtype=bool)  # four stems in three segments


def grid(n_segments, n_stems, silent=()):
    sounding = np.ones((n_segments, n_stems), dtype=bool)
    sounding.flat[list(silent)] = False
    return sounding


def test_the_drums_throughout_are_a_stem():
    assert cover([2, 6, 10], EVERYWHERE) == Cover((2,), (), ())
    assert cover([2, 6], EVERYWHERE) == Cover((), (), (2, 6))
    assert cover([2, 6, 10, 11], EVERYWHERE) == Cover((2,), (), (11,))


def test_a_stem_sounds_throughout_where_it_is_not_silent():
    assert cover([2, 6], grid(3, 4, silent=[10])) == Cover((2,), (), ())


def test_a_sound_that_is_all_of_its_stem_is_called_by_its_segment():
    assert cover([2], grid(3, 4, silent=[6, 10])) == Cover((), (), (2,))
    assert cover([2], grid(3, 4, silent=[0, 1, 3])) == Cover((), (), (2,))


def test_everything_in_a_segment_is_a_segment():
    assert cover([4, 5, 6, 7], EVERYWHERE) == Cover((), (1,), ())
    assert cover([2, 4, 5, 6, 7, 10], EVERYWHERE) == Cover((2,), (1,), ())  # and the third stem throughout


def test_everything_is_all_stems():
    assert cover(range(12), EVERYWHERE) == Cover((0, 1, 2, 3), (), ())
    assert cover([], EVERYWHERE) == Cover((), (), ())


def test_kinds_with_one_segment_or_one_stem_have_only_groups():
    assert cover([1, 3], grid(1, 4)) == Cover((1, 3), (), ())
    assert cover([1, 3], grid(4, 1)) == Cover((), (1, 3), ())
    assert cover([0], grid(1, 1)) == Cover((0,), (), ())
    assert cover([1], grid(1, 2, silent=[0])) == Cover((1,), (), ())


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_a_cover_holds_the_set_and_nothing_else(n_segments, n_stems, data):
    bits = st.lists(st.booleans(), min_size=n_segments * n_stems, max_size=n_segments * n_stems)
    sounding = np.array(data.draw(bits)).reshape(n_segments, n_stems)
    held = np.array(data.draw(bits)).reshape(n_segments, n_stems) & sounding
    found = cover(np.flatnonzero(held).tolist(), sounding)
    said = np.zeros_like(held)
    said[:, list(found.stems)] = True
    said[list(found.segments)] = True
    assert not said.flat[list(found.components)].any()  # nothing is said twice without need
    said.flat[list(found.components)] = True
    np.testing.assert_array_equal(said & sounding, held)


def test_several_single_components_are_an_or():
    """Any segment of the vocals, or the drums of the first."""
    described = describe_sets([(0,), (2,), (4,), (8,)], 4, EVERYWHERE)
    assert described.choice == Choice(1, 4, Cover((0,), (), (2,)))
    assert described.sets[1] == Cover((), (), (2,))


def test_one_set_is_an_and():
    assert describe_sets([(2, 6, 10)], 1, EVERYWHERE).choice == Choice(3, 3, Cover((2,), (), ()))


def test_any_two_of_a_stem_are_a_choice():
    pairs = list(itertools.combinations([2, 6, 10], 2))
    assert describe_sets(pairs, 3, EVERYWHERE).choice == Choice(2, 3, Cover((2,), (), ()))
    assert describe_sets(pairs[:2], 2, EVERYWHERE).choice is None


@pytest.mark.parametrize(("sets", "n_sets"), [([], 0), ([()], 1), ([(0,), (1,)], 5)])
def test_nothing_the_empty_set_and_a_part_of_a_list_are_no_choice(sets, n_sets):
    assert describe_sets(sets, n_sets, EVERYWHERE).choice is None
