"""Explaining recommendations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from explanations.commands.separate import SeparatorName, Weights
from lemons.arguments import quoted
from lemons.config import read_config
from lemons.console import Bar, say, tell
from lemons.errors import ParameterError
from lemons.extras import require

if TYPE_CHECKING:
    from lemons.tracks import Track

__all__ = ["explain", "precompute"]

N_LIKELIEST = 5  # labels of a tagger that are told beside the one explained


def precompute(separator: SeparatorName = None, weights: Weights = None) -> None:
    """Explain each listener's first recommendation ahead, so that the page has something to play at once."""
    from explanations.core import precompute as ahead

    ahead.main(separator=separator, weights=weights)


def explain(
    track: Annotated[str, typer.Argument(help="a track_id of the library, or any audio file of your own")],
    out: Annotated[Path, typer.Option(help="folder for explanation.json, the clips and the picture")],
    listener: Annotated[str | None, typer.Option(help="the listener's name, such as marko")] = None,
    versus: Annotated[
        str | None, typer.Option(help="another listener: why the track is more for the first one than for this one")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="a tagger instead of a listener's model: musicnn:MTT or musicnn:MSD")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="what the tagger says, such as guitar; by default what it finds likeliest")
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
        str | None,
        typer.Option(
            help="what counts as recommended: list (the ten of the listener, the default), half the odds (a tagger's), "
            "or a relevance: 0.5"
        ),
    ] = None,
    num_samples: Annotated[int, typer.Option(help="for lime: size of the neighborhood, N_s")] = 2048,
    seed: Annotated[int, typer.Option(help="for lime: of the neighborhood's masks")] = 0,
    separator: SeparatorName = None,
    weights: Weights = None,
) -> None:
    """Explain why a track is recommended to a listener: numbers, picture, and clips to listen to.

    With --model, why a tagger that others trained says what it says of the track.
    With --versus, why it is more for one listener than for another: numbers and clips. Of the options, kind, segments
    and those of the separator then apply; the answers are all there are, and the logits of two models are compared.
    """
    how: dict[str, Any] = {"separator": separator, "weights": weights}
    asked: dict[str, Any] = {"kind": kind, "segments": segments}
    drawn = {"method": method, "n_masks": num_samples, "seed": seed, "baseline": baseline, "target": target}
    if model is not None:
        _refuse_what_a_tagger_cannot_take(listener=listener, versus=versus, threshold=threshold)
        _of_label(track, model, label, out, how, threshold=threshold or "half the odds", **asked, **drawn)
        return
    if listener is None:
        raise ParameterError("whose answer is it? give --listener NAME, or --model musicnn:MTT with --label guitar")
    if label is not None:
        raise ParameterError(f"label={quoted(label)} is of no use without --model, such as musicnn:MTT")
    if versus is None:
        _of_listener(track, listener, out, how, threshold=threshold or "list", **asked, **drawn)
        return
    _refuse_what_a_contrast_cannot_take(method=method, baseline=baseline, target=target, threshold=threshold)
    _contrast(track, listener, versus, out, **asked, **how)


def _of_listener(track: str, listener: str, out: Path, how: dict[str, Any], **asked: Any) -> None:
    """Explain why a track is recommended to a listener."""
    from explanations.core.explain_track import explain_track
    from lemons.library import open_library
    from lemons.tracks import open_track
    from recsys.find_model import find_model

    config = read_config()
    library = open_library(config.library_path)
    tell(library.skipped)
    library.played(listener)  # the listener and their model first: separating a long file takes a while
    models: dict[str, Any] = {"experiments_path": config.experiments_path, "fleet": config.fleet_results}
    find_model(library, listener, **models)
    opened = open_track(track, library, progress=Bar("separating", "sample"), **how)
    explanation = explain_track(
        opened,
        listener=listener,
        library=library,
        explanations_path=config.explanations_path,
        progress=Bar("explaining", "step"),
        **models,
        **asked,
    )
    _write(out, explanation, opened)


def _of_label(track: str, model: str, label: str | None, out: Path, how: dict[str, Any], **asked: Any) -> None:
    """Explain why a tagger gives a track a label."""
    require("explaining a tagger", "torch", "librosa", extra="recommender")
    from scipy.special import expit

    from lemons.explaining.explain_label import explain_label, label_logits
    from lemons.library import open_library
    from lemons.taggers import load_tagger
    from lemons.tracks import open_track

    config = read_config()
    tagger = load_tagger(model)
    if label is not None:
        tagger.only(label)  # a label that it does not know, before the separation
    library = None if Path(track).is_file() else open_library(config.library_path)
    opened = open_track(track, library, progress=Bar("separating", "sample"), **how)
    said = label_logits(tagger, opened)
    explanation = explain_label(
        opened,
        tagger=tagger,
        name=model,
        label=label or next(iter(said)),
        explanations_path=config.explanations_path,
        progress=Bar("explaining", "step"),
        **asked,
    )
    likeliest = ", ".join(f"{one} {expit(logit):.2f}" for one, logit in list(said.items())[:N_LIKELIEST])
    say(f"{model} says {likeliest}")
    _write(out, explanation, opened)


def _write(out: Path, explanation: Any, opened: Any) -> None:
    """Write an explanation and say what is in it."""
    from lemons.render.export import write_explanation
    from lemons.render.summary import summary

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


def _refuse_what_a_tagger_cannot_take(*, listener: str | None, versus: str | None, threshold: str | None) -> None:
    """A ParameterError for what belongs to listeners."""
    given = {"listener": listener, "versus": versus, "threshold": threshold if threshold == "list" else None}
    for name, value in given.items():
        if value is not None:
            raise ParameterError(
                f"{name}={quoted(value)} is of no use with --model, a tagger of no listener; leave it out"
            )


def _refuse_what_a_contrast_cannot_take(**given: str | None) -> None:
    """A ParameterError for what would be without effect."""
    can_take = {"method": (None, "exact"), "baseline": ("silence",), "target": ("logit",), "threshold": (None, "list")}
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
