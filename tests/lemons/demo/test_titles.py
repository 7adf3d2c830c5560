"""Made-up titles and artists."""

from lemons.demo.genres.draw import draw_genres
from lemons.demo.titles import name_tracks

SEED, N_TRACKS = 0, 440


def test_titles_are_unique_and_artists_keep_to_a_genre(rng):
    genres = draw_genres(N_TRACKS, rng)
    named = name_tracks(genres, rng)
    assert len({title for title, _ in named}) == N_TRACKS
    assert 50 < len({artist for _, artist in named}) < 200
    assert all(title.strip() == title and title for title, _ in named)
