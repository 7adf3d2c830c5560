"""The model of a listener, wherever it is: their own if they have one, else the one that a fleet made for them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lemons.errors import DataError
from lemons.library import Library
from recsys.listener_model import ListenerModel, TrainedModel
from recsys.model_runs import best_checkpoint

if TYPE_CHECKING:
    from recsys.fleet.index import Index

__all__ = ["find_in_fleet", "find_model", "open_fleet"]


def find_model(
    library: Library, listener: str, *, experiments_path: str | os.PathLike, fleet: str | os.PathLike | None = None
) -> ListenerModel:
    """A listener's best model of their own, else their head in a fleet's results.

    Parameters
    ----------
    library : Library
        that the model is to be of
    listener : str
        whose model
    experiments_path : path-like
        the folder of runs
    fleet : str or path-like, optional
        where results of `lemons fleet` are, see `open_fleet`; they are opened only where they are needed

    Raises
    ------
    DataError
        if there is neither
    """
    try:
        return TrainedModel(library, listener, best_checkpoint(experiments_path, listener, library=library))
    except DataError as error:
        return find_in_fleet(open_fleet(fleet), library, listener, without=error)


def open_fleet(place: str | os.PathLike | None) -> "Index | None":
    """The index of a fleet's results; None where there is none.

    Parameters
    ----------
    place : str or path-like, optional
        a folder, which need not exist, or a URL, see `lemons.fleet.results.Results`

    Raises
    ------
    MissingDependencyError
        if there is one, and pyarrow is not installed
    DataError
        if it is damaged, or the URL cannot be reached
    """
    if place is None or ("://" not in str(place) and not Path(place).is_dir()):
        return None  # without pyarrow, which who has no fleet need not have
    from lemons.fleet import Results
    from recsys.fleet.index import read_index

    return read_index(Results(place))


def find_in_fleet(fleet: "Index | None", library: Library, listener: str, *, without: DataError) -> ListenerModel:
    """A listener's head and list in a fleet's results.

    Parameters
    ----------
    fleet : Index or None
        from `open_fleet`
    library : Library
        that they are to be of
    listener : str
        whose
    without : DataError
        why there is no model of their own

    Raises
    ------
    DataError
        if there is nothing of them; it says both
    """
    if fleet is None:
        raise without
    if fleet.library != library.fingerprint:
        _refuse(without, f"the fleet's results in {fleet.results.shown} are of another library, or of what it was")
    if (entry := fleet.find(listener)) is None:
        _refuse(without, f"{fleet.results.shown} has no list of {listener}")
    from recsys.fleet.listener import FleetModel

    return FleetModel(library, listener, fleet, entry)


def _refuse(without: DataError, why: str) -> NoReturn:
    raise DataError(f"{without}; {why}: `lemons fleet score` makes lists")
