"""The console command `lemons`.

The one door that looks upstairs: what a command needs of the recommender or the explanations is imported inside its
function, so that ``lemons library demo`` starts at once and the ground floor stays the ground floor.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from lemons import __version__
from lemons.config import read_config
from lemons.errors import LemonsError

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes: see recsys/experiment.py

app = typer.Typer(
    help="Listenable explanations for music recommender systems.", no_args_is_help=True, add_completion=False
)
library_app = typer.Typer(help="Make music libraries.", no_args_is_help=True)
app.add_typer(library_app, name="library")

ListenerName = Annotated[str, typer.Option(help="the listener's name, such as marko")]
ListenerNames = Annotated[list[str] | None, typer.Option("--listener", help="only this one; may be repeated")]


class Bar:
    """A progress bar as a callback ``progress(done, total)``."""

    def __init__(self, description: str, unit: str):
        self._bar = tqdm(desc=description, unit=unit, dynamic_ncols=True)

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units are done."""
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


@library_app.command("demo")
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


def main() -> None:
    """Run the command; what a user can mend is one sentence and exit code 2."""
    try:
        app()
    except LemonsError as error:
        typer.echo(f"lemons: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("\nlemons: interrupted; the same command goes on where it stopped", err=True)
        sys.exit(130)
