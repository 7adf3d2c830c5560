"""Studying whether explanations name the true cause."""

from pathlib import Path
from typing import Annotated

import typer

from lemons.config import read_config
from lemons.console import Bar, say
from lemons.files import atomic_path

__all__ = ["truth"]

TABLES = "truth_tables.md"


def truth(
    quick: Annotated[bool, typer.Option("--quick", help="10 constructed tracks a cause, no training: minutes")] = False,
    tracks: Annotated[int, typer.Option(min=1, help="constructed tracks of each cause")] = 100,
    explained: Annotated[int, typer.Option(min=0, help="tracks of each trained case and seed; 0: train nothing")] = 14,
    seeds: Annotated[int, typer.Option(min=1, help="trainings of each planted listener")] = 3,
    listener: Annotated[
        list[str] | None,
        typer.Option(help="only this planted listener: kick, distorted, rapped, hum, and; repeatable"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="folder of results; by default truth beside the models")] = None,
    picture: Annotated[Path | None, typer.Option(help="the picture; by default truth.png in that folder")] = None,
) -> None:
    """Study whether explanations name a cause that was planted: all methods, on the same answers (docs/truth.md)."""
    from explanations.studies.truth.figure import draw_truth
    from explanations.studies.truth.study import FILE, QUICK_TRACKS, Studied, study_constructed, write_truth
    from explanations.studies.truth.tables import report
    from explanations.studies.truth.trained import cases_of
    from explanations.studies.truth.trained_study import study_trained
    from lemons.library import open_library

    config = read_config()
    out = out or config.experiments_path / "truth"
    if quick:
        tracks, explained = min(tracks, QUICK_TRACKS), 0
    constructed = study_constructed(out / "parts", n_tracks=tracks, bar=Bar)
    plain = study_constructed(out / "parts", n_tracks=min(tracks, QUICK_TRACKS), sigma=0, bar=Bar)
    trained = Studied([], [])
    if explained:
        cases = cases_of(listener)
        library = open_library(config.library_path)
        trained = study_trained(out / "parts", library, n_tracks=explained, n_seeds=seeds, cases=cases, bar=Bar)
    settings = {"n_tracks": tracks, "n_explained": explained, "n_seeds": seeds}
    found = write_truth(out / FILE, constructed, plain, trained, **settings)
    picture = picture or out / "truth.png"
    draw_truth(found, picture)
    tables = report(found)
    with atomic_path(out / TABLES) as temporary:
        temporary.write_text(tables, encoding="utf-8")
    say(tables)
    say(f"written to {out / FILE}, {out / TABLES} and {picture}")
