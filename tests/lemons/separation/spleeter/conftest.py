"""Tiny models with the form of Spleeter's."""

import pytest

from lemons.separation.spleeter import load_spleeter
from tests.lemons.separation.spleeter.golden import GOLDEN, STEMS


@pytest.fixture(scope="session")
def models():
    """The three tiny models by their number of stems; their segments last 0.2 s."""
    return {n: load_spleeter(f"spleeter:{n}stems", GOLDEN / f"tiny{n}") for n in STEMS}
