"""What strangers' names may hold, and what neither a table nor a terminal shall get of them."""

import re

import pytest

from lemons.characters import UNWRITABLE, invisible

HARMLESS = ["Zoë", "Ωmega", "東京", "שלום", "👩\u200d🎤", "Lion\u00a0Road", "soft\u00adhyphen"]


@pytest.mark.parametrize("name", HARMLESS)
def test_letters_of_any_script_stay(name):
    assert not re.search(f"[{UNWRITABLE}]", name)
    assert not invisible(keep="\n").search(name)


@pytest.mark.parametrize("sign", ["\0", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud83d"])
def test_what_ends_a_line_or_has_no_bytes_is_in_no_table(sign):
    assert re.search(f"[{UNWRITABLE}]", f"Lion{sign}Road")


@pytest.mark.parametrize("sign", ["\x1b", "\x9b", "\u061c", "\u200e", "\u202e", "\u2066", "\ufeff", "\udc80"])
def test_what_acts_on_the_text_around_it_is_invisible(sign):
    assert invisible(keep="\n").sub("", f"Lion{sign}Road") == "LionRoad"


@pytest.mark.parametrize("kept", ["\n", "\t\n\r", "]\n", "^\n", "-\n"])
def test_what_is_to_stay_stays_and_nothing_else(kept):
    assert invisible(keep=kept).sub("", f"{kept}\x1b\u202e") == kept
