"""What a listener's model listens for."""

from pathlib import Path
from typing import Annotated

import typer

from explanations.commands.separate import SeparatorName, Weights
from lemons.config import read_config
from lemons.console import ListenerName, say, say_table, tell

__all__ = ["portrait"]


def portrait(
    listener: ListenerName,
    tracks: Annotated[int, typer.Option(help="of the recommended ones, the most relevant first; at most 10")] = 10,
    out: Annotated[Path | None, typer.Option(help="a JSON file for all numbers")] = None,
    separator: SeparatorName = None,
    weights: Weights = None,
) -> None:
    """Say what a listener's model listens for: which instruments are enough, needed, or in nothing that is enough."""
    from explanations.core.portrait import KIND, portrait_of, usable
    from explanations.core.precompute import precompute
    from explanations.render.portrait_words import portrait_sentences, portrait_table
    from lemons.arguments import whole
    from lemons.checksums import write_json
    from lemons.explaining.criterion import N_LISTED
    from lemons.library import open_library

    hint = ", since the list has so many tracks"
    tracks = whole("tracks", tracks, least=1, most=N_LISTED, hint=hint)
    config = read_config()
    library = open_library(config.library_path)
    tell(library.skipped)
    library.played(listener)  # an unknown listener is refused by name, rather than for want of a model
    explained = precompute(
        library,
        experiments_path=config.experiments_path,
        explanations_path=config.explanations_path,
        listeners=[listener],
        n_tracks=tracks,
        kinds=[KIND],
        separator=separator,
        weights=weights,
    )
    found = portrait_of(usable(explained), listener=listener)
    for sentence in portrait_sentences(found):
        say(sentence)
    say_table(portrait_table(found))
    say("in brackets: where the figure is with a confidence of 95 %, other recommended tracks given")
    say(f"share: of what speaks for a track, by weights, on average over {found.n_line} of {found.n_tracks} tracks")
    if out is not None:
        write_json(out, found.as_dict())
        say(f"written to {out}")
