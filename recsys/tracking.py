"""Records of experiments: sacred, to files or to MongoDB, and TensorBoard when it is asked for."""

import logging
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from lemons.errors import ConfigError, LemonsError, MissingDependencyError

with warnings.catch_warnings():
    # sacred 0.8.7 imports pkg_resources, which says at each import that it is deprecated
    warnings.filterwarnings("ignore", message="pkg_resources is deprecated", category=UserWarning)
    from sacred import SETTINGS, Experiment
    from sacred.observers import FileStorageObserver, MongoObserver, RunObserver
    from sacred.run import Run
    from sacred.utils import SacredError, apply_backspaces_and_linefeeds

MONGODB_PATIENCE_MS = 3000


def make_experiment(name: str) -> Experiment:
    """An experiment of sacred without observers.

    What a run prints is recorded by replacing ``sys.stdout``; sacred's default, file descriptors and a ``tee``, hides
    the terminal from progress bars. The file that the experiment is defined in and the modules beside it are recorded
    with their hashes, the git repository around them is not looked at.
    """
    SETTINGS.CAPTURE_MODE = "sys"
    experiment = Experiment(name, save_git_info=False)
    experiment.captured_out_filter = apply_backspaces_and_linefeeds
    experiment.logger = logging.getLogger(f"sacred.{name}")
    experiment.logger.setLevel(logging.CRITICAL)  # that a run started, ended or failed, our programs say themselves
    return experiment


def make_observers(
    experiments_path: Path, *, mongodb_url: str = "", mongodb_db_name: str = "LEMONS"
) -> list[RunObserver]:
    """Where sacred writes to: MongoDB when a URL is given, else files under ``<experiments_path>/sacred``.

    Raises
    ------
    MissingDependencyError
        if MongoDB is asked for and pymongo is not installed
    ConfigError
        if MongoDB does not answer within three seconds
    """
    if not mongodb_url:
        return [FileStorageObserver(Path(experiments_path) / "sacred")]
    try:
        import pymongo
    except ImportError as error:
        hint = 'install it with `pip install "lemons-explanations[mongodb]"`, or empty mongodb_url'
        raise MissingDependencyError(f"recording to MongoDB needs pymongo; {hint}") from error
    address = re.sub(r"//[^@/]*@", "//", mongodb_url)  # without user and password
    try:
        client = pymongo.MongoClient(mongodb_url, serverSelectionTimeoutMS=MONGODB_PATIENCE_MS)
        client.admin.command("ping")
    except (pymongo.errors.PyMongoError, ValueError) as error:
        hint = "start it, correct mongodb_url, or empty it to record to files"
        raise ConfigError(f"no MongoDB answers at {address} ({type(error).__name__}); {hint}") from error
    return [MongoObserver(client=client, db_name=mongodb_db_name, failure_dir=experiments_path)]


class Log:
    """Callable ``log(name, value, step)`` that hands numbers on to sacred and, when asked, to TensorBoard.

    Parameters
    ----------
    run : sacred.run.Run
        the run that the numbers belong to
    tensorboard_path : Path, optional
        folder for TensorBoard's curves; none by default

    Raises
    ------
    MissingDependencyError
        if TensorBoard is asked for and not installed
    """

    def __init__(self, run: Run, *, tensorboard_path: Path | None = None):
        self._run = run
        self._writer = None
        if tensorboard_path:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                hint = 'install it with `pip install "lemons-explanations[train]"`, or leave use_tensorboard=False'
                raise MissingDependencyError(f"drawing curves needs tensorboard; {hint}") from error
            self._writer = SummaryWriter(tensorboard_path)

    def __call__(self, name: str, value: float, step: int) -> None:
        """Record one number."""
        self._run.log_scalar(name, value, step)
        if self._writer:
            self._writer.add_scalar(name, value, step)

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._writer:
            self._writer.close()


def run_commandline(experiment: Experiment, observers: Callable[[], list[RunObserver]]) -> Any:
    """Run an experiment as a program; what a user can mend is one sentence and exit code 2.

    Parameters
    ----------
    experiment : Experiment
        with a main function
    observers : callable
        ``observers()`` gives the observers to add; its errors are treated like those of the run
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # by Python 3.12 on, in sacred 0.8.7; other warnings of deprecation are shown
    warnings.filterwarnings("ignore", message=r"datetime\.datetime\.utcnow\(\) is deprecated", module="sacred")
    try:
        experiment.observers.extend(observers())
        return experiment.run_commandline([*sys.argv, "--debug"])  # its only effect: errors come here as they are
    except (LemonsError, SacredError) as error:
        sys.exit(_say(f"lemons: {error}", 2))
    except KeyboardInterrupt:
        sys.exit(_say("\nlemons: interrupted; the best model so far, if any, is whole", 130))


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(sentence + "\n")
    return code
