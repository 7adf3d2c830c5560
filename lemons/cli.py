"""The console command `lemons`.

The one door that looks upstairs: what a command needs of the recommender or the explanations is imported inside its
function, so that ``lemons library demo`` starts at once and the ground floor stays the ground floor.
"""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from lemons import __version__
from lemons.config import read_config
from lemons.errors import LemonsError

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes: see recsys/experiment.py

app = typer.Typer(no_args_is_help=True, add_completion=False)
library_app = typer.Typer(help="Make music libraries.", no_args_is_help=True)
app.add_typer(library_app, name="library")

SHOWN = 5  # of what was skipped

ListenerName = Annotated[str, typer.Option(help="the listener's name, such as marko")]
ListenerNames = Annotated[list[str] | None, typer.Option("--listener", help="only this one; may be repeated")]


class Bar:
    """A progress bar as a callback ``progress(done, total)``; what calls it never shows no bar."""

    def __init__(self, description: str, unit: str):
        self._description, self._unit = description, unit
        self._bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` units are done."""
        if self._bar is None:
            # what was done by an earlier call counts, but not as speed
            first = done if done > 1 else 0
            self._bar = tqdm(desc=self._description, unit=self._unit, total=total, initial=first, dynamic_ncols=True)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"lemons {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Listenable explanations for music recommender systems."""


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


@app.command()
def train(
    listener: ListenerNames = None,
    schedule: Annotated[str, typer.Option(help="a named configuration, such as demo; else the paper's")] = "",
) -> None:
    """Train a model for each listener who has none; one alone: python recsys/experiment.py with user_name=marko."""
    from recsys.fleet import train_all

    for user, model in train_all(read_config(), listener, named_config=schedule).items():
        typer.echo(f"{user}: {model}")


@app.command()
def evaluate(listener: ListenerNames = None) -> None:
    """Evaluate each listener's best model on the test tracks, beside what loudness and tempo alone would give."""
    from recsys.fleet import evaluate_all, format_table

    typer.echo(format_table(evaluate_all(read_config(), listener)))


@app.command()
def recommend(
    listener: ListenerName,
    n: Annotated[int, typer.Option("-n", help="how many tracks")] = 10,
    pool: Annotated[str, typer.Option(help="test: held-out tracks; unheard: whatever was never played")] = "test",
) -> None:
    """Recommend tracks to a listener, the most relevant first."""
    from lemons.library import open_library
    from recsys import recommend as recommender
    from recsys.checkpoints import best_checkpoint

    config = read_config()
    library = open_library(config.library_path)
    _tell(library.skipped)
    library.played(listener)  # an unknown listener is refused by name, rather than for want of a model
    checkpoint = best_checkpoint(config.experiments_path, listener, library=library)
    table = recommender.recommend(checkpoint, library, listener, n=n, pool=pool, progress=Bar("tracks heard", "track"))
    columns = ["rank", "track_id", "title", "artist", "genre", "relevance", "playcount"]
    typer.echo(table[columns].to_string(index=False, float_format="{:.3f}".format))


@app.command()
def precompute() -> None:
    """Explain each listener's first recommendation ahead, so that the page has something to play at once."""
    from explanations import precompute as ahead

    ahead.main()


@app.command()
def explain(
    track: Annotated[str, typer.Argument(help="a track_id of the library, or any audio file of your own")],
    listener: ListenerName,
    out: Annotated[Path, typer.Option(help="folder for explanation.json, the clips and the picture")],
    kind: Annotated[str, typer.Option(help="time, source or time+source")] = "time+source",
    method: Annotated[
        str | None, typer.Option(help="exact (all mixes there are; the default where it applies) or lime (some, drawn)")
    ] = None,
    segments: Annotated[int, typer.Option(help="how many stretches of time")] = 5,
    num_samples: Annotated[int, typer.Option(help="for lime: size of the neighborhood, N_s")] = 2048,
    seed: Annotated[int, typer.Option(help="for lime: of the neighborhood's masks")] = 0,
) -> None:
    """Explain why a track is recommended to a listener: numbers, picture, and clips to listen to."""
    from explanations.track import explain_track, open_track, write_explanation
    from lemons.library import open_library
    from recsys.checkpoints import best_checkpoint

    config = read_config()
    library = open_library(config.library_path)
    _tell(library.skipped)
    library.played(listener)  # the listener and their model first: separating a long file takes a while
    best_checkpoint(config.experiments_path, listener, library=library)
    opened = open_track(track, library)
    explanation = explain_track(
        opened,
        listener=listener,
        kind=kind,
        method=method,
        library=library,
        experiments_path=config.experiments_path,
        explanations_path=config.explanations_path,
        n_segments=segments,
        n_masks=num_samples,
        seed=seed,
        progress=Bar("explaining", "step"),
    )
    write_explanation(out, explanation, opened)
    masks = "all masks" if explanation.neighborhood == "all" else f"{explanation.n_masks} masks drawn"
    typer.echo(f"method {explanation.method}, {masks}, the work of {explanation.work:.0f} mixes heard")
    fidelity = f"{explanation.fidelity_held_out:.2f} {explanation.judged_on}"
    typer.echo(f"relevance {explanation.relevance:.3f}, fidelity {fidelity}")
    for place, component in enumerate(explanation.top(3), start=1):
        where = f"{component.stem}, {component.start_s:.1f} to {component.end_s:.1f} s"
        typer.echo(f"{place}. {where}: {component.weight:+.4f}")
    if not explanation.top(1):
        typer.echo("no component speaks for this track")
    typer.echo(f"written to {out}")


def _tell(sentences: list[str]) -> None:
    """What was skipped, on standard error: the first ones by name, the rest by number."""
    for sentence in sentences[:SHOWN]:
        typer.echo(f"lemons: {sentence}", err=True)
    if len(sentences) > SHOWN:
        typer.echo(f"lemons: ... and {len(sentences) - SHOWN} more", err=True)


def main() -> None:
    """Run the command `lemons`."""
    run(app)


def run(program: Callable[[], object]) -> None:
    """Run a program; what a user can mend is one sentence and exit code 2."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        program()
    except LemonsError as error:
        typer.echo(f"lemons: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("\nlemons: interrupted; what is finished is kept, the same command goes on", err=True)
        sys.exit(130)
