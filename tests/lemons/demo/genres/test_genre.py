"""The data of the genres."""

from lemons.demo.composing.guitars_and_leads import FIGURES
from lemons.demo.composing.keys_and_bass import STYLES
from lemons.demo.genres.draw import GENRES
from lemons.demo.genres.drum_patterns import DRUM_KEYS, PATTERNS
from lemons.demo.genres.genre import PLANS


def test_the_data_of_the_genres_fit_together():
    styles = STYLES | FIGURES
    for genre in GENRES.values():
        assert set(genre.drums) <= set(PATTERNS)
        assert set(genre.plans) <= set(PLANS)
        assert set(genre.cousins) <= set(GENRES)
        layers = [*genre.bass, *genre.piano, *(layer for some in genre.other for layer in some)]
        assert {layer.style for layer in layers} <= set(styles)
    for pattern in PATTERNS.values():
        lines = [line for half in pattern.values() for line in half.values()]
        assert len({len(line) for line in lines}) == 1
        assert {name for half in pattern.values() for name in half} <= set(DRUM_KEYS)
