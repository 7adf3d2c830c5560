"""Training, evaluating and asking the recommender."""

from functools import partial
from typing import Annotated

import typer

from lemons.config import read_config
from lemons.console import Bar, Fallback, ListenerName, ListenerNames, say, say_table, shown, tell

__all__ = ["evaluate", "recommend", "report", "train"]


def train(
    listener: ListenerNames = None,
    schedule: Annotated[str, typer.Option(help="a named configuration, such as demo; else the paper's")] = "",
    together: Annotated[bool, typer.Option("--together", help="all at once, for a GPU; else one by one")] = False,
    shared_trunk: Annotated[
        bool, typer.Option("--shared-trunk", help="one network for all listeners, with a head for each")
    ] = False,
    trunk: Annotated[str, typer.Option(help="a model whose trunk to keep; a head is fitted to it, in seconds")] = "",
    fallback: Fallback = "",
) -> None:
    """Train a model for each listener who has none; one alone: python recsys/experiment.py with user_name=marko."""
    from recsys.all_listeners import train_all

    updates = {"shared_trunk": shared_trunk, "trunk_path": trunk}
    models = train_all(
        read_config(), listener, named_config=schedule, updates=updates, fallback=fallback, together=together
    )
    for user, model in models.items():
        say(f"{user}: {model}")


def evaluate(listener: ListenerNames = None, fallback: Fallback = "") -> None:
    """Evaluate each listener's best model on the test tracks, beside baselines that need no model."""
    from recsys.all_listeners import evaluate_all, format_results

    with shown(format_results):
        say(format_results(evaluate_all(read_config(), listener, fallback=fallback)))


def report(
    listener: ListenerNames = None,
    paper: Annotated[bool, typer.Option("--paper", help="show the paper's figures beside")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="tables in Markdown, with all intervals")] = False,
    fallback: Fallback = "",
) -> None:
    """Report on all listeners: models and baselines with intervals; evaluates what has not been evaluated yet."""
    from recsys.all_listeners import report_all
    from recsys.evaluation.report import format_report

    in_words = partial(format_report, paper=paper, markdown=markdown)
    with shown(in_words):
        say(in_words(report_all(read_config(), listener, fallback=fallback)))


def recommend(
    listener: ListenerName,
    n: Annotated[int, typer.Option("-n", help="how many tracks")] = 10,
    pool: Annotated[
        str | None,
        typer.Option(help="test: held-out tracks, the default; unheard: whatever was never played, as a fleet's lists"),
    ] = None,
) -> None:
    """Recommend tracks to a listener, the most relevant first."""
    from lemons.library import open_library
    from recsys.find_model import find_model

    config = read_config()
    library = open_library(config.library_path)
    tell(library.skipped)
    library.played(listener)  # an unknown listener is refused by name, rather than for want of a model
    model = find_model(library, listener, experiments_path=config.experiments_path, fleet=config.fleet_results)
    table = model.recommend(n=n, pool=pool, progress=Bar("tracks heard", "track"))
    columns = ["rank", "track_id", "title", "artist", "genre", "relevance", "playcount"]
    say_table(table[columns])
