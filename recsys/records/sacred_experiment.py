"""Records of experiments: by sacred to files and, optionally, to MongoDB; curves for TensorBoard, optionally."""

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

from lemons.errors import ConfigError, LemonsError, ParameterError
from lemons.extras import require
from lemons.hashing import fingerprint
from lemons.library import Library
from lemons.storage import mirror_path
from recsys.parameters import check_parameters
from recsys.records.provenance import ROOT, repositories, sources, without_password

with warnings.catch_warnings():
    # sacred 0.8.7 imports pkg_resources, which warns at each import that it is deprecated
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    from sacred import SETTINGS, Experiment
    from sacred.commandline_options import cli_option
    from sacred.observers import RunObserver
    from sacred.run import Run
    from sacred.utils import SacredError, apply_backspaces_and_linefeeds

    from recsys.records.files import FileObserver
    from recsys.records.mongodb import PATIENCE_MS, SOCKET_PATIENCE_MS, PatientMongoObserver

__all__ = ["Log", "OurExperiment", "make_experiment", "make_observers", "record_data", "run_commandline"]

FALLBACKS = ("", "files")

logger = logging.getLogger(__name__)


@cli_option("-a", "--fallback")
def fallback_option(args: str, run: Run) -> None:
    """Where to record if MongoDB is unavailable: files. Without it, an unavailable MongoDB ends the program."""


class OurExperiment(Experiment):
    """sacred's experiment, which records the source files of LEMONS and their commit.

    Attributes
    ----------
    program : str
        path of the program, from the repository's root
    """

    program: str

    def get_experiment_info(self) -> dict[str, Any]:
        """What sacred records about the program."""
        record = {"base_dir": str(ROOT), "sources": sources(), "repositories": repositories()}
        return {**super().get_experiment_info(), **record, "mainfile": self.program}


def make_experiment(name: str, *, file: str, doc: str | None) -> OurExperiment:
    """Make a sacred experiment without observers.

    The output of a run is captured by replacing ``sys.stdout``; sacred's default, file descriptors and a ``tee``, hides
    the terminal from progress bars. A record names every installed package with its version, every imported file of
    LEMONS with its hash, and the commit, if there is a git repository. sacred's own search calls git once for each file
    and needs a repository.

    A parameter that `recsys.parameters` refuses is a ParameterError before the run is recorded.

    Parameters
    ----------
    name : str
        its name in the records
    file, doc : str
        ``__file__`` and ``__doc__`` of the program that defines it
    """
    SETTINGS.CAPTURE_MODE = "sys"
    SETTINGS.DISCOVER_SOURCES = "none"
    SETTINGS.DISCOVER_DEPENDENCIES = "pkg"
    experiment = OurExperiment(name, save_git_info=False, additional_cli_options=[fallback_option])
    experiment.program = Path(file).resolve().relative_to(ROOT).as_posix()
    experiment.doc = doc
    sacred_logger = logging.getLogger(f"sacred.{name}")
    sacred_logger.setLevel(logging.CRITICAL)  # our programs report themselves that a run started, ended or failed
    experiment.logger = sacred_logger  # type: ignore[assignment]  # sacred declares no type but that of None
    experiment.captured_out_filter = apply_backspaces_and_linefeeds  # type: ignore[assignment]  # likewise

    @experiment.config_hook
    def check(config: dict[str, Any], command_name: str, logger: logging.Logger) -> None:
        if command_name == experiment.default_command:  # other commands, such as print_config, show wrong values, too
            check_parameters(config)

    return experiment


def make_observers(
    experiments_path: Path, *, mongodb_url: str = "", mongodb_db_name: str = "LEMONS", fallback: str = ""
) -> list[RunObserver]:
    """Make sacred's observers: files under ``<experiments_path>/sacred``, and MongoDB if a URL is given.

    Parameters
    ----------
    experiments_path : Path
        the folder of runs
    mongodb_url, mongodb_db_name : str
        the database; none if the URL is empty
    fallback : {"", "files"}
        if MongoDB is unavailable: raise an error, or warn and record to files alone. If it becomes unavailable later,
        the run continues in either case

    Raises
    ------
    MissingDependencyError
        if a URL is given and pymongo is not installed
    ConfigError
        if MongoDB does not answer within three seconds
    ParameterError
        if ``fallback`` is something else
    """
    if fallback not in FALLBACKS:
        raise ParameterError(f"fallback={fallback!r} is unknown; it is files, or left out")
    observers: list[RunObserver] = [FileObserver(mirror_path(experiments_path) / "sacred")]
    if mongodb_url:
        try:
            observers.append(PatientMongoObserver(_connect(mongodb_url), mongodb_db_name))
        except ConfigError as error:
            if not fallback:
                raise
            logger.warning("%s; recording to files alone", error)
    return observers


def _connect(url: str) -> Any:
    require("recording to MongoDB (mongodb_url)", "pymongo", extra="mongodb")
    import pymongo

    patience: Any = {"serverSelectionTimeoutMS": PATIENCE_MS, "connectTimeoutMS": PATIENCE_MS}
    try:
        client: Any = pymongo.MongoClient(url, **patience, socketTimeoutMS=SOCKET_PATIENCE_MS)
        client.admin.command("ping")
    except (pymongo.errors.PyMongoError, ValueError) as error:
        hint = "start it, correct or empty mongodb_url, or record to files with --fallback files"
        raise ConfigError(f"no MongoDB answers at {without_password(url)} ({type(error).__name__}); {hint}") from error
    return client


def record_data(run: Run, library: Library, split: pd.DataFrame) -> None:
    """Record the data of a run, library and split with their fingerprints, and the number of threads.

    Together with the configuration, which has the seeds, the versions and the commit, they reproduce the run.
    """
    run.info["library"] = {"path": library.files.place, "fingerprint": library.fingerprint}
    run.info["split"] = {"fingerprint": fingerprint(split), **split["split"].value_counts().to_dict()}
    run.info["threads"] = torch.get_num_threads()  # another number of threads rounds sums differently


class Log:
    """Callable ``log(name, value, step)`` that logs numbers to sacred and, optionally, to TensorBoard.

    Parameters
    ----------
    run : sacred.run.Run
        the run that the numbers belong to
    tensorboard_path : Path, optional
        folder for TensorBoard's curves; none by default

    Attributes
    ----------
    tensorboard : torch.utils.tensorboard.SummaryWriter or None
        for sounds

    Raises
    ------
    MissingDependencyError
        if ``tensorboard_path`` is given and TensorBoard is not installed
    """

    def __init__(self, run: Run, *, tensorboard_path: Path | None = None):
        self._run = run
        self.tensorboard = None
        if tensorboard_path:
            require("drawing curves (use_tensorboard)", "tensorboard", extra="recommender")
            from torch.utils.tensorboard import SummaryWriter

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
    """Run an experiment as a program; an error that the user can correct is one sentence and exit code 2.

    Parameters
    ----------
    experiment : Experiment
        with a main function
    observers : callable
        ``observers(fallback=...)`` returns the observers to add; its errors are handled like those of the run. It is
        not called for commands that record nothing, such as ``print_config``
    """

    @experiment.option_hook
    def add_observers(options: dict[str, Any]) -> None:
        command = experiment.commands.get(options["COMMAND"])
        if not options["--unobserved"] and not (command and command.unobserved):
            experiment.observers.extend(observers(fallback=options["--fallback"] or ""))

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # from Python 3.12 on, by sacred 0.8.7; other deprecation warnings are shown
    warnings.filterwarnings("ignore", message=r"datetime\.datetime\.utcnow\(\) is deprecated", module="sacred")
    try:
        arguments = keep_texts(experiment, sys.argv)
        # the only effect of --debug is that errors are raised here; help takes no other option
        wants_help = {"help", "-h", "--help"} & set(arguments[1:])
        return experiment.run_commandline(arguments if wants_help else [*arguments, "--debug"])
    except (LemonsError, SacredError) as error:
        _leave(f"lemons: {error}", 2)
    except KeyboardInterrupt:
        _leave("\nlemons: interrupted; the same command resumes a training", 130)


def keep_texts(experiment: Experiment, arguments: list[str]) -> list[str]:
    """Quote the values of string parameters, so that sacred does not parse a name like 123 as a number.

    Parameters
    ----------
    experiment : Experiment
        whose configuration has the types of the parameters
    arguments : list of str
        of the command line; those before ``with`` are returned unchanged, and so are quoted values
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
