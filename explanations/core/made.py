"""What a fleet has explained to a listener already (`explanations.core.fleet`), and the stems of which it did.

A fleet keeps no `WhatIf` beside an explanation: it has some megabytes, and a pass of the engine makes it again.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from lemons.explaining.explanation import Explanation, load_explanation
from lemons.tracks import Track, credit_of, open_track, title_of
from recsys.listener_model import ListenerModel

__all__ = ["made_for", "open_for"]


def made_for(model: ListenerModel, track_id: str) -> dict[str, Explanation]:
    """The explanations of a track that are made, by the key of the question; none of them has a `WhatIf`.

    Parameters
    ----------
    model : ListenerModel
        the listener's
    track_id : str
        of the library

    Raises
    ------
    DataError
        if a result is gone or damaged
    """
    found: dict[str, Explanation] = {}
    results = model.results
    if results is None:
        return found
    with TemporaryDirectory() as folder:
        file = Path(folder) / "explanation.json"
        for one in model.explained(track_id):
            table = results.read(one.unit).select(["listener", "key", "explanation"])
            for row in table.to_pylist():
                if row["listener"] == model.listener and row["explanation"]:
                    file.write_text(row["explanation"], encoding="utf-8")
                    found[row["key"]] = load_explanation(file)
    return found


def open_for(model: ListenerModel, track_id: str) -> Track:
    """A track with the stems of which it was explained, where these are kept; else as `open_track` finds them.

    Parameters
    ----------
    model, track_id
        see `made_for`

    Raises
    ------
    DataError
        if its sound or its stems are gone or damaged, or the track's file is another one now
    """
    results, explained = model.results, model.explained(track_id)
    unit = explained[-1].stems if explained else None
    if results is None or unit is None:
        return open_track(track_id, model.library)
    from lemons.fleet.stems import read_track_stems  # with pyarrow, which who has no fleet need not have

    row, separator = model.library.rows[track_id], str(explained[-1].separator)
    stems = read_track_stems(results, unit, model.library.audio_path(track_id))
    return Track(track_id, title_of(row), stems, separator, credit=credit_of(row))
