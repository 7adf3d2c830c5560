"""What a fleet has explained to a listener already (`explanations.core.fleet`), and the stems of which it did.

A fleet keeps no `WhatIf` beside an explanation: it has some megabytes, and a pass of the engine makes it again.
"""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from lemons.errors import DataError
from lemons.explaining.explanation import Explanation, load_explanation
from lemons.tracks import Track, credit_of, open_track, title_of
from recsys.listener_model import ListenerModel

__all__ = ["made_for", "open_for"]

logger = logging.getLogger(__name__)


def made_for(model: ListenerModel, track_id: str) -> dict[str, Explanation]:
    """The explanations of a track that are made, by the key of the question; none of them has a `WhatIf`.

    What is gone, damaged, or of another version's format is left out, as the log says: it can be computed again.

    Parameters
    ----------
    model : ListenerModel
        the listener's
    track_id : str
        of the library
    """
    found: dict[str, Explanation] = {}
    results = model.results
    if results is None:
        return found
    for one in model.explained(track_id):
        try:
            rows = results.read(one.unit).select(["listener", "key", "explanation"]).to_pylist()
            own = {row["key"]: row["explanation"] for row in rows if row["listener"] == model.listener}
            found |= {key: _explanation(text) for key, text in own.items() if text}
        except DataError as error:
            logger.warning("%s; %s's explanation of %s is not shown", error, model.listener, track_id)
    return found


def _explanation(text: str) -> Explanation:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "explanation.json"
        file.write_text(text, encoding="utf-8")
        return load_explanation(file)


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
