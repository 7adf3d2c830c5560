import re

import pytest

from lemons.errors import ParameterError
from lemons.listeners import LISTENERS, get_listener


def test_the_seven_listeners_of_the_paper_are_there():
    names = {listener.name for listener in LISTENERS}
    assert names == {"marko", "matteo", "johnny", "elizabeth", "nina", "paige", "sandra"}
    assert len({listener.user_id for listener in LISTENERS}) == 7
    for listener in LISTENERS:
        assert re.fullmatch("[0-9a-f]{40}", listener.user_id)
        assert get_listener(listener.name) is listener


def test_an_unknown_listener_is_told_the_seven():
    with pytest.raises(ParameterError, match=r"listener='bob' is unknown; choose one of marko, .*, sandra"):
        get_listener("bob")
