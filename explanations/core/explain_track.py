"""A track explained with a listener's best model; what was computed before is read."""

import os
from typing import Any

from explanations.core.cache import cached_answer
from explanations.core.explanation import Explanation
from explanations.core.question import ask
from lemons.library import Library
from lemons.progress import Progress
from lemons.tracks import Track
from recsys.checkpoints import load_checkpoint
from recsys.model_runs import best_checkpoint


def explain_track(
    track: Track,
    *,
    listener: str,
    library: Library,
    experiments_path: str | os.PathLike,
    explanations_path: str | os.PathLike,
    device: str = "cpu",
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
    device : str
        where the model runs
    progress : callable or None
        see `explanations.core.explain.answer`
    **asked
        ``kind``, ``method`` and more of what `explanations.core.question.ask` takes

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
    model, _ = load_checkpoint(best_checkpoint(experiments_path, listener, library=library), device=device)
    return cached_answer(
        explanations_path,
        ask(model, track.stems, **asked),
        model,
        track.stems,
        progress=progress,
        track_id=track.track_id,
        listener=listener,
        separator=track.separator,
    )
