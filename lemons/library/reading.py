"""Reading the catalogue of a library: what is left out of it is named, and why."""

import os

from lemons.errors import DataError
from lemons.library.catalogue import Catalogue, Plays, Rows
from lemons.library.database import open_database
from lemons.library.library import Library
from lemons.storage import Folder, open_folder

__all__ = ["open_library"]

FEW = 8  # files of a folder that are asked for one by one, without listing a folder that may be large
MAX_SHOWN = 200  # letters of an id or a path in a sentence


def open_library(path: str | os.PathLike) -> Library:
    r"""Read the catalogue of a library.

    Parameters
    ----------
    path : path-like or str
        the library's folder, or the URL of one in a bucket, see `lemons.storage`

    Returns
    -------
    Library
        tracks without an id or whose file is missing or no ordinary file, and listens to unknown tracks, are left out
        and named in ``skipped``

    Raises
    ------
    DataError
        if there is no library, a column is missing, a value is malformed, no track is left, or no listener played any

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "song.wav").write_bytes(b"read when it is needed")
    ...     _ = Path(folder, "tracks.csv").write_text("track_id,title,artist,genre,file\nS1,Ode,Zoe,pop,song.wav")
    ...     _ = Path(folder, "listens.csv").write_text("user,track_id,playcount\nmarko,S1,3")
    ...     library = open_library(folder)
    >>> library.rows["S1"]["title"], library.users, library.plays["marko"]
    ('Ode', ['marko'], {'S1': 3})
    """
    files = open_folder(path)
    files.refresh("tracks.csv", "listens.csv")
    path = files.path
    if not (path / "tracks.csv").is_file() or not (path / "listens.csv").is_file():
        hint = "make one with `lemons library demo`, `real`, `own` or `msd`, or set library_path in config.py"
        raise DataError(f"no music library at {files.shown} (tracks.csv and listens.csv); {hint}")
    with files.named():
        catalogue = Catalogue(open_database(path))
    skipped = _leave_out(catalogue, files)
    rows, about = Rows(catalogue), catalogue.about()
    if about["unknown"]:
        skipped.append(f"listens of {about['unknown']} tracks skipped: not in tracks.csv, such as {about['example']}")
    if not rows:
        raise DataError(
            f"the library at {files.shown} has no track whose file exists; check the column `file` of tracks.csv"
        )
    plays = Plays(catalogue)
    if not plays:
        raise DataError(
            f"{files.show('listens.csv')} names no listener who played a track that is here; add some lines"
        )
    library = Library(path, rows, plays, skipped)
    library.files = files  # as they were listed
    return library


def _leave_out(catalogue: Catalogue, of_library: Folder) -> list[str]:
    """Leave out the tracks that cannot be any or whose file is missing; a sentence for each."""
    why = catalogue.refused()
    for folder, files in catalogue.files():
        # one listing tells of all files that are there what asking for each would
        found = of_library.names(folder) if len(files) > FEW else set()
        for name, place in files:
            file = os.path.join(folder, name)
            if name not in found and (reason := of_library.why_none(file)):
                why[place] = f"no such file: {_shown(of_library.show(file))} ({reason})"
    catalogue.leave_out(why)
    return [f"track {_shown(catalogue.id_at(place))} skipped: {why[place]}" for place in sorted(why)]


def _shown(text: str) -> str:
    """An id or a path as a sentence can hold it: not too long, and without what no eye can see."""
    text = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
    return text if text and text.isprintable() else repr(text)
