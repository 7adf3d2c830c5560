"""Explanations computed ahead, so that the page has something to play at once.

Run as ``python -m explanations.core.precompute`` after training: the track that each listener is recommended most,
explained by components of every kind, and a few more by their sources, from which the page tells what a model listens
for. What exists already is not computed again.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

if __name__ == "__main__":  # before torch is imported
    from lemons.startup import make_threads_sleep

    make_threads_sleep()

from tqdm import tqdm

from explanations.core.explain_track import explain_track
from lemons.audio import validate_audio
from lemons.config import read_config
from lemons.errors import DataError
from lemons.explaining.components import mix_of_stems
from lemons.explaining.explanation import Explanation
from lemons.explaining.question import KINDS
from lemons.library import Library, open_library
from lemons.tracks import Track, open_track
from recsys.model_runs import best_checkpoint
from recsys.recommend import recommend

__all__ = ["main", "precompute"]

N_HABITS = 3  # tracks of each listener that are explained by their sources

logger = logging.getLogger(__name__)


def precompute(
    library: Library,
    *,
    experiments_path: str | os.PathLike,
    explanations_path: str | os.PathLike,
    listeners: Sequence[str] | None = None,
    n_tracks: int = 1,
    kinds: Sequence[str] = KINDS,
    device: str = "cpu",
    separator: str | None = None,
    weights: str | os.PathLike | None = None,
) -> list[Explanation]:
    """Explain what listeners are recommended most, with a progress bar.

    Parameters
    ----------
    library : Library
        that the models were trained on
    experiments_path, explanations_path : path-like
        where models are, and where explanations are kept
    listeners : sequence of str, optional
        whose recommendations; everybody of the library by default
    n_tracks : int > 0
        how many of each listener's recommendations, of those that can be explained; the log names the others
    kinds : sequence of str
        see `lemons.explaining.explain`; the method is the default one
    device : str
        where the models run
    separator, weights
        see `lemons.tracks.open_track`

    Returns
    -------
    list of Explanation

    Raises
    ------
    DataError
        if a listener has no trained model
    ParameterError, MissingWeightsError, MissingDependencyError
        if the separator is unknown or cannot run
    """
    listeners = library.users if listeners is None else listeners
    checkpoints = {listener: best_checkpoint(experiments_path, listener, library=library) for listener in listeners}
    found = []
    with tqdm(total=len(checkpoints) * n_tracks * len(kinds), desc="explanations", unit="explanation") as bar:
        for listener, checkpoint in checkpoints.items():
            bar.set_postfix_str(listener)
            ranking = recommend(checkpoint, library, listener, n=len(library.tracks))["track_id"]
            tracks = _open_tracks(ranking, library, separator=separator, weights=weights)
            for track in islice(tracks, n_tracks):
                for kind in kinds:
                    explanation = explain_track(
                        track,
                        listener=listener,
                        library=library,
                        experiments_path=experiments_path,
                        explanations_path=explanations_path,
                        device=device,
                        kind=kind,
                    )
                    found.append(explanation)
                    bar.update()
    return found


def _open_tracks(track_ids: Iterable[str], library: Library, **how) -> Iterator[Track]:
    """The tracks that can be explained, one after the other; the log names the others."""
    for track_id in track_ids:
        try:
            track = open_track(track_id, library, **how)
            validate_audio(mix_of_stems(track.stems))
        except DataError as error:
            logger.warning("track %s skipped: %s", track_id, error)
            continue
        yield track


def main(*, separator: str | None = None, weights: str | os.PathLike | None = None) -> None:
    """Explain ahead what the configuration's library and experiments hold; see `precompute` for the separator."""
    config = read_config()
    library = open_library(config.library_path)
    for n_tracks, kinds in ((1, KINDS), (N_HABITS, ("source",))):
        precompute(
            library,
            experiments_path=config.experiments_path,
            explanations_path=config.explanations_path,
            n_tracks=n_tracks,
            kinds=kinds,
            separator=separator,
            weights=weights,
        )


if __name__ == "__main__":
    main()
