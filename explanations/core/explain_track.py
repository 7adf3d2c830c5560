"""A track explained with a listener's best model; what was computed before is read."""

import logging
import os
from typing import Any

from lemons.audio import to_int16
from lemons.errors import DataError
from lemons.explaining.cache import cached_answer
from lemons.explaining.components import mix_of_stems
from lemons.explaining.criterion import Criterion, chosen, listed
from lemons.explaining.explanation import Explanation
from lemons.explaining.question import EVEN_ODDS, ask
from lemons.library import Library
from lemons.progress import Progress
from lemons.tracks import Track
from recsys.find_model import find_model
from recsys.listener_model import ListenerModel
from recsys.relevance import track_logits

__all__ = ["explain_track"]

logger = logging.getLogger(__name__)


def explain_track(
    track: Track,
    *,
    listener: str,
    library: Library,
    experiments_path: str | os.PathLike,
    explanations_path: str | os.PathLike,
    fleet: str | os.PathLike | None = None,
    device: str = "cpu",
    threshold: float | str = "list",
    progress: Progress | None = None,
    **asked: Any,
) -> Explanation:
    """Explain a track with a listener's best model; what was computed before is read from ``explanations_path``.

    Parameters
    ----------
    track : Track
        from `lemons.tracks.open_track`
    listener : str
        whose model is asked
    library : Library
        that the model was trained on
    experiments_path, explanations_path : path-like
        where models are, and where explanations are kept
    fleet : str or path-like, optional
        where results of `lemons fleet` are, for a listener without a model there; see `recsys.find_model.open_fleet`
    device : str
        where the model runs
    threshold : float or {"list", "half the odds"}
        what counts as recommended, for the facts: that the track is among the ten that the listener is recommended, a
        relevance between 0 and 1, or half the odds of the full mix
    progress : callable or None
        see `lemons.explaining.explain.answer`
    **asked
        ``kind``, ``method`` and more of what `lemons.explaining.question.ask` takes

    Returns
    -------
    Explanation

    Raises
    ------
    ParameterError
        if the library does not know the listener, or a parameter is out of range
    DataError
        if there is no trained model of the listener
    """
    library.played(listener)  # an unknown listener is refused by name, rather than for want of a model
    found = find_model(library, listener, experiments_path=experiments_path, fleet=fleet)
    model = found.load(device=device)
    if threshold == "list":
        limit = _of_list(found, track.track_id)
    else:
        limit = chosen(threshold, lambda: float(track_logits(model, [to_int16(mix_of_stems(track.stems))])[0]))
    return cached_answer(
        explanations_path,
        ask(model, track.stems, criterion=limit, **asked),
        model,
        track.stems,
        progress=progress,
        track_id=track.track_id,
        listener=listener,
        separator=track.separator,
    )


def _of_list(model: ListenerModel, track_id: str) -> Criterion:
    """The threshold of the listener's list; even odds, and the log says so, where there are no tracks for one."""
    try:
        return listed(model.relevance_of_others(track_id).tolist())
    except DataError as error:
        logger.warning(
            "no list of %s (%s); facts are about a relevance of %g", model.listener, error, EVEN_ODDS.relevance
        )
        return EVEN_ODDS
