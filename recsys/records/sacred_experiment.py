"""Records of experiments: sacred, to files and, when it is asked for, to MongoDB; TensorBoard when it is asked for."""

import ast
import logging
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import pandas as pd
import torch

from lemons.errors import ConfigError, DataError, LemonsError, MissingDependencyError, ParameterError
from lemons.hashing import fingerprint
from lemons.library import Library
from recsys.parameters import check_parameters
from recsys.records.provenance import ROOT, repositories, sources, without_password

with warnings.catch_warnings():
    # sacred 0.8.7 imports pkg_resources, which says at each import that it is deprecated
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    from sacred import SETTINGS, Experiment
    from sacred.commandline_options import cli_option
    from sacred.observers import FileStorageObserver, RunObserver
    from sacred.run import Run
    from sacred.utils import SacredError, apply_backspaces_and_linefeeds

    from recsys.records.mongodb import PATIENCE_MS, SOCKET_PATIENCE_MS, PatientMongoObserver

FALLBACKS = ("", "files")

logger = logging.getLogger(__name__)


@cli_option("-a", "--fallback")
def fallback_option(args: str, run: Run) -> None:
    """Where to record when MongoDB is away: files. Without this, a MongoDB that is away ends the program."""


class OurExperiment(Experiment):
    """sacred's experiment, which records the sources of all of LEMONS and the commit that they are of."""

    def get_experiment_info(self) -> dict[str, Any]:
        """What sacred records about the program."""
        record = {"base_dir": str(ROOT), "sources": sources(), "repositories": repositories()}
        return {**super().get_experiment_info(), **record, "mainfile": self.program}


class FileObserver(FileStorageObserver):
    """sacred's observer of files, which says in a sentence that there is no record, at the start or in the end."""

    def started_event(self, **event: Any) -> str | None:
        """Begin a record; DataError where none can be written, since nothing would be left of the run."""
        try:
            return super().started_event(**event)
        except OSError as error:
            hint = "choose another experiments_path in config.py, or mend its permissions"
            raise DataError(f"cannot record to {self.basedir} ({error.strerror or error}); {hint}") from error

    def completed_event(self, **event: Any) -> None:
        """End the record, or say that it cannot be: what was trained stands without it."""
        try:
            super().completed_event(**event)
        except OSError as error:
            logger.warning("the record %s cannot be ended and may be lost (%s)", self.dir, error.strerror or error)


def make_experiment(name: str, *, file: str, doc: str | None) -> Experiment:
    """An experiment of sacred without observers.

    What a run prints is recorded by replacing ``sys.stdout``; sacred's default, file descriptors and a ``tee``, hides
    the terminal from progress bars. A record names every installed package with its version, every imported file of
    LEMONS with its hash, and the commit of the git repository where there is one. sacred's own look at git asks for
    each file anew and needs a repository.

    A run of its main function with a parameter that `recsys.parameters` refuses is a ParameterError before anything is
    recorded.

    Parameters
    ----------
    name : str
        what the records call it
    file, doc : str
        ``__file__`` and ``__doc__`` of the program that the experiment is defined in
    """
    SETTINGS.CAPTURE_MODE = "sys"
    SETTINGS.DISCOVER_SOURCES = "none"
    SETTINGS.DISCOVER_DEPENDENCIES = "pkg"
    experiment = OurExperiment(name, save_git_info=False, additional_cli_options=[fallback_option])
    experiment.program = Path(file).resolve().relative_to(ROOT).as_posix()
    experiment.doc = doc
    experiment.captured_out_filter = apply_backspaces_and_linefeeds
    experiment.logger = logging.getLogger(f"sacred.{name}")
    experiment.logger.setLevel(logging.CRITICAL)  # that a run started, ended or failed, our programs say themselves

    @experiment.config_hook
    def check(config: dict[str, Any], command_name: str, logger: logging.Logger) -> None:
        if command_name == experiment.default_command:  # print_config shows wrong values, too
            check_parameters(config)

    return experiment


def make_observers(
    experiments_path: Path, *, mongodb_url: str = "", mongodb_db_name: str = "LEMONS", fallback: str = ""
) -> list[RunObserver]:
    """Where sacred writes to: files under ``<experiments_path>/sacred``, and MongoDB when a URL is given.

    Parameters
    ----------
    experiments_path : Path
        the folder of runs
    mongodb_url, mongodb_db_name : str
        the database; an empty URL: none
    fallback : {"", "files"}
        what to do when MongoDB is away: raise, or say so and go on with files alone. One that goes away later ends
        nothing in either case

    Raises
    ------
    MissingDependencyError
        if MongoDB is asked for and pymongo is not installed
    ConfigError
        if MongoDB does not answer within three seconds
    ParameterError
        if ``fallback`` is something else
    """
    if fallback not in FALLBACKS:
        raise ParameterError(f"fallback={fallback!r} is unknown; it is files, or left out")
    observers: list[RunObserver] = [FileObserver(Path(experiments_path) / "sacred")]
    if mongodb_url:
        try:
            observers.append(PatientMongoObserver(_connect(mongodb_url), mongodb_db_name))
        except ConfigError as error:
            if not fallback:
                raise
            logger.warning("%s; recording to files alone", error)
    return observers


def _connect(url: str) -> Any:
    try:
        import pymongo
    except ImportError as error:
        hint = 'install it with `pip install "lemons-explanations[mongodb]"`, or empty mongodb_url'
        raise MissingDependencyError(f"recording to MongoDB needs pymongo; {hint}") from error
    patience = {"serverSelectionTimeoutMS": PATIENCE_MS, "connectTimeoutMS": PATIENCE_MS}
    try:
        client = pymongo.MongoClient(url, **patience, socketTimeoutMS=SOCKET_PATIENCE_MS)
        client.admin.command("ping")
    except (pymongo.errors.PyMongoError, ValueError) as error:
        hint = "start it, correct or empty mongodb_url, or record to files with --fallback files"
        raise ConfigError(f"no MongoDB answers at {without_password(url)} ({type(error).__name__}); {hint}") from error
    return client


def record_data(run: Run, library: Library, split: pd.DataFrame) -> None:
    """Record what a run learns from or is judged by: library and split with their fingerprints, and the threads.

    With the configuration, which has the seeds, the versions and the commit, this is what repeats the run.
    """
    run.info["library"] = {"path": str(library.path), "fingerprint": library.fingerprint}
    run.info["split"] = {"fingerprint": fingerprint(split), **split["split"].value_counts().to_dict()}
    run.info["threads"] = torch.get_num_threads()  # other numbers of them round sums otherwise


class Log:
    """Callable ``log(name, value, step)`` that hands numbers on to sacred and, when asked, to TensorBoard.

    Parameters
    ----------
    run : sacred.run.Run
        the run that the numbers belong to
    tensorboard_path : Path, optional
        folder for TensorBoard's curves; none by default

    Attributes
    ----------
    tensorboard : torch.utils.tensorboard.SummaryWriter or None
        for what is not a number

    Raises
    ------
    MissingDependencyError
        if TensorBoard is asked for and not installed
    """

    def __init__(self, run: Run, *, tensorboard_path: Path | None = None):
        self._run = run
        self.tensorboard = None
        if tensorboard_path:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                hint = 'install it with `pip install "lemons-explanations[train]"`, or leave use_tensorboard=False'
                raise MissingDependencyError(f"drawing curves needs tensorboard; {hint}") from error
            self.tensorboard = SummaryWriter(tensorboard_path)

    def __call__(self, name: str, value: float, step: int) -> None:
        """Record one number."""
        self._run.log_scalar(name, value, step)
        if self.tensorboard:
            self.tensorboard.add_scalar(name, value, step)

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.tensorboard:
            self.tensorboard.close()


def run_commandline(experiment: Experiment, observers: Callable[..., list[RunObserver]]) -> Any:
    """Run an experiment as a program; what a user can mend is one sentence and exit code 2.

    Parameters
    ----------
    experiment : Experiment
        with a main function
    observers : callable
        ``observers(fallback=...)`` gives the observers to add; its errors are treated like those of the run. It is not
        called for commands that record nothing, such as ``print_config``
    """

    @experiment.option_hook
    def add_observers(options: dict[str, Any]) -> None:
        command = experiment.commands.get(options["COMMAND"])
        if not options["--unobserved"] and not (command and command.unobserved):
            experiment.observers.extend(observers(fallback=options["--fallback"] or ""))

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # by Python 3.12 on, in sacred 0.8.7; other warnings of deprecation are shown
    warnings.filterwarnings("ignore", message=r"datetime\.datetime\.utcnow\(\) is deprecated", module="sacred")
    try:
        arguments = keep_texts(experiment, sys.argv)
        # the only effect of --debug: errors come here as they are; a call for help takes no other option
        wants_help = {"help", "-h", "--help"} & set(arguments[1:])
        return experiment.run_commandline(arguments if wants_help else [*arguments, "--debug"])
    except (LemonsError, SacredError) as error:
        _leave(f"lemons: {error}", 2)
    except KeyboardInterrupt:
        _leave("\nlemons: interrupted; a training goes on when the same command is given again", 130)


def keep_texts(experiment: Experiment, arguments: list[str]) -> list[str]:
    """Put the values of parameters that are texts into quotation marks, lest sacred make a number of a name like 123.

    Parameters
    ----------
    experiment : Experiment
        whose configuration tells which parameters are texts
    arguments : list of str
        of the command line; what stands before ``with`` stays as it is, and so do values in quotation marks
    """
    texts = {name for config in experiment.configurations for name, value in config().items() if isinstance(value, str)}
    start = arguments.index("with") if "with" in arguments else len(arguments)
    kept = arguments[:start]
    for argument in arguments[start:]:
        name, sign, value = argument.partition("=")
        if sign and name.strip() in texts and not isinstance(_literal(value.strip()), str):
            argument = f"{name}={value.strip()!r}"
        kept.append(argument)
    return kept


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _leave(sentence: str, code: int) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    sys.exit(code)
