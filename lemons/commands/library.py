"""Making music libraries."""

from pathlib import Path
from typing import Annotated

import typer

from lemons.commands.console import Bar
from lemons.config import read_config

app = typer.Typer(help="Make music libraries.", no_args_is_help=True)


@app.command("demo")
def library_demo(
    out: Annotated[Path | None, typer.Option(help="the library's folder; by default that of the configuration")] = None,
    tracks: Annotated[int, typer.Option(min=1, help="how many tracks of 30 s")] = 440,
    seed: Annotated[int, typer.Option(help="another seed, other music")] = 0,
) -> None:
    """Make the demo music library: composed, rendered into true stems, and listened to by the seven personas."""
    from lemons.library.demo import make_demo_library

    path = out or read_config().library_path
    make_demo_library(path, n_tracks=tracks, seed=seed, progress=Bar("demo library", "track"))
    typer.echo(f"{tracks} tracks in {path}")
