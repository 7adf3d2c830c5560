"""Making a library of real music: songs are cut one by one, the tables come last."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lemons.errors import DamagedError, DataError, ParameterError
from lemons.files import atomic_path, discard_folder
from lemons.library.real.excerpts import EXCERPT_S, cut, excerpt_id
from lemons.library.real.fans import Fan, find_fans, split_by
from lemons.library.real.songs import Song, find_songs
from lemons.library.real.sources import Source, find_sources
from lemons.library.tables import check_folder, write_library
from lemons.progress import Progress

__all__ = ["ALBUMS", "Summary", "make_real_library"]

MAKER = "lemons library real"
SEED = 1057386  # of the splits
ALBUMS = "splits_by_album"  # the folder of the harder splits
UNPACKED = Path("cache", "packages")


@dataclass(frozen=True)
class Summary:
    """Result of making a library.

    Attributes
    ----------
    n_tracks : int
        excerpts in the library
    music : list of str
        a sentence for each artist: what there is of them, and its licence
    played : dict of str to int
        how many excerpts each listener loves
    by_album : list of str
        the listeners who have a split by albums, too
    skipped : list of str
        a sentence for everything that was left out, and why
    """

    n_tracks: int
    music: list[str]
    played: dict[str, int]
    by_album: list[str]
    skipped: list[str]


def make_real_library(
    path: str | os.PathLike,
    *,
    debs: str | os.PathLike | None = None,
    root: str | os.PathLike = "/",
    download: bool = False,
    seed: int = SEED,
    bar: Callable[[str, str], Progress] | None = None,
) -> Summary:
    """Make a library of Debian's free music, of those packages that are there; see `lemons.library.real.packages`.

    Parameters
    ----------
    path : path-like
        the library's folder; its tables are written last, when all else is done
    debs : path-like, optional
        folder of ``.deb`` files, which are unpacked without root
    root : path-like
        below which packages are installed
    download : bool
        let apt-get download what is missing into ``debs``, by default the folder ``cache/debs`` of the library
    seed : int >= 0
        of the splits
    bar : callable, optional
        ``bar(description, unit)`` gives a ``progress(done, total)`` for the long step

    Returns
    -------
    Summary

    Raises
    ------
    ParameterError
        if ``seed`` is negative
    DataError
        if no package was found, no song can be read, too few songs make no listener, or the folder holds another
        library or cannot be written
    """
    path = Path(path)
    if seed < 0:
        raise ParameterError(f"seed={seed} must not be negative")
    check_folder(path, MAKER)
    folder = Path(debs) if debs is not None else path / "cache" / "debs" if download else None
    sources, skipped = find_sources(path / UNPACKED, debs=folder, root=Path(root), download=download)
    songs: list[Song] = []
    for source in sources:
        found, sentences = find_songs(source)
        songs, skipped = songs + found, skipped + sentences
    tracks, sentences = _cut_all(songs, path, (bar or (lambda *_: lambda done, total: None))("real music", "song"))
    skipped += sentences
    if tracks.empty:
        why = "".join(f"; {sentence}" for sentence in skipped[-1:])
        raise DataError(f"no song of {', '.join(source.name for source in sources)} can be used{why}")
    fans = find_fans(tracks)
    splits = {fan.name: split for fan in fans if (split := split_by("song", fan, tracks, seed=seed)) is not None}
    albums = {fan.name: split for fan in fans if (split := split_by("album", fan, tracks, seed=seed)) is not None}
    fans = [fan for fan in fans if fan.name in splits]
    if not fans:
        what = f"{tracks['song'].nunique()} songs by {tracks['artist'].nunique()} artists make no listener"
        raise DataError(f"{what}: each needs four songs to love and three others; add packages")
    for source in sources:
        _keep_licence(source, path)
    write_library(
        path,
        tracks,
        _listens(fans),
        note={"made_by": MAKER, "packages": [source.name for source in sources], "seed": seed},
        splits=splits,
        reports={f"{ALBUMS}/{name}.csv": split for name, split in albums.items()},
    )
    discard_folder(path / UNPACKED)
    played = {fan.name: len(fan.played) for fan in fans}
    return Summary(len(tracks), _music(tracks), played, list(albums), skipped)


def _cut_all(songs: list[Song], path: Path, progress: Progress) -> tuple[pd.DataFrame, list[str]]:
    """The excerpts of all songs as tracks.csv names them, and a sentence for each song that has none."""
    rows, sentences = [], []
    for done, song in enumerate(songs, start=1):
        try:
            starts = cut(song, path)
            if not starts:
                sentences.append(f"song {song.song_id} skipped: it is silent, or shorter than {EXCERPT_S} s")
            rows += [_row(song, start) for start in starts]
        except DamagedError as error:  # but not one about writing: the next song would not fare better
            sentences.append(f"song {song.song_id} skipped: {error}")
        progress(done, len(songs))
    return pd.DataFrame(rows).set_index("track_id") if rows else pd.DataFrame(), sentences


def _row(song: Song, start: int) -> dict[str, str | int]:
    name = excerpt_id(song, start)
    return {
        "track_id": name,
        "title": f"{song.title}, from {start // 60}:{start % 60:02d}",
        "artist": song.artist,
        "genre": song.genre,
        "file": f"audio/{name}.flac",
        "album": song.album,
        "author": song.author,
        "licence": song.licence,
        "package": song.package,
        "song": song.song_id,
        "start_s": start,
    }


def _listens(fans: list[Fan]) -> pd.DataFrame:
    rows = [(fan.name, one, 1) for fan in fans for one in sorted(fan.played)]
    return pd.DataFrame(rows, columns=["user", "track_id", "playcount"])


def _keep_licence(source: Source, path: Path) -> None:
    """Copy the text of a package's licences, which go with every copy of the music."""
    with atomic_path(path / "licences" / f"{source.name}.txt") as temporary:
        temporary.write_bytes(source.read_copyright())


def _music(tracks: pd.DataFrame) -> list[str]:
    """What there is of each artist, such as "Sectoid: 4 songs, 24 excerpts, metal, MIT"."""
    return [
        f"{artist}: {rows['song'].nunique()} songs, {len(rows)} excerpts, {genre}, {licence}"
        for (genre, artist, licence), rows in tracks.groupby(["genre", "artist", "licence"])
    ]
