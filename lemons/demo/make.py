"""Making the demo library: every track in a process of a pool, the tables last."""

import csv
import json
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from lemons.audio import to_float, write_flac
from lemons.demo.composing.compose import compose
from lemons.demo.composing.score import Score, make_rng
from lemons.demo.genres.draw import draw_genres
from lemons.demo.rendering.mixing import STEM_NAMES, render
from lemons.demo.rendering.soundfont import FONT_SHA256, Sampler, find_font
from lemons.demo.tastes import listen, popularity
from lemons.demo.titles import name_tracks
from lemons.errors import DataError, LemonsError, ParameterError
from lemons.files import atomic_path
from lemons.progress import Progress

__all__ = ["is_finished", "make_demo_library", "track_files", "track_id"]

RECIPE = 2  # raise it with every change that makes other music
NOTE = "library.json"  # what the folder holds, or will hold
COMPLETE = ("tracks.csv", "listens.csv")


def make_demo_library(
    path: str | os.PathLike,
    *,
    n_tracks: int = 440,
    seed: int = 0,
    n_workers: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Compose and render the demo library; what is finished already is not made again.

    Parameters
    ----------
    path : path-like
        the library's folder
    n_tracks : int > 0
        number of tracks, 30 s each
    seed : int
        the same seed gives the same files, byte for byte, on one machine, for any number of workers
    n_workers : int > 0, optional
        processes; by default as many as there are processors
    progress : callable, optional
        ``progress(done, total)``, called after each track

    Raises
    ------
    ParameterError
        if ``n_tracks`` or ``n_workers`` is not positive
    MissingDependencyError, DataError
        if the soundfont is missing or another one, if the folder holds another library, or cannot be written
    """
    path = Path(path)
    if n_tracks < 1:
        raise ParameterError(f"n_tracks={n_tracks} must be at least 1")
    if n_workers is not None and n_workers < 1:
        raise ParameterError(f"n_workers={n_workers} must be at least 1")
    recipe = {"recipe": RECIPE, "seed": seed, "n_tracks": n_tracks, "font_sha256": FONT_SHA256}
    _check_folder(path, recipe)
    genres = draw_genres(n_tracks, make_rng(seed, -1, "genres"))
    finished = [is_finished(path, number) for number in range(n_tracks)]
    if all(finished) and all((path / name).is_file() for name in COMPLETE):
        if progress:
            progress(n_tracks, n_tracks)
        return

    font = find_font()
    with atomic_path(path / NOTE) as temporary:
        temporary.write_text(json.dumps(recipe, indent=2) + "\n")
    todo = [(path, font, seed, number, genres[number]) for number in range(n_tracks) if not finished[number]]
    done = n_tracks - len(todo)
    if progress:
        progress(done, n_tracks)
    with closing(_in_processes(todo, n_workers or os.cpu_count() or 1)) as made:
        for _ in made:
            done += 1
            if progress:
                progress(done, n_tracks)
    _write_tables(path, genres, seed)


def track_id(number: int) -> str:
    """The name of a track.

    >>> track_id(7)
    'D0007'
    """
    return f"D{number:04d}"


def track_files(path: Path, number: int) -> dict[str, Path]:
    """The files of a track's stems and its mix; the mix comes last, as it is written last."""
    name = track_id(number)
    stems = {stem: path / "stems" / name / f"{stem}.flac" for stem in STEM_NAMES}
    return stems | {"mix": path / "audio" / f"{name}.flac"}


def is_finished(path: Path, number: int) -> bool:
    """Whether all six files of a track exist; each of them is whole, since it gets its name only then."""
    return all(file.is_file() for file in track_files(path, number).values())


def _check_folder(path: Path, recipe: dict) -> None:
    """Refuse a folder that holds another library."""
    if not (path / NOTE).is_file():
        if any((path / name).exists() for name in COMPLETE):
            raise DataError(f"{path} holds a library that is no demo library; choose another folder")
        return
    found = json.loads((path / NOTE).read_text())
    if differing := [
        f"{name} {found.get(name)}, not {recipe[name]}" for name in recipe if found.get(name) != recipe[name]
    ]:
        reason = "; ".join(differing)
        raise DataError(f"{path} holds another demo library ({reason}); delete it or choose another folder")


def _in_processes(todo: list[tuple], n_workers: int) -> Generator[int]:
    """Make the tracks, yielding after each; an interrupt lets the processes finish those they are at, and ends them."""
    if not todo:
        return
    # several workers fill the processors already; the children read this when they import numpy
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(n_workers, len(todo)), spawn, initializer=_begin_worker)
    try:
        with _environment(one_thread), _deaf_to_interrupts():
            tracks = [pool.submit(_make_track, task) for task in todo]
        for track in as_completed(tracks):
            yield track.result()
    except BrokenProcessPool as error:  # a Pool would start others for ever
        raise LemonsError(
            "a process that makes tracks ended before its time: killed, short of memory, or started by a script "
            'without `if __name__ == "__main__":`; start again, finished tracks are kept'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Ctrl-C reaches every process, and the first one ends the others: those that are started now ignore it."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _begin_worker() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # unwinds, so that a half-written file is removed
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for ever."""
    if (parent := multiprocessing.parent_process()) is not None:
        multiprocessing.connection.wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


_samplers: dict[Path, Sampler] = {}  # one for each process: its tones are kept between tracks


def _make_track(task: tuple[Path, Path, int, int, str]) -> int:
    path, font, seed, number, genre = task
    if font not in _samplers:
        _samplers[font] = Sampler(font)
    stems = render(compose(seed, number, genre), _samplers[font], seed=seed, number=number)
    sounds = stems | {"mix": np.asarray(sum(stems.values())).astype(np.int16)}
    for name, file in track_files(path, number).items():
        write_flac(file, to_float(sounds[name]), compression_level=1.0)
    return number


def _write_tables(path: Path, genres: list[str], seed: int) -> None:
    scores = [compose(seed, number, genre) for number, genre in enumerate(genres)]
    for number, score in enumerate(scores):
        score.track_id = track_id(number)
    popular = popularity(scores, seed)
    names = name_tracks(genres, make_rng(seed, -1, "names"))
    header = ["track_id", "title", "artist", "genre", "file", "tempo", "key", "popularity", "sections"]
    rows = [
        [
            one.track_id,
            *name,
            one.genre,
            f"audio/{one.track_id}.flac",
            one.tempo,
            one.key_name,
            f"{hit:.3f}",
            _timeline(one),
        ]
        for one, name, hit in zip(scores, names, popular, strict=True)
    ]
    _write_table(path / "listens.csv", ["user", "track_id", "playcount"], listen(scores, popular, seed))
    _write_table(path / "tracks.csv", header, rows)


def _timeline(score: Score) -> str:
    """Such as "intro 0.0-3.9 verse 3.9-12.1", in seconds."""
    return " ".join(f"{name} {start:.1f}-{end:.1f}" for name, start, end in score.sections)


def _write_table(path: Path, header: list[str], rows: list) -> None:
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
