"""Studying whether explanations name the true cause."""

from pathlib import Path
from typing import Annotated

import typer

from lemons.config import read_config
from lemons.console import Bar, say


def truth(
    quick: Annotated[bool, typer.Option("--quick", help="few constructed tracks and no training: minutes")] = False,
    out: Annotated[Path | None, typer.Option(help="folder of results; by default truth beside the models")] = None,
) -> None:
    """Study whether explanations name a cause that was planted: every method on the same answers (docs/truth.md)."""
    from explanations.studies.truth.study import FILE, N_TRACKS, QUICK_TRACKS, study_constructed, write_truth
    from explanations.studies.truth.tables import closed_table, facts_table, gate_table, methods_table

    out = out or read_config().experiments_path / "truth"
    n_tracks = QUICK_TRACKS if quick else N_TRACKS
    constructed = study_constructed(out / "parts", n_tracks=n_tracks, bar=Bar)
    found = write_truth(out / FILE, constructed, [], quick=quick, n_tracks=n_tracks)
    say(closed_table(found["closed_forms"]))
    for kind in ("time+source", "source"):
        rows = [row for row in constructed if row["kind"] == kind]
        say(f"\n{kind}: top-1 of the methods, facts, gate")
        say("\n\n".join([methods_table(rows, "top1"), facts_table(rows), gate_table(rows)]))
    say(f"written to {out / FILE}")
