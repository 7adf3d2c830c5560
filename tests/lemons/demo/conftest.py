"""Tracks of the demo library, rendered once for all tests."""

import pytest

from lemons.demo.composing.compose import compose
from lemons.demo.rendering.mixing import render
from lemons.demo.rendering.soundfont import Sampler, find_font


def choose(genre, wanted):
    """The first track of a genre that is as wanted."""
    return next((n, score) for n in range(200) if wanted(score := compose(0, n, genre)))


@pytest.fixture(scope="session")
def tracks():
    """A few tracks of pure genres: score and stems."""
    sampler = Sampler(find_font())
    found = {
        "reggae": choose("reggae", lambda one: one.choices["drums"] == "one drop" and one.choices["piano"] == "skank"),
        "trance": choose("trance", lambda one: one.choices["drums"] == "trance" and one.tempo < 135),
        "post-hardcore": choose(
            "post-hardcore", lambda one: one.traits["screamed"] and one.choices["other"] == "arpeggio"
        ),
    }
    return {
        genre: (score, {name: y / 32768 for name, y in render(score, sampler, seed=0, number=n).items()})
        for genre, (n, score) in found.items()
    }
