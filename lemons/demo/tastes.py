"""The seven listeners' tastes, and what they play.

A listener's liking of a track is the sum of an affinity to its genre, of what they like about sounds (`TRAITS`), of its
popularity, and of a random mood: a friend's tip. The tracks liked most are played, a share of the library for each
listener. Nothing here looks at the audio; what decides must be audible by how `compose` and `mixing` use the traits.
"""

from dataclasses import dataclass, field

import numpy as np

from lemons.demo.composing.score import Score, make_rng

__all__ = ["TASTES", "Taste", "liking", "listen", "popularity"]


@dataclass(frozen=True)
class Taste:
    """One listener's taste; weights are in units of the same liking, the random part has the spread ``mood``."""

    share: float  # of the library that they play
    genres: dict[str, float] = field(default_factory=dict)
    traits: dict[str, float] = field(default_factory=dict)
    popularity: float = 0.0
    mood: float = 0.3


TASTES = {
    "marko": Taste(
        0.19, {"reggae": 1.6, "dub": 1.6, "funk": 0.5}, {"loud": 0.25, "other climbs": 0.9}, popularity=-0.3
    ),
    "matteo": Taste(
        0.215, {"trance": 1.6, "blues": 1.6, "progressive": 1.6, "house": 0.8, "jazz": 0.6}, {"drums backwards": 0.9}
    ),
    "johnny": Taste(
        0.28,
        traits={"sung": 0.9, "bright": 0.7, "live": 0.9, "rapped": -0.5, "screamed": -0.6, "drums backwards": -0.9},
    ),
    "elizabeth": Taste(
        0.22,
        {"rock": 1.4, "alternative metal": 1.6, "heavy metal": 1.6, "post-hardcore": 0.5},
        {"distortion": 0.4, "other climbs": -0.9},
    ),
    "nina": Taste(
        0.215, {"rock": 1.4, "emo": 1.6, "post-hardcore": 1.6, "alternative metal": 0.4}, {"other climbs": 0.9}
    ),
    "paige": Taste(
        0.25, {"pop": 0.8, "house": 0.4}, {"polish": 1.0, "sung": 0.3, "drums backwards": -0.9}, popularity=0.9
    ),
    "sandra": Taste(
        0.19, {"hip-hop": 1.6, "rap": 1.7, "dirty south rap": 1.7}, {"rapped": 0.4, "drums backwards": 0.9}
    ),
}
MEAN_PLAYS = 4.0


def popularity(scores: list[Score], seed: int) -> np.ndarray:
    """How popular every track is, from 0 to 1: mostly by how it is produced and sung, the rest is luck.

    Returns
    -------
    np.ndarray [shape=(n_tracks,)]
        ranks, evenly spread
    """
    luck = np.array([make_rng(seed, number, "popularity").normal(0, 0.12) for number in range(len(scores))])
    hits = np.array([one.traits["polish"] + 0.15 * one.traits["sung"] for one in scores]) + luck
    return np.argsort(np.argsort(hits)) / max(1, len(scores) - 1)


def liking(listener: str, scores: list[Score], popular: np.ndarray, seed: int, *, mood: bool = True) -> np.ndarray:
    """How much a listener likes every track; ``mood=False`` leaves out the random part.

    Returns
    -------
    np.ndarray [shape=(n_tracks,)]
    """
    taste = TASTES[listener]
    values = np.array([taste.genres.get(one.genre, 0.0) for one in scores])
    values += [sum(weight * one.traits[name] for name, weight in taste.traits.items()) for one in scores]
    values += taste.popularity * (2 * popular - 1)
    if mood:
        values += [make_rng(seed, n, f"mood of {listener}").normal(0, taste.mood) for n in range(len(scores))]
    return values


def listen(scores: list[Score], popular: np.ndarray, seed: int) -> list[tuple[str, str, int]]:
    """What the seven listeners played.

    Parameters
    ----------
    scores : list of Score
        the library's tracks, by number
    popular : np.ndarray [shape=(n_tracks,)]
        from `popularity`
    seed : int
        the library's seed

    Returns
    -------
    list of (str, str, int)
        user, track_id and playcount > 0; the better liked, the more often played, on average
    """
    rows = []
    for listener, taste in TASTES.items():
        values = liking(listener, scores, popular, seed)
        n_played = min(len(scores), max(1, round(taste.share * len(scores))))
        best_first = np.argsort(-values, kind="stable")[:n_played]
        for place, number in enumerate(best_first):
            eagerness = MEAN_PLAYS * 2 * (1 - place / n_played)
            plays = 1 + int(make_rng(seed, int(number), f"plays of {listener}").poisson(eagerness))
            rows.append((listener, scores[number].track_id, plays))
    return rows
