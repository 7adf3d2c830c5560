"""Many listeners, many tracks, many machines."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from explanations.commands.separate import SeparatorName, Weights
from lemons.config import read_config
from lemons.console import Bar, say, tell
from lemons.errors import DataError, LemonsError, ParameterError
from lemons.files import why_no_file
from lemons.storage import is_there, is_url

if TYPE_CHECKING:
    from lemons.fleet import Failure, Unit
    from recsys.fleet.index import Explained

__all__ = ["app", "explain", "score", "separate", "train"]

N_LISTED = 50  # tracks of a list
OWN = "given"  # the stems that a library has

app = typer.Typer(
    help="Heads, lists and explanations for all listeners, in units of work on this machine or a Ray cluster.",
    no_args_is_help=True,
)

Trunk = Annotated[str, typer.Option(help="a model whose trunk all listeners share: a file, or s3://…")]
Place = Annotated[str, typer.Option("--results", help="folder or s3://… of the results; else fleet in the experiments")]
Listeners = Annotated[str, typer.Option(help="all, or a file with a name in each line")]
Address = Annotated[
    str, typer.Option(help="of a Ray cluster; local: all cores of this machine; else this process, without Ray")
]
Threads = Annotated[int, typer.Option(min=1, help="CPU threads of a unit of work")]
Gpus = Annotated[float, typer.Option(min=0, help="GPUs of a unit: 0.25 for four units on each")]


@app.command()
def train(
    trunk: Annotated[
        str, typer.Option(help="a model whose trunk all listeners share: a file, or s3://…; else each gets a network")
    ] = "",
    schedule: Annotated[str, typer.Option(help="of the networks: a named configuration, else the paper's")] = "",
    results: Place = "",
    listeners: Listeners = "all",
    address: Address = "",
    threads: Threads = 1,
    gpus: Gpus = 0.0,
) -> None:
    """Hear every track once with a trunk and fit a head for each listener; without a trunk, train networks."""
    if trunk and schedule:
        raise ParameterError(f"schedule={schedule!r} is one of networks, and with a trunk heads are fitted; choose one")
    with _Fleet(results, address, threads, gpus, trunk=trunk, listeners=listeners) as fleet:
        if trunk:
            fleet.train()
        else:
            fleet.train_networks(schedule)
        fleet.end()


@app.command()
def score(
    trunk: Trunk,
    results: Place = "",
    listeners: Listeners = "all",
    top: Annotated[int, typer.Option(min=1, help="tracks of each listener's list")] = N_LISTED,
    address: Address = "",
    threads: Threads = 1,
    gpus: Gpus = 0.0,
) -> None:
    """List for each listener the most relevant tracks that they don't know; heads that are missing are fitted."""
    with _Fleet(results, address, threads, gpus, trunk=trunk, listeners=listeners) as fleet:
        fleet.score(top)
        fleet.end()


@app.command()
def separate(
    separator: Annotated[str, typer.Option(help="see `lemons separators`")],
    weights: Weights = None,
    results: Place = "",
    tracks: Annotated[str, typer.Option(help="all, or a file with a track_id in each line")] = "all",
    address: Address = "",
    threads: Threads = 1,
    gpus: Gpus = 0.0,
) -> None:
    """Take tracks apart into stems, which `lemons fleet explain` of that separator then finds."""
    with _Fleet(results, address, threads, gpus) as fleet:
        fleet.separate(_names(tracks, list(fleet.library.rows), "tracks"), separator=separator, weights=weights)
        fleet.end()


@app.command()
def explain(
    trunk: Trunk,
    results: Place = "",
    listeners: Listeners = "all",
    top: Annotated[int, typer.Option(min=1, help="how many tracks of each listener's list are explained")] = 1,
    kind: Annotated[str, typer.Option(help="time, source or time+source")] = "time+source",
    separator: SeparatorName = None,
    weights: Weights = None,
    address: Address = "",
    threads: Threads = 1,
    gpus: Gpus = 0.0,
) -> None:
    """Explain what the lists begin with: a track once, for all listeners; lists that are missing are made."""
    from lemons.arguments import one_of
    from lemons.explaining.question import KINDS
    from lemons.separation import get_separator

    one_of("kind", kind, KINDS)  # before anything is heard
    if separator not in (None, OWN):
        get_separator(separator, weights)
    elif weights is not None:
        raise ParameterError(f"weights={str(weights)!r} are of no use without the name of their separator")
    with _Fleet(results, address, threads, gpus, trunk=trunk, listeners=listeners) as fleet:
        fleet.explain(top, kind=kind, separator=separator, weights=weights)
        fleet.end()


class _Fleet:
    """What the commands share: each does what it needs of the others, as far as that is not done."""

    def __init__(
        self, results: str, address: str, threads: int, gpus: float, *, trunk: str = "", listeners: str = "all"
    ):
        from lemons.fleet import Results
        from lemons.library import open_library

        self.config = config = read_config()
        self.library = open_library(config.library_path)
        tell(self.library.skipped)
        self.trunk = trunk if is_url(trunk) else str(Path(trunk).absolute())  # a worker works in another folder
        self.listeners = _names(listeners, self.library.users, "listeners")
        self.results = Results(results or config.fleet_results)
        self.address, self.threads, self.gpus = address, threads, gpus
        self.device = "cuda" if gpus else "cpu"
        self.failures: list[Failure] = []
        self.cluster = ExitStack()  # connected as long as the command runs, so that all units share its workers

    def __enter__(self) -> "_Fleet":
        return self

    def __exit__(self, *exception: object) -> None:
        self.cluster.close()

    def train_networks(self, schedule: str) -> None:
        """Train a network of their own for each listener."""
        from recsys.fleet.networks import network_units, read_networks

        how: dict[str, Any] = {"schedule": schedule, "updates": {"device": "cuda:0"} if self.gpus else {}}
        units, failures = network_units(self.library, self.config, listeners=self.listeners, **how)
        self.failures += failures
        made = self._run(units, "networks", self.gpus)
        models = {unit.key: read_networks(self.results, [unit.key]) for unit in made}
        gone = {name: key for key, of in models.items() for name, model in of.items() if not is_there(model)}
        self._left_out(
            {name: f"its model is gone; delete {self.results.shown}/{key}.parquet, too" for name, key in gone.items()}
        )

    def train(self) -> tuple[list["Unit"], list["Unit"]]:
        """The units of features and heads that have a result."""
        from recsys.fleet.embeddings import read_embeddings
        from recsys.fleet.heads import head_units, read_heads

        embeddings = self._hear()
        if not embeddings:
            return [], []
        keys = [unit.key for unit in embeddings]
        self._left_out(read_embeddings(self.results, keys).skipped)
        units, failures = head_units(self.library, self.trunk, self.results, embeddings, listeners=self.listeners)
        self.failures += failures
        heads = self._run(units, "heads")
        self._left_out(read_heads(self.results, [unit.key for unit in heads]).skipped)
        return embeddings, heads

    def _hear(self) -> list["Unit"]:
        """The units of features that have a result."""
        from recsys.fleet.embeddings import embedding_units, unheard

        heard: list[Unit] = []
        todo = embedding_units(self.library, self.trunk, device=self.device)
        while todo:
            made, failures = self._attempt(todo, "tracks", self.gpus)
            heard += made
            lost = {failure.name for failure in failures if failure.lost}
            apart = {unit.name: unit.arguments["track_ids"] for unit in todo if unit.name in lost}
            apart = {name: tracks for name, tracks in apart.items() if len(tracks) > 1}
            self.failures += [failure for failure in failures if failure.name not in apart]
            again = unheard(self.results, made)  # a worker could not read these; another one may
            todo = embedding_units(self.library, self.trunk, track_ids=again, device=self.device)
            again = [one for tracks in apart.values() for one in tracks]  # one of a unit may have ended its workers
            todo += embedding_units(self.library, self.trunk, track_ids=again, device=self.device, shard=1)
        return heard

    def score(self, n: int) -> list["Unit"]:
        """The units of lists that have a result."""
        from recsys.fleet.tops import top_units

        embeddings, heads = self.train()
        tops = self._run(top_units(self.library, self.results, heads, embeddings, n=n), "lists")
        self._index(tops)
        return tops

    def separate(self, track_ids: Iterable[str], *, separator: str, weights: Path | None) -> list["Unit"]:
        """The units of stems that have a result."""
        from lemons.fleet.stems import stem_units

        how: dict[str, Any] = {"separator": separator, "weights": weights, "device": self.device}
        return self._run(stem_units(self.library, track_ids=track_ids, **how), "stems", self.gpus)

    def explain(self, n: int, *, kind: str, separator: str | None, weights: Path | None) -> None:
        """Explain the first tracks of the lists."""
        from explanations.core.fleet import explained, explanation_units, first_tracks

        tops = self.score(max(n, N_LISTED))
        first = first_tracks(self.results, tops, n=n)
        how: dict[str, Any] = {"device": self.device, "separator": separator, "kind": kind}
        if separator not in (None, OWN):
            how["stems"] = self.separate(first, separator=str(separator), weights=weights)
        units = explanation_units(self.library, self.trunk, self.results, first, **how)
        found, why = explained(self.results, self._run(units, "explanations", self.gpus))
        self._left_out(why)
        self._index(tops, found)

    def _index(self, tops: list["Unit"], explained: dict[str, list["Explained"]] | None = None) -> None:
        """Say in the results which of them are the current ones."""
        from recsys.fleet.index import write_index

        if not tops:
            return
        try:
            write_index(self.results, self.library, self.trunk, tops, explained)
        except LemonsError as error:
            self._left_out({"the index of the results": str(error)})

    def _run(self, units: list["Unit"], what: str, gpus: float = 0.0) -> list["Unit"]:
        """Make what is missing; the units that have a result now."""
        made, failures = self._attempt(units, what, gpus)
        self.failures += failures
        return made

    def _attempt(self, units: list["Unit"], what: str, gpus: float) -> tuple[list["Unit"], list["Failure"]]:
        """Make what is missing; the units that have a result now, and why others have none."""
        from lemons.fleet import run_here, run_on_ray

        bar = Bar(what, "unit")
        if self.address:
            how: dict[str, Any] = {"address": self.address, "threads": self.threads, "gpus": gpus}
            failures = run_on_ray(units, self.results, progress=bar, hold=self.cluster, **how)
        else:
            failures = run_here(units, self.results, threads=self.threads, progress=bar)
        failed = {failure.name for failure in failures}
        made = [unit for unit in units if unit.name not in failed]
        say(f"{what}: {len(made)} of {len(units)} units are made")
        return made, failures

    def _left_out(self, skipped: dict[str, str]) -> None:
        from lemons.fleet import Failure

        self.failures += [Failure(name, why) for name, why in skipped.items()]

    def end(self) -> None:
        """Say where results are and what is missing, with exit code 1 if something is."""
        say(f"results in {self.results.shown}")
        for failure in self.failures:
            say(f"lemons: {failure.name}: {failure.why}", err=True)
        if self.failures:
            say(f"lemons: {len(self.failures)} failed; mend that, and give the same command again", err=True)
            raise typer.Exit(1)


def _names(which: str, known: list[str], what: str) -> list[str]:
    """All names, or those in a file."""
    if which == "all":
        return known
    file = Path(which)
    if why := why_no_file(file):
        raise DataError(f"no such file of {what}: {file} ({why}); give one with a name in each line, or all")
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text; save it as UTF-8") from error
    return list(dict.fromkeys(filter(None, map(str.strip, lines))))
