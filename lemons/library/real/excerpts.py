"""Songs cut into excerpts, as files of a library: 16 kHz, mono, with true stems where a song has some.

Stems that are released beside each other need not sum within full scale: those of Frets on Fire reach peaks of 1.6. One
power of two scales all stems of a song, and so its mix, which keeps them on the 16-bit grid and their sum exact.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lemons.audio import SAMPLE_RATE, common_gain, load, load_with_gain, round_16_bit, write_flac
from lemons.checksums import read_own_json, write_json
from lemons.errors import DamagedError, DataError
from lemons.hashing import hash_file
from lemons.library.real.songs import Song

__all__ = ["EXCERPT_S", "cut", "excerpt_id"]

EXCERPT_S = 30  # the length of a snippet of the Million Song Dataset
RECIPE = 1  # raise it with every change that makes other files


def cut(song: Song, library: Path) -> list[int]:
    """Write a song's excerpts, one after the other from its beginning; the rest at its end is left out.

    Parameters
    ----------
    song : Song
        whose files are read
    library : Path
        the library's folder; what was written before, of the same files, is not written again

    Returns
    -------
    list of int
        where the excerpts begin, in seconds; none for a song that is shorter than one. Silent ones are left out.

    Raises
    ------
    DamagedError
        if one of the song's files cannot be read
    DataError
        if one of the library's cannot be written
    """
    note = library / "cache" / "excerpts" / f"{song.song_id}.json"
    try:
        recipe = {"recipe": RECIPE, "made_of": {stem: hash_file(file) for stem, file in song.files.items()}}
    except OSError as error:
        raise DamagedError(f"{error.filename} cannot be read ({error.strerror}); check its permissions") from error
    try:
        found = read_own_json(note) if note.is_file() else {}
        made = found["starts"] if {name: found.get(name) for name in recipe} == recipe else None
    except (DataError, KeyError):
        made = None
    if made is not None and all(file.is_file() for start in made for file in _files(song, start, library).values()):
        return made
    try:
        stems = _read(song)
    except DataError as error:
        raise DamagedError(str(error)) from error
    starts = []
    for start, sounds in _excerpts(stems):
        if not sounds["mix"].any():
            continue
        for name, file in _files(song, start, library).items():
            write_flac(file, sounds[name])
        starts.append(start)
    write_json(note, recipe | {"starts": starts})  # last: where it is, the excerpts are
    return starts


def excerpt_id(song: Song, start: int) -> str:
    """The track_id of an excerpt, such as ``wesnoth-main-menu-030``."""
    return f"{song.song_id}-{start:03d}"


def _files(song: Song, start: int, library: Path) -> dict[str, Path]:
    """The files of an excerpt; the mix comes last."""
    name = excerpt_id(song, start)
    stems = {stem: library / "stems" / name / f"{stem}.flac" for stem in song.files if stem != "mix"}
    return stems | {"mix": library / "audio" / f"{name}.flac"}


def _read(song: Song) -> dict[str, np.ndarray]:
    """A song's stems on the 16-bit grid, as loud as they may be; or its only file."""
    if "mix" in song.files:
        return {"mix": load(song.files["mix"])}
    read = {stem: load_with_gain(file) for stem, file in song.files.items()}
    length = min(len(y) for y, _ in read.values())
    stems = {stem: y[:length].astype(np.float64) / gain for stem, (y, gain) in read.items()}
    gain = common_gain([*stems.values(), np.stack(list(stems.values())).sum(axis=0)])
    return {stem: round_16_bit(y * gain) for stem, y in stems.items()}


def _excerpts(stems: dict[str, np.ndarray]) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Where each excerpt begins, and its sounds, the mix among them."""
    length = EXCERPT_S * SAMPLE_RATE
    n_samples = len(next(iter(stems.values())))
    for number in range(n_samples // length):
        part = slice(number * length, (number + 1) * length)
        sounds = {stem: y[part] for stem, y in stems.items()}
        yield number * EXCERPT_S, sounds | {"mix": np.stack(list(sounds.values())).sum(axis=0)}
