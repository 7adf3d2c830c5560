"""Explaining recommendations."""

from pathlib import Path
from typing import Annotated

import typer

from explanations.commands.separate import SeparatorName, Weights
from lemons.config import read_config
from lemons.console import Bar, ListenerName, say, tell


def precompute(separator: SeparatorName = None, weights: Weights = None) -> None:
    """Explain each listener's first recommendation ahead, so that the page has something to play at once."""
    from explanations.core import precompute as ahead

    ahead.main(separator=separator, weights=weights)


def explain(
    track: Annotated[str, typer.Argument(help="a track_id of the library, or any audio file of your own")],
    listener: ListenerName,
    out: Annotated[Path, typer.Option(help="folder for explanation.json, the clips and the picture")],
    kind: Annotated[str, typer.Option(help="time, source or time+source")] = "time+source",
    method: Annotated[
        str | None, typer.Option(help="exact (all mixes there are; the default where it applies) or lime (some, drawn)")
    ] = None,
    segments: Annotated[
        str, typer.Option(help="stretches of time: 5 equal ones, beats:8 that begin with a bar, or seconds: 0,7.5,15")
    ] = "5",
    num_samples: Annotated[int, typer.Option(help="for lime: size of the neighborhood, N_s")] = 2048,
    seed: Annotated[int, typer.Option(help="for lime: of the neighborhood's masks")] = 0,
    separator: SeparatorName = None,
    weights: Weights = None,
) -> None:
    """Explain why a track is recommended to a listener: numbers, picture, and clips to listen to."""
    from explanations.core.explain_track import explain_track
    from explanations.render.export import write_explanation
    from lemons.library import open_library
    from lemons.tracks import open_track
    from recsys.model_runs import best_checkpoint

    config = read_config()
    library = open_library(config.library_path)
    tell(library.skipped)
    library.played(listener)  # the listener and their model first: separating a long file takes a while
    best_checkpoint(config.experiments_path, listener, library=library)
    bar = Bar("separating", "sample")
    opened = open_track(track, library, separator=separator, weights=weights, progress=bar)
    explanation = explain_track(
        opened,
        listener=listener,
        library=library,
        experiments_path=config.experiments_path,
        explanations_path=config.explanations_path,
        progress=Bar("explaining", "step"),
        kind=kind,
        method=method,
        segments=segments,
        n_masks=num_samples,
        seed=seed,
    )
    write_explanation(out, explanation, opened)
    masks = "all masks" if explanation.neighborhood == "all" else f"{explanation.n_masks} masks drawn"
    say(f"separator {opened.separator}: {', '.join(opened.stems)}")
    say(f"method {explanation.method}, {masks}, the work of {explanation.work:.0f} mixes heard")
    fidelity = f"{explanation.fidelity_held_out:.2f} {explanation.judged_on}"
    say(f"relevance {explanation.relevance:.3f}, fidelity {fidelity}")
    for place, component in enumerate(explanation.top(3), start=1):
        where = f"{component.stem}, {component.start_s:.1f} to {component.end_s:.1f} s"
        say(f"{place}. {where}: {component.weight:+.4f}")
    if not explanation.top(1):
        say("no component speaks for this track")
    say(f"written to {out}")
