"""Training and evaluation of many listeners in one process, one by one or jointly; finished work is not repeated."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from lemons.config import Config
from lemons.errors import DataError, LemonsError, NotKeptError, ParameterError
from lemons.files import atomic_path, safe_name
from lemons.library import Library, open_library
from lemons.storage import open_folder
from recsys import eval as evaluation_driver
from recsys import experiment as training_driver
from recsys.checkpoints import MODEL_FILE
from recsys.data.splits import check_enough, load_or_draw_split
from recsys.evaluation.evaluate import read_evaluation, read_scores, summarize
from recsys.evaluation.report import REPORT_FILE, make_report, write_report
from recsys.model import check_device
from recsys.model_runs import best_checkpoint, finished_runs
from recsys.records.sacred_experiment import make_observers
from recsys.tables import format_table
from recsys.training.fit import fit_jointly
from recsys.training.prepare import prepare
from recsys.training.resume import open_run, what_matters
from recsys.training.shared import can_learn
from recsys.training.trainer import Trainer

__all__ = ["evaluate_all", "format_results", "report_all", "results_folder", "train_all"]

RESULTS_FILE = "results.csv"
FINGERPRINT_DIGITS = 8  # in the name of a folder; they distinguish libraries of one name

logger = logging.getLogger(__name__)


class Evaluated(NamedTuple):
    """A listener's model and its evaluation; if that could not be written, with its scores and the error."""

    model: Path
    results: dict[str, Any]
    scores: pd.DataFrame | None = None
    error: NotKeptError | None = None


def train_all(
    config: Config,
    users: Sequence[str] | None = None,
    *,
    named_config: str = "",
    updates: dict[str, Any] | None = None,
    fallback: str = "",
    together: bool = False,
) -> dict[str, Path]:
    """Train a model for every listener without a finished run on this library and split with these parameters.

    Parameters
    ----------
    config : Config
        paths of the library and of the runs, MongoDB's address
    users : sequence of str, optional
        the listeners; all of the library by default
    named_config : str
        a named configuration of `recsys.experiment`, such as ``"demo"``
    updates : dict, optional
        values of single parameters
    fallback : {"", "files"}
        what to do if MongoDB is unavailable, see `recsys.records.sacred_experiment.make_observers`
    together : bool
        train the listeners jointly in place of one by one; the tracks of all are then in memory. Where the parameter
        ``shared_trunk`` is True, all listeners of the library are trained anyway, as one network

    Returns
    -------
    dict of str to Path
        each listener's model

    Raises
    ------
    DataError
        if a listener cannot be trained; the others are trained
    """
    library = open_library(config.library_path)
    paths = {"data_path": str(config.library_path), "experiments_path": str(config.experiments_path)}
    updates, named = (updates or {}) | paths, [named_config] if named_config else []
    wanted = training_driver.parameters_of(named_config, updates)
    if together and wanted["shared_trunk"]:
        raise ParameterError("listeners are trained together or with a shared trunk, not both; choose one")
    training_driver.ex.observers[:] = _observers(config, fallback)

    def trained_before(user: str) -> Path | None:
        split = _split_of(library, user, wanted)
        for run, record in reversed(finished_runs(config.experiments_path, user, library=library, split=split)):
            if what_matters(record["config"]) == what_matters(wanted | {"user_name": user}):
                return run / MODEL_FILE
        return None

    def train(user: str) -> Path:
        if model := trained_before(user):
            if user not in just_trained:
                logger.info("%s: trained before, %s", user, model)
            return model
        if wanted["shared_trunk"]:
            raise DataError("no model was trained, for a reason above")
        run = training_driver.ex.run(config_updates=updates | {"user_name": user}, named_configs=named)
        return Path(run.info["model"])

    just_trained = set()
    if wanted["shared_trunk"]:
        found = _for_each(library, users, trained_before)[0]
        just_trained = {user for user, model in found.items() if not model}
        nobody_has_one = len(just_trained) == len(found)
        # a trunk is not trained again for those whose tracks cannot be read: it would be the same without them
        if just_trained and (nobody_has_one or any(can_learn(wanted, library, user) for user in just_trained)):
            training_driver.ex.run(config_updates=updates, named_configs=named)
    elif together and not wanted["trunk_path"]:  # heads take no time
        _train_jointly(library, users or library.users, wanted, trained_before)
    trained, failed = _for_each(library, users, train)
    if failed:
        raise _failure(failed, len(failed) + len(trained))
    return trained


def _train_jointly(
    library: Library,
    users: Sequence[str],
    parameters: dict[str, Any],
    trained_before: Callable[[str], Path | None],
) -> None:
    """Train each listener's run up to its last state; the single training that resumes the run only finishes it."""
    check_device(parameters["device"])
    with ExitStack() as stack:
        trainers = {}
        for user in dict.fromkeys(users):
            config = parameters | {"user_name": user}
            try:
                if trained_before(user):
                    continue
                split = _split_of(library, user, config)
                about = {"library": library, "split": split, "config": config}
                run = stack.enter_context(open_run(config["experiments_path"], user, **about))
                training_driver.seed(config)
                parts, settings = prepare(config, library, split, run)
                trainers[user] = Trainer(*parts, **settings)
            except LemonsError:
                continue  # reported below, when this listener is finished
        if trainers:
            fit_jointly(trainers)


def _split_of(library: Library, user: str, parameters: dict[str, Any]) -> pd.DataFrame:
    return load_or_draw_split(library, user, seed=parameters["data_seed"], folder=parameters["meta_path"])


def evaluate_all(config: Config, users: Sequence[str] | None = None, *, fallback: str = "") -> pd.DataFrame:
    """Evaluate every listener's best model that is not evaluated yet.

    Parameters
    ----------
    config : Config
        paths of the library and of the runs, MongoDB's address
    users : sequence of str, optional
        the listeners; all of the library by default
    fallback : {"", "files"}
        what to do if MongoDB is unavailable, see `recsys.records.sacred_experiment.make_observers`

    Returns
    -------
    pd.DataFrame [index=user, columns=`recsys.evaluation.evaluate.MEASURES`]
        ROC-AUC and average precision, and the ROC-AUC of each baseline: a row for each listener, then mean and
        standard deviation over them; also written to results.csv in `results_folder`

    Raises
    ------
    DataError
        if no listener can be evaluated; if some cannot, the log has the reason for each
    NotKeptError
        if something cannot be written; its ``result`` is the table
    """
    library = open_library(config.library_path)
    evaluated = _evaluate(config, library, users, fallback=fallback)
    table = summarize([one.results for one in evaluated.values()])
    file = results_folder(config, library) / RESULTS_FILE
    try:
        with atomic_path(file) as temporary:
            table.to_csv(temporary)
        _put(config, file)
    except DataError as error:
        raise NotKeptError(error, table) from error
    logger.info("written to %s", file)
    _check_kept(evaluated, table)
    return table


def report_all(config: Config, users: Sequence[str] | None = None, *, fallback: str = "") -> pd.DataFrame:
    """Evaluate the models that are not evaluated yet, and write report.json and report.csv to `results_folder`.

    Parameters and errors are those of `evaluate_all`, the result is that of `recsys.evaluation.report.make_report`.
    """
    library = open_library(config.library_path)
    evaluated = _evaluate(config, library, users, fallback=fallback)
    scores = {user: read_scores(one.model) if one.scores is None else one.scores for user, one in evaluated.items()}
    report = make_report(scores)
    folder = results_folder(config, library)
    try:
        write_report(folder, report)
        _put(config, folder / REPORT_FILE, (folder / REPORT_FILE).with_suffix(".csv"))
    except DataError as error:
        raise NotKeptError(error, report) from error
    logger.info("written to %s", folder)
    _check_kept(evaluated, report)
    return report


def _put(config: Config, *files: Path) -> None:
    """Put files of `results_folder` where the experiments are."""
    folder = files[0].parent.relative_to(config.experiments_path)
    open_folder(config.experiments_path).put(folder.as_posix(), [file.name for file in files])


def _check_kept(evaluated: dict[str, Evaluated], result: pd.DataFrame) -> None:
    """Raise an error with the result if one of the evaluations could not be written."""
    for one in evaluated.values():
        if one.error:
            raise NotKeptError(one.error, result)


def results_folder(config: Config, library: Library) -> Path:
    """The folder of the results on a library, named by the library's folder and fingerprint."""
    name = safe_name(f"{library.path.resolve().name}-{library.fingerprint[:FINGERPRINT_DIGITS]}")
    return config.experiments_path / "results" / name


def format_results(table: pd.DataFrame) -> str:
    """The table of `evaluate_all` as text: three digits, a dash where there is no value.

    Examples
    --------
    >>> print(format_results(pd.DataFrame({"roc_auc": [0.75], "tempo_roc_auc": [None]}, index=["marko"])))
          roc_auc tempo_roc_auc
    marko   0.750             –
    """
    cells = table.map(lambda value: "–" if pd.isna(value) else f"{value:.3f}")
    return format_table(["", *cells.columns], [[str(row[0]), *row[1:]] for row in cells.itertuples()], style="numbers")


def _evaluate(config: Config, library: Library, users: Sequence[str] | None, *, fallback: str) -> dict[str, Evaluated]:
    """Each listener's best model and its evaluation, which is made if it does not exist."""
    updates = {"data_path": str(config.library_path), "experiments_path": str(config.experiments_path)}
    evaluation_driver.ex.observers[:] = _observers(config, fallback)

    def evaluate(user: str) -> Evaluated:
        if not finished_runs(config.experiments_path, user, library=library):
            check_enough(library, user, what="a model")  # before an error that advises to train one
        checkpoint = best_checkpoint(config.experiments_path, user, library=library)
        if results := read_evaluation(checkpoint, library, user):
            return Evaluated(checkpoint, results)
        try:
            run = evaluation_driver.ex.run(config_updates=updates | {"user_name": user})
        except NotKeptError as error:
            results, scores = error.result
            return Evaluated(checkpoint, results, scores, error)
        return Evaluated(checkpoint, run.result)

    evaluated, failed = _for_each(library, users, evaluate)
    if failed:
        logger.warning("left out, for the reasons above: %s", ", ".join(failed))
    return evaluated


def _for_each(
    library: Library, users: Sequence[str] | None, do: Callable[[str], Any]
) -> tuple[dict[str, Any], dict[str, LemonsError]]:
    """The result of ``do`` for each listener, or the error, which is logged; an error for all listeners is raised."""
    users = list(dict.fromkeys(users or library.users))
    if len(users) == 1:
        return {users[0]: do(users[0])}, {}
    done, failed = {}, {}
    for user in users:
        try:
            done[user] = do(user)
        except LemonsError as error:
            logger.warning("%s: %s", user, error)
            failed[user] = error
    if failed and not done:
        raise _failure(failed, len(users))
    return done, failed


def _failure(failed: dict[str, LemonsError], n_users: int) -> DataError:
    user, error = next(iter(failed.items()))
    return DataError(f"{len(failed)} of {n_users} listeners failed; {user}: {error}")


def _observers(config: Config, fallback: str) -> list:
    database = {"mongodb_url": config.mongodb_url, "mongodb_db_name": config.mongodb_db_name}
    return make_observers(config.experiments_path, **database, fallback=fallback)
