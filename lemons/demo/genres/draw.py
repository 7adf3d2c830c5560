"""The eighteen genres of the demo library.

Shares follow the tastes of the seven listeners, so that each of them finds enough to love. Tempi overlap on purpose: a
taste must be heard in the sound and not read from a metronome.
"""

from lemons.demo.genres.groove import GROOVE_GENRES
from lemons.demo.genres.guitar import GUITAR_GENRES

__all__ = ["GENRES", "draw_genres"]

GENRES = {genre.name: genre for genre in (*GROOVE_GENRES, *GUITAR_GENRES)}


def draw_genres(n_tracks: int, rng) -> list[str]:
    """The genre of every track: as many of each as its share asks for, in random order.

    Parameters
    ----------
    n_tracks : int > 0
        how many to draw
    rng : np.random.Generator
        the random state

    Returns
    -------
    list of str
    """
    total = sum(genre.share for genre in GENRES.values())
    wanted = {name: genre.share / total * n_tracks for name, genre in GENRES.items()}
    counts = {name: int(one) for name, one in wanted.items()}
    by_remainder = sorted(wanted, key=lambda name: counts[name] - wanted[name])
    for name in by_remainder[: n_tracks - sum(counts.values())]:
        counts[name] += 1
    drawn = [name for name, count in counts.items() for _ in range(count)]
    return [drawn[i] for i in rng.permutation(n_tracks)]
