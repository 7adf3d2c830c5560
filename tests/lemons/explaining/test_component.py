from dataclasses import replace

import pytest


@pytest.mark.parametrize(("k", "expected"), [(0, []), (1, [3]), (3, [3, 0, 4]), (9, [3, 0, 4])])
def test_top_components_speak_for_the_track(explanation, k, expected):
    assert [c.index for c in explanation.top(k)] == expected


@pytest.mark.parametrize(("k", "expected"), [(1, [1]), (9, [1, 5])])
def test_components_against_the_track(explanation, k, expected):
    assert [c.index for c in explanation.against(k)] == expected


def test_nothing_may_speak_for_a_track(explanation):
    against = tuple(replace(c, weight=-abs(c.weight)) for c in explanation.components)
    assert replace(explanation, components=against).top(3) == ()
