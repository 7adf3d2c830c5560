"""The console command `lemons`.

The one door that looks upstairs: what a command needs of the recommender or the explanations is imported inside its
function, so that ``lemons library demo`` starts at once and the ground floor stays the ground floor.
"""

import logging
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from lemons import __version__
from lemons.commands import explanations, library, recommender, separation
from lemons.commands.console import SafeFormatter, say
from lemons.errors import LemonsError

INTERRUPTED = 130  # the exit code of a program that Ctrl-C ended: 128 + SIGINT

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes: see recsys/experiment.py

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.add_typer(library.app, name="library")
for command in (
    recommender.train,
    recommender.evaluate,
    recommender.report,
    recommender.recommend,
    explanations.precompute,
    explanations.explain,
    separation.separators,
    separation.separate,
    separation.weights,
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


def run(program: Callable[[], object]) -> None:
    """Run a program; what a user can mend is one sentence and exit code 2."""
    log = logging.StreamHandler()
    log.setFormatter(SafeFormatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[log])
    try:
        program()
    except LemonsError as error:
        say(f"lemons: {error}", err=True)
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != INTERRUPTED:  # what typer makes of KeyboardInterrupt
            raise
        say("\nlemons: interrupted; what is finished is kept, the same command goes on", err=True)
        sys.exit(INTERRUPTED)
