import pytest

from lemons.explaining.component import Component
from lemons.render.words import name_of, names_of, plain, sentence


def component(stem, segment, weight, *, length_s=6.0):
    return Component(segment, stem, segment, segment * length_s, (segment + 1) * length_s, weight)


def test_neighbours_of_one_stem_are_one_stretch_wherever_they_rank():
    top = [component("drums", 3, 0.3), component("bass", 0, 0.2), component("drums", 2, 0.1)]
    assert names_of(top, "time+source") == "the drums from 0:12 to 0:24 and the bass from 0:00 to 0:06"


def test_three_neighbours_are_one_stretch_even_when_the_middle_comes_last():
    top = [component("drums", 1, 0.3), component("drums", 3, 0.2), component("drums", 2, 0.1)]
    assert names_of(top, "time+source") == "the drums from 0:06 to 0:24"


def test_a_stem_is_named_once():
    top = [component("other", 4, 0.3), component("bass", 0, 0.2), component("other", 1, 0.1)]
    assert (
        names_of(top, "time+source")
        == "the other instruments from 0:06 to 0:12 and from 0:24 to 0:30, and the bass from 0:00 to 0:06"
    )
    assert names_of([component("drums", 0, 0.2), component("bass", 0, 0.1)], "source") == "the drums and the bass"


def test_components_are_named_by_what_was_switched():
    assert name_of(component("mix", 1, 0.1), "time") == "the part from 0:06 to 0:12"
    assert name_of(component("other", 0, 0.1), "source") == "the other instruments"
    assert name_of(component("drums", 1, 0.1, length_s=0.4), "time+source") == "the drums from 0:00.4 to 0:00.8"


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com", "me@example.com"])
def test_an_address_in_a_title_becomes_no_link(text):
    shown = plain(text).replace("\\", "")
    assert text not in shown
    assert shown.replace("\u2060", "") == text


def test_an_error_keeps_its_command_as_code_and_nothing_else_of_markdown():
    assert sentence("no *model* ; use `lemons train`") == r"no \*model\* \; use `lemons train`"
    assert sentence("one ` alone") == r"one \` alone"
