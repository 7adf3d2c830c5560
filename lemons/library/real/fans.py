"""The listeners of a library of real music, and what their models are trained and tested on.

They are made up and named as what they are. A fan of an artist played all of the artist's excerpts and none of the
others'. Where several artists share a genre, the others are of the same genre, so that style and recording tell little:
an orchestral composer among orchestral composers of one game. A fan of a genre is found where several artists play it;
the others are then all other music.

Excerpts of one song sound alike. So no song, or in the harder splits no album, has some in training and others in test.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lemons.library.real.songs import slug

__all__ = ["Fan", "find_fans", "split_by"]

MIN_SONGS = 4  # of a fan's music: two for training, one for validation and test each
MIN_EXCERPTS = 20  # of it; of fewer, two or three would be tested
MIN_OTHERS = 3  # songs that they don't love: one for each part
HELD_OUT = 0.25  # of a class's songs or albums for test, and of what is left for validation; there are few
N_DRAWS = 20  # of which the most even one counts: a test of one short song would say nothing


@dataclass(frozen=True)
class Fan:
    """A listener who loves an artist or a genre.

    Attributes
    ----------
    name : str
        such as ``westlund-fan`` or ``metal-fan``
    played, others : pd.Index of track_id
        what they love, and what it is told apart from
    """

    name: str
    played: pd.Index
    others: pd.Index


def find_fans(tracks: pd.DataFrame) -> list[Fan]:
    """A fan of each artist and genre that has songs enough, genres first, then by name.

    A genre of one artist has none: a fan of it is a fan of the artist.

    Parameters
    ----------
    tracks : pd.DataFrame [index=track_id, columns=artist, genre, song, ...]
        the excerpts of all songs
    """
    fans = []
    for genre, rows in tracks.groupby("genre"):
        others = tracks.index.difference(rows.index)
        if rows["artist"].nunique() > 1:
            fans.append(Fan(f"{slug(str(genre))}-fan", rows.index, others))
    names = _names(sorted(set(tracks["artist"])))
    for artist, rows in tracks.groupby("artist"):
        nearest = tracks.index[tracks["genre"].isin(rows["genre"])].difference(rows.index)
        enough = tracks.loc[nearest, "song"].nunique() >= MIN_OTHERS
        fans.append(Fan(names[str(artist)], rows.index, nearest if enough else tracks.index.difference(rows.index)))
    return [fan for fan in fans if _has_enough(fan, tracks)]


def split_by(column: str, fan: Fan, tracks: pd.DataFrame, *, seed: int) -> pd.DataFrame | None:
    """Draw a fan's split, so that no song or album that is tested is trained on.

    Validation is split off by songs. Of the others' excerpts, as many as the fan's are drawn for each part, or all.

    Parameters
    ----------
    column : {"song", "album"}
        what is not taken apart
    fan : Fan
        whose split it is
    tracks : pd.DataFrame [index=track_id, columns=song, album, ...]
        the excerpts
    seed : int >= 0
        of the draw

    Returns
    -------
    pd.DataFrame [columns=track_id, split, playcount] or None
        none where it cannot be: what the fan loves, or what they don't, is one album, or both are on the same ones
    """
    rng = np.random.default_rng([seed, *fan.name.encode()])
    loved, rest = tracks.loc[fan.played], tracks.loc[fan.others]
    groups = [set(loved[column]), set(rest[column])]
    if min(map(len, groups)) < 2 or groups[0] & groups[1]:
        return None
    mine, theirs = ({part: ids for part, ids in _parts(rows, column, rng)} for rows in (loved, rest))
    rows = []
    for part, ids in mine.items():
        others = rng.permutation(theirs[part])[: len(ids)]
        rows += [(one, part, 1) for one in ids] + [(one, part, 0) for one in sorted(others)]
    return pd.DataFrame(rows, columns=["track_id", "split", "playcount"])


def _parts(rows: pd.DataFrame, column: str, rng: np.random.Generator) -> Iterator[tuple[str, list[str]]]:
    """The excerpts of each part of a class."""
    test = rows[column].isin(_draw(rows[column], rng))
    val = ~test & rows["song"].isin(_draw(rows.loc[~test, "song"], rng))
    for part, chosen in {"train": ~test & ~val, "val": val, "test": test}.items():
        yield part, sorted(rows.index[chosen])


def _draw(groups: pd.Series, rng: np.random.Generator) -> list[str]:
    """The groups that are held out, with as many excerpts as so many groups have on average, or nearly."""
    sizes = groups.value_counts().sort_index()
    n_drawn = max(1, round(HELD_OUT * len(sizes)))
    draws = [rng.permutation(len(sizes))[:n_drawn] for _ in range(N_DRAWS)]
    even = n_drawn * sizes.mean()
    return sizes.index[min(draws, key=lambda drawn: abs(sizes.iloc[drawn].sum() - even))].tolist()


def _has_enough(fan: Fan, tracks: pd.DataFrame) -> bool:
    n_loved, n_others = (tracks.loc[ids, "song"].nunique() for ids in (fan.played, fan.others))
    return n_loved >= MIN_SONGS and len(fan.played) >= MIN_EXCERPTS and n_others >= MIN_OTHERS


def _names(artists: list[str]) -> dict[str, str]:
    """A name for the fan of each artist: by the artist's last name, where no other has it."""
    last = {artist: slug(artist.split()[-1]) for artist in artists}
    several = {name for name in last.values() if list(last.values()).count(name) > 1}
    return {artist: f"{slug(artist) if name in several else name}-fan" for artist, name in last.items()}
