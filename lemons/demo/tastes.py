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
    mood: float = 0.4


TASTES = {
    "marko": Taste(0.19, {"reggae": 2.4, "dub": 2.4, "funk": 0.5}, {"loud": 0.25}, popularity=-0.45, mood=0.5),
    "matteo": Taste(0.215, {"trance": 2.2, "blues": 2.2, "progressive": 2.2, "house": 0.8, "jazz": 0.6}),
    "johnny": Taste(
        0.28,
        traits={"sung": 1.3, "bright": 1.1, "live": 1.5, "major": 0.3, "rapped": -0.5, "screamed": -0.6},
        mood=0.35,
    ),
    "elizabeth": Taste(
        0.22, {"rock": 1.8, "alternative metal": 2.1, "heavy metal": 2.1, "post-hardcore": 0.5}, {"distortion": 0.6}
    ),
    "nina": Taste(0.215, {"rock": 1.8, "emo": 2.2, "post-hardcore": 2.2, "alternative metal": 0.4}),
    "paige": Taste(0.25, {"pop": 1.2, "house": 0.4}, {"polish": 1.6, "sung": 0.3}, popularity=1.4),
    "sandra": Taste(0.19, {"hip-hop": 2.2, "rap": 2.3, "dirty south rap": 2.3}, {"rapped": 0.4}),
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
