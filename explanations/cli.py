"""The console command `lemons`.

A command imports what it needs inside its function, so that ``lemons --help`` starts at once.
"""

from typing import Annotated

import typer

from explanations.commands import explain, fleet, library, portrait, recommend, separate, truth
from lemons import __version__
from lemons.console import run
from lemons.startup import make_threads_sleep

__all__ = ["app", "common", "main"]

make_threads_sleep()  # before a command imports torch

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.add_typer(library.app, name="library")
app.add_typer(fleet.app, name="fleet")
for command in (
    recommend.train,
    recommend.evaluate,
    recommend.report,
    recommend.recommend,
    explain.precompute,
    explain.explain,
    portrait.portrait,
    separate.separators,
    separate.separate,
    separate.weights,
    truth.truth,
):
    app.command()(command)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"lemons {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Listenable explanations for music recommender systems."""


def main() -> None:
    """Run the command `lemons`."""
    run(app)
