"""A track explained with a listener's best model; what was computed before is read."""

import os

from explanations.core.cache import cached_explain
from explanations.core.explanation import Explanation
from explanations.core.question import N_MASKS, N_SEGMENTS
from lemons.library import Library
from lemons.progress import Progress
from lemons.segments import Segments
from lemons.tracks import Track
from recsys.checkpoints import best_checkpoint, load_checkpoint


def explain_track(
    track: Track,
    *,
    listener: str,
    kind: str,
    library: Library,
    experiments_path: str | os.PathLike,
    explanations_path: str | os.PathLike,
    method: str | None = None,
    segments: int | str | Segments = N_SEGMENTS,
    n_masks: int = N_MASKS,
    seed: int = 0,
    target: str = "probability",
    device: str = "cpu",
    progress: Progress | None = None,
) -> Explanation:
    """Explain a track with a listener's best model; what was computed before is read from ``explanations_path``.

    Parameters
    ----------
    track : Track
        from `open_track`
    listener : str
        whose model is asked
    kind, method, segments, n_masks, seed, target, progress
        see `explanations.core.explain.explain`
    library : Library
        that the model was trained on
    experiments_path, explanations_path : path-like
        where models are, and where explanations are kept
    device : str
        where the model runs

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
    return cached_explain(
        explanations_path,
        model,
        track.stems,
        kind=kind,
        method=method,
        segments=segments,
        n_masks=n_masks,
        seed=seed,
        target=target,
        progress=progress,
        track_id=track.track_id,
        listener=listener,
        separator=track.separator,
    )
