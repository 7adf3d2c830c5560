"""Genres in proportion."""

from lemons.demo.genres.draw import GENRES, draw_genres


def test_genres_come_in_proportion(rng):
    drawn = draw_genres(440, rng)
    assert len(drawn) == 440
    total = sum(genre.share for genre in GENRES.values())
    for name, genre in GENRES.items():
        assert abs(drawn.count(name) - 440 * genre.share / total) < 1
