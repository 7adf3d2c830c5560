"""Explaining recommendations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from explanations.commands.separate import SeparatorName, Weights
from lemons.arguments import quoted
from lemons.config import read_config
from lemons.console import Bar, ListenerName, say, tell
from lemons.errors import ParameterError

if TYPE_CHECKING:
    from lemons.tracks import Track

__all__ = ["explain", "precompute"]


def precompute(separator: SeparatorName = None, weights: Weights = None) -> None:
    """Explain each listener's first recommendation ahead, so that the page has something to play at once."""
    from explanations.core import precompute as ahead

    ahead.main(separator=separator, weights=weights)


def explain(
    track: Annotated[str, typer.Argument(help="a track_id of the library, or any audio file of your own")],
    listener: ListenerName,
    out: Annotated[Path, typer.Option(help="folder for explanation.json, the clips and the picture")],
    versus: Annotated[
        str | None, typer.Option(help="another listener: why the track is more for the first one than for this one")
    ] = None,
    kind: Annotated[str, typer.Option(help="time, source or time+source")] = "time+source",
    method: Annotated[
        str | None, typer.Option(help="exact (all mixes there are; the default where it applies) or lime (some, drawn)")
    ] = None,
    segments: Annotated[
        str, typer.Option(help="stretches of time: 5 equal ones, beats:8 that begin with a bar, or seconds: 0,7.5,15")
    ] = "5",
    baseline: Annotated[
        str,
        typer.Option(
            help="what sounds in place of what is switched off: silence, noise (faint), or mean (noise of its colour "
            "and level)"
        ),
    ] = "silence",
    target: Annotated[str, typer.Option(help="what weights explain: logit or probability")] = "logit",
    threshold: Annotated[
        str,
        typer.Option(
            help="what counts as recommended: list (the ten of the listener), half the odds, or a relevance: 0.5"
        ),
    ] = "list",
    num_samples: Annotated[int, typer.Option(help="for lime: size of the neighborhood, N_s")] = 2048,
    seed: Annotated[int, typer.Option(help="for lime: of the neighborhood's masks")] = 0,
    separator: SeparatorName = None,
    weights: Weights = None,
) -> None:
    """Explain why a track is recommended to a listener: numbers, picture, and clips to listen to.

    With --versus, why it is more for one listener than for another: numbers and clips. Of the options, kind, segments
    and those of the separator then apply; the answers are all there are, and the logits of two models are compared.
    """
    if versus is not None:
        _refuse_what_a_contrast_cannot_take(method=method, baseline=baseline, target=target, threshold=threshold)
        _contrast(track, listener, versus, out, kind=kind, segments=segments, separator=separator, weights=weights)
        return
    from explanations.core.explain_track import explain_track
    from explanations.render.export import write_explanation
    from explanations.render.summary import summary
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
        baseline=baseline,
        target=target,
        threshold=threshold,
    )
    write_explanation(out, explanation, opened)
    _say_whose(opened)
    for line in summary(explanation):
        say(line)
    say(f"written to {out}")


def _say_whose(track: "Track") -> None:
    """Whose music it is, where that is known, and where its stems come from."""
    if track.credit:
        say(f"{track.title}: {track.credit}")
    say(f"separator {track.separator}: {', '.join(track.stems)}")


def _refuse_what_a_contrast_cannot_take(**given: str | None) -> None:
    """A ParameterError for what would be without effect."""
    can_take = {"method": (None, "exact"), "baseline": ("silence",), "target": ("logit",), "threshold": ("list",)}
    for name, taken in can_take.items():
        if given[name] not in taken:
            raise ParameterError(
                f"{name}={quoted(given[name])} is of no use with --versus, which compares the logits of two models for "
                "all mixes; leave it out"
            )


def _contrast(track: str, listener: str, versus: str, out: Path, *, kind: str, segments: str, **how: Any) -> None:
    """Explain why a track is more for one listener than for another."""
    from explanations.core.contrast import contrast_track, models_of
    from explanations.render.contrast_words import contrast_summary
    from explanations.render.export import write_contrast
    from lemons.library import open_library
    from lemons.tracks import open_track

    config = read_config()
    library = open_library(config.library_path)
    tell(library.skipped)
    models_of(listener, versus, library=library, experiments_path=config.experiments_path)  # before a long separation
    opened = open_track(track, library, progress=Bar("separating", "sample"), **how)
    found = contrast_track(
        opened,
        listener=listener,
        versus=versus,
        library=library,
        experiments_path=config.experiments_path,
        progress=Bar("comparing", "step"),
        kind=kind,
        segments=segments,
    )
    write_contrast(out, found, opened)
    _say_whose(opened)
    for line in contrast_summary(found):
        say(line)
    say(f"written to {out}")
